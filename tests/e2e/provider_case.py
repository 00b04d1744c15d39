"""What tests of providers share: services on a loopback port, and a client that
looks at what collectord makes of their answers."""
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

from client import Client, expect

DAY = 86400 * 1000
NOW = 1778580000000
TODAY = NOW // DAY * DAY
KEY = "sk-admin-0123456789-secret-abcd"
OTHER_KEY = "sk-admin-9876543210-hidden-wxyz"
MASK = "sk-…abcd"
DEADLINE_S = 35


class Service(http.server.ThreadingHTTPServer):
    """answer(handler, path, query, n) -> (status, headers, body), or None where
    it has said all by itself. context: of TLS."""

    daemon_threads = True

    def __init__(self, answer, context=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.scheme = "http"
        if context is not None:
            self.scheme = "https"
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False)
        self.answer = answer
        self.seen = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        pass

    def asked(self, path):
        """How often the path was asked for."""
        return sum(s[0].endswith(path) for s in self.seen)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(parts.query)
        with self.server.lock:
            n = len(self.server.seen)
            self.server.seen.append((parts.path, query, dict(self.headers),
                                     self.path))
        answer = self.server.answer(self, parts.path, query, n)
        if answer is None:
            return
        status, headers, body = answer
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Peer(Client):
    """Passes over notifications, which it keeps."""

    def __init__(self, path):
        super().__init__(path)
        self.pages = []

    def read(self):
        while True:
            message = super().read()
            if message[0] != 2:
                return message
            expect("notification", message[1], "sync")
            self.pages.extend(message[2])


def wait_until(what, fact):
    """Until the fact is one; what it then is."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        it = fact()
        if it:
            return it
        time.sleep(0.005)
    sys.exit(f"waited in vain: {what}")


class Case:
    def __init__(self, sock, home):
        self.sock, self.home = sock, home
        self.now = NOW
        self.peer = Peer(sock)
        self.retries = {}

    def add(self, service, provider="openai", **more):
        params = dict(provider=provider, key=KEY, verify=False,
                      base_url=service.url)
        params.update(more)
        return self.peer.call("provider_add", **params)

    def sync(self, name="openai", feed=None):
        results = self.peer.call("provider_sync", name=name)["results"]
        if feed is not None and feed not in [r["feed"] for r in results]:
            sys.exit(f"no {feed} in {results!r}")
        return results if feed is None else next(
            r for r in results if r["feed"] == feed)

    def settled(self, name="openai"):
        """Waits for the round that an account begins with."""
        def fact():
            it = self.account(name)
            return it["state"] not in ("running", "new") and it
        return wait_until(f"{name} settles", fact)

    def account(self, name="openai"):
        return self.peer.call("providers", name=name)["providers"][0]

    def billed(self, first=TODAY - 400 * DAY, end=TODAY + DAY, **more):
        rows, complete = [], []
        params = {"from": first, "to": end, **more}
        while True:
            page = self.peer.call("billed", **params)
            rows += page["rows"]
            complete += page["complete"]
            if "next" not in page:
                return rows, complete
            params["from"] = page["next"]

    def amounts(self, **more):
        return [(r["day"], r["name"], r["amount"], r["currency"])
                for r in self.billed(**more)[0] if "amount" in r]

    def move_clock(self, ms):
        self.now += ms
        Client(self.sock).call("clock", now=self.now)

    def log(self):
        with open(self.home + "/stderr", encoding="utf-8") as f:
            return f.read()

    def sync_with_clock(self, name="openai", hung=lambda: 0, ask=None):
        """A sync for which the clock moves: where a walk waits to ask again,
        and where hung() says that another answer does not end. ask() makes it
        in its own way."""
        answer = []
        waits = lambda: (self.log().count(f"op=retry name={name} "), hung())
        # A round that it joins may wait already.
        seen = (self.retries.get(name, 0), hung())
        other = Peer(self.sock)
        ask = ask or (
            lambda: other.call("provider_sync", name=name)["results"])
        threading.Thread(target=lambda: answer.append(ask()),
                         daemon=True).start()
        while not answer:
            wait_until("a sync goes on", lambda: answer or waits() != seen)
            before, seen = seen, waits()
            if before[1] != seen[1]:
                self.move_clock(61000)
            elif not answer:
                self.move_clock(5000)
        self.retries[name] = seen[0]
        return answer[0]

    def expect_no_key(self):
        """Only the file that is meant for it has a key."""
        for where, _, names in os.walk(self.home):
            for name in names:
                path = os.path.join(where, name)
                if os.path.basename(where) == "keys":
                    expect(f"mode of {path}",
                           os.stat(path).st_mode & 0o777, 0o600)
                    continue
                if not os.path.isfile(path):
                    continue
                with open(path, "rb") as f:
                    text = f.read()
                for key in (KEY, OTHER_KEY):
                    if key.encode() in text or key[9:].encode() in text:
                        sys.exit(f"{path} has a key")
        for reply in (self.peer.call("providers"), self.peer.call("status")):
            if KEY[9:] in repr(reply) or OTHER_KEY[9:] in repr(reply):
                sys.exit(f"a reply has a key: {reply!r}")


def play(scenarios):
    """SOCKET HOME SCENARIO [ARGUMENT…]"""
    c = Case(sys.argv[1], sys.argv[2])
    scenarios[sys.argv[3]](c, *sys.argv[4:])
    c.expect_no_key()
