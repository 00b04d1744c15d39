#!/usr/bin/python3
"""A key is in the file that is meant for it and nowhere else: not in any other
file, the store's free pages included, not in what programs say, their arguments
and environments, and not in the daemon's memory once it is of no use.
Usage: provider_secrets.py SOCKET HOME SCENARIO"""
import base64
import itertools
import os
import shutil
import struct
import subprocess
import sys
import time

import msgpack

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Refused, expect  # noqa: E402
from provider_case import (  # noqa: E402
    DAY, Peer, Service, play, wait_until)
from provider_shapes import SHAPES  # noqa: E402
from provider_tls import make_context  # noqa: E402

BUILD = os.environ.get("TT_BUILD", "build")
# Each provider has its own, none of which is anywhere but in this process; its
# end, which is shown, is not looked for.
SECRET = {name: f"sk-{base64.b32encode(os.urandom(30)).decode()}-{name[:2]}zz"
          for name in (*SHAPES, "deepseek", "wrong")}
SHOWN = 4
PART, STEP = 8, 4


def parts():
    """Whatever has 11 bytes of a key, or of it in base64, has one of these."""
    for key in SECRET.values():
        texts = [key[3:-SHOWN].encode()]
        for shift in range(3):
            text = base64.b64encode(b"x" * shift + key.encode())
            texts.append(text[4:-8])
        for text in texts:
            for i in range(0, len(text) - PART + 1, STEP):
                yield text[i:i + PART]


PARTS = sorted(set(parts()))


# As it is, which is what can be in memory that was not written to.
PLAIN = sorted({key[i:i + PART].encode() for key in SECRET.values()
                for i in range(3, len(key) - SHOWN - PART, PART)})


def expect_none(what, data, those=PARTS):
    if isinstance(data, str):
        data = data.encode()
    for part in those:
        at = data.find(part)
        if at >= 0:
            near = data[max(0, at - 60):at + 60]
            sys.exit(f"a key is in {what}: {near!r}")


def expect_clean_files(c):
    n = 0
    for where, _, names in os.walk(c.home):
        for name in names:
            path = os.path.join(where, name)
            if os.path.basename(where) == "keys" or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                expect_none(path, f.read())
            n += 1
    expect("files that were looked at", n > 3, True)


def tt_provider(c, *args, key=None, env=None):
    """Its exit code and what it said, which has no key."""
    done = subprocess.run(
        [BUILD + "/tt-provider", *args], input=(key or "").encode(),
        env={**os.environ, **(env or {})}, capture_output=True, timeout=20,
        check=False)
    expect_none(f"what {args} says", done.stdout + done.stderr)
    return done.returncode, (done.stdout + done.stderr).decode()


def tell(*args, code=0, **more):
    got, said = tt_provider(None, *args, **more)
    expect(f"{args}: {said}", got, code)
    return said


class Echo:
    """A service that says the key back, wherever it can."""

    def __init__(self, shape):
        self.shape = shape
        self.code = None

    def answer(self, handler, path, query, n):
        headers = {k.title(): v for k, v in handler.headers.items()}
        key = next(headers[k] for k in ("Authorization", "X-Api-Key")
                   if k in headers)
        if self.code is not None:
            body = {"error": {"message": f"bad {key}", "type": key,
                              "code": key}, "request_id": key}
            return self.code, {"X-Key": key, "Retry-After": key,
                               "Location": f"http://127.0.0.1:1/{key}"}, body
        code, _, body = self.shape.answer(handler, path, query, n)
        return code, {"X-Key": key, "Set-Cookie": key}, dict(body, echo=key)


def accounts(c):
    """Accounts of the three, by tt-provider; their services."""
    services = {}
    for i, (name, shape) in enumerate(SHAPES.items()):
        echo = Echo(shape())
        service = Service(echo.answer)
        services[name] = echo, service
        url = service.url + shape.base
        with open(c.home + "/keys-in", "w", encoding="ascii") as f:
            f.write(SECRET[name] + "\n")
        how = ((("--key-stdin",), SECRET[name], {}),
               (("--key-file", c.home + "/keys-in"), None, {}),
               (("--key-env", "THE_KEY"), None,
                {"THE_KEY": SECRET[name]}))[i]
        tell("add", name, "--base-url", url, *how[0], key=how[1], env=how[2])
        os.unlink(c.home + "/keys-in")
        c.settled(name)
    return services


