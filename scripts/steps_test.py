"""`./dev test` must never count a step as passed that did not pass."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from lib import steps


def report(*cases):
    return "<testsuite>" + "".join(f'<testcase name="t{n}" {case}</testcase>'
                                   for n, case in enumerate(cases)) + "</testsuite>"


RAN = 'status="run">'
FAILED = 'status="fail"><failure/><system-out>expected 3</system-out>'
SKIPPED = 'status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
NOT_BUILT = 'status="notrun"><skipped message="Unable to find executable"/>'


class CountTest(unittest.TestCase):
    def counted(self, outcome):
        return outcome.passed, outcome.failed

    def junit(self, code, text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "ctest.xml"
            if text is not None:
                path.write_text(text)
            return steps.count_junit(code, path)

    def test_the_last_line_counts(self):
        self.assertEqual(self.counted(steps.count_last_line(0, "x\n3 passed, 0 failed\n")), (3, 0))
        self.assertEqual(self.counted(steps.count_last_line(1, "3 passed, 2 failed\n")), (3, 2))

    def test_a_step_without_counts_failed(self):
        for log in ("", "all good\n", "3 passed, 0 failed\nSegmentation fault\n", "ok: 3 passed, 0 failed"):
            self.assertEqual(self.counted(steps.count_last_line(0, log)), (0, 1))

    def test_a_step_that_denies_its_exit_code_failed(self):
        self.assertEqual(self.counted(steps.count_last_line(3, "3 passed, 0 failed\n")), (3, 1))

    def test_a_step_that_checks_nothing_failed(self):
        self.assertEqual(self.counted(steps.count_last_line(0, "0 passed, 0 failed\n")), (0, 1))

    def test_a_broken_build_is_one_failure(self):
        self.assertEqual(self.counted(steps.count_build(0, "")), (0, 0))
        self.assertEqual(self.counted(steps.count_build(1, "")), (0, 1))

    def test_ctest_reports_are_counted_test_by_test(self):
        outcome = self.junit(8, report(RAN, RAN, FAILED))
        self.assertEqual(self.counted(outcome), (2, 1))
        self.assertEqual(outcome.details, [("t2", "expected 3")])

    def test_a_skipped_test_neither_passed_nor_failed(self):
        outcome = self.junit(0, report(RAN, SKIPPED))
        self.assertEqual(self.counted(outcome), (1, 0))
        self.assertIn("1 skipped", outcome.note)

    def test_a_test_that_was_not_built_failed(self):
        self.assertEqual(self.counted(self.junit(8, report(RAN, NOT_BUILT))), (1, 1))

    def test_no_report_no_tests_and_an_unexplained_exit_code_fail(self):
        self.assertEqual(self.counted(self.junit(0, None)), (0, 1))
        self.assertEqual(self.counted(self.junit(0, "<testsuite><testca")), (0, 1))
        self.assertEqual(self.counted(self.junit(0, report())), (0, 1))
        self.assertEqual(self.counted(self.junit(9, report(RAN))), (1, 1))


class RunnerTest(unittest.TestCase):
    def run_steps(self, *scripts):
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
            runner = steps.Runner(folder)
            for script in scripts:
                runner.run("a step", script if isinstance(script, list) else ["sh", "-c", script])
            code = runner.close()
        return code, said.getvalue().splitlines()

    def test_totals_are_the_last_line(self):
        code, lines = self.run_steps("echo 2 passed, 0 failed", "echo 3 passed, 0 failed")
        self.assertEqual((code, lines[-1]), (0, "5 passed, 0 failed"))

    def test_a_failure_shows_in_total_and_exit_code_and_shows_the_log(self):
        code, lines = self.run_steps("echo 2 passed, 0 failed", "echo why; kill -9 $$")
        self.assertEqual((code, lines[-1]), (1, "2 passed, 1 failed"))
        self.assertIn("  why", lines)

    def test_a_step_that_cannot_start_failed(self):
        code, lines = self.run_steps(["./no-such-file"])
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed"))


if __name__ == "__main__":
    unittest.main()
