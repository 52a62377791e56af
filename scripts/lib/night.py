"""The long runs: jobs cut into slices, taken in turns, and what is done of them remembered."""

import json
import os
import re
from pathlib import Path

_SLICES = re.compile(r"^# slices: ([1-9]\d*)$", re.MULTILINE)


class Job:
    def __init__(self, path):
        self.path = Path(path)
        self.name = self.path.name
        head = "\n".join(self.path.read_text("utf-8", errors="replace").splitlines()[:10])
        declared = _SLICES.search(head)
        self.slices = int(declared[1]) if declared else 1


def jobs(folder):
    return [Job(path) for path in sorted(Path(folder).iterdir())
            if path.is_file() and os.access(path, os.X_OK)]


def in_turns(all_jobs):
    """Every (job, slice), spread so that all jobs are equally far at any time."""
    turns = [((slice_ - 0.5) / job.slices, job.name, job, slice_)
             for job in all_jobs for slice_ in range(1, job.slices + 1)]
    return [(job, slice_) for _, _, job, slice_ in sorted(turns, key=lambda turn: turn[:2])]


class Progress:
    """What is done, kept in a file after every slice. Of other sources it is worth nothing."""

    def __init__(self, path, version):
        self.path = Path(path)
        self.state = {"version": version, "round": 0, "done": {}}
        try:
            kept = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return
        if kept.get("version") == version:
            self.state = kept

    @property
    def round(self):
        return self.state["round"]

    def is_done(self, job, slice_):
        return f"{job.name} {slice_}/{job.slices}" in self.state["done"]

    def record(self, job, slice_, passed, failed):
        self.state["done"][f"{job.name} {slice_}/{job.slices}"] = [passed, failed]
        self._keep()

    def next_round(self):
        self.state["round"] += 1
        self.state["done"] = {}
        self._keep()

    def totals(self):
        counts = self.state["done"].values()
        return sum(c[0] for c in counts), sum(c[1] for c in counts)

    def _keep(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".new")
        temporary.write_text(json.dumps(self.state, indent=1) + "\n", "utf-8")
        os.replace(temporary, self.path)
