"""Clients that write numbers and read them back. Each key has one writer, who writes 1, 2, 3...; so
what a linearizable read may answer is known: at least what was acknowledged, and what was read, before
it began, and at most what was ever asked for before it ended."""

import random
import threading
import time

from .members import GROUP, Gone, Refused

KEYS = range(1000, 1008)
PATIENCE = 1.5  # seconds; then a client goes elsewhere, and does not know


class Key:
    def __init__(self, number):
        self.number = number
        self.asked = self.acknowledged = self.seen = 0


class Journal:
    def __init__(self, cluster, seed):
        self.cluster, self.wrong = cluster, []
        self.done = self.unknown = self.reads = 0
        self.lock = threading.Lock()
        self.ended = False
        self.keys = [Key(number) for number in KEYS]
        self.threads = [threading.Thread(target=self.work, args=(key, random.Random(seed + key.number)),
                                         daemon=True) for key in self.keys]
        for thread in self.threads:
            thread.start()

    def work(self, key, chance):
        silent = {}  # who did not answer, and until when it is left alone
        while not self.ended:
            now = time.monotonic()
            number = chance.choice([each for each in self.cluster.numbers if silent.get(each, 0) <= now]
                                   or self.cluster.numbers)
            member = self.cluster.members[number]
            try:
                if chance.random() < 0.5:
                    self.write(member, key)
                else:
                    self.read(member, key)
            except Refused:
                time.sleep(0.02)
            except Gone:
                silent[number] = time.monotonic() + 2
                time.sleep(0.02)

    def write(self, member, key):
        key.asked += 1
        value = key.asked
        try:
            member.ask("put", GROUP, key.number, value, timeout=PATIENCE)
        except Refused as error:
            if error.fate in ("refused", "failed"):
                key.asked -= 1  # it had no effect, and never will
            raise
        except Gone:
            with self.lock:
                self.unknown += 1
            raise
        key.acknowledged = value
        with self.lock:
            self.done += 1

    def read(self, member, key):
        least = max(key.acknowledged, key.seen)
        found = int(member.ask("get", GROUP, key.number, timeout=PATIENCE) or 0)
        if not least <= found <= key.asked:
            with self.lock:
                self.wrong.append(f"key {key.number}: read {found} at n{member.number}, where at least {least} "
                                  f"was certain and {key.asked} asked for")
        key.seen = max(key.seen, found)
        with self.lock:
            self.reads += 1

    def wait_for(self, operations, timeout=20.0):
        """So many more are acknowledged."""
        goal, end = self.done + operations, time.monotonic() + timeout
        while self.done < goal:
            if time.monotonic() > end:
                raise AssertionError(f"{operations} writes were not acknowledged within {timeout:.0f} s, but "
                                     f"{operations - (goal - self.done)}")
            time.sleep(0.01)

    def close(self):
        """All must agree, and hold what was acknowledged."""
        self.ended = True
        for thread in self.threads:
            thread.join()
        self.agree()
        for key in self.keys:
            self.read_surely(key)
        assert not self.wrong, self.wrong[0]

    def agree(self, timeout=20.0):
        end, hashes = time.monotonic() + timeout, set()
        while time.monotonic() < end:
            try:
                hashes = {member.ask("hash", GROUP) for member in self.cluster.members.values()}
                if len(hashes) == 1:
                    return
            except (Gone, Refused) as error:
                hashes = {str(error)}
            time.sleep(0.1)
        raise AssertionError(f"the members do not come to hold the same: {sorted(hashes)}")

    def read_surely(self, key):
        end = time.monotonic() + 10
        while True:
            try:
                return self.read(self.cluster.members[self.cluster.leader()], key)
            except (Gone, Refused):
                assert time.monotonic() < end, f"key {key.number} cannot be read"
