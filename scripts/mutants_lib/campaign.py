"""Tries mutants, several at a time, and remembers how each went."""

import threading
import time
from dataclasses import asdict, dataclass, field

from . import checks, results, survivors
from .planted import BadMutant

_WORTH_A_COPY = 8  # mutants; to build a copy of the sources costs as much as several of them

@dataclass
class Outcome:
    name: str
    verdict: str
    by: str = ""
    seconds: float = 0.0
    details: list = field(default_factory=list)
    remembered: bool = False

    @property
    def failed(self):
        return self.verdict in results.FAILURES


@dataclass(frozen=True)
class Task:
    """A mutant and what must catch it: any of `checks`, or each of them."""
    mutant: object
    checks: tuple
    every: bool
    automatic: bool

    def key(self):
        return [self.mutant.key(), [check.text for check in self.checks], self.every]


class BaselineBroken(Exception):
    """A test fails without any mutant, so that it can catch none."""


class Campaign:
    def __init__(self, root, store, open_workspace, jobs, run=checks.run, until=None):
        self.root, self.store, self.jobs, self.run = root, store, jobs, run
        self.open_workspace = open_workspace  # number -> Workspace, prepared
        self.until = until  # begin nothing after this time
        self.known = survivors.load(root)
        self._lock = threading.Condition()
        self._baseline, self._measuring = {}, {}

    # ---- Which are tried

    def all_of(self, tasks, report):
        """Every task; `report` is given each outcome."""
        self._work(list(tasks), len(tasks), report)

    def first_that_build(self, tasks, count, report):
        """Of an ordered supply the first `count` that compile: those that do not are passed over."""
        self._work(list(tasks), count, report)

    def _work(self, supply, wanted, report):
        state = {"next": 0, "wanted": wanted, "busy": 0, "error": None}
        workers = min(self.jobs, 1 + wanted // _WORTH_A_COPY)
        threads = [threading.Thread(target=self._worker, args=(number, supply, state, report))
                   for number in range(1, workers + 1)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            with self._lock:
                state["wanted"] = 0
            for thread in threads:
                thread.join()
            raise
        if state["error"]:
            raise state["error"]

    def _worker(self, number, supply, state, report):
        workspace = None
        while (task := self._take(supply, state)) is not None:
            try:
                outcome = self._remembered(task)
                if outcome is None:
                    workspace = workspace or self.open_workspace(number)
                    outcome = self._try(task, workspace)
                    self.store.put(task.key(), asdict(outcome))
            except Exception as error:  # shown by the thread that waits for this one
                with self._lock:
                    state["error"], state["wanted"], state["busy"] = error, 0, state["busy"] - 1
                    self._lock.notify_all()
                break
            with self._lock:
                state["busy"] -= 1
                if outcome.verdict == results.BROKEN and task.automatic:
                    state["wanted"] += 1  # another takes its place
                report(self._judged(task, outcome))
                self._lock.notify_all()
        if workspace:
            workspace.restore()

    def _take(self, supply, state):
        with self._lock:
            while True:
                late = self.until is not None and time.monotonic() >= self.until
                if state["next"] < min(state["wanted"], len(supply)) and not late:
                    state["next"] += 1
                    state["busy"] += 1
                    return supply[state["next"] - 1]
                if state["busy"] == 0 or state["next"] >= len(supply) or state["wanted"] == 0 or late:
                    return None
                self._lock.wait()  # one that is being built may turn out not to compile

    # ---- One

    def _remembered(self, task):
        kept = self.store.get(task.key())
        return Outcome(**{**kept, "remembered": True}) if kept else None

    def _try(self, task, workspace):
        start = time.monotonic()

        def outcome(verdict, by="", details=()):
            return Outcome(task.mutant.name, verdict, by, time.monotonic() - start, list(details))
        try:
            files = task.mutant.files(self.root)
        except BadMutant as error:
            return outcome(results.STALE, details=[str(error)])
        caught = []
        for check in task.checks:
            limit = self._limit(check, workspace)
            workspace.apply(files)
            if not workspace.build(check.target):
                said = workspace.said.strip().splitlines()[-30:]
                return outcome(results.BROKEN, "does not compile", said)
            ran = self.run(check, workspace.tree, workspace.build_dir, limit)
            if ran.passed and task.every:
                return outcome(results.MISSED, f"not by {check.text}")
            if not ran.passed:
                caught.append(ran.by)
                if not task.every:
                    break
        return outcome(results.KILLED, ", ".join(caught)) if caught else outcome(results.SURVIVED)

    def _limit(self, check, workspace):
        """Seconds that the check may take: several times what it takes without a mutant, measured once."""
        with self._lock:
            measuring = self._measuring.setdefault(check.text, threading.Lock())
        with measuring:
            known = self._baseline.get(check.text) or self.store.get(["baseline", check.text])
            if known is None:
                known = self._measure(check, workspace)
                self.store.put(["baseline", check.text], known)
            self._baseline[check.text] = known
        return 20 + 5 * known

    def _measure(self, check, workspace):
        workspace.restore()
        if not workspace.build(check.target):
            raise BaselineBroken(f"{check.target} does not build:\n" + workspace.said[-3000:])
        ran = self.run(check, workspace.tree, workspace.build_dir, 1800)
        if not ran.passed:
            raise BaselineBroken(f"`{check.text}` fails, or finds no test, without any mutant:\n"
                                 + ran.output[-3000:])
        return ran.seconds

    def _judged(self, task, outcome):
        if not task.automatic:
            if outcome.verdict == results.BROKEN:
                outcome.verdict = results.STALE  # a planted bug that does not compile is not the bug any more
            return outcome
        if outcome.verdict == results.SURVIVED:
            reason = survivors.reason_for(self.known, task.mutant)
            outcome.details = [f"- {task.mutant.before}", f"+ {task.mutant.after}"]
            if reason:
                outcome.verdict, outcome.by = results.LISTED, reason
        return outcome
