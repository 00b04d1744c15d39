#!/usr/bin/python3
"""Clients, services and files that mean no good, and what collectord makes of
them. Usage: provider_hostile.py SOCKET HOME SCENARIO"""
import json
import os
import signal
import subprocess
import sys
import threading

import msgpack

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Refused, expect  # noqa: E402
from provider_case import (
    DAY, KEY, OTHER_KEY, TODAY, Peer, Service, play, wait_until)  # noqa: E402

HELD = 4000  # more than one connection may have under way
MIB = 1 << 20


def client(c, *args):
    build = os.environ.get("TT_BUILD") or "build"
    return subprocess.run([build + "/tt-provider", *args], timeout=20,
                          input=KEY.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)


def flood(c):
    """Requests that had to wait go on as the first ones are answered: then
    the account is asked anew, and has its answer at once."""
    gate = threading.Event()

    def answer(handler, path, query, n):
        gate.wait(15)
        return 401, {}, {}

    service = Service(answer)
    c.add(service)
    peers = [Peer(c.sock), Peer(c.sock)]
    for peer, count in zip(peers, (HELD, 1)):
        peer.sock.sendall(b"".join(
            msgpack.packb([0, i, "provider_sync", [{"name": "openai"}]])
            for i in range(count)))
    expect("state", c.account()["state"], "running")
    gate.set()
    for peer, count in zip(peers, (HELD, 1)):
        seen = set()
        for _ in range(count):
            _, msgid, error, result = peer.read()
            expect("error", error, None)
            expect("outcomes", {r["outcome"] for r in result["results"]},
                   {"bad_key"})
            seen.add(msgid)
        expect("answers", len(seen), count)
    expect("state", c.account()["state"], "bad_key")


class Gated:
    """Each answer waits until it is let go by its path."""

    def __init__(self):
        self.open = set()
        self.turn = threading.Condition()
        self.service = Service(self.answer)

    def answer(self, handler, path, query, n):
        with self.turn:
            self.turn.wait_for(lambda: path in self.open, 60)
            self.open.discard(path)
        return 200, {}, {"left": "1"}

    def let_go(self, path, n):
        """Also waits for its nth question."""
        wait_until(f"{path} is asked for",
                   lambda: self.service.asked(path) == n)
        with self.turn:
            self.open.add(path)
            self.turn.notify_all()


def shown(text):
    """Of what is in a file of a key: keys stand nowhere else."""
    return text.replace(KEY, "KEY").replace(OTHER_KEY, "OTHER")


def key_files(c):
    where = c.home + "/data/keys/"
    files = {}
    for name in os.listdir(where):
        with open(where + name, encoding="ascii") as f:
            files[name] = shown(f.read())
    return files


