"""A C++ file as the rules see it: its text, and the same with comments and literals blanked."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDERS = ("include", "src", "tests", "bench", "examples", "fuzz")
SUFFIXES = (".h", ".cc", ".c")

_TOKENS = re.compile(
    r"""
    (?P<comment>//(?:[^\n\\]|\\.|\\\n)*|/\*.*?\*/)
  | (?P<raw>(?:u8|[uUL])?R"(?P<delim>[^()\\\s]{0,16})\(.*?\)(?P=delim)")
  | (?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*")
  | (?P<number>\b\d(?:'?[\w.])*)
  | (?P<char>'(?:[^'\\\n]|\\.)+')
    """,
    re.VERBOSE | re.DOTALL,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


@dataclass(frozen=True)
class Problem:
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(frozen=True)
class Source:
    """`path` is relative to the root of the project, with forward slashes."""

    path: str
    text: str

    @cached_property
    def code(self):
        """The text with comments and the insides of literals as blanks; every line stays in place."""
        return _TOKENS.sub(_blank, self.text)

    @cached_property
    def includes(self):
        """(line, '<' or '"', name) of each include that is not commented out."""
        found = []
        for match in _INCLUDE.finditer(self.text):
            hash_at = self.text.index("#", match.start())
            if self.code[hash_at] == "#":
                found.append((self.line_of(hash_at), match[1], match[2]))
        return found

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def is_under(self, *folders):
        return any(self.path.startswith(folder + "/") for folder in folders)

    @property
    def is_test(self):
        return self.path.startswith("tests/") or self.path.endswith("_test.cc")


def _blank(match):
    text = match[0]
    if match.lastgroup == "number":
        return text
    blank = re.sub(r"[^\n]", " ", text)
    return blank if match["comment"] else '"' + blank[1:-1] + '"'


def read_sources(root):
    """All C++ files of the project, in order of their paths."""
    sources = []
    for folder in FOLDERS:
        for path in sorted((Path(root) / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                sources.append(Source(path.relative_to(root).as_posix(), path.read_text("utf-8")))
    return sources
