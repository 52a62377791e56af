"""How long files and functions are.

Functions are found by following braces through the code, comments and literals blanked. In a
namespace or a class, a brace belongs to a function when what stands before it holds a parameter list
or ends in a lambda's capture. Everything inside a function, lambdas and local classes with it, counts as its lines.
"""

import re

from .source import Problem

MAX_FILE = 800
MAX_FUNCTION = 70
TABLE_MARK = "// lint: dispatch table"

_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\[^\n]|\\\n)*", re.MULTILINE)
_SCOPE = re.compile(r"\b(?:namespace|class|struct|union|enum)\b")
_EXTERN = re.compile(r'\bextern\s*"\s*"\s*$')
_ACCESS = re.compile(r"\b(?:public|protected|private)\s*:(?!:)")


def check(source):
    lines = source.text.count("\n") + (not source.text.endswith("\n"))
    if lines > MAX_FILE:
        yield Problem(source.path, MAX_FILE + 1, f"the file has {lines} lines, more than {MAX_FILE}; "
                                                 "split it by duty")
    try:
        found = list(functions(source.code))
    except ValueError as error:
        yield Problem(source.path, error.args[1], f"{error.args[0]}; keep braces whole within each "
                                                  "branch of an #if")
        return
    text_lines = source.text.splitlines()
    for start, body, end in found:
        length = end - start + 1
        marked = any(TABLE_MARK in line for line in text_lines[max(0, start - 2):body])
        if length > MAX_FUNCTION and not marked:
            yield Problem(source.path, start, f"the function has {length} lines, more than "
                                              f"{MAX_FUNCTION}; split it by what it does (a plain "
                                              f"dispatch table may say `{TABLE_MARK}`)")


def functions(code):
    """Yields (first line of the signature, line of the opening brace, last line)."""
    code = _DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), code)
    stack = []  # (kind, start line, line of the brace, head to go on with, parentheses open)
    head, head_at, parens, line = "", 1, 0, 1
    for at, char in enumerate(code):
        if char == "\n":
            line += 1
        if stack and stack[-1][0] != "scope":  # Inside a function or initializer: only find its end.
            if char == "{":
                stack.append(("inner", line, line, "", 0))
            elif char == "}":
                kind, start, body, head, parens = stack.pop()
                if kind == "function":
                    if parens == 0 and _goes_on(code, at + 1):
                        head_at = start  # A braced member initializer; the body is yet to come.
                    else:
                        yield start, body, line
                        head = ""
            continue
        if char == "{":
            kind = _kind(head, parens)
            keep = "" if kind == "scope" else head + " {}"
            stack.append((kind, head_at, line, keep, parens))
            if kind == "scope":
                head, parens = "", 0
            continue
        if char == "}":
            if not stack:
                raise ValueError("a closing brace has no opening one", line)
            head, parens = "", stack.pop()[4]
            continue
        if char == ";" and parens == 0:
            head = ""
            continue
        parens += (char == "(") - (char == ")")
        if not head.strip():
            head_at = line
        head += char
        if char == ":" and _ACCESS.search(head):
            head = _ACCESS.sub("", head)
    if stack:
        raise ValueError("the brace opened here is never closed", stack[-1][2])


def _kind(head, parens):
    head = _without_template(head.strip())
    if parens > 0:
        return "function" if re.search(r"[)\]]\s*(?:mutable|noexcept)?$", head) else "initializer"
    if _EXTERN.search(head):
        return "scope"
    if _SCOPE.search(head) and not re.search(r"[=)]", re.sub(r"\b(?:alignas|decltype)\s*\([^()]*\)"
                                                            r"|\[\[.*?\]\]|<[^<>]*>", "", head)):
        return "scope"
    if head.endswith("="):
        return "initializer"
    return "function" if ")" in head or head.endswith("]") else "initializer"


def _without_template(head):
    """Drops leading `template <...>`, whose parameters are declared with `class` or `struct`."""
    while match := re.match(r"template\s*<", head):
        depth, at = 1, match.end()
        while at < len(head) and depth:
            depth += (head[at] == "<") - (head[at] == ">")
            at += 1
        head = head[at:].strip()
    return head


def _goes_on(code, at):
    following = re.match(r"\s*(.)", code[at:at + 2000])
    return following is not None and following[1] in ",{"
