"""The table of planted bugs in docs/mutants.md, made from the files."""

from pathlib import Path

PAGE = Path("docs/mutants.md")
BEGIN, END = "<!-- planted: made by ./dev mutants --table -->", "<!-- planted: end -->"


def lines(mutants):
    yield "| mutant | what is wrong | where it is forbidden | caught by |"
    yield "|---|---|---|---|"
    for mutant in mutants:
        tests = "<br>".join(f"`{test}`" for test in (mutant.test, *mutant.also))
        yield f"| {mutant.name} | {mutant.bug} | {mutant.rule} | {tests} |"


def put_into(text, mutants):
    """The page with its table made anew."""
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError(f"{PAGE} must hold the lines `{BEGIN}` and `{END}`")
    return before + "\n".join([BEGIN, *lines(mutants), END]) + after
