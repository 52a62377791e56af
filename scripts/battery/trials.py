"""What is done to the members, each trial a function that is given a directory of its own and a seed. It
returns nothing, raises AssertionError where something is wrong, or NotHere where this machine cannot."""

import contextlib
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from .journal import Journal
from .members import GROUP, Cluster, Gone, Refused


class NotHere(Exception):
    """This machine does not allow it."""


@contextlib.contextmanager
def cluster_at_work(directory, seed):
    cluster = Cluster(directory, seed)
    try:
        journal = Journal(cluster, seed)
        journal.wait_for(50)
        yield cluster, journal
        cluster.links.heal()
        journal.wait_for(50)
        journal.close()
    finally:
        cluster.end()


def wait_until(condition, what, timeout=20.0):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"not within {timeout:.0f} s: {what}"
        time.sleep(0.02)


def killed_again_and_again(directory, seed):
    """kill -9 of one member after the other, under load."""
    chance = random.Random(seed)
    with cluster_at_work(directory, seed) as (cluster, journal):
        for _ in range(8):
            victim = chance.choice(cluster.numbers)
            cluster.kill(victim)
            journal.wait_for(chance.randrange(1, 60))
            cluster.start(victim)


def all_killed_at_once(directory, seed):
    """kill -9 of all of them: what was acknowledged is there when they come back."""
    with cluster_at_work(directory, seed) as (cluster, journal):
        for _ in range(3):
            for number in cluster.numbers:
                cluster.members[number].signal(signal.SIGKILL)
            for number in cluster.numbers:
                cluster.kill(number)
                cluster.start(number)
            journal.wait_for(30)


def stopped_leader(directory, seed):
    """SIGSTOP of the leader: another takes over, and the old one follows when it goes on."""
    with cluster_at_work(directory, seed) as (cluster, journal):
        for _ in range(3):
            old = cluster.leader()
            cluster.members[old].signal(signal.SIGSTOP)
            others = [number for number in cluster.numbers if number != old]
            cluster.leader(among=others)
            journal.wait_for(20)
            cluster.members[old].signal(signal.SIGCONT)
            wait_until(lambda: follows(cluster, old), f"n{old} follows")


def follows(cluster, number):
    words = cluster.members[number].ask("status", GROUP).split()
    return words[0] == "follower" and words[1] != "0"


def cut_off_leader(directory, seed):
    """The leader cut off in both directions: the others go on, it leads no more, and comes back."""
    with cluster_at_work(directory, seed) as (cluster, journal):
        for _ in range(3):
            old = cluster.leader()
            others = [number for number in cluster.numbers if number != old]
            cluster.links.isolate(old, others)
            cluster.leader(among=others)
            journal.wait_for(10)
            wait_until(lambda: "leader" not in cluster.members[old].ask("status", GROUP),
                       f"n{old} gives up leadership")
            cluster.links.heal()
            wait_until(lambda: follows(cluster, old), f"n{old} follows")


def cut_in_one_direction(directory, seed):
    """A member that hears one other no more, though it is heard: somebody leads all the same."""
    chance = random.Random(seed)
    with cluster_at_work(directory, seed) as (cluster, journal):
        for _ in range(4):
            source, target = chance.sample(cluster.numbers, 2)
            cluster.links.cut(source, target)
            journal.wait_for(20)
            cluster.links.heal()


def flipped_bits(directory, seed):
    """A bit of every hundredth piece flipped on its way: it may cost connections, and nothing else."""
    with cluster_at_work(directory, seed) as (cluster, journal):
        cluster.links.flips_one_in = 100
        wait_until(lambda: cluster.links.flipped >= 20, "twenty bits are flipped", 30)
        cluster.links.heal()


def second_process(directory, seed):
    """A second process on a member's directory is refused, and harms nothing."""
    with cluster_at_work(directory, seed) as (cluster, _):
        second = cluster.launch(1)
        second.process.wait(10)
        time.sleep(0.1)
        assert second.process.returncode == 1 and "lock" in second.errors, second.errors


