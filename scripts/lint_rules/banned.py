"""Calls and words that have no place where they stand."""

import re
from dataclasses import dataclass
from typing import Callable

from .layering import CORE
from .source import Problem

_CORE_FOLDERS = tuple(f"src/{folder}" for folder in CORE)
_FREE_CALL = r"(?<![\w.>:])(?:::|std::)?"


def _src(source):
    return source.is_under("src", "include")


def _core(source):
    return source.is_under(*_CORE_FOLDERS) and not source.is_test


@dataclass(frozen=True)
class Ban:
    pattern: str
    where: Callable
    advice: str


BANS = (
    Ban(r"\b(?:system|steady|high_resolution)_clock\b"
        rf"|{_FREE_CALL}(?:clock_gettime|gettimeofday)\s*\(|{_FREE_CALL}time\s*\(\s*(?:nullptr|NULL|0|&)",
        lambda s: _src(s) and not s.is_under("src/env/posix", "src/cli"),
        "reads a clock of the machine; take the time as a value (only env/posix, cli, bench and "
        "tests may read it)"),
    Ban(rf"{_FREE_CALL}(?:s?rand|rand_r|[dlm]rand48)\s*\(", _src,
        "cannot be replayed; draw from the seeded generator that is handed in"),
    Ban(r"\brandom_device\b", lambda s: _src(s) and not s.is_under("src/env/posix", "src/cli"),
        "cannot be replayed; draw from the seeded generator that is handed in"),
    Ban(r"\bstd::(?:j?thread|this_thread|(?:recursive_|shared_|timed_|recursive_timed_|shared_timed_)?mutex"
        r"|condition_variable(?:_any)?|lock_guard|unique_lock|scoped_lock|shared_lock|async"
        r"|call_once|counting_semaphore|binary_semaphore|latch|barrier)\b", _core,
        "has no place in the core, which is a pure state machine; leave threads to the runtime"),
    Ban(r"\b(?:std::atomic\w*|thread_local|volatile)\b",
        lambda s: _core(s) and s.path not in ("src/base/bytes.h", "src/base/bytes.cc"),
        "shares state between threads, and the core has none (base/bytes counts references to "
        "shared payloads, and is the one exception)"),
    Ban(rf"{_FREE_CALL}(?:_?exit|_Exit|quick_exit|abort|terminate)\s*\(",
        lambda s: _src(s) and not s.is_under("src/cli"),
        "ends the process, which only cli may; return a Result, or QUORATE_ASSERT a bug of ours"),
    Ban(rf"\bsleep_(?:for|until)\s*\(|{_FREE_CALL}(?:u|nano)?sleep\s*\(",
        lambda s: s.is_under("src", "include", "tests"),
        "sleeps; wait on the condition itself, or move virtual time"),
    Ban(r"\bfriend\b", lambda s: s.is_under("src/raft"),
        "opens private parts; put the value into Output or describe()"),
)


def check(source):
    for ban in BANS:
        if not ban.where(source):
            continue
        for match in re.finditer(ban.pattern, source.code):
            what = re.sub(r"\s*\(.*", "()", match[0].strip(), flags=re.DOTALL)
            yield Problem(source.path, source.line_of(match.start()), f"{what} {ban.advice}")
