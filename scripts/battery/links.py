"""What stands between the members: everything that one sends another passes through here, and can be
cut in one direction or have its bits flipped, as no firewall would have to be asked for."""

import contextlib
import random
import re
import socket
import threading
from pathlib import Path


def children_of(pid):
    try:
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def is_running(pid):
    """Any of its threads: a process whose first one has ended may hold its files still."""
    try:
        states = [(task / "stat").read_text().rpartition(")")[2].split()[0]
                  for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return False
    return any(state not in "ZX" for state in states)


def open_files(pid):
    try:
        return [fd.readlink() for fd in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return []


def owner_of(port, pids):
    """Which of these processes holds the local end of the loopback connection with that port."""
    inode = None
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port:
            inode = fields[9]
            break
    for member, pid in list(pids.items()):
        links = [link for process in (pid, *children_of(pid)) for link in open_files(process)]
        if inode and any(re.fullmatch(rf"socket:\[{inode}\]", str(link)) for link in links):
            return member
    return None


class Links:
    """`ports` are where members are looked for; `real` where they listen. Each direction of a connection
    has a thread of its own, so that a member that reads nothing delays nobody else."""

    def __init__(self, ports, real, pids, seed):
        self.real, self.pids = real, pids
        self.cuts = set()  # of (source, target)
        self.flips_one_in = 0  # of so many pieces one has a bit flipped
        self.flipped = 0
        self.random = random.Random(seed)
        self.listeners = []
        for member, port in ports.items():
            listener = socket.create_server(("127.0.0.1", port))
            self.listeners.append(listener)
            threading.Thread(target=self.accept, args=(listener, member), daemon=True).start()

    def cut(self, source, target):
        self.cuts.add((source, target))

    def isolate(self, member, others):
        for other in others:
            self.cuts |= {(member, other), (other, member)}

    def heal(self):
        self.cuts = set()
        self.flips_one_in = 0

    def end(self):
        for listener in self.listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def accept(self, listener, target):
        while True:
            try:
                near, address = listener.accept()
            except OSError:
                return
            source = owner_of(address[1], self.pids)
            far = socket.socket()
            try:
                far.connect(("127.0.0.1", self.real[target]))
            except OSError:
                near.close()
                far.close()
                continue
            for ends in ((near, far, (source, target)), (far, near, (target, source))):
                threading.Thread(target=self.pass_on, args=ends, daemon=True).start()

    def pass_on(self, here, there, direction):
        """What is cut is swallowed: no reset tells of it."""
        try:
            while piece := here.recv(65536):
                if direction not in self.cuts:
                    there.sendall(self.perhaps_flipped(piece))
        except OSError:
            pass
        for end in (here, there):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        here.close()

    def perhaps_flipped(self, piece):
        if not self.flips_one_in or self.random.randrange(self.flips_one_in):
            return piece
        self.flipped += 1
        changed = bytearray(piece)
        changed[self.random.randrange(len(changed))] ^= 1 << self.random.randrange(8)
        return bytes(changed)
