"""A scratch copy of the sources with a build of its own, in which one mutant at a time is tried."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

COPIED = ("CMakeLists.txt", "cmake", "include", "src", "tests", "docs/formats")
_SKIPPED = "tests/mutants/"
# Unoptimized code runs the explorer at a tenth of its speed; more than -O1 only builds longer.
_FLAGS = "-O1 -w -D_GLIBCXX_ASSERTIONS"


class BuildFailed(Exception):
    """What the compiler said."""


def files_of(root):
    """{path: absolute path} of all that is copied."""
    found = {}
    for name in COPIED:
        top = Path(root) / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            relative = path.relative_to(root).as_posix()
            if path.is_file() and not relative.startswith(_SKIPPED):
                found[relative] = path
    return found


def version_of(root):
    """Names the sources and tests, so that a result is known to be about them."""
    digest = hashlib.sha256()
    for name, path in files_of(root).items():
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class Workspace:
    def __init__(self, root, folder):
        self.root, self.folder = Path(root), Path(folder)
        self.tree, self.build_dir = self.folder / "tree", self.folder / "build"
        self.changed = {}

    def prepare(self):
        """Brings the copy up to date, an interrupted mutant included, and configures it once."""
        wanted = files_of(self.root)
        for path in list(self.tree.rglob("*")) if self.tree.exists() else []:
            if path.is_file() and path.relative_to(self.tree).as_posix() not in wanted:
                path.unlink()
        for name, path in wanted.items():
            self._put(name, path.read_bytes())
        if not (self.build_dir / "build.ninja").exists():
            self._cmake()

    def apply(self, files):
        """Makes the copy hold these texts, and everything else as it was."""
        for name in list(self.changed):
            if name not in files:
                self._put(name, self.changed.pop(name))
        for name, text in files.items():
            self.changed.setdefault(name, (self.tree / name).read_bytes())
            self._put(name, text.encode())

    def restore(self):
        self.apply({})

    def build(self, target):
        """Returns whether it builds; what it says otherwise is in `self.said`."""
        result = subprocess.run(["ninja", "-C", str(self.build_dir), "-j", "1", target], env=self._env(),
                                capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
        self.said = result.stdout + result.stderr
        return result.returncode == 0

    def _cmake(self):
        self.build_dir.mkdir(parents=True, exist_ok=True)
        command = ["cmake", "-G", "Ninja", "-S", str(self.tree), "-B", str(self.build_dir), "-DQUORATE_BENCH=OFF",
                   "-DCMAKE_BUILD_TYPE=Mutants", f"-DCMAKE_CXX_FLAGS_MUTANTS={_FLAGS}"]
        if shutil.which("ld.lld"):
            command.append("-DCMAKE_EXE_LINKER_FLAGS_MUTANTS=-fuse-ld=lld")
        result = subprocess.run(command, env=self._env(), capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if result.returncode != 0:
            (self.build_dir / "build.ninja").unlink(missing_ok=True)
            raise BuildFailed(result.stdout + result.stderr)

    def _env(self):
        # A cache of its own: mutants would push everything else out of the common one.
        return {**os.environ, "CCACHE_DIR": str(self.folder.parent / "ccache"), "CCACHE_MAXSIZE": "2G",
                "CCACHE_BASEDIR": str(self.folder), "CCACHE_NOHASHDIR": "1"}

    def _put(self, name, data):
        path = self.tree / name
        if path.exists() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
