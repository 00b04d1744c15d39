#!/usr/bin/python3
"""Services that do wrong, each of three providers: every case ends in the state
that is documented, with one clear line, and loses and doubles nothing.
Usage: provider_wrong.py SOCKET HOME SCENARIO [PROVIDER]"""
import email.utils
import json
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import expect  # noqa: E402
from provider_case import (  # noqa: E402
    KEY, OTHER_KEY, Service, play, wait_until)
from provider_shapes import SHAPES  # noqa: E402

MB = 1 << 20


class Wrong:
    """An account whose service does wrong where it is told to."""

    def __init__(self, c, provider):
        self.c, self.shape = c, SHAPES[provider]()
        self.name = provider
        self.how = None
        self.everywhere = False
        self.hung = 0
        self.released = threading.Event()
        self.service = Service(self.answer)
        c.add(self.service, provider=provider,
              base_url=self.service.url + self.shape.base)
        c.settled(provider)
        self.expect_good("at first")

    def answer(self, handler, path, query, n):
        if self.how is not None and (
                self.everywhere or path.endswith(self.shape.path)):
            return self.how(handler, path, query, n)
        return self.shape.answer(handler, path, query, n)

    def good(self, handler, path, query, n):
        return self.shape.answer(handler, path, query, n)

    def expect_good(self, what):
        expect(f"{what}: amounts",
               sorted(self.c.amounts(provider=self.name)),
               sorted(self.shape.amounts))

    def result(self, hung=lambda: 0):
        results = self.c.sync_with_clock(self.name, hung)
        return next(r for r in results if r["feed"] == self.shape.feed)

    def expect_case(self, what, how, outcome, words, tries, state="failing"):
        n = self.service.asked(self.shape.path)
        self.how = how
        it = self.result(lambda: self.hung)
        self.how = None
        expect(f"{what}: {it['error']}", it["outcome"], outcome)
        expect_line(what, it["error"], words)
        expect(f"{what}: tries",
               self.service.asked(self.shape.path) - n, tries)
        self.expect_good(what)
        account = self.c.account(self.name)
        expect(f"{what}: state", account["state"], state)
        expect(f"{what}: last error", account["last_error"], it["error"])

    def expect_recovery(self, what):
        it = self.result()
        expect(f"after {what}: {it.get('error')}", it["outcome"], "ok")
        self.expect_good(f"after {what}")
        expect(f"after {what}: state", self.c.account(self.name)["state"],
               "ok")


def expect_line(what, line, words):
    expect(f"{what}: one line that says {words!r}: {line!r}",
           words in line and "\n" not in line and KEY not in line, True)


# --- What may come of a page ------------------------------------------------

def raw(body):
    return lambda handler, path, query, n: (200, {}, body)


def status(code, headers={}, body=b"{}"):
    return lambda handler, path, query, n: (code, headers, body)


def begin(handler, code=200, **headers):
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def half(handler, *_):
    """A length that it does not keep."""
    begin(handler, Content_Length="1000")
    handler.wfile.write(b'{"data": [')
    handler.connection.shutdown(socket.SHUT_RDWR)


def half_chunk(handler, *_):
    handler.protocol_version = "HTTP/1.1"
    begin(handler, Transfer_Encoding="chunked")
    handler.wfile.write(b'40\r\n{"data": [')
    handler.connection.shutdown(socket.SHUT_RDWR)


def nothing(handler, *_):
    handler.connection.shutdown(socket.SHUT_RDWR)


def garbage(handler, *_):
    handler.wfile.write(b"\0\1\2 this is no HTTP\r\n\r\n")
    handler.connection.shutdown(socket.SHUT_RDWR)


def long_head(handler, *_):
    begin(handler, X_Long="x" * 90000)


def announced(handler, *_):
    begin(handler, Content_Length=str(100 * MB))
    handler.connection.shutdown(socket.SHUT_RDWR)


def trickle(wrong):
    """A body that comes a byte at a time and never ends."""
    def how(handler, *_):
        begin(handler)
        wrong.hung += 1
        try:
            while not wrong.released.wait(0.01):
                handler.wfile.write(b" ")
        except OSError:
            pass
    return how


