"""Members of a cluster: processes of `quorate bench-member`, driven by lines (src/bench/member.h)."""

import collections
import itertools
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import Future
from pathlib import Path

from . import links

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / "build" / "quorate"
GROUP = 1


class Gone(Exception):
    """The member ended, or said nothing in time."""


class Refused(Exception):
    """The member answered with an error; whether it may still take effect is in `fate`."""

    def __init__(self, why):
        super().__init__(why)
        self.fate = why.split(":")[0].split(" ")[0]


class Member:
    def __init__(self, number, directory, members, listen, wrapper=()):
        self.number = number
        self.news = collections.deque(maxlen=500)
        self.waiting, self.tags, self.lock = {}, itertools.count(1), threading.Lock()
        command = [*wrapper, str(BINARY), "bench-member", "--id", str(number), "--dir", str(directory),
                   "--members", members, "--listen", listen, "--snapshot-bytes", "200000", "--segment-bytes", "1048576"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, bufsize=1,
                                        start_new_session=True)
        self.ready = threading.Event()
        self.errors = ""
        threading.Thread(target=self.listen, daemon=True).start()
        threading.Thread(target=self.keep_errors, daemon=True).start()

    def keep_errors(self):
        for line in self.process.stderr:
            self.errors += line

    def listen(self):
        for line in self.process.stdout:
            tag, _, rest = line.rstrip("\n").partition(" ")
            if tag == "*":
                self.news.append(rest)
                if rest == "ready":
                    self.ready.set()
                continue
            with self.lock:
                answer = self.waiting.pop(tag, None)
            if answer:
                answer.set_result(rest)
        with self.lock:
            left, self.waiting = self.waiting, {}
        for answer in left.values():
            answer.set_exception(Gone(f"n{self.number} has ended"))

    def ask(self, *words, timeout=8.0):
        tag, answer = str(next(self.tags)), Future()
        with self.lock:
            self.waiting[tag] = answer
        try:
            self.process.stdin.write(" ".join([tag, *map(str, words)]) + "\n")
            self.process.stdin.flush()
            kind, _, rest = answer.result(timeout).partition(" ")
        except (OSError, ValueError, TimeoutError) as error:
            raise Gone(f"n{self.number}: {error!r}") from error
        if kind != "ok":
            raise Refused(rest)
        return rest

    def said(self, text):
        return any(text in line for line in list(self.news))

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        """To it and to whatever it runs under."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        """Gone on return, and so is what runs under a wrapper."""
        running = links.children_of(self.process.pid)
        self.signal(signal.SIGKILL)
        self.process.wait()
        while any(links.is_running(pid) for pid in running):
            time.sleep(0.005)


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Cluster:
    """Three members, each found by the others through the links."""

    def __init__(self, directory, seed):
        self.directory = Path(directory)
        self.numbers = (1, 2, 3)
        ports = free_ports(6)
        self.seen = dict(zip(self.numbers, ports[:3]))
        self.real = dict(zip(self.numbers, ports[3:]))
        self.pids = {}
        self.links = links.Links(self.seen, self.real, self.pids, seed)
        self.list = ",".join(f"{n}=127.0.0.1:{port}" for n, port in self.seen.items())
        self.members = {}
        for number in self.numbers:
            self.start(number)
        for number in self.numbers:
            self.members[number].ask("create", GROUP, 1)

    def data_of(self, number):
        return self.directory / f"n{number}"

    def launch(self, number, wrapper=(), directory=None):
        return Member(number, directory or self.data_of(number), self.list,
                      f"127.0.0.1:{self.real[number]}", wrapper)

    def start(self, number, wrapper=()):
        member = self.launch(number, wrapper)
        self.members[number] = member
        self.pids[number] = member.process.pid
        while not member.ready.wait(0.1):
            if not member.alive():
                time.sleep(0.1)
                raise Gone(f"n{number} did not start: {member.errors.strip()}")
        return member

    def kill(self, number):
        self.members[number].kill()

    def leader(self, timeout=10.0, among=None):
        """Waits for one that leads and that one other follows."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for number in among or self.numbers:
                try:
                    if self.members[number].ask("status", GROUP, timeout=1.0).startswith("leader"):
                        return number
                except (Gone, Refused):
                    pass
            time.sleep(0.02)
        raise AssertionError("nobody leads")

    def end(self):
        for member in self.members.values():
            member.signal(signal.SIGCONT)
            member.kill()
        self.links.end()
        shutil.rmtree(self.directory, ignore_errors=True)