def kept_before(c):
    """An account that is not asked, and files that are none of ours."""
    url = "http://127.0.0.1:1"
    c.peer.call("provider_add", provider="deepseek", key=KEY, verify=False,
                base_url=url)
    c.peer.call("provider_set", name="deepseek", enabled=False)
    where = c.home + "/data/keys/"
    strange = {"notes.txt": "x", "openai@mine": "no key\n", "openai@a@b": KEY,
               "openai~bak": f"{KEY}\n{url}\n", "x" * 200: KEY}
    for name, text in strange.items():
        with open(where + name, "w", encoding="ascii",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(text)
    os.symlink(where + "deepseek", where + "openai@link")
    with open(c.home + "/kept.json", "w", encoding="ascii") as f:
        json.dump(key_files(c), f)


def kept_files(c):
    with open(c.home + "/kept.json", encoding="ascii") as f:
        return json.load(f)


def cut_off(c, method, **params):
    """The daemon dies of its next commit, which the key is written before."""
    try:
        c.peer.call(method, key=OTHER_KEY, verify=False, **params)
    except (EOFError, ConnectionResetError):
        expect("new keys", sum(
            t.startswith("OTHER") for t in key_files(c).values()),
            1 + ("account" not in params))  # and the link to it
        sys.exit()
    sys.exit("the daemon lives")


def cut_off_new(c):
    cut_off(c, "provider_add", provider="deepseek", account="new")


def cut_off_key(c):
    cut_off(c, "provider_set", name="deepseek")


def as_before(c):
    """Nothing of what was cut off is left."""
    expect("files", key_files(c), kept_files(c))


def as_after(c):
    """All of it is there."""
    new = f"OTHER\n{c.account('deepseek')['base_url']}\n"
    expect("files", key_files(c),
           {**kept_files(c), "deepseek": new, "openai@link": new})


def replaced(c):
    """A key that is replaced is not on the disk any more."""
    service = Service(lambda *_: (503, {}, {}))
    c.add(service)
    with open(c.home + "/data/keys/openai", "rb") as f:
        expect("the key", f.read(), f"{KEY}\n{service.url}\n".encode())
        c.peer.call("provider_set", name="openai", key=OTHER_KEY, verify=False)
        f.seek(0)
        expect("what it was on", f.read().strip(b"\0"), b"")
    expect("files", key_files(c), {"openai": f"OTHER\n{service.url}\n"})


BALANCES = """[provider]
name = house
base-url = %s
key = a key
header = Authorization: Bearer {key}
[feed "one"]
gives = balance
path = /one
amount = /left
currency = USD
what = left
[feed "two"]
gives = balance
path = /two
amount = /left
currency = USD
what = left
"""


def ask(c, msgid, **params):
    """Its answer is for later; when this returns, the daemon has heard it."""
    peer = Peer(c.sock)
    peer.sock.sendall(msgpack.packb([0, msgid, "provider_sync", [params]]))
    peer.sock.sendall(msgpack.packb([0, 0, "hello", [{}]]))
    expect("hello", peer.read()[1], 0)
    return peer


def answer_of(peer):
    _, _, error, result = peer.read()
    expect("error", error, None)
    return sorted((r["name"], r["feed"], r["outcome"])
                  for r in result["results"])


def greedy(c):
    """Whoever asks later, and again, does not keep others from their answer:
    nor does he get theirs."""
    g = Gated()
    define(c, g.service.url, text=BALANCES)
    c.add(g.service, provider="house")
    whole = [("house", "one", "ok"), ("house", "two", "ok")]
    # The round that it begins with has told of nothing yet: it is joined.
    first = ask(c, 1)
    g.let_go("/one", 1)
    wait_until("the second feed", lambda: g.service.asked("/two") == 1)
    second = ask(c, 2, name="house")
    third = ask(c, 3)
    g.let_go("/two", 1)
    expect("first", answer_of(first), whole)
    g.let_go("/one", 2)
    wait_until("the second feed", lambda: g.service.asked("/two") == 2)
    fourth = ask(c, 4)
    g.let_go("/two", 2)
    expect("second", answer_of(second), whole)
    expect("third", answer_of(third), whole)
    g.let_go("/one", 3)
    g.let_go("/two", 3)
    expect("fourth", answer_of(fourth), whole)


def greedy_of_many(c):
    """Nor where he asks for one account while another is asked."""
    g, h = Gated(), Gated()
    define(c, g.service.url, text=BALANCES)
    c.add(g.service, provider="house", account="a")
    c.add(h.service, provider="house", account="b")
    first = ask(c, 1)
    for n in (1, 2):
        g.let_go("/one", n)
        g.let_go("/two", n)
        wait_until("its round is over",
                   lambda: c.account("house/a")["state"] == "ok")
        last = ask(c, 2, name="house/a")
    h.let_go("/one", 1)
    h.let_go("/two", 1)
    expect("first", answer_of(first), [
        (name, feed, "ok") for name in ("house/a", "house/b")
        for feed in ("one", "two")])
    g.let_go("/one", 3)
    g.let_go("/two", 3)
    expect("last", answer_of(last), [
        ("house/a", feed, "ok") for feed in ("one", "two")])


def failing(c):
    """A key is not sent to a service that fails again and again."""
    service = Service(lambda *_: (503, {}, {}))
    r = client(c, "add", "openai", "--key-stdin", "--base-url", service.url)
    expect("exit code", (r.returncode, r.stdout), (4, b""))
    expect("line", b"the service fails (HTTP 503)" in r.stderr, True)
    expect("requests", len(service.seen), 1)
    expect("accounts", c.peer.call("providers")["providers"], [])


def names(c):
    """Of files that are no definitions, each is told with what is wrong."""
    where = c.peer.call("services")["dir"]
    os.makedirs(where)
    for name in (b"\xff\xfe", b"a\nb", b"openai", b"a" * 33, b"ok-not"):
        with open(os.fsencode(where) + b"/" + name + b".ini", "wb") as f:
            f.write(b"[provider]\nname = other\0\n")
    os.mkfifo(where + "/fifo.ini")
    services = c.peer.call("services")["services"]
    files = {s["name"]: s["error"] for s in services if not s["builtin"]}
    no_name = "%s/%s.ini: not a name of small letters, digits and -"
    expect("files", files, {
        **{n: no_name % (where, n) for n in ("??", "a?b", "a" * 33)},
        "openai": f"{where}/openai.ini: the name is that of a known one",
        "ok-not": f"{where}/ok-not.ini:2: control characters, or not UTF-8: ",
        "fifo": f"{where}/fifo.ini: not a file"})
    known = [s["name"] for s in services if s["builtin"]]
    expect("known ones", len(known), len(set(known)))
    r = client(c, "services")
    expect("tt-provider services", (r.returncode, r.stderr), (0, b""))


def keys(c):
    """The file of one account's key is never on another's way."""
    where = c.home + "/data/keys/"
    service = Service(lambda *_: (503, {}, {}))
    for account in ("work", "work.new"):
        c.add(service, account=account)
    expect("files", sorted(os.listdir(where)),
           ["openai@work", "openai@work.new"])
    c.peer.call("provider_set", name="openai/work", key=OTHER_KEY,
                verify=False)
    for name, key in (("openai@work", OTHER_KEY), ("openai@work.new", KEY)):
        with open(where + name, encoding="ascii") as f:
            expect(name, f.read(), f"{key}\n{service.url}\n")
    # What a kill in the middle of writing leaves goes with its account.
    with open(where + "openai@work~new", "w", encoding="ascii") as f:
        f.write(KEY)
    c.peer.call("provider_rm", name="openai/work")
    expect("files", os.listdir(where), ["openai@work.new"])


DEFINITION = """[provider]
name = house
base-url = %s
key = a key
header = Authorization: Bearer {key}
[feed "%s"]
gives = cost
path = /costs
rows = /rows
from = /day
amount = /amount
currency = %s
"""


def define(c, url, feed="", currency="USD", text=None):
    os.makedirs(c.home + "/providers", exist_ok=True)
    with open(c.home + "/providers/house.ini", "w", encoding="utf-8") as f:
        f.write(text % url if text else DEFINITION % (url, feed, currency))
    os.chmod(c.home + "/providers/house.ini", 0o644)


def costs(handler, path, query, n):
    return 200, {}, {"rows": [{"day": TODAY - DAY, "amount": "2"}]}


BILL = [(TODAY - DAY, "house", "2", "USD")]


def service_at(url, answer):
    """A service where another one was: it is the same host to an account."""
    def fact():
        try:
            return Service(answer, port=int(url.rsplit(":", 1)[1]))
        except OSError:  # of somebody who is there in passing
            return None
    return wait_until(f"{url} is free", fact)


def renamed_before(c):
    """A feed gets another name while its account is not asked."""
    service = Service(costs)
    define(c, service.url, "old")
    c.add(service, provider="house")
    c.settled("house")
    expect("amounts", c.amounts(), BILL)
    c.peer.call("provider_set", name="house", enabled=False)
    define(c, service.url, "new")
    os.kill(c.peer.call("hello")["pid"], signal.SIGHUP)
    wait_until("the new feed", lambda: [
        f["name"] for f in c.account("house")["feeds"]] == ["new"])
    c.peer.call("provider_set", name="house", shared=True)


def renamed_after(c):
    """What the old name brought does not stand beside what the new one does."""
    service = service_at(c.account("house")["base_url"], costs)
    define(c, service.url, "new")
    c.add(service, provider="house")
    c.settled("house")
    expect("outcome", c.sync("house", "new")["outcome"], "ok")
    expect("amounts", c.amounts(), BILL)
    expect("feeds", {r["feed"] for r in c.billed()[1]}, {"new"})


def currencies(c):
    """More of them than there are is no answer; what was known stays."""
    count = [1]

    def answer(handler, path, query, n):
        return 200, {}, {"rows": [
            {"day": TODAY - DAY, "amount": "2", "in": "AA" + chr(65 + i)}
            for i in range(count[0] // 2)] + [
            {"day": TODAY - DAY, "amount": "2", "in": "BB" + chr(65 + i)}
            for i in range(count[0] - count[0] // 2)]}

    service = Service(answer)
    define(c, service.url, "costs", "/in")
    c.add(service, provider="house")
    c.settled("house")
    count[0] = 32
    expect("outcome", c.sync("house", "costs")["outcome"], "ok")
    expect("currencies", len(c.amounts()), 32)
    count[0] = 33
    it = c.sync("house", "costs")
    expect("outcome", (it["outcome"], it["error"]),
           ("broken", "there is more of it than we can keep"))
    expect("currencies that are known", len(c.amounts()), 32)


def peak(c):
    """The most memory that the daemon ever had, in MiB."""
    with open(f"/proc/{c.peer.call('hello')['pid']}/status",
              encoding="ascii") as f:
        return next(int(line.split()[1]) // 1024 for line in f
                    if line.startswith("VmHWM:"))


def filled(head, unit, size, tail):
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


class Drowning:
    """Ends the next four answers together."""

    def __init__(self):
        self.service = Service(self.answer)
        self.next(b"{}")

    def next(self, body):
        self.body, self.left, self.ended = body, 4, 0
        self.whole = threading.Barrier(4)

    def answer(self, handler, path, query, n):
        with self.service.lock:
            self.left -= 1
            if self.left < 0:  # older days
                return 200, {}, {"rows": []}
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body[:-1])
        self.whole.wait(30)
        handler.wfile.write(self.body[-1:])
        with self.service.lock:
            self.ended += 1


def drowning(c):
    """Four large answers at once that are all values; then with nearly as many
    as there may be: one of the four is read at a time."""
    size = 8 * MIB if "TT_SANITIZER" in os.environ else 32 * MIB
    most = filled(b'{"rows":[],"x":[1', b",12345", size, b"]}")
    names = [f"house/n{i}" for i in range(4)]
    d = Drowning()
    d.next(filled(b'{"rows":[1', b",1", size, b"]}"))
    define(c, d.service.url, "costs")
    for i in range(4):
        c.add(d.service, provider="house", account=f"n{i}")
    for name in names:
        c.settled(name)
        feed = c.account(name)["feeds"][0]
        expect("end of the error", feed["error"].split(": ")[-1],
               "too many values")
    d.next(most)
    results = c.peer.call("provider_sync")["results"]
    expect("outcomes", sorted((r["name"], r["outcome"]) for r in results),
           [(name, "ok") for name in names])
    if "TT_SANITIZER" not in os.environ and peak(c) > 360:
        sys.exit(f"{peak(c)} MiB were too many")
    # Who waits to be read can be removed, as can who is read.
    d.next(most)
    asks = Peer(c.sock)
    asks.sock.sendall(msgpack.packb([0, 1, "provider_sync", [{}]]))
    wait_until("all have answered", lambda: d.ended == 4)
    for name in names:
        c.peer.call("provider_rm", name=name)
    expect("error", asks.read()[2], None)
    expect("accounts", c.peer.call("providers")["providers"], [])


def answers(c):
    """Each has the answer to its own question, whoever's question ended it."""
    asked, gate = threading.Event(), threading.Event()

    def answer(handler, path, query, n):
        asked.set()
        gate.wait(15)
        return 200, {}, {}

    peer = Peer(c.sock)
    peer.sock.sendall(msgpack.packb([0, 77, "provider_add", [{
        "provider": "openai", "key": KEY, "base_url": Service(answer).url}]]))
    expect("the service is asked", asked.wait(15), True)
    # Which is longer than an answer may take.
    c.move_clock(61000)
    _, msgid, error, _ = peer.read()
    expect("answer", (msgid, error["code"]), (77, "busy"))
    gate.set()


def full_before(c):
    c.add(Service(lambda *_: (503, {}, {})), provider="deepseek")
    c.peer.call("provider_set", name="deepseek", enabled=False)


def full(c):
    """An account that a full disk still has is not out of reach."""
    for _ in range(2):
        try:
            c.peer.call("provider_rm", name="deepseek")
            sys.exit("it was removed from a store that is full")
        except Refused as e:
            expect("code", e.code, "store_full")
    expect("state", c.account("deepseek")["state"], "disabled")


def full_after(c):
    expect("state", c.peer.call("provider_rm", name="deepseek")["state"],
           "removed")
    expect("accounts", c.peer.call("providers")["providers"], [])


def remains_before(c):
    """An account goes, its data stays."""
    service = Service(costs)
    define(c, service.url, "costs")
    c.add(service, provider="house")
    c.settled("house")
    c.peer.call("provider_rm", name="house", keep_data=True)
    expect("accounts", c.peer.call("providers")["providers"], [])
    expect("amounts", c.amounts(), BILL)


def remains_full(c):
    """Data that a full disk keeps is no account."""
    for _ in range(2):
        try:
            c.peer.call("provider_rm", name="house")
            sys.exit("it was removed from a store that is full")
        except Refused as e:
            expect("code", e.code, "store_full")
        expect("accounts", c.peer.call("providers")["providers"], [])
    expect("amounts", c.amounts(), BILL)


def remains_after(c):
    c.peer.call("provider_rm", name="house")
    expect("amounts", c.amounts(), [])


def clock_back(c):
    """What a service wanted at a time that was none is no reason to wait, nor
    to ask oneself without end."""
    state = {"status": 429}

    def answer(handler, path, query, n):
        return state["status"], {"Retry-After": "3600"}, {
            "object": "page", "data": [], "has_more": False,
            "next_page": None}

    service = Service(answer)
    c.add(service)
    c.settled()
    expect("state", c.account()["state"], "failing")
    state["status"] = 200
    n = len(service.seen)
    c.move_clock(-5 * DAY)
    wait_until("it is asked again", lambda: len(service.seen) > n)
    wait_until("it is fine", lambda: c.account()["state"] == "ok")
    expect("next", c.account()["next"] > c.now, True)
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})
    expect("requests are few", len(service.seen) < 200, True)


def gone_before(c):
    """A feed gets another name just before the daemon ends."""
    service = Service(costs)
    define(c, service.url, "old")
    c.add(service, provider="house")
    c.settled("house")
    define(c, service.url, "new")


def gone_full(c):
    """Its rows cannot be dropped: so the new feed waits, and not in a hurry."""
    expect("results", c.sync("house"), [])
    expect("feeds", {r["feed"] for r in c.billed()[1]}, {"old"})
    expect("next", c.account("house")["next"] > c.now, True)


def gone_after(c):
    """Nobody answers there any more; what the old feed told is gone."""
    expect("outcomes", {r["outcome"] for r in c.sync_with_clock("house")},
           {"failing"})
    expect("feeds", {r["feed"] for r in c.billed()[1]
                     if r["from"] != r["to"]}, set())


if __name__ == "__main__":
    play(globals())
