#!/usr/bin/python3
"""Services that definition files describe, on a loopback port: from a copy of
the example to what comes of edits to it. Usage: provider_custom.py SOCKET HOME
SCENARIO"""
import datetime
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Refused, expect  # noqa: E402
from provider_case import DAY, KEY, TODAY, Case, Service  # noqa: E402

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../contrib/providers/example.ini")


def date(day):
    return datetime.datetime.fromtimestamp(
        day / 1000, datetime.timezone.utc).strftime("%Y-%m-%d")


# Cents by day, that are spent: the service writes them below zero.
CENTS = {TODAY - 2 * DAY: "12.5", TODAY - DAY: "1e-3", TODAY: "700"}
AMOUNTS = [(TODAY - 2 * DAY, "0.125"), (TODAY - DAY, "0.00001"), (TODAY, "7")]


def house(handler, path, query, n):
    """What the comment at the head of the example describes: a page a day."""
    if path.endswith("/balance"):
        return 200, {}, {"data": {"left": "-3.5"}}
    if path.endswith("/quota"):
        return 200, {}, {"windows": [
            {"name": "all", "remaining": 12.5, "resets_at": TODAY // 1000}]}
    first, last = query["start"][0], query["end"][0]
    days = [d for d in sorted(CENTS) if first <= date(d) <= last]
    page = int(query.get("page", ["1"])[0])
    lines = [] if not days else [{"day": date(days[page - 1]), "lines": [
        {"model": "house-1", "kind": "chat",
         "cents": "-" + CENTS[days[page - 1]],
         "tokens": {"prompt": 1000, "cached": 400, "completion": 30}}]}]
    return 200, {}, {"currency": "eur", "billing": {"days": lines},
                     "paging": {"next": page + 1, "more": page < len(days)}}


def write(c, text, name="example"):
    os.makedirs(c.home + "/providers", exist_ok=True)
    path = f"{c.home}/providers/{name}.ini"
    # A new file each time, as editors do it.
    with open(path + "~", "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path + "~", 0o600)
    os.replace(path + "~", path)
    return path


def example(url):
    with open(EXAMPLE, encoding="utf-8") as f:
        return f.read().replace("https://billing.example.com", url)


def amounts(c):
    return [(day, amount) for day, name, amount, currency in c.amounts()
            if (name, currency) == ("example", "EUR")]


def refusal(c, *part, **params):
    try:
        c.peer.call("provider_add", provider="example", key=KEY, verify=False,
                    **params)
    except Refused as e:
        for p in part:
            expect(f"{p} in {e.args}", p in str(e.args), True)
        return
    sys.exit("the definition was taken")


def defined(c):
    service = Service(house)
    refusal(c, "example.ini", "no such file")
    write(c, example(service.url) + "[feed \"costs\"]\n")
    refusal(c, "example.ini:", "the feed was there before")
    path = write(c, example(service.url))
    os.chmod(path, 0o666)
    refusal(c, "others could write it")
    write(c, example(service.url))
    names = {s["name"]: s for s in c.peer.call("services")["services"]}
    expect("builtin", (names["openai"]["builtin"],
                       names["example"]["builtin"]), (True, False))
    expect("kind", names["example"]["feeds"][0]["key"],
           "a billing key, which the settings page makes")
    c.peer.call("provider_add", provider="example", key=KEY)
    c.settled("example")
    expect("amounts", amounts(c), AMOUNTS)
    it = c.account("example")
    expect("balances", it["balances"],
           [{"feed": "balance", "what": "left", "currency": "EUR", "amount": "-3.5"}])
    expect("windows", [(w["name"], w["span"], w["used_percent"])
                       for w in it["windows"]], [("all", "week", "87.5")])
    row = c.billed()[0][0]
    expect("tokens", (row["model"], row["input_tokens"],
                      row["cache_read_tokens"], row["output_tokens"]),
           ("house-1", 600, 400, 30))
    expect("headers", {(s[2]["Authorization"], s[2]["X-Api-Version"])
                       for s in service.seen}, {("Bearer " + KEY, "3")})
    c.sync("example")
    expect("amounts, synced twice", amounts(c), AMOUNTS)


def edited(c):
    """An edit holds from the next round on, a mistake in it changes nothing."""
    service, other = Service(house), Service(house)
    path = write(c, example(service.url))
    c.peer.call("provider_add", provider="example", key=KEY)
    c.settled("example")
    write(c, example(service.url).replace("sign = inverted", "sign = odd"))
    try:
        c.sync("example")
        sys.exit("a definition that is wrong is gone by")
    except Refused as e:
        expect("line", f"{path}:" in str(e.args), True)
    it = c.account("example")
    expect("last error", f"{path}:" in it["last_error"], True)
    expect("state", it["state"], "undefined")
    results = c.peer.call("provider_sync")["results"]
    expect("all are asked", [(r["feed"], r["outcome"]) for r in results],
           [("", "broken")])
    expect("what is wrong", results[0]["error"], it["last_error"])
    expect("amounts stay", amounts(c), AMOUNTS)
    # A feed by another name: what the old one told must not stand beside it.
    write(c, example(service.url).replace("[feed \"costs\"]",
                                          "[feed \"bill\"]"))
    results = {r["feed"]: r["outcome"] for r in c.sync("example")}
    expect("feeds", results, {"bill": "ok", "balance": "ok", "quota": "ok"})
    expect("amounts of the other feed", amounts(c), AMOUNTS)
    expect("last error", "last_error" in c.account("example"), False)
    # The key is bound to the host it was given for.
    write(c, example(other.url))
    expect("outcomes", {r["outcome"] for r in c.sync("example")}, {"broken"})
    expect("requests with the key elsewhere", other.seen, [])
    expect("amounts of a feed that is gone", amounts(c), [])
    write(c, example(service.url))
    expect("outcomes", {r["outcome"] for r in c.sync("example")}, {"ok"})
    expect("amounts", amounts(c), AMOUNTS)


def undefined_before(c):
    service = Service(house)
    path = write(c, example(service.url))
    c.peer.call("provider_add", provider="example", key=KEY)
    c.settled("example")
    os.remove(path)


def undefined_after(c):
    """Started without its file: kept, and mended by the file."""
    it = c.account("example")
    expect("state", it["state"], "undefined")
    expect("last error", "no such file" in it["last_error"], True)
    expect("amounts stay", amounts(c), AMOUNTS)
    expect("others go on", [r["outcome"] for r in c.peer.call(
        "provider_sync")["results"]], ["broken"])
    service = Service(house)
    write(c, example(service.url))
    # Another port is another host to it; who moves it says that by hand.
    expect("outcomes", {r["outcome"] for r in c.sync("example")}, {"broken"})
    refusal(c, "another host")
    c.peer.call("provider_rm", name="example", keep_data=True)
    c.peer.call("provider_add", provider="example", key=KEY)
    c.settled("example")
    expect("outcomes", {r["outcome"] for r in c.sync("example")}, {"ok"})
    expect("amounts", amounts(c), AMOUNTS)
    os.remove(f"{c.home}/providers/example.ini")
    expect("removed", c.peer.call("provider_rm", name="example")["state"],
           "removed")
    expect("amounts", amounts(c), [])


def main():
    c = Case(sys.argv[1], sys.argv[2])
    globals()[sys.argv[3]](c)
    c.expect_no_key()


if __name__ == "__main__":
    main()
