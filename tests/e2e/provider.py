#!/usr/bin/python3
"""Plays the services of providers on a loopback port, well and badly, and looks
at what collectord makes of it. Usage: provider.py SOCKET HOME SCENARIO"""
import glob
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Refused, expect  # noqa: E402
from provider_case import (  # noqa: E402
    DAY, KEY, MASK, OTHER_KEY, TODAY, Service, play, wait_until)


def openai(costs, usage=None):
    """A service whose costs are a list of (day, model line, cents text)."""

    def answer(handler, path, query, n):
        if not path.endswith("/costs"):
            return 200, {}, {"object": "page", "data": [], "has_more": False,
                             "next_page": None}
        first = int(query["start_time"][0]) * 1000
        end = int(query["end_time"][0]) * 1000
        return 200, {}, openai_page(
            [c for c in costs() if first <= c[0] < end])

    return answer


def openai_page(costs, cursor=None):
    return {
        "object": "page",
        "data": [{
            "object": "bucket",
            "start_time": day // 1000,
            "end_time": (day + DAY) // 1000,
            "results": [{
                "object": "organization.costs.result",
                "amount": {"value": float(value), "currency": "usd"},
                "line_item": line, "project_id": "proj_1",
                "api_key_id": None,
            }],
        } for day, line, value in costs],
        "has_more": cursor is not None,
        "next_page": cursor,
    }


COSTS = [(TODAY - 2 * DAY, "gpt-4o input", "1.25"),
         (TODAY - DAY, "gpt-4o input", "0.1"),
         (TODAY, "gpt-4o output", "3e-05")]
AMOUNTS = [(TODAY - 2 * DAY, "openai", "1.25", "USD"),
           (TODAY - DAY, "openai", "0.1", "USD"),
           (TODAY, "openai", "0.00003", "USD")]


def twice_is_once(c):
    costs = list(COSTS)
    service = Service(openai(lambda: costs))
    expect("name", c.add(service)["name"], "openai")
    it = c.settled()
    expect("state", (it["state"], it["key"]), ("ok", MASK))
    expect("amounts", c.amounts(), AMOUNTS)
    complete = [r for r in c.billed()[1] if r["gives"] == ["cost"]]
    expect("complete to", complete[-1]["to"], TODAY)
    expect("authorization", service.seen[0][2]["Authorization"],
           "Bearer " + KEY)
    expect("outcome", {r["outcome"] for r in c.sync()}, {"ok"})
    expect("amounts, synced twice", c.amounts(), AMOUNTS)
    # The last days change, as they do, and one goes away.
    costs[1] = (TODAY - DAY, "gpt-4o input", "0.7")
    del costs[2]
    expect("rows", c.sync(feed="costs")["rows"], 2)
    expect("amounts of a window that changed", c.amounts(),
           [AMOUNTS[0], (TODAY - DAY, "openai", "0.7", "USD")])
    expect("progress", bool(c.peer.pages), True)
    expect("elsewhere", c.amounts(provider="anthropic"), [])


def two_accounts(c):
    one = Service(openai(lambda: COSTS))
    two = Service(openai(lambda: [(TODAY - DAY, "x", "7")]))
    c.add(one)
    c.add(two, account="work", key=OTHER_KEY, shared=True)
    c.settled()
    c.settled("openai/work")
    both = c.amounts()
    expect("amounts", sorted(both), sorted(
        AMOUNTS + [(TODAY - DAY, "openai/work", "7", "USD")]))
    keys = {s[2]["Authorization"] for s in one.seen}
    expect("keys of one", keys, {"Bearer " + KEY})
    keys = {s[2]["Authorization"] for s in two.seen}
    expect("keys of two", keys, {"Bearer " + OTHER_KEY})
    expect("removed", c.peer.call("provider_rm", name="openai/work")["name"],
           "openai/work")
    expect("amounts without it", c.amounts(), AMOUNTS)
    expect("keys", os.listdir(c.home + "/data/keys"), ["openai"])
    c.peer.call("provider_rm", name="openai", keep_data=True)
    expect("amounts that are kept", c.amounts(), AMOUNTS)
    c.peer.call("provider_rm", name="openai")
    expect("amounts that are dropped later", c.amounts(), [])
    try:
        c.peer.call("provider_rm", name="openai")
        sys.exit("what is not there is removed")
    except Refused as e:
        expect("code", e.code, "not_found")


def another_one(c):
    """A name is one organisation's: what another one is billed is not added to
    what is known of it, and it is not asked with the other key."""
    here, there = Service(openai(lambda: COSTS)), Service(openai(lambda: []))
    c.add(here)
    c.settled()
    n = len(here.seen)
    for service, key, field in ((here, OTHER_KEY, "key"),
                                (there, KEY, "base_url"),
                                (there, OTHER_KEY, "base_url")):
        for verify in False, True:
            try:
                c.add(service, key=key, verify=verify, shared=True)
                sys.exit("another organisation took the name")
            except Refused as e:
                expect("code", e.code, "inconsistent")
                expect(f"field of {e.args}", e.args[2], field)
    expect("requests", (len(here.seen), there.seen), (n, []))
    it = c.account()
    expect("account", (it["state"], it["shared"], it["key"]),
           ("ok", False, MASK))
    expect("amounts", c.amounts(), AMOUNTS)


