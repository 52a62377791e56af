"""The tests that a mutant must not pass, and how one of them is run.

    core_tests LogRules.Name     a GoogleTest executable, and a filter if one is given
    quorate check election       the binary, and its arguments
"""

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass

_FAILED = re.compile(r"^\[  FAILED  \] ([\w/.:-]+)", re.MULTILINE)
_STARTED = re.compile(r"^\[ RUN      \] ([\w/.:-]+)", re.MULTILINE)
_VIOLATED = re.compile(r"^(\S+) .*\bVIOLATED\s*$", re.MULTILINE)
_LAB_FAILED = re.compile(r"^(\w+) \.\.\. (?!passed)", re.MULTILINE)
_SEED = re.compile(r"\bseed (\d+)\b.*?: (?!passed)", re.MULTILINE)
MEMORY = 6 << 30  # bytes; a mutant that takes more is caught by that
OUTPUT = 64 << 20
FIRST_STATES = 20000  # of each bound; in full they take minutes
# RapidCheck draws the same cases for every mutant.
_SAME_CASES = {"RC_PARAMS": "seed=1"}


@dataclass(frozen=True)
class Check:
    text: str

    @property
    def target(self):
        return self.text.split()[0]

    def command(self, build):
        target, *rest = self.text.split()
        if target == "quorate":
            return [str(build / "quorate"), *rest]
        filters = [f"--gtest_filter={':'.join(rest)}"] if rest else []
        return [str(build / "bin" / target), "--gtest_fail_fast", "--gtest_color=no", *filters]


@dataclass(frozen=True)
class Ran:
    passed: bool
    by: str  # what noticed
    seconds: float
    output: str


def run(check, tree, build, limit):
    """Runs it. What takes longer than `limit` seconds has failed, by time."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(["prlimit", f"--as={MEMORY}", f"--fsize={OUTPUT}", "--core=0", "--",
                                  *check.command(build)], cwd=tree, stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=subprocess.STDOUT, env={**os.environ, **_SAME_CASES})
        try:
            code = child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if child.poll() is None:
                child.kill()  # prlimit has become the test itself
                child.wait()
        log.seek(0)
        output = log.read(OUTPUT).decode(errors="replace")
    by = "time" if code is None else what_noticed(check, output)
    empty = "Running 0 tests" in output
    return Ran(code == 0 and not empty, by, time.monotonic() - start,
               output or f"{check.text}: no output, exit code {code}")


def what_noticed(check, output):
    """The test that failed, or ran when it ended; the bound, scenario or seed of the binary."""
    if check.target != "quorate":
        failed = _FAILED.search(output)
        started = _STARTED.findall(output)
        name = failed[1] if failed else started[-1] if started else ""
        return f"{check.target} {name}".strip()
    words = " ".join(word for word in check.text.split()[:2])
    for pattern in (_VIOLATED, _LAB_FAILED, _SEED):
        found = pattern.search(output)
        if found:
            return f"{words} {found[1]}"
    return check.text


def kill_set(root, file, whole_bounds):
    """What an automatic mutant of `file` must get past, the cheapest first."""
    module = file.split("/")[1]
    texts = []
    if list((root / "src" / module).glob("*_test.cc")):
        texts.append(f"{module}_test")
    if module != "raft" and list((root / "src" / "raft").glob("*_test.cc")):
        texts.append("raft_test")
    if list((root / "tests").glob("core_*.cc")):
        texts.append("core_tests")
    if list((root / "tests").glob("*_test.cc")):
        texts.append("tests")
    # A sweep of ten seeds or more fails when one of its counters stays at zero.
    for command, arguments in (("lab", "lab --runs 1"), ("sim", "sim --seeds 1..9 --for 30s"),
                               ("check", "check" if whole_bounds else f"check --states {FIRST_STATES}")):
        if (root / "src" / "cli" / f"{command}.cc").exists():
            texts.append(f"quorate {arguments}")
    return tuple(Check(text) for text in texts)
