"""Runs the steps of `./dev test` and counts what passed and failed, believing no step blindly."""

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

COUNTS = re.compile(r"(\d+) passed, (\d+) failed")
SHOWN_FAILURES = 10
SHOWN_LINES = 80


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    note: str = ""
    details: list = field(default_factory=list)


def count_build(code, _log):
    """A build has nothing to count; breaking is one failure."""
    return Outcome() if code == 0 else Outcome(failed=1, note="broken")


def count_last_line(code, log):
    """The step's own last line says it; a step that dies without one, or denies its exit code, failed."""
    lines = log.strip().splitlines()
    match = COUNTS.fullmatch(lines[-1].strip()) if lines else None
    if not match:
        return Outcome(failed=1, note=f"ended without its counts (exit code {code})")
    passed, failed = int(match[1]), int(match[2])
    if code != 0 and failed == 0:
        return Outcome(passed, 1, f"counted no failure, yet ended with exit code {code}")
    if passed + failed == 0:
        return Outcome(0, 1, "checked nothing")
    return Outcome(passed, failed)


def count_junit(code, report):
    """Counts ctest's own report, test by test."""
    try:
        cases = ET.parse(report).getroot().findall("testcase")
    except (OSError, ET.ParseError):
        return Outcome(failed=1, note=f"ctest left no report (exit code {code})")
    result, skipped = Outcome(), 0
    for case in cases:
        status = case.get("status")
        reason = case.find("skipped")
        chosen = reason is not None and reason.get("message", "").startswith("SKIP_")
        if status == "run":
            result.passed += 1
        elif status == "disabled" or chosen:
            skipped += 1
        else:
            result.failed += 1
            result.details.append((case.get("name"), case.findtext("system-out") or ""))
    result.note = f"{skipped} skipped" if skipped else ""
    if result.passed + result.failed == 0:
        return Outcome(failed=1, note="found no test to run")
    if code != 0 and result.failed == 0:
        result.failed, result.note = 1, f"ctest ended with exit code {code}"
    return result


class Runner:
    """Runs commands one after the other; shows progress on a terminal, a line a step in a pipe."""

    def __init__(self, log_dir):
        self.log_dir = Path(log_dir)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self.rows = []
        self.terminal = sys.stdout.isatty()

    def run(self, name, command, count=count_last_line, env=None):
        """`count` makes an Outcome of (exit code, log text)."""
        log_path = self.log_dir / (re.sub(r"\W+", "-", name) + ".log")
        start = time.monotonic()
        with open(log_path, "wb") as log:
            try:
                child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                         stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
            except OSError as error:
                log.write(f"{command[0]}: {error.strerror}\n".encode())
                child = None
            code = self._wait(child, name, log_path, start) if child else 127
        text = log_path.read_text(errors="replace")
        outcome = count(code, text)
        self._report(name, outcome, time.monotonic() - start, text)
        return outcome

    def skip(self, name, why):
        self._report(name, Outcome(note=why), 0.0, "")

    def close(self):
        """Prints the timings and, last and alone, the totals. Returns the exit code."""
        passed = sum(outcome.passed for _, outcome, _ in self.rows)
        failed = sum(outcome.failed for _, outcome, _ in self.rows)
        total = sum(seconds for _, _, seconds in self.rows)
        print("\nTime by step:")
        for name, _, seconds in self.rows:
            print(f"  {name:<24}{seconds:8.1f} s")
        print(f"  {'in all':<24}{total:8.1f} s\n")
        print(f"{passed} passed, {failed} failed", flush=True)
        return 1 if failed else 0

    def _wait(self, child, name, log_path, start):
        try:
            while True:
                try:
                    return child.wait(timeout=0.5 if self.terminal else None)
                except subprocess.TimeoutExpired:
                    self._progress(name, log_path, time.monotonic() - start)
        except KeyboardInterrupt:
            child.terminate()
            child.wait()
            raise

    def _progress(self, name, log_path, seconds):
        with open(log_path, "rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 2000))
            lines = re.split(r"[\r\n]+", log.read().decode(errors="replace").strip())
        width = os.get_terminal_size().columns - 1
        print(f"\r\033[K{f'{name}  {seconds:.0f} s  {lines[-1]}'[:width]}", end="", flush=True)

    def _report(self, name, outcome, seconds, text):
        self.rows.append((name, outcome, seconds))
        counted = outcome.passed + outcome.failed
        verdict = f"{outcome.passed} passed, {outcome.failed} failed" if counted else "done"
        if outcome.note:
            verdict = f"{verdict} ({outcome.note})" if counted else outcome.note
        clear = "\r\033[K" if self.terminal else ""
        print(f"{clear}{name:<24}{seconds:8.1f} s  {verdict}", flush=True)
        if not outcome.failed:
            return
        for title, output in outcome.details[:SHOWN_FAILURES]:
            print(f"--- {title}\n{_tail(output)}")
        if len(outcome.details) > SHOWN_FAILURES:
            rest = ", ".join(title for title, _ in outcome.details[SHOWN_FAILURES:])
            print(f"--- failed as well: {rest}")
        if not outcome.details:
            print(_tail(text))
        sys.stdout.flush()


def _tail(text):
    lines = text.rstrip().splitlines()
    cut = [f"... {len(lines) - SHOWN_LINES} lines before"] if len(lines) > SHOWN_LINES else []
    return "\n".join("  " + line for line in cut + lines[-SHOWN_LINES:])