def added_again(c):
    """What is said changes, what is not stays; what is known is kept."""
    service = Service(openai(lambda: COSTS))
    c.add(service, shared=True)
    before = c.settled()
    c.peer.call("provider_set", name="openai", enabled=False)
    expect("name", c.add(service, verify=True)["name"], "openai")
    it = c.settled()
    expect("account", (it["state"], it["shared"], it["key"]),
           ("ok", True, MASK))
    expect("complete", it["feeds"][0]["complete_to"],
           before["feeds"][0]["complete_to"])
    c.add(service, shared=False)
    expect("shared", c.settled()["shared"], False)
    expect("amounts", c.amounts(), AMOUNTS)
    left = Service(lambda *_: (200, {}, {"is_available": True, "balance_infos": [
        {"currency": "USD", "total_balance": "7"}]}))
    for more, want in (({"low_balance": "5"}, "5"), ({}, "5"),
                       ({"low_balance": None}, None)):
        c.add(left, provider="deepseek", **more)
        expect(f"threshold after {more}",
               c.settled("deepseek").get("low_balance"), want)


def quiet_months(c):
    """What was billed before months without a row is asked for too, as far back
    as the manual says, and once."""
    costs = [(TODAY - n * DAY, "x", str(n)) for n in (190, 170, 70, 1)]
    service = Service(openai(lambda: costs))
    c.add(service)
    c.settled()
    expect("amounts", c.amounts(), [
        (day, "openai", value, "USD") for day, _, value in costs[1:]])
    complete = [r for r in c.billed()[1] if r["gives"] == ["cost"]]
    expect("complete from", min(r["from"] for r in complete),
           TODAY - 180 * DAY)
    expect("first", {r["first"] for r in complete}, {TODAY - 180 * DAY})
    _, before = c.billed(TODAY - 300 * DAY, TODAY - 200 * DAY)
    expect("first, of days before", {(r["from"], r["to"], r["first"])
                                     for r in before},
           {(0, 0, TODAY - 180 * DAY)})
    asked = lambda: [int(s[1]["start_time"][0]) * 1000 for s in service.seen
                     if s[0].endswith("/costs")]
    expect("the oldest question", min(asked()), TODAY - 180 * DAY)
    n = len(asked())
    c.sync()
    expect("the next round", [TODAY - t for t in asked()[n:]], [2 * DAY])


def paging(c):
    state = {"cursors": ["a", "b", None]}

    def answer(handler, path, query, n):
        if not path.endswith("/costs"):
            return 200, {}, openai_page([])
        if int(query["start_time"][0]) * 1000 < TODAY - 40 * DAY:
            return 200, {}, openai_page([])
        page = query.get("page", [None])[0]
        i = 0 if page is None else state["cursors"].index(page) + 1
        return 200, {}, openai_page([COSTS[i]], state["cursors"][i])

    service = Service(answer)
    c.add(service)
    c.settled()
    expect("amounts", c.amounts(), AMOUNTS)
    # What follows is told as broken, and what is known stays.
    for cursors, what in ((["a", "a", None], "a cursor that comes again"),
                          (["a", "", None], "a cursor that is missing")):
        state["cursors"] = cursors
        it = c.sync(feed="costs")
        expect(what, it["outcome"], "broken")
        expect(f"{what}: amounts", c.amounts(), AMOUNTS)
        expect("state", c.account()["state"], "failing")
    state["cursors"] = ["a", "b", None]
    expect("outcome", c.sync(feed="costs")["outcome"], "ok")
    expect("state", c.account()["state"], "ok")


def failures(c):
    return [n["id"] for n in c.peer.call("notices")["notices"]
            if n["kind"] == "provider"]


