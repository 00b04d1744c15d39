#!/usr/bin/python3
"""Kills the daemon in the middle of a walk, or of a removal, again and again:
what is seen is whole at every moment, and in the end as if it had been done once,
with nothing left over.
Usage: provider_kills.py SOCKET HOME SCENARIO REFERENCE_SOCKET KILLS

Says "restart" whenever the daemon is gone, and goes on when there is a new one,
which a line of input says."""
import decimal
import os
import random
import signal
import sys
import threading

import msgpack

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import expect  # noqa: E402
from lmdb_read import Store, commits  # noqa: E402
from provider_case import (  # noqa: E402
    Case, Peer, Service, play, wait_until)
from provider_shapes import OpenAI  # noqa: E402

DAYS = 34
ROWS = 160  # of a day: a page takes several transactions
COSTS = "/costs"


def rows_of(version):
    """All rows of a day have the same amount, which says the version."""
    return {"costs": {ago: [OpenAI.cost(f"0.00{version}", f"line {i}")
                            for i in range(ROWS)]
                      for ago in range(DAYS)},
            "completions": {ago: [{
                "object": "organization.usage.completions.result",
                "input_tokens": version, "output_tokens": 1, "model": "m",
                "num_model_requests": 1, "project_id": "p"}]
                for ago in range(DAYS)}}


def totals(version):
    return decimal.Decimal(f"0.00{version}") * ROWS


class Killer:
    """Ends the daemon at the nth question about costs from now on."""

    def __init__(self, c, rng):
        self.c, self.rng = c, rng
        self.shape = OpenAI(rows_of(1))
        self.lock = threading.Lock()
        self.left = 0
        self.how = None
        self.killed = threading.Event()
        self.service = Service(self.answer)

    def aim(self):
        self.killed.clear()
        self.pid = self.c.peer.call("hello")["pid"]
        self.how = self.rng.choice((self.before, self.half, self.after))
        with self.lock:
            self.left = self.rng.randint(1, 9)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.killed.set()

    def before(self, handler, answer):
        self.kill()

    def half(self, handler, answer):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b'{"data": [')
        self.kill()

    def after(self, handler, answer):
        """While it reads, writes, or has gone on."""
        threading.Timer(self.rng.random() * 0.03, self.kill).start()
        return answer

    def answer(self, handler, path, query, n):
        answer = self.shape.answer(handler, path, query, n)
        if not path.endswith(COSTS):
            return answer
        with self.lock:
            self.left -= 1
            is_it = self.left == 0
        return self.how(handler, answer) if is_it else answer


def restart(c):
    """Also of the connection."""
    print("restart", flush=True)
    sys.stdin.readline()
    c.peer = Peer(c.sock)


def ask(c, killed):
    """Rounds, the last of which nobody sees the end of."""
    def run():
        try:
            peer = Peer(c.sock)
            while not killed.is_set():
                peer.call("provider_sync", name="openai")
        except (EOFError, OSError):
            pass
    threading.Thread(target=run, daemon=True).start()


def expect_whole_days(c, versions):
    """Each day is one version's, and has all its rows or none."""
    whole = {totals(v) for v in versions}
    for day, _, amount, _ in c.amounts():
        if decimal.Decimal(amount) not in whole:
            sys.exit(f"{amount} of day {day}: none of {whole}")


def billed(c):
    rows, complete = c.billed()
    return rows, [(r["name"], r["gives"], r["from"], r["to"])
                  for r in complete]


def left_over(home):
    """Rows that no day points to, and marks of what is to be taken away."""
    table = Store(home + "/data/data.mdb").table("billed")
    shown = {(v[1:5], k[-4:]) for k, v in table if k[:1] == b"d"}
    kinds = [k[:1] for k, _ in table]
    rows = [k for k, _ in table if k[:1] == b"r"]
    orphans = sum((k[1:5], k[5:9]) not in shown for k in rows)
    return orphans + kinds.count(b"g") + kinds.count(b"x"), len(rows)


def sync_once(sock, home, shape):
    c = Case(sock, home)
    service = Service(shape.answer)
    c.add(service, base_url=service.url + shape.base)
    c.settled()
    return billed(c)


def kills(c, reference, count):
    count = int(count)
    rng = random.Random(20260512)
    k = Killer(c, rng)
    k.aim()
    c.add(k.service, base_url=k.service.url + k.shape.base)
    hit = 0
    for i in range(count):
        # Half of the time the last days change meanwhile.
        if i == count // 2:
            k.left = 0
            c.sync()
            k.shape.rows = rows_of(2)
            k.aim()
        ask(c, k.killed)
        wait_until("the daemon is killed", k.killed.is_set)
        hit += 1
        k.left = 0
        restart(c)
        expect_whole_days(c, (1,) if i < count // 2 else (1, 2))
        k.aim()
    k.left = 0
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})
    expect("kills", hit, count)
    expect_as_once(c, k.shape, reference)


def expect_as_once(c, shape, reference):
    """What changed since is what a walk renews: the last days, which are of the
    second version; the others are still of the first."""
    once = OpenAI(rows_of(1))
    renewed = rows_of(2)
    for name, days in once.rows.items():
        days.update({ago: renewed[name][ago] for ago in range(3)})
    want = sync_once(reference, c.home, once)
    got = billed(c)
    expect("days that are complete", got[1], want[1])
    expect("what is billed", got[0], want[0])
    expect("doctor", c.peer.call("doctor")["different"], 0)
    wait_until(f"nothing is left over: {left_over(c.home)}",
               lambda: left_over(c.home)[0] == 0)
    expect("rows", left_over(c.home)[1], DAYS * (ROWS + 1))


def kill_after_commits(c, n):
    """So many after a removal began, or a moment later."""
    pid = c.peer.call("hello")["pid"]
    path = c.home + "/data/data.mdb"
    end = commits(path) + n
    c.peer.sock.sendall(msgpack.packb(
        [0, 1000000, "provider_rm", [{"name": "openai"}]]))
    while commits(path) < end:
        pass
    os.kill(pid, signal.SIGKILL)


def removals(c, reference, count):
    """An account that is removed is there to be removed again, or gone with all
    that it had."""
    rng = random.Random(20260513)
    shape = OpenAI(rows_of(1))
    service = Service(shape.answer)
    where = dict(base_url=service.url + shape.base)
    c.add(Service(OpenAI({"none": {}}).answer), account="other")
    for _ in range(int(count) // 3):
        c.add(service, **where)
        c.settled()
        expect("rows", left_over(c.home)[1] > 0, True)
        kill_after_commits(c, rng.randint(1, 2))
        restart(c)
        there = [p["name"] for p in c.peer.call("providers")["providers"]
                 if p["name"] == "openai"]
        if there:
            c.peer.call("provider_rm", name="openai")
        expect(f"what is billed after {there}", [
            r for r in sum(c.billed(), []) if r["name"] == "openai"], [])
        wait_until("nothing is left over",
                   lambda: left_over(c.home) == (0, 0))


if __name__ == "__main__":
    play(globals())
