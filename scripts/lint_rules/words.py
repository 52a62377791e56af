"""Words that promise work instead of doing it."""

import re
from pathlib import Path

from .source import Problem

# Spelled in halves, or this file would report itself.
_WORDS = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
_NAMES = ("Makefile", "dev", "CMakeLists.txt", "CMakePresets.json")
_FOLDERS = ("include", "src", "tests", "bench", "examples", "cmake", "scripts", ".ci")


def check_text(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        for match in _WORDS.finditer(line):
            yield Problem(path, number, f"{match[0]}: do it, or open an issue and take the word out")


def check_tree(root):
    root = Path(root)
    paths = [root / name for name in _NAMES]
    for folder in _FOLDERS:
        paths += sorted((root / folder).rglob("*"))
    for path in paths:
        if not path.is_file() or path.suffix in (".pyc", ".bin"):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        yield from check_text(path.relative_to(root).as_posix(), text)
