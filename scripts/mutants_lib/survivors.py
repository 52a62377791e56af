"""Survivors that are known, with the reason: tests/mutants/survivors.txt.

    src/raft/progress.cc
    - the line as it stands
    + the line as the mutant has it
      why no test can tell them apart, on one line or more

Blocks are separated by blank lines. A place is named by its text, so that other edits do not move it.
"""

from dataclasses import dataclass
from pathlib import Path

PATH = Path("tests/mutants/survivors.txt")


class BadSurvivors(Exception):
    """The file cannot be read, or names what is not there."""


@dataclass(frozen=True)
class Survivor:
    file: str
    before: str
    after: str
    reason: str


def parse(text):
    found = []
    blocks = "\n".join(line for line in text.splitlines() if not line.startswith("#")).split("\n\n")
    for block in blocks:
        lines = [line for line in block.splitlines() if line.strip()]
        if not lines:
            continue
        shaped = len(lines) >= 4 and lines[1].startswith("- ") and (lines[2] + " ").startswith("+ ")
        if not shaped:
            raise BadSurvivors(f"{PATH}: at `{lines[0]}`: a block is a file, `- line`, `+ line` and a reason")
        found.append(Survivor(lines[0].strip(), lines[1][2:].strip(), lines[2][2:].strip(),
                              " ".join(line.strip() for line in lines[3:])))
    return found


def load(root):
    path = Path(root) / PATH
    return parse(path.read_text("utf-8")) if path.exists() else []


def reason_for(survivors, mutant):
    for each in survivors:
        if (each.file, each.before, each.after) == (mutant.file, mutant.before, mutant.after):
            return each.reason
    return None


def stale(root, survivors):
    """Those whose line is not in their file any more."""
    gone = []
    for each in survivors:
        path = Path(root) / each.file
        text = " ".join(path.read_text("utf-8").split()) if path.exists() else ""
        if " ".join(each.before.split()) not in text:
            gone.append(each)
    return gone