def wrong_key(c):
    right = {"key": KEY}

    def answer(handler, path, query, n):
        if handler.headers["Authorization"] != "Bearer " + right["key"]:
            return 401, {}, {"error": {"message": "bad " + handler.headers[
                "Authorization"]}}
        return openai(lambda: COSTS)(handler, path, query, n)

    service = Service(answer)
    try:
        c.add(service, key=OTHER_KEY, verify=True)
        sys.exit("a wrong key was kept")
    except Refused as e:
        expect("code", e.code, "denied")
        expect("kind", "admin key" in str(e.args), True)
    expect("keys", glob.glob(c.home + "/data/keys/*"), [])
    c.add(service, verify=True)
    c.settled()
    expect("amounts", c.amounts(), AMOUNTS)
    right["key"] = OTHER_KEY
    it = c.sync(feed="costs")
    expect("outcome", it["outcome"], "bad_key")
    expect("kind", "admin key" in it["error"], True)
    expect("state", c.account()["state"], "bad_key")
    expect("amounts stay", c.amounts(), AMOUNTS)
    n = len(service.seen)
    expect("outcome", c.sync(feed="costs")["outcome"], "bad_key")
    c.move_clock(7 * DAY)
    wait_until("the failure is told", lambda: failures(c) == [
        "provider/openai/2026-05-12"])
    expect("requests with a bad key", len(service.seen), n)
    c.peer.call("provider_set", name="openai", key=OTHER_KEY)
    c.settled()
    expect("outcome", c.sync(feed="costs")["outcome"], "ok")
    expect("failures once it is over", failures(c), [])


def kinds(c):
    """Other services, whose answers are those of tests/data."""
    where = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "../data/providers/")

    def data(name):
        with open(where + name + ".json", "rb") as f:
            return f.read()

    def answer(handler, path, query, n):
        if path.endswith("/user/balance"):
            return 200, {}, data("deepseek-balance")
        if path.endswith("/credits") or path.endswith("/activity"):
            return 403, {}, {"error": {"code": 403, "message": "no"}}
        if path.endswith("/key"):
            return 200, {}, data("openrouter-key")
        return 404, {}, {}

    service = Service(answer)
    c.add(service, provider="deepseek", verify=True)
    c.settled("deepseek")
    expect("balances", len(c.account("deepseek")["balances"]) > 0, True)
    c.sync("deepseek")
    before = c.account("deepseek")["balances"]
    c.sync("deepseek")
    expect("balances, twice", c.account("deepseek")["balances"], before)
    c.add(service, provider="openrouter", verify=True)
    c.settled("openrouter")
    outcomes = {r["feed"]: r["outcome"] for r in c.sync("openrouter")}
    expect("outcomes", outcomes,
           {"activity": "denied", "credits": "denied", "key": "ok"})
    expect("state", c.account("openrouter")["state"], "ok")
    try:
        c.add(service, provider="openai", base_url="http://example.com")
        sys.exit("a key would go over plain HTTP")
    except Refused as e:
        expect("code", e.code, "bad_params")


def many_rows(count):
    """All of one day."""
    page = openai_page([(TODAY - DAY, "x", "1")])
    one = page["data"][0]["results"][0]
    page["data"][0]["results"] = [
        dict(one, api_key_id=f"key_{i}") for i in range(count)]
    return json.dumps(page).encode()


def many(c):
    """Nothing of a walk that was cut off is seen; after it all is."""
    count = 20000
    state = {"cut": True}
    body = many_rows(count)

    def answer(handler, path, query, n):
        if (not path.endswith("/costs") or
                int(query["start_time"][0]) * 1000 < TODAY - 40 * DAY):
            return 200, {}, openai_page([])
        if "page" in query and state["cut"]:
            state["reached"] = True
            time.sleep(3600)
        if "page" in query:
            return 200, {}, openai_page(COSTS)
        return 200, {}, body.replace(b'"has_more": false, "next_page": null',
                                     b'"has_more": true, "next_page": "2"')

    service = Service(answer)
    c.add(service)
    for _ in range(400):
        if "reached" in state:
            break
        time.sleep(0.025)
    expect("the second page", state.get("reached"), True)
    expect("amounts of half a walk", c.amounts(), [])
    # Its end: another key begins anew.
    state["cut"] = False
    c.peer.call("provider_set", name="openai", key=OTHER_KEY)
    c.settled()
    whole = list(AMOUNTS)
    whole[1] = (TODAY - DAY, "openai", str(count) + ".1", "USD")
    expect("outcome", c.sync(feed="costs")["outcome"], "ok")
    expect("amounts of a whole one", c.amounts(), whole)


def restarted_before(c):
    service = Service(openai(lambda: COSTS))
    c.add(service)
    c.settled()
    c.peer.call("provider_set", name="openai", shared=True)
    c.peer.call("provider_set", name="openai", enabled=False)


def restarted_after(c):
    it = c.account()
    expect("state", (it["state"], it["shared"], it["key"]),
           ("disabled", True, MASK))
    expect("amounts", c.amounts(), AMOUNTS)
    expect("complete", it["feeds"][0]["complete_to"], TODAY + DAY)
    try:
        c.sync()
        sys.exit("one that is disabled is asked")
    except Refused as e:
        expect("code", e.code, "denied")
    c.peer.call("provider_rm", name="openai")
    expect("providers", c.peer.call("providers")["providers"], [])
    expect("amounts", c.amounts(), [])
    expect("keys", os.listdir(c.home + "/data/keys"), [])


if __name__ == "__main__":
    play(globals())
