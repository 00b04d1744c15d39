#!/usr/bin/python3
"""Plays services whose balances fall and rise, and whose quotas fill, and looks
at what collectord tells of it. The balances and the port are kept in HOME, so
that the next scenario goes on where one ended.
Usage: provider_balance.py SOCKET HOME SCENARIO"""
import http.server
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Refused, expect  # noqa: E402
from provider_case import KEY, NOW, Case, Handler  # noqa: E402

HOUR = 3600 * 1000


class Balances(http.server.ThreadingHTTPServer):
    """A DeepSeek with what is left by currency, and a MiniMax with quotas."""

    daemon_threads = True

    def __init__(self, home):
        self.path = home + "/service.json"
        self.state = {"port": 0, "left": {}, "models": [], "told": 0}
        if os.path.exists(self.path):
            with open(self.path) as f:
                self.state = json.load(f)
        super().__init__(("127.0.0.1", self.state["port"]), Handler)
        self.state["port"] = self.server_port
        self.seen, self.lock, self.status = [], threading.Lock(), 200
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def keep(self):
        with open(self.path, "w") as f:
            json.dump(self.state, f)

    def answer(self, handler, path, query, n):
        if self.status != 200:
            return self.status, {}, {}
        if path.endswith("/user/balance"):
            return 200, {}, {"is_available": True, "balance_infos": [
                {"currency": currency, "total_balance": amount,
                 "granted_balance": "0.00", "topped_up_balance": amount}
                for currency, amount in self.state["left"].items()]}
        return 200, {}, {"model_remains": self.state["models"],
                         "base_resp": {"status_code": 0}}

    def handle_error(self, request, client_address):
        pass


class Watched(Case):
    def __init__(self, sock, home):
        super().__init__(sock, home)
        self.service = Balances(home)
        self.ids = {x["id"] for x in self.notices()}

    def notices(self, kind="balance"):
        return [x for x in self.peer.call("notices")["notices"]
                if x["kind"] == kind]

    def expect_told(self, what, *want):
        """(subject, currency, left, threshold) since the last time."""
        told = [x for x in self.notices() if x["id"] not in self.ids]
        self.ids |= {x["id"] for x in told}
        expect(what, [(x["subject"], x["period"], x["spent"], x["limit"])
                      for x in told], list(want))
        expect(f"{what}: levels", {x["level"] for x in told} - {"warn"}, set())

    def comes(self, what, left, *want):
        """A sync that finds that left, and what is told then."""
        self.service.state["left"] = left
        expect(what, {r["outcome"] for r in self.sync("deepseek")}, {"ok"})
        self.expect_told(what, *want)

    def expect_refused(self, what, code, field, method, **params):
        try:
            self.peer.call(method, **params)
            sys.exit(f"{what} is taken")
        except Refused as e:
            expect(what, (e.code, e.args[2]), (code, field))

    def set_low(self, **params):
        self.peer.call("provider_set", name="deepseek", **params)

    def low(self):
        it = self.account("deepseek")
        return it.get("low_balance"), it.get("low_balance_currency")

    def begin(self, left, **more):
        self.service.state["left"] = left
        self.add(self.service, provider="deepseek", **more)
        self.settled("deepseek")


def low(currency, left, threshold="10"):
    return "deepseek", currency, left, threshold


def falls(c):
    c.begin({"CNY": "12.00", "USD": "30"}, low_balance=10)
    expect("threshold", c.low(), ("10", None))
    c.expect_told("enough")
    c.comes("a fall", {"CNY": "8.50", "USD": "30"}, low("CNY", "8.5"))
    c.comes("the same", {"CNY": "8.50", "USD": "30"})
    c.comes("a deeper fall", {"CNY": "-2", "USD": "30"})
    c.service.status = 401
    expect("outcome", c.sync("deepseek")[0]["outcome"], "bad_key")
    c.expect_told("a service that refuses")
    c.service.status = 200
    c.peer.call("provider_set", name="deepseek", key="sk-" + "0" * 20)
    c.settled("deepseek")
    c.comes("a rise", {"CNY": "10", "USD": "30"})
    c.comes("falls", {"CNY": "9.99", "USD": "0.00"},
            low("CNY", "9.99"), low("USD", "0"))


def changes(c):
    """Thresholds that change; what is low when they do is told at once."""
    c.set_low(low_balance="9", low_balance_currency="usd")
    expect("threshold", c.low(), ("9", "USD"))
    c.expect_told("one of USD", low("USD", "0", "9"))
    c.set_low(low_balance="9", low_balance_currency="USD")
    c.set_low(shared=True)
    c.expect_told("the same again")
    for what, code, params in (
            ("no amount", "missing", {"low_balance_currency": "USD"}),
            ("no currency", "bad_text", {"low_balance": "1",
                                         "low_balance_currency": "U$D"}),
            ("a long one", "bad_text", {"low_balance": "1",
                                        "low_balance_currency": "USDUSDUSD"}),
            ("no money", "bad_type", {"low_balance": "ten"}),
            ("a debt", "bad_type", {"low_balance": "-1"})):
        try:
            c.set_low(**params)
            sys.exit(f"{what} is taken")
        except Refused as e:
            expect(what, e.code, code)
    expect("threshold after what was refused", c.low(), ("9", "USD"))
    c.set_low(low_balance=None)
    expect("no threshold", c.low(), (None, None))
    c.comes("falls without one", {"CNY": "0", "USD": "0"})
    c.set_low(low_balance="0.5")
    c.expect_told("one of all", low("CNY", "0", "0.5"),
                  low("USD", "0", "0.5"))