def use(c, services):
    """All that may go well and wrong, and all that can be asked."""
    for code in (None, 500, 429, 302, 401, 403):
        for echo, _ in services.values():
            echo.code = code
        for name in services:
            for more in ((), ("--json",)):
                c.sync_with_clock(name, ask=lambda: tt_provider(
                    c, "sync", name, *more))
        for verb in ("list", "balance"):
            for more in ((), ("--json",), ("--lang", "zh")):
                tell(verb, *more)
        for method in ("providers", "status", "notices", "doctor"):
            expect_none(method, repr(c.peer.call(method)))
        expect_none("what is billed", repr(c.billed()))
        c.move_clock(2 * DAY)
    for echo, _ in services.values():
        echo.code = None
    first = next(iter(services))
    where = services[first][1].url
    for key, words in ((SECRET["wrong"] + " two words", "visible"),
                       ("\x01" + SECRET["wrong"], "visible"),
                       (SECRET["wrong"] * 200, "bytes")):
        said = tell("add", "kimi", "--base-url", where, "--key-stdin",
                    key=key, code=2)
        expect(f"{words} in {said}", words in said, True)
    for params in ({"key": SECRET["wrong"] + "\n"}, {"key": 7},
                   {"key": SECRET["wrong"], "account": "a b"},
                   {"key": SECRET["wrong"], "base_url": "http://x.example"},
                   {"key": SECRET["wrong"], "low_balance": "x"},
                   {"key": SECRET["wrong"] * 40}):
        try:
            c.peer.call("provider_add", **{"provider": "kimi", **params})
            sys.exit(f"not refused: {list(params)}")
        except Refused as e:
            expect_none("a refusal", repr(e.args))
    tell("set", first, "--key-stdin", key=SECRET["wrong"])
    c.settled(first)
    tell("disable", first)
    tell("rm", first, "--json")


def files(c):
    services = accounts(c)
    use(c, services)
    expect_clean_files(c)
    shutil.copy(c.home + "/data/data.mdb", c.home + "/copy.mdb")
    if shutil.which("mdb_copy"):
        os.mkdir(c.home + "/hot")
        subprocess.run(["mdb_copy", c.home + "/data", c.home + "/hot"],
                       check=True)
    expect_clean_files(c)
    pid = c.peer.call("hello")["pid"]
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", "rb") as f:
            expect_none(f"the daemon's {name}", f.read())
    # And it can be found where it is.
    with open(c.home + "/data/keys/anthropic", "rb") as f:
        text = f.read()
        expect("its own file", any(p in text for p in PARTS), True)


# --- Processes --------------------------------------------------------------