def silent(wrong):
    """A connection on which nothing ever comes."""
    def how(handler, *_):
        wrong.hung += 1
        wrong.released.wait()
    return how


def page_with(shape, **more):
    """A good page with other members."""
    def how(handler, path, query, n):
        code, headers, body = shape.answer(handler, path, query, n)
        return code, headers, dict(body, **more)
    return how


def amount_of(shape, text):
    """A good page, all amounts of which are written so."""
    def how(handler, path, query, n):
        code, headers, body = shape.answer(handler, path, query, n)
        body = json.dumps(body)
        for member in ('"value": ', '"amount": ', '"usage": '):
            parts = body.split(member)
            body = parts[0] + "".join(
                member + (p if p[0] == "{" else text + p[p.index(
                    "}" if '"value' in member else ","):])
                for p in parts[1:])
        return code, headers, body.encode()
    return how


# --- Scenarios --------------------------------------------------------------

def answers(c, provider):
    """Statuses and bodies."""
    w = Wrong(c, provider)
    s = w.shape
    cases = [
        ("500", status(500, body=b"<html>"), "failing", "HTTP 500", 4),
        ("503", status(503), "failing", "HTTP 503", 4),
        ("529", status(529), "failing", "overloaded (HTTP 529)", 4),
        ("408", status(408), "failing", "HTTP 408", 4),
        ("402", status(402), "broken", "payment first (HTTP 402)", 1),
        ("400", status(400), "broken", "HTTP 400", 1),
        ("half a page", half, "failing", "broken off", 4),
        ("half a chunk", half_chunk, "failing", "broken off", 4),
        ("no answer", nothing, "failing", "broken off", 4),
        ("no HTTP", garbage, "failing", "broken off", 4),
        ("a long head", long_head, "broken", "or its head is", 1),
        ("no JSON", raw(b"hello"), "broken", "not JSON, at byte 0", 1),
        ("nothing", raw(b""), "broken", "not JSON", 1),
        ("half of JSON", raw(b'{"data": [{"x"'), "broken", "not JSON", 1),
        ("an array", raw(b"[]"), "broken", "not a JSON object", 1),
        ("no data", raw(b"{}"), "broken", '"data" at byte 0', 1),
        ("data of another type", page_with(s, data="x"), "broken",
         '"data" at byte', 1),
        ("an error with 200", page_with(s, error={"message": "x"}), "broken",
         "answers with an error", 1),
        ("deep", raw(b"[" * 100000), "broken", "not JSON", 1),
    ]
    for what, how, outcome, words, tries in cases:
        w.expect_case(what, how, outcome, words, tries)
    w.expect_recovery("all")


def amounts(c, provider):
    w = Wrong(c, provider)
    for text in ("NaN", "Infinity", "-Infinity", "0x10", "01", "+1", "1.",
                 ".5", "1e", "--1"):
        w.expect_case(text, amount_of(w.shape, text), "broken", "at byte", 1)
    for text in ("1e309", "1e16", '"1e309"', "1" + "0" * 400, '"NaN"',
                 '"inf"', '""', '" 1"', '"1,5"', "true", "[]", "{}"):
        w.expect_case(text, amount_of(w.shape, text), "broken", "at byte", 1)
    w.expect_recovery("all")


