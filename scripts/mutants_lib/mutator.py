"""Automatic mutants: small changes of the source text, of the kinds that slips are made of.

    compared    < and <=, > and >=, == and != exchanged        bounds   std::min and std::max exchanged
    joined      && and || exchanged                            step     .next(), .previous(), + 1, - 1 left out
    negated     the condition of an if or while                dropped  a statement that assigns or calls
    constant    true and false exchanged, a number one higher

It reads the text, not the language: what does not compile is passed over by whoever builds it. Left
alone are comments, literals, assertions (to weaken one shows in no test), and what only looks at the
core: printers, fingerprints and the memory count.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

from lint_rules.length import functions
from lint_rules.source import Source

FOLDERS = ("src/quorum", "src/log", "src/raft")
_OBSERVERS = re.compile(r"/(?:describe|trace|fields|look)\.(?:cc|h)$")
_OBSERVING = re.compile(r"\b(?:fingerprint|describe|memory|heap_bytes)\s*\(")
_ASSERTING = re.compile(r"\b(?:QUORATE_ASSERT|maybe|static_assert|fail_assertion)\s*\(|^[ \t]*#[^\n]*", re.MULTILINE)

_SWAPS = (
    ("compared", r"(?<!operator) (<=|>=|==|!=|<|>) (?!>)",
     {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}),
    ("joined", r" (&&|\|\|)[ \n]", {"&&": "||", "||": "&&"}),
    ("bounds", r"\bstd::(min|max)\b", {"min": "max", "max": "min"}),
    ("step", r"(\.next\(\)|\.previous\(\)| \+ 1\b| - 1\b)", {}),
    ("constant", r"(?<![\w.])(true|false)\b", {"true": "false", "false": "true"}),
)
_NUMBER = re.compile(r"(?<![\w.'])(\d+)U?(?![\w.'])")
_CONDITION = re.compile(r"\b(?:if|while) \(")
_STATEMENT = re.compile(r"(?<=[;{}:])\s*\n[ \t]*((?:\+\+|--)?[A-Za-z_][\w:]*(?:(?:\.|->)\w+|\[[^\]\n]*\]|\(\))*"
                        r"(?: (?:[-+*|&]?=) |\(|;))")
_KEYWORD = re.compile(r"(?:return|break|continue|case|default|if|for|while|switch|else|throw|using|public|private"
                      r"|protected|goto|do|delete|namespace|explicit)\b")


@dataclass(frozen=True)
class Automatic:
    file: str
    kind: str
    start: int
    end: int
    new: str
    line: int
    before: str  # the source line, or lines, that it changes
    after: str

    @property
    def name(self):
        return f"{self.file}:{self.line} {self.kind}"

    def key(self):
        return ["automatic", self.file, self.kind, self.start, self.before, self.after]

    def files(self, root):
        text = (Path(root) / self.file).read_text("utf-8")
        return {self.file: text[:self.start] + self.new + text[self.end:]}


def sources(root):
    for folder in FOLDERS:
        for path in sorted((Path(root) / folder).iterdir()):
            name = path.relative_to(root).as_posix()
            if path.suffix in (".cc", ".h") and not name.endswith("_test.cc") and not _OBSERVERS.search(name):
                yield Source(name, path.read_text("utf-8"))


def of_source(source):
    """Every mutant of one file, in the order of the text."""
    code = _without_what_is_left_alone(source)
    found = []
    for kind, pattern, swaps in _SWAPS:
        for match in re.finditer(pattern, code):
            found.append((kind, match.start(1), match.end(1), swaps.get(match[1], "")))
    for match in _NUMBER.finditer(code):
        found.append(("constant", match.start(1), match.end(1), str(int(match[1]) + 1)))
    for match in _CONDITION.finditer(code):
        end = _closing(code, match.end() - 1)
        found.append(("negated", match.end(), end, f"!({source.text[match.end():end]})"))
    for match in _STATEMENT.finditer(code):
        end = _end_of_statement(code, match.start(1))
        if end and not _KEYWORD.match(match[1]):
            found.append(("dropped", match.start(1), end, ""))
    mutants = [_mutant(source, *each) for each in sorted(found, key=lambda f: (f[1], f[0]))]
    return [m for m in mutants if m.before != m.after]


def sample(root, seed):
    """All automatic mutants of the tree, in an order that the seed alone decides."""
    everything = [mutant for source in sources(root) for mutant in of_source(source)]
    random.Random(f"mutants {seed}").shuffle(everything)
    return everything


def _mutant(source, kind, start, end, new):
    text = source.text
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last
    return Automatic(source.path, kind, start, end, new, source.line_of(start),
                     _joined(text[first:last]), _joined(text[first:start] + new + text[end:last]))


def _joined(lines):
    return " ".join(line.strip() for line in lines.splitlines() if line.strip())


def _without_what_is_left_alone(source):
    """The code with blanks where no mutant may be; every character stays in its place."""
    code = source.code
    for match in _ASSERTING.finditer(code):
        end = match.end() if match[0].lstrip().startswith("#") else _closing(code, match.end() - 1)
        code = _blank(code, match.start(), end)
    lines = source.code.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for start, body, end in functions(source.code):
        if _OBSERVING.search("".join(lines[start - 1:body])):
            code = _blank(code, starts[start - 1], starts[end])
    return code


def _blank(code, start, end):
    return code[:start] + re.sub(r"[^\n]", " ", code[start:end]) + code[end:]


def _closing(code, opening):
    """Where the parenthesis that opens at `opening` closes."""
    depth = 0
    for at in range(opening, len(code)):
        depth += (code[at] == "(") - (code[at] == ")")
        if depth == 0:
            return at
    return len(code)


def _end_of_statement(code, start):
    depth = 0
    for at in range(start, min(len(code), start + 1500)):
        depth += (code[at] in "({[") - (code[at] in ")}]")
        if depth < 0:
            return None
        if code[at] == ";" and depth == 0:
            return at + 1
    return None
