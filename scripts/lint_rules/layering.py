"""Who may include whom. The table is the design; a neighbour's permissions are never inherited."""

from .source import Problem

# Every folder may include itself, include/quorate and, but for the core, libraries from outside.
LAYERS = {
    "base": (),
    "model": ("base",),
    "quorum": (),
    "log": ("model", "base"),
    "raft": ("quorum", "log", "model", "base"),
    "wire": ("model", "base"),
    "env": ("base",),
    "env/posix": ("env", "base"),
    "wal": ("wire", "model", "env", "base"),
    "net": ("wire", "model", "env", "base"),
    "node": ("raft", "wal", "net", "wire", "model", "env", "base"),
    "session": ("base",),
    "api": ("node", "session", "raft", "wire", "env/posix"),
    "kv": ("base",),
    "kv/rocks": ("kv",),
    "server/service": ("node", "kv", "base"),
    "server/http": ("server/service", "env", "base"),
    "sim": ("base", "model", "quorum", "log", "raft", "wire", "env", "wal", "net", "node",
            "session", "kv", "server/service"),
    "bench": ("node", "raft", "wire", "model", "env", "env/posix", "base"),
}
LAYERS["cli"] = tuple(LAYERS)

CORE = ("base", "model", "quorum", "log", "raft")

# What the core may take from the standard library: values and algorithms. No thread, lock, clock,
# random device or file.
_CORE_HEADERS = frozenset("""
    algorithm any array bit bitset cassert cctype charconv chrono cinttypes climits cmath compare
    concepts cstddef cstdint cstdio cstdlib cstring deque exception expected format forward_list
    functional initializer_list iomanip ios iosfwd istream iterator limits list map memory
    memory_resource new numbers numeric optional ostream queue ranges ratio set source_location
    span sstream stack stdexcept streambuf string string_view system_error tuple type_traits
    typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
    stddef.h stdint.h stdbool.h
""".split())

# (file, header): the reference count of shared payload buffers, which lanes of the runtime share.
_EXCEPTIONS = {("src/base/bytes.h", "atomic"), ("src/base/bytes.cc", "atomic")}


def check(source):
    if source.is_under("include"):
        yield from _check_public(source)
    elif source.is_under("src"):
        yield from _check_module(source)


def folder_of(path):
    """The longest folder of the table that holds `path`, given from src on; None for a stranger."""
    parts = path.split("/")[:-1]
    for length in range(len(parts), 0, -1):
        if "/".join(parts[:length]) in LAYERS:
            return "/".join(parts[:length])
    return None


def _check_public(source):
    for line, kind, name in source.includes:
        if not name.startswith("quorate/") and (kind == '"' or name not in _CORE_HEADERS):
            yield Problem(source.path, line,
                          f"a public header includes {name}; it may include only quorate/ and the "
                          "standard library, so move what it needs into include/quorate")


def _check_module(source):
    folder = folder_of(source.path.removeprefix("src/"))
    if folder is None:
        yield Problem(source.path, 1, "this folder is not in the layering; give it a row in "
                                      "scripts/lint_rules/layering.py that says what it may include")
        return
    for line, kind, name in source.includes:
        if name.startswith("quorate/"):
            continue
        text = _project(folder, name) if kind == '"' else _outside(source, folder, name)
        if text:
            yield Problem(source.path, line, text)


def _project(folder, name):
    target = folder_of(name)
    if "/" not in name or name.startswith("."):
        return f'"{name}" is not a path from src; write "{folder}/{name.split("/")[-1]}"'
    if target is None:
        return f'"{name}" leads to no folder of the layering; use <> for a library from outside'
    if target != folder and target not in LAYERS[folder]:
        allowed = ", ".join(LAYERS[folder]) or "nothing"
        return (f"{folder} may not include {target} (it may include {allowed}); move the code to "
                "where both are allowed, or pass the value in")
    return None


def _outside(source, folder, name):
    if folder_of(name):
        return f'<{name}> is the project\'s own; write "{name}", with quotes'
    if folder not in CORE or source.is_test:
        return None
    if name in _CORE_HEADERS or (source.path, name) in _EXCEPTIONS:
        return None
    return (f"the core may not include <{name}>: it has no threads, clocks, randomness or I/O and "
            "no library from outside; hand the value in as an event or an option")
