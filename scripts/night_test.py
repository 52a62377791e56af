"""`./dev night` must lose no slice, and do none twice."""

import tempfile
import unittest
from pathlib import Path

from lib import night


def job(folder, name, text, executable=True):
    path = Path(folder) / name
    path.write_text(text)
    path.chmod(0o755 if executable else 0o644)
    return path


class NightTest(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.folder = Path(held.name)
        job(self.folder, "short", "#!/bin/sh\n")
        job(self.folder, "long", "#!/bin/sh\n# slices: 4\n")
        job(self.folder, "README.md", "# slices: 9\n", executable=False)

    def test_slices_are_declared_in_the_file(self):
        self.assertEqual([(j.name, j.slices) for j in night.jobs(self.folder)], [("long", 4), ("short", 1)])

    def test_jobs_take_turns(self):
        turns = [(j.name, n) for j, n in night.in_turns(night.jobs(self.folder))]
        self.assertEqual(turns, [("long", 1), ("long", 2), ("short", 1), ("long", 3), ("long", 4)])

    def test_what_is_done_is_remembered_for_these_sources_only(self):
        path = self.folder / "state" / "state.json"
        first = night.jobs(self.folder)[0]
        night.Progress(path, "v1").record(first, 2, 3, 1)
        again = night.Progress(path, "v1")
        self.assertTrue(again.is_done(first, 2))
        self.assertFalse(again.is_done(first, 1))
        self.assertEqual(again.totals(), (3, 1))
        self.assertFalse(night.Progress(path, "v2").is_done(first, 2))

    def test_a_new_round_begins_from_nothing(self):
        first = night.jobs(self.folder)[0]
        progress = night.Progress(self.folder / "state.json", "v1")
        progress.record(first, 1, 1, 0)
        progress.next_round()
        self.assertEqual(progress.round, 1)
        self.assertFalse(progress.is_done(first, 1))

    def test_a_broken_state_file_is_no_state(self):
        path = self.folder / "state.json"
        path.write_text("{")
        self.assertEqual(night.Progress(path, "v1").round, 0)


if __name__ == "__main__":
    unittest.main()