def paging(c, provider):
    w = Wrong(c, provider)

    def around(handler, path, query, n):
        """Page 1 leads to page 2, and that to itself."""
        code, headers, body = w.good(handler, path, dict(query, page=[None]), n)
        return code, headers, dict(body, has_more=True, next_page="again")

    w.expect_case("a cursor that comes again", around, "broken",
                  "a cursor came again", 2)
    for cursor, tries in ((None, 1), ("", 1), ("a\nb", 1), ({}, 1),
                          ("x" * 2000, 1)):
        w.expect_case(f"the cursor {str(cursor)[:9]!r}",
                      page_with(w.shape, has_more=True, next_page=cursor),
                      "broken", '"next_page" at byte', tries)
    w.expect_case("more that is no boolean", page_with(
        w.shape, has_more="yes", next_page="x"), "broken",
        '"has_more" at byte', 1)

    def without_end(handler, path, query, n):
        code, headers, body = w.good(handler, path, dict(query, page=[None]), n)
        return code, headers, dict(body, data=[], has_more=True,
                                   next_page=f"page_{n}")

    w.expect_case("pages without an end", without_end, "broken",
                  "more than 1000 pages", 1000)

    def second(how):
        return lambda handler, path, query, n: (
            how if "page" in query else page_with(
                w.shape, has_more=True, next_page="2"))(
                    handler, path, query, n)

    w.expect_case("a second page that is refused", second(status(401)),
                  "bad_key", w.shape.key_kind, 2, "bad_key")
    c.peer.call("provider_set", name=provider, key=KEY)
    c.settled(provider)
    w.expect_case("a second page that is half", second(half), "failing",
                  "broken off", 5)
    w.expect_recovery("all")


def keys(c, provider):
    """Refused with 401 and 403: nothing is asked until the key changes."""
    w = Wrong(c, provider)
    for code, words in ((401, "not accepted (HTTP 401): it takes "),
                        (403, "may not do this (HTTP 403): it takes ")):
        w.how, w.everywhere = status(code), True
        results = c.sync(provider)
        # What may be denied by itself is, until the last says the same.
        expect(f"{code}: outcomes",
               {r["outcome"] for r in results} - {"denied"}, {"bad_key"})
        for r in results:
            expect_line(f"{code} of {r['feed']}", r["error"], words)
        expect_line(str(code), c.account(provider)["last_error"],
                    w.shape.key_kind)
        expect(f"{code}: state", c.account(provider)["state"], "bad_key")
        w.expect_good(str(code))
        n = len(w.service.seen)
        c.sync(provider)
        c.move_clock(3 * 86400 * 1000)
        expect("outcome", {r["outcome"] for r in c.sync(provider)},
               {"bad_key"})
        expect(f"{code}: requests with a bad key", len(w.service.seen), n)
        w.how, w.everywhere = None, False
        key = OTHER_KEY if code == 401 else KEY
        c.peer.call("provider_set", name=provider, key=key)
        c.settled(provider)
        w.expect_recovery(str(code))
        last = {k.title(): v for k, v in w.service.seen[-1][2].items()}
        name, value = next(iter(w.shape.headers.items()))
        expect("the new key", last[name], value.format(key))


def limits(c, provider):
    """429: how long the service is left alone."""
    w = Wrong(c, provider)

    def date(s):
        return email.utils.formatdate(time.time() + s, usegmt=True)

    for headers, least_ms, most_ms in (
            (lambda: {"Retry-After": "120"}, 119000, 121000),
            (lambda: {"Retry-After": date(300)}, 270000, 301000),
            (lambda: {"Retry-After": "864000"}, 86399000, 86401000),
            (lambda: {}, 59000, 76000),
            (lambda: {"Retry-After": date(-300)}, 59000, 76000),
            (lambda: {"Retry-After": "0"}, 59000, 76000),
            (lambda: {"Retry-After": "soon"}, 59000, 76000)):
        what = f"429 with {headers()}"
        w.expect_case(what, status(429, headers()), "limited",
                      "too many requests for the service (HTTP 429)", 1)
        n = w.service.asked(w.shape.path)
        c.move_clock(least_ms)
        expect(f"{what}: outcome", w.result()["outcome"], "limited")
        expect(f"{what}: requests meanwhile",
               w.service.asked(w.shape.path), n)
        c.move_clock(most_ms - least_ms)
        w.expect_recovery(what)
    # In a row, and without a word of how long, ever longer.
    w.expect_case("429", status(429), "limited", "429", 1)
    w.how = status(429)
    c.move_clock(76000)
    expect("429 again", w.result()["outcome"], "limited")
    w.how = None
    n = w.service.asked(w.shape.path)
    c.move_clock(119000)
    expect("429 twice", w.result()["outcome"], "limited")
    expect("requests meanwhile", w.service.asked(w.shape.path), n)
    c.move_clock(32000)
    w.expect_recovery("429 twice")


