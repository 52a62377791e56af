"""What is known of a mutant, kept under a name made of all that it depends on."""

import hashlib
import json
import os
from pathlib import Path

KILLED, SURVIVED, BROKEN, STALE, LISTED, MISSED = "killed", "SURVIVED", "broken", "STALE", "listed", "MISSED"
FAILURES = (SURVIVED, STALE, MISSED)


class Results:
    def __init__(self, folder, version):
        self.folder, self.version = Path(folder), version

    def get(self, key):
        try:
            return json.loads(self._path(key).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def put(self, key, value):
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(key)
        temporary = path.with_suffix(f".{os.getpid()}.new")
        temporary.write_text(json.dumps(value) + "\n", "utf-8")
        os.replace(temporary, path)

    def _path(self, key):
        name = hashlib.sha256(json.dumps([self.version, key]).encode()).hexdigest()
        return self.folder / f"{name[:32]}.json"
