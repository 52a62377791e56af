"""Line coverage out of gcov's own JSON, which g++ brings along."""

import gzip
import json
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def read_counts(build_dir, root, jobs, seen=lambda done, total: None):
    """{source path relative to root: {line: times run}}, summed over every object that was run or built."""
    notes = sorted(Path(build_dir).rglob("*.gcno"))
    counts = defaultdict(lambda: defaultdict(int))
    with ThreadPoolExecutor(jobs) as pool:
        for done, reports in enumerate(pool.map(_gcov, notes), 1):
            for report in reports:
                merge(counts, report, Path(root))
            seen(done, len(notes))
    return counts


def merge(counts, report, root):
    """Adds one report of gcov; a line of a template or inline function sums over all its uses."""
    for file in report["files"]:
        path = Path(report.get("current_working_directory", "."), file["file"]).resolve()
        if not path.is_relative_to(root):
            continue
        lines = counts[path.relative_to(root).as_posix()]
        for line in file["lines"]:
            lines[line["line_number"]] += line["count"]


def _gcov(note):
    # --stdout holds one JSON document a line. Objects that never ran count, with zero for each line.
    result = subprocess.run(["gcov", "--json-format", "--stdout", str(note)], capture_output=True,
                            cwd=note.parent, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise RuntimeError(f"gcov failed on {note}: {result.stderr.decode(errors='replace').strip()}")
    text = result.stdout
    if text[:2] == b"\x1f\x8b":
        text = gzip.decompress(text)
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def ranges(numbers):
    """[3, 4, 5, 9] as '3-5, 9'."""
    spans = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)