def slow(c, provider):
    """Bodies that do not end are ended, and others need not wait for it."""
    w = Wrong(c, provider)
    other = next(p for p in SHAPES if p != provider)
    well = Wrong(c, other)
    for what, how in (("a body that trickles", trickle(w)),
                      ("no answer for ever", silent(w))):
        w.expect_case(what, how, "failing", "does not end in time", 4)
        w.how = how
        hung = w.hung
        waiting = threading.Thread(target=w.result, args=(lambda: w.hung,))
        waiting.start()
        wait_until("it hangs", lambda: w.hung > hung)
        well.expect_recovery(f"{what}, of another")
        w.how = None
        waiting.join()
        w.expect_recovery(what)
    w.released.set()


def large(c, provider):
    """100 MB are not taken, announced or not, and do not stay in memory."""
    w = Wrong(c, provider)
    sent = []

    def flood(handler, *_):
        begin(handler)
        try:
            for _ in range(100):
                handler.wfile.write(b" " * MB)
                sent.append(MB)
        except OSError:
            pass

    pid = c.peer.call("hello")["pid"]
    w.expect_case("100 MB", flood, "broken", "larger than 64 MiB", 1)
    expect("whether 100 MB were taken", sum(sent) < 80 * MB, True)
    w.expect_case("100 MB that are announced", announced, "broken",
                  "larger than 64 MiB", 1)
    w.expect_recovery("100 MB")
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        rss = next(int(s.split()[1]) for s in f if s.startswith("VmRSS"))
    expect(f"a resident size of {rss} kB", rss < 48 * 1024 or
           "TT_SANITIZER" in os.environ, True)


def redirects(c, provider):
    """To another host, and to the same by another name."""
    w = Wrong(c, provider)
    elsewhere = Service(w.good)
    port = w.service.server_port
    for code in (301, 302, 303, 307, 308):
        for where in (elsewhere.url, f"http://localhost:{port}",
                      f"http://user@127.0.0.1:{port}",
                      "//127.0.0.1:%d" % elsewhere.server_port):
            w.expect_case(f"{code} to {where}", status(
                code, {"Location": where + w.shape.base + w.shape.path}),
                "broken", f"a redirect, which is not followed with a key "
                          f"(HTTP {code})", 1)
    expect("what came elsewhere", elsewhere.seen, [])
    expect("names", {s[2]["Host"] for s in w.service.seen},
           {f"127.0.0.1:{port}"})
    w.expect_recovery("redirects")


def one_after_another(c, provider):
    """An error that is over hides none that is older and lasts."""
    w = Wrong(c, provider)
    w.how = status(403)
    c.sync(provider)
    for how in (status(402), None):
        c.move_clock(1000)
        w.how, w.everywhere = how, True
        c.sync(provider)
    it = c.account(provider)
    expect("state of what works but for one", it["state"], "ok")
    expect_line("what lasts", it.get("last_error", ""), "(HTTP 403)")
    expect("when it was", it["last_error_at"], c.now - 2000)


def unreachable(c, provider):
    """A service that says nothing is asked no more in that round."""
    w = Wrong(c, provider)
    n = len(w.service.seen)
    w.how, w.everywhere = nothing, True
    results = c.sync_with_clock(w.name)
    feeds = [f["name"] for f in c.account(w.name)["feeds"]]
    expect("outcomes", {r["feed"]: r["outcome"] for r in results},
           {feed: "failing" for feed in feeds})
    for r in results:
        expect_line(r["feed"], r["error"], "broken off")
    expect("requests", len(w.service.seen) - n, 4)
    w.expect_good("unreachable")
    expect("state", c.account(w.name)["state"], "failing")
    w.how = None
    expect("outcomes", {r["outcome"] for r in c.sync(w.name)}, {"ok"})
    expect("state", c.account(w.name)["state"], "ok")


if __name__ == "__main__":
    play(globals())
