"""A line that no test reached must show as such."""

import unittest
from collections import defaultdict
from pathlib import Path

from lib import gcov


def report(path, *lines):
    return {"current_working_directory": "/r/build", "files": [
        {"file": path, "lines": [{"line_number": n, "count": c} for n, c in lines]}]}


class GcovTest(unittest.TestCase):
    def merged(self, *reports):
        counts = defaultdict(lambda: defaultdict(int))
        for one in reports:
            gcov.merge(counts, one, Path("/r"))
        return {path: dict(lines) for path, lines in counts.items()}

    def test_a_line_sums_over_its_uses(self):
        counts = self.merged(report("/r/src/a.h", (1, 0), (2, 0)), report("../src/a.h", (1, 3), (2, 0)))
        self.assertEqual(counts, {"src/a.h": {1: 3, 2: 0}})

    def test_what_lies_outside_is_left_out(self):
        self.assertEqual(self.merged(report("/usr/include/vector", (1, 1))), {})

    def test_missed_lines_are_shown_as_ranges(self):
        self.assertEqual(gcov.ranges([9, 3, 5, 4]), "3-5, 9")
        self.assertEqual(gcov.ranges([]), "")


if __name__ == "__main__":
    unittest.main()
