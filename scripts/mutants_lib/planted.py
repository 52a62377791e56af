"""Planted bugs: tests/mutants/*.mutant, one a file, in TOML.

    bug = "What is wrong, as a sentence."
    rule = "rule 4; 5.4.2, Figure 8"          where it is forbidden
    test = "core_tests LogRules.AndSoOn"      the test that must catch it
    also = ["quorate lab Figure8 --runs 9"]   further ones that must catch it too (at night)

    [[edit]]
    file = "src/raft/replicate.cc"
    find = '''exact text, once in the file'''
    replace = '''what stands there instead'''

The bounds of the explorer name the planted bugs that they must find (`kills`, src/sim/bounds.cc): `quorate check
<bound>` is one of the further tests of each.
"""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

FOLDER = Path("tests/mutants")
SUFFIX = ".mutant"
BOUNDS = Path("src/sim/bounds.cc")
_TEXTS = ("bug", "rule", "test")
_BOUND = re.compile(r'\.name = "(?P<name>[^"]+)"|\.kills = \{(?P<kills>[^}]*)\}')


class BadMutant(Exception):
    """It cannot be applied as it stands; the message says why and what to do."""


@dataclass(frozen=True)
class Edit:
    file: str
    find: str
    replace: str


@dataclass(frozen=True)
class Planted:
    name: str
    bug: str
    rule: str
    test: str
    also: tuple
    edits: tuple

    def key(self):
        return ["planted", self.name, [[e.file, e.find, e.replace] for e in self.edits]]

    def files(self, root):
        """{path: its text with the bug}."""
        changed = {}
        for edit in self.edits:
            try:
                text = changed.get(edit.file) or (Path(root) / edit.file).read_text("utf-8")
            except OSError as error:
                raise BadMutant(f"stale: {edit.file}: {error.strerror}") from None
            count = text.count(edit.find)
            if count != 1:
                first = edit.find.strip().splitlines()[0]
                raise BadMutant(f"stale: {edit.file} holds its text {count} times, not once: `{first}`; "
                                f"bring {FOLDER / (self.name + SUFFIX)} up to date")
            changed[edit.file] = text.replace(edit.find, edit.replace)
        return changed


def parse(name, text):
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadMutant(f"{name}: not TOML: {error}") from None
    unknown = set(data) - {*_TEXTS, "also", "edit"}
    if unknown:
        raise BadMutant(f"{name}: nothing is called {', '.join(sorted(unknown))} here")
    for field in _TEXTS:
        if not isinstance(data.get(field), str) or not data[field].strip():
            raise BadMutant(f"{name}: `{field}` is missing")
    edits = data.get("edit", [])
    for edit in edits:
        if set(edit) != {"file", "find", "replace"} or not edit["find"]:
            raise BadMutant(f"{name}: an [[edit]] has file, find and replace, and finds something")
        if edit["find"] == edit["replace"]:
            raise BadMutant(f"{name}: an [[edit]] changes nothing")
    if not edits:
        raise BadMutant(f"{name}: has no [[edit]]")
    return Planted(name, data["bug"], data["rule"], data["test"], tuple(data.get("also", ())),
                   tuple(Edit(e["file"], e["find"], e["replace"]) for e in edits))


def killers(text):
    """{planted bug: the bounds that must find it}, as the bounds say."""
    found, bound = {}, None
    for match in _BOUND.finditer(text):
        bound = match["name"] or bound
        for name in re.findall(r'"([^"]+)"', match["kills"] or ""):
            found.setdefault(name, []).append(bound)
    return found


def load(root):
    """All of them, by name, with what the bounds say."""
    paths = sorted((Path(root) / FOLDER).glob("*" + SUFFIX))
    mutants = [parse(path.stem, path.read_text("utf-8")) for path in paths]
    bounds = Path(root) / BOUNDS
    found = killers(bounds.read_text("utf-8")) if bounds.exists() else {}
    unknown = set(found) - {mutant.name for mutant in mutants}
    if unknown:
        raise BadMutant(f"{BOUNDS}: a bound kills '{min(unknown)}', but no file of {FOLDER} is called so")
    checks = {name: tuple(f"quorate check {bound}" for bound in bounds) for name, bounds in found.items()}
    return [replace(m, also=m.also + tuple(c for c in checks.get(m.name, ()) if c not in m.also)) for m in mutants]
