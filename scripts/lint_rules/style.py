"""Asks clang-format, of one fixed version, whether it would change anything."""

import re
import shutil
import subprocess

from .source import Problem

TOOL = "clang-format-19"
_REPORT = re.compile(r"^(?P<path>[^:\n]+):(?P<line>\d+):\d+: error: code should be clang-formatted")


def check_tree(root, sources):
    if not sources:
        return
    if shutil.which(TOOL) is None:
        yield Problem("scripts/lint", 1, f"{TOOL} is missing, so the format is not checked; run scripts/setup lint")
        return
    result = subprocess.run([TOOL, "--dry-run", "-Werror", "--style=file", *(s.path for s in sources)],
                            cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    reported = set()
    for line in result.stderr.splitlines():
        match = _REPORT.match(line)
        if match and match["path"] not in reported:  # The first place in a file is enough.
            reported.add(match["path"])
            yield Problem(match["path"], int(match["line"]), "is not formatted; run ./dev format")
    if result.returncode != 0 and not reported:
        yield Problem("scripts/lint", 1, f"{TOOL} failed: {result.stderr.strip()}")