def pending(c):
    """A threshold that changes takes what was told of the old one with it."""
    def limits():
        return sorted((x["period"], x["limit"]) for x in c.notices())

    c.begin({"CNY": "8", "USD": "3"}, low_balance=10)
    expect("of 10", limits(), [("CNY", "10"), ("USD", "10")])
    c.set_low(low_balance="5")
    expect("of 5", limits(), [("USD", "5")])
    c.set_low(low_balance=None)
    expect("of none", limits(), [])


def nowhere(c):
    """A balance that nobody tells cannot be low."""
    c.expect_refused("a new one", "bad_params", "low_balance", "provider_add",
                     provider="openai", key=KEY, base_url=c.service.url,
                     verify=False, low_balance="5")
    expect("accounts", c.peer.call("providers")["providers"], [])
    c.add(c.service, account="work")
    c.expect_refused("a change", "bad_params", "low_balance", "provider_set",
                     name="openai/work", low_balance="5")
    c.peer.call("provider_set", name="openai/work", low_balance=None)


def goes_on(c):
    """After a kill and a restart nothing is told again, nor forgotten."""
    expect("threshold", c.low(), ("10", None))
    expect("notices that were there", len(c.ids), 3)
    c.comes("the same", {"CNY": "9.99", "USD": "0.00"})
    c.comes("one rises", {"CNY": "100", "USD": "0.00"})
    c.comes("and falls", {"CNY": "1", "USD": "0.00"}, low("CNY", "1"))
    expect("ids", len({x["id"] for x in c.notices()}), 4)


def sunk(c):
    """What a sink of the configuration gets."""
    path = c.home + "/sunk"
    c.begin({"USD": "8.25"}, low_balance=10, low_balance_currency="USD")
    for _ in range(400):
        if os.path.exists(path) and open(path).read().endswith("}\n"):
            break
        time.sleep(0.025)
    told = json.loads(open(path).read())
    expect("text", told.pop("text"),
           "Account deepseek: 8.25 USD is left, less than 10 USD.")
    expect("id", told.pop("id").rpartition("/")[0], "balance/deepseek/USD")
    expect("told", told, {
        "schema_version": 1, "kind": "balance", "level": "warn",
        "subject": "deepseek", "period": "USD", "currency": "USD",
        "left": 8.25, "limit": 10})


def windows(c):
    """Quotas of providers are told as those of agents are."""

    def quota(used, resets_ms):
        return [{"model_name": "MiniMax-M*", "start_time": NOW - HOUR,
                 "end_time": resets_ms,
                 "current_interval_remaining_percent": 100 - used,
                 "current_interval_total_count": 0,
                 "current_interval_usage_count": 0}]

    def told():
        return [(x["subject"], x["level"], x["spent"], x["to"])
                for x in c.notices("quota")]

    c.service.state["models"] = quota(89, NOW + HOUR)
    c.add(c.service, provider="minimax", account="work")
    c.settled("minimax/work")
    expect("told of 89 %", told(), [])
    want = []
    for used, resets_ms, level in ((90, HOUR, "warn"), (95, HOUR, None),
                                   (100, HOUR, "limit"), (91, 2 * HOUR,
                                                          "warn")):
        c.service.state["models"] = quota(used, NOW + resets_ms)
        c.sync("minimax/work")
        c.sync("minimax/work")
        if level is not None:
            want.append(("minimax/work/MiniMax-M-/interval", level, used,
                         NOW + resets_ms))
        expect(f"told of {used} %", told(), want)


def refused(c):
    """What was told stays, from a service that takes the key no more."""
    c.begin({"CNY": "12.00"})
    c.service.status = 401
    expect("outcome", c.sync("deepseek")[0]["outcome"], "bad_key")


def begins(c):
    c.begin({"USD": "20"}, low_balance=10)


def rises(c):
    c.comes("a rise", {"USD": "20"})


def falls_and_dies(c):
    """The daemon may be gone at any moment."""
    c.service.state["left"] = {"USD": "5"}
    try:
        c.sync("deepseek")
    except (OSError, EOFError):
        pass


def has_fallen(c):
    c.service.state["left"] = {"USD": "5"}
    expect("outcome", c.sync("deepseek")[0]["outcome"], "ok")
    expect("notices", len(c.notices()), c.service.state["told"] + 1)
    c.service.state["told"] += 1


def main():
    try:
        c = Watched(sys.argv[1], sys.argv[2])
    except (OSError, EOFError):
        # It died before it was asked.
        if sys.argv[3] == "falls_and_dies":
            return
        raise
    globals()[sys.argv[3]](c)
    c.service.keep()


if __name__ == "__main__":
    main()