def wiped_disk(directory, seed):
    """A member whose disk was wiped is refused by the others under its old id."""
    with cluster_at_work(directory, seed) as (cluster, journal):
        cluster.kill(2)
        kept = Path(directory) / "kept"
        cluster.data_of(2).rename(kept)
        wiped = cluster.start(2)
        wait_until(lambda: wiped.said("refuses this node"), "the wiped member is refused")
        journal.wait_for(20)
        cluster.kill(2)
        shutil.rmtree(cluster.data_of(2))
        kept.rename(cluster.data_of(2))
        cluster.start(2)


def rotten_log(directory, seed):
    """A byte of an entry changed while a member was down: it comes back from the others."""
    with cluster_at_work(directory, seed) as (cluster, journal):
        for victim in cluster.numbers:
            mark = f"marked-{victim}-" + "x" * 200
            member = cluster.members[cluster.leader()]
            member.ask("put", GROUP, 100 + victim, mark)
            wait_until(lambda: cluster.members[victim].ask("peek", GROUP, 100 + victim) == mark,
                       f"n{victim} holds the mark")
            journal.wait_for(10)
            cluster.kill(victim)
            assert change_a_byte(cluster.data_of(victim) / "log", mark.encode()), "no mark in the log"
            again = cluster.start(victim)
            wait_until(lambda: again.said("is whole again"), f"n{victim} is repaired")


def change_a_byte(folder, mark):
    for path in sorted(folder.iterdir()):
        at = path.read_bytes().find(mark)
        if at >= 0:
            with path.open("r+b") as file:
                file.seek(at + len(mark) // 2)
                file.write(b"!")
            return True
    return False


def strace_works():
    try:
        return subprocess.run(["strace", "-f", "-e", "trace=none", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def killed_at_a_system_call(directory, seed):
    """kill -9 at the k-th call of those that write, sync and rename, at the start and under load."""
    if not strace_works():
        raise NotHere("strace cannot be used")
    chance = random.Random(seed)
    with cluster_at_work(directory, seed) as (cluster, journal):
        for call in ("fdatasync", "pwrite64,pwritev,pwritev2,writev", "rename,renameat,renameat2", "unlink,unlinkat",
                     "fdatasync,fsync", "openat"):
            victim = chance.choice(cluster.numbers)
            cluster.kill(victim)
            when = chance.randrange(1, 40)
            inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                      f"inject={call}:signal=KILL:when={when}"]
            with contextlib.suppress(Gone):
                member = cluster.start(victim, inject)
                end = time.monotonic() + 3
                while member.alive() and time.monotonic() < end:
                    journal.wait_for(1)
            cluster.kill(victim)
            cluster.start(victim)


def failing_sync(directory, seed):
    """An fdatasync that fails is final for its member: it takes no part until it is started again."""
    if not strace_works():
        raise NotHere("strace cannot be used")
    with cluster_at_work(directory, seed) as (cluster, journal):
        for victim in cluster.numbers:
            cluster.kill(victim)
            member = cluster.start(victim, ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                                            "inject=fdatasync:error=EIO:when=20"])
            wait_until(lambda: member.said("the disk has failed"), f"n{victim} says that its disk has failed")
            journal.wait_for(20)
            cluster.kill(victim)
            cluster.start(victim)


def full_disk(directory, seed):
    """A disk without room: writes are refused as busy there, and go on when there is room again."""
    small = Path(directory) / "n3"
    small.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "quorate-battery", small],
                             capture_output=True)
    if mounted.returncode:
        raise NotHere("mount is not allowed")
    try:
        with cluster_at_work(directory, seed) as (cluster, journal):
            ballast, member = small / "ballast", cluster.members[3]
            fill(ballast)
            wait_until(lambda: member.said("the disk is full") or load_some(cluster), "the disk is full")
            journal.wait_for(50)
            ballast.unlink()
            wait_until(lambda: member.said("the disk has room again"), "the disk has room again")
    finally:
        subprocess.run(["umount", small], check=False)


def load_some(cluster):
    """Uses up what is allocated ahead. Never true."""
    with contextlib.suppress(Gone, Refused):
        cluster.members[cluster.leader()].ask("load", GROUP, 4096, 20, 1000, 10_000_000, 8, timeout=12)


def fill(path):
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * (1 << 20))


ALL = (killed_again_and_again, all_killed_at_once, stopped_leader, cut_off_leader, cut_in_one_direction, flipped_bits,
       second_process, wiped_disk, rotten_log, killed_at_a_system_call, failing_sync, full_disk)