def expect_no_core(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        line = next(s for s in f if s.startswith("Max core file size"))
    expect(f"limit of cores of {pid}", line.split()[4], "0")


def processes(c):
    """A client that holds a key: asked for it, and while the service is slow."""
    hung = []

    def hang(handler, path, query, n):
        hung.append(path)
        time.sleep(30)

    service = Service(hang)
    pid = c.peer.call("hello")["pid"]
    expect_no_core(pid)
    for source, env, text in (
            (("--key-stdin",), {}, SECRET["openai"]),
            (("--key-env", "THE_KEY"), {"THE_KEY": SECRET["openai"]}, "")):
        n = len(hung)
        p = subprocess.Popen(
            [BUILD + "/tt-provider", "add", "openai", "--base-url",
             service.url, *source], stdin=subprocess.PIPE,
            env={**os.environ, **env}, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        p.stdin.write(text.encode())
        p.stdin.close()
        wait_until("the key is tried", lambda: len(hung) > n)
        expect_no_core(p.pid)
        for name in ("cmdline", "environ"):
            with open(f"/proc/{p.pid}/{name}", "rb") as f:
                expect_none(f"the client's {name}", f.read())
            with open(f"/proc/{pid}/{name}", "rb") as f:
                expect_none(f"the daemon's {name}", f.read())
        p.kill()
        p.wait()


def be_nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def strangers(c):
    """Whose /proc/PID/mem it is tells whether a process may be dumped, and a
    daemon of another user is told no key: only root can try."""
    if os.geteuid() != 0:
        print("skip: only root can be somebody else")
        return
    if "TT_SANITIZER" in os.environ:
        print("skip: a sanitizer's daemon stays dumpable")
        return
    home = c.home + "/theirs"
    os.mkdir(home)
    os.chmod(c.home, 0o711)
    for name in ("collectord", "tt-provider"):
        shutil.copy(f"{BUILD}/{name}", home)
    os.chown(home, 65534, 65534)
    env = {**os.environ, "TT_HOME": home, "HOME": home}
    daemon = subprocess.Popen(
        [home + "/collectord"], env=env, preexec_fn=be_nobody,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = None
    try:
        wait_until("their daemon", lambda: os.path.exists(home + "/run/sock"))
        code, said = tt_provider(
            c, "add", "openai", "--key-stdin", "--no-verify",
            key=SECRET["openai"], env={"TT_SOCKET": home + "/run/sock"})
        expect(f"to another user's daemon: {said}",
               (code != 0, "belongs to user 65534" in said), (True, True))
        expect("keys", os.path.exists(home + "/data/keys"), False)
        client = subprocess.Popen(
            [home + "/tt-provider", "add", "openai", "--key-stdin"], env=env,
            preexec_fn=be_nobody, stdin=subprocess.PIPE)
        for who, pid in (("daemon", daemon.pid), ("client", client.pid)):
            wait_until(f"the {who} cannot be dumped",
                       lambda: os.stat(f"/proc/{pid}/mem").st_uid == 0)
    finally:
        for p in (daemon, client):
            if p is not None:
                p.kill()
                p.wait()


# --- Memory -----------------------------------------------------------------

PAGE = os.sysconf("SC_PAGESIZE")
IS_THERE = 1 << 63 | 1 << 62  # in memory or swapped out


def touched(pagemap, begin, end):
    """(begin, end) of what was ever used of an area: most of a stack was not.
    """
    pagemap.seek(begin // PAGE * 8)
    entries = struct.unpack(
        f"<{(end - begin) // PAGE}Q", pagemap.read((end - begin) // PAGE * 8))
    for there, run in itertools.groupby(
            range(len(entries)), lambda i: bool(entries[i] & IS_THERE)):
        if there:
            run = list(run)
            yield begin + run[0] * PAGE, begin + (run[-1] + 1) * PAGE


def memory(pid):
    """(where, bytes) of what a process can write to."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as f:
        areas = [s.split(maxsplit=5) for s in f]
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as f, open(
            f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for where, mode, *rest in areas:
            if mode[1] != "w" or rest[-1].startswith("[v"):
                continue
            area = (int(s, 16) for s in where.split("-"))
            for begin, end in touched(pagemap, *area):
                f.seek(begin)
                yield f"{where} {rest[-1].strip()}", f.read(end - begin)


def expect_clean_memory(pid, when):
    n = 0
    for where, data in memory(pid):
        expect_none(f"memory {where} {when}", data, PLAIN)
        n += len(data)
    expect("bytes that were looked at", n > 100000, True)


def may_look(pid):
    try:
        with open(f"/proc/{pid}/mem", "rb"):
            return True
    except OSError:
        return False


def send_in_pieces(c, url):
    """A key that comes in two pieces, and one of which half never comes."""
    request = msgpack.packb([0, 1, "provider_add", [{
        "provider": "deepseek", "verify": False, "base_url": url,
        "pad": "x" * 9000, "key": SECRET["deepseek"]}]])
    cut = len(request) - 15
    peers = [Peer(c.sock) for _ in range(2)]
    for peer in peers:
        for i in range(0, cut, 3000):
            peer.sock.sendall(request[i:min(i + 3000, cut)])
            c.peer.call("hello")
    peers[1].sock.close()
    peers[0].sock.sendall(request[cut:])
    expect("an answer", peers[0].read()[2], None)
    c.settled("deepseek")


def forgotten(c):
    """Nothing of a key is left once requests are over and connections closed.
    """
    pid = c.peer.call("hello")["pid"]
    if "TT_SANITIZER" in os.environ:
        print("skip: memory is a sanitizer's")
        return
    if not may_look(pid):
        print("skip: no right to read /proc/PID/mem")
        return
    tls = make_context(c, "good", "IP:127.0.0.1", True)
    for context in (None, tls):
        how = "TLS" if context else "TCP"
        for name, shape in SHAPES.items():
            echo = Echo(shape())
            service = Service(shape().answer, context)
            tell("add", name, "--base-url", service.url + shape.base,
                 "--key-stdin", key=SECRET[name])
            c.settled(name)
            expect_clean_memory(pid, f"after {how} with {name}")
            # Answers also pass the buffers of the library of TLS.
            if context is None:
                service.answer = echo.answer
                for echo.code in (None, 500, 401):
                    c.sync_with_clock(name)
                expect_clean_memory(pid, f"after {name} said it back")
            c.peer.call("provider_rm", name=name)
    send_in_pieces(c, Service(lambda *_: (200, {}, {
        "balance_infos": [{"currency": "USD", "total_balance": "1"}]})).url)
    expect_clean_memory(pid, "after pieces")


if __name__ == "__main__":
    play(globals())
