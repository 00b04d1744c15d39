#!/usr/bin/python3
"""What an account is said to be while its service does less than it should, and
how often that service is asked meanwhile.
Usage: provider_states.py SOCKET HOME SCENARIO"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import expect  # noqa: E402
from provider_case import (  # noqa: E402
    DAY, KEY, OTHER_KEY, Service, play, wait_until)
from provider_shapes import OpenAI, OpenRouter  # noqa: E402


def client(c, *args, program="tt-provider"):
    build = os.environ.get("TT_BUILD") or "build"
    return subprocess.run([f"{build}/{program}", *args], timeout=20,
                          input=KEY.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)


def expect_client(c, code, words, *args, **more):
    r = client(c, *args, **more)
    said = (r.stdout + r.stderr).decode()
    expect(f"exit code of {args}: {said}", r.returncode, code)
    expect(f"{args} says {words!r}: {said}", words in said, True)
    return said


class Ill:
    """An account of a good service, some paths of which are ill; how is a
    status and headers."""

    def __init__(self, c, shape):
        self.shape, self.how, self.paths = shape, None, ("",)
        self.service = Service(self.answer)
        c.add(self.service, provider=shape.provider,
              base_url=self.service.url + shape.base)
        c.settled(shape.provider)
        self.seen()

    def answer(self, handler, path, query, n):
        if self.how is not None and path.endswith(self.paths):
            return (*self.how, {})
        return self.shape.answer(handler, path, query, n)

    def seen(self):
        """The paths that were asked for since the last time."""
        paths = [s[0].rsplit("/", 1)[1] for s in self.service.seen]
        del self.service.seen[:]
        return paths


def notices(c):
    return [n for n in c.peer.call("notices")["notices"]
            if n["kind"] == "provider"]


def gone(c):
    """404 for one thing is none of it; for all, the service is not there."""
    ill = Ill(c, OpenAI())
    ill.how, ill.paths = (404, {}), ("/costs",)
    it = c.sync(feed="costs")
    expect("outcome", (it["outcome"], "(HTTP 404)" in it["error"]),
           ("absent", True))
    expect("state of one that has more", c.account()["state"], "ok")
    expect_client(c, 0, "not there for this account", "sync", "openai")
    said = expect_client(c, 0, " not there", "sync", "openai", "--width", "40")
    wide = [x for x in said.splitlines() if len(x) > 40 and "404" not in x]
    expect("wider than 40 columns", wide, [])
    ill.paths = ("",)
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"absent"})
    it = c.account()
    expect("state", it["state"], "failing")
    words = "nothing that was asked for is there (HTTP 404): is the address"
    expect(it["last_error"], words in it["last_error"], True)
    expect_client(c, 1, words, "sync", "openai")
    expect_client(c, 1, "地址是否正确",
                  "sync", "openai", "--lang", "zh")
    expect("notices", notices(c), [])
    c.move_clock(DAY)
    c.sync()
    expect("notices of a day", len(notices(c)), 1)
    expect_client(c, 0, "is the address of the service right? `tt-provider "
                  "sync openai` asks it again.\n", program="tt-notices")
    said = expect_client(c, 0, "地址是否正确？`tt-provider sync", "--lang", "zh",
                         program="tt-notices")
    expect(f"no other key: {said}", "--new-key" in said, False)
    # As soon as something is there again.
    ill.paths = ("/costs",)
    c.sync()
    expect("state with more", c.account()["state"], "ok")
    expect("notices of what is over", notices(c), [])
    ill.how = None
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})
    expect("amounts", c.amounts(), OpenAI.amounts)


def told(c):
    """The notice of a failure: since when, why, and what helps."""
    ill = Ill(c, OpenAI())
    ill.how = (403, {})
    c.sync()
    c.move_clock(DAY)
    wait_until("a notice", lambda: notices(c))
    why = ("the key may not do this (HTTP 403): it takes an admin key, "
           "sk-admin-..., which an owner of the organization makes")
    expect("notices", [(n["subject"], n["why"], n["from"]) for n in notices(c)],
           [("openai", why, c.now - DAY)])
    expect_client(c, 0, "The provider openai could not be asked since "
                  f"2026-05-12 10:00 what was used: {why}. `tt-provider set "
                  "openai --new-key` takes another key.\n",
                  program="tt-notices")
    expect_client(c, 0, "自 2026-05-12 10:00 起无法向服务商 openai 查询用量：该密钥",
                  "--lang", "zh", program="tt-notices")
    expect_client(c, 0, f'"why":"{why}"', "--json",
                  program="tt-notices")


def never_there(c):
    """An account that was wrong from its first day on."""
    service = Service(lambda *_: (404, {}, {}))
    c.add(service)
    c.settled()
    expect("state", c.account()["state"], "failing")
    c.peer.call("provider_rm", name="openai")
    c.add(service, provider="deepseek")
    c.settled("deepseek")
    expect("state", c.account("deepseek")["state"], "failing")


def limited(c):
    """One 429 is meant for the whole key."""
    ill = Ill(c, OpenAI())
    ill.how, ill.paths = (429, {"Retry-After": "120"}), ("/costs",)
    results = c.sync()
    expect("requests", ill.seen(), ["costs"])
    expect("outcomes", {r["outcome"] for r in results}, {"limited"})
    expect("until", {r["until"] for r in results}, {c.now + 120000})
    barred = "not asked: too many requests for the service"
    expect("errors", sorted({r["error"] for r in results}), [
        barred, "too many requests for the service (HTTP 429)"])
    results = c.sync()
    expect("requests meanwhile", ill.seen(), [])
    expect("errors", {r["error"] for r in results}, {barred})
    expect("next", c.account()["next"], c.now + 120000)
    said = expect_client(c, 1, f"openai: {barred}, again from 10:02\n",
                         "sync", "openai")
    expect(f"once: {said}", said.count("not asked"), 1)
    rows = json.loads(client(c, "sync", "--json").stdout)["results"]
    expect("JSON", {r["until"] for r in rows}, {"2026-05-12T10:02:00.000Z"})
    # Another key is not the one that was meant.
    ill.how = None
    c.peer.call("provider_set", name="openai", key=OTHER_KEY, verify=False)
    c.settled()
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})
    ill.how = (429, {"Retry-After": "120"})
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"limited"})
    ill.how = None
    c.move_clock(121000)
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})
    expect("state", c.account()["state"], "ok")


def overloaded(c):
    """Who fails is asked for one thing again and again, not for each; and what
    fails is asked for last, lest the others never are."""
    for code in (529, 503):
        ill = Ill(c, OpenAI())
        feeds = [f["name"] for f in c.account()["feeds"]]
        ill.how, ill.paths = (code, {}), ("/costs",)
        results = c.sync_with_clock()
        expect(f"{code}: requests", ill.seen(), ["costs"] * 4)
        expect(f"{code}: outcomes", {r["feed"]: r["outcome"] for r in results},
               dict.fromkeys(feeds, "failing"))
        errors = {r["feed"]: r["error"] for r in results}
        expect(errors["costs"], f"(HTTP {code})" in errors.pop("costs"), True)
        expect("errors of the others", set(errors.values()),
               {"not asked in this round: the service failed before"})
        it = c.account()
        expect("failing feeds", [f["name"] for f in it["feeds"]
                                 if "error" in f], ["costs"])
        results = c.sync_with_clock()
        expect(f"{code}: the next round", {
            r["feed"]: r["outcome"] for r in results},
            dict(dict.fromkeys(feeds, "ok"), costs="failing"))
        expect(f"{code}: requests of the next", ill.seen()[-4:], ["costs"] * 4)
        ill.how = None
        expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})
        c.peer.call("provider_rm", name="openai")


def key_file(c):
    """Without its file of a key an account says which that is, and what helps.
    """
    ill = Ill(c, OpenAI())
    path = c.home + "/data/keys/openai"
    remedy = "tt-provider set openai --new-key"
    os.chmod(path, 0o644)
    for words in (": others could read it, or it is not yours: chmod 600; ",
                  ": it is not there; "):
        results = c.sync()
        expect("outcomes", {r["outcome"] for r in results}, {"no_key"})
        expect("requests", ill.seen(), [])
        expect("state", c.account()["state"], "failing")
        line = c.account()["last_error"]
        expect(line, (path in line, words in line, remedy in line),
               (True, True, True))
        said = expect_client(c, 1, line, "sync", "openai")
        expect(said, "its key cannot be read" in said, True)
        expect_client(c, 0, line, "list")
        if os.path.exists(path):
            os.chmod(path, 0o600)
            os.rename(path, path + ".away")
    said = expect_client(c, 1, "密钥：", "sync", "openai", "--lang", "zh")
    expect(said, ("文件不存在" in said, remedy in said), (True, True))
    os.rename(path + ".away", path)
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})


def lesser(c):
    """A key that works and sees little is a good one, and that is said."""
    shape = OpenRouter()
    shape.is_management = False
    service = Service(shape.answer)
    args = ("add", "openrouter", "--key-stdin", "--base-url",
            service.url + shape.base)
    why = "the key may not do this (HTTP 403): it takes a management key"
    said = expect_client(c, 0, "added; the service takes its key\n", *args)
    expect(said, f"openrouter: this key does not see all: {why}\n" in said,
           True)
    c.settled("openrouter")
    expect("outcomes", {r["feed"]: r["outcome"] for r in c.sync("openrouter")},
           {"activity": "denied", "credits": "denied", "key": "ok"})
    said = expect_client(
        c, 0, f"openrouter: this key does not see activity, credits: {why}\n",
        "sync", "openrouter")
    expect(f"once: {said}", said.count("HTTP 403"), 1)
    expect_client(c, 0, "该密钥看不到 activity、credits", "sync", "--lang", "zh")
    answer = json.loads(client(c, *args, "--json").stdout)
    expect("JSON", (answer["verified"], answer["why"]), (True, why))
    shape.is_management = True
    said = expect_client(c, 0, "changed; the service takes its key\n", *args)
    expect(said, "does not see" in said, False)
    # Without what any key sees it is no good one.
    c.settled("openrouter")
    service.answer = lambda *_: (401, {}, {})
    expect_client(c, 1, "key refused", "sync", "openrouter")


def untried(c):
    """A service that says nothing of a key has not taken it."""
    service = Service(lambda *_: (429, {}, {}))
    args = ("add", "openai", "--key-stdin", "--base-url", service.url)
    said = expect_client(
        c, 0, "openai: added; its key could not be tried: too many requests "
        "for the service (HTTP 429)\n", *args)
    expect(said, "takes its key" in said, False)
    expect_client(c, 0, "changed; its key could not be tried: ", *args)
    expect_client(c, 0, "changed; its key could not be tried: ", "set",
                  "openai", "--key-stdin")
    answer = json.loads(client(c, *args, "--json").stdout)
    expect("JSON", (answer["verified"], answer["why"]),
           (False, "too many requests for the service (HTTP 429)"))


def refused(c):
    """Who enables an account with a bad key is told what is to be done."""
    service = Service(lambda *_: (401, {}, {}))
    c.add(service)
    c.settled()
    n = len(service.seen)
    remedy = "`tt-provider set openai --new-key` takes another key.\n"
    for args, code in ((("list",), 0), (("sync",), 1), (("enable", "openai"), 0)):
        said = expect_client(c, code, remedy, *args)
        expect(f"once: {said}", said.count("--new-key"), 1)
    expect(said, "enabled, but not asked: the service refuses its key" in said,
           True)
    expect_client(c, 0, "is not asked any more\n", "disable", "openai")
    expect_client(c, 0, "enabled, but not asked", "enable", "openai")
    expect("requests", len(service.seen), n)


def refused_later(c):
    """What feeds failed with before the key was refused is over."""
    ill = Ill(c, OpenAI())
    ill.how = (400, {})
    errors = [r["error"] for r in c.sync()]
    expect(errors, all("(HTTP 400)" in e for e in errors), True)
    ill.how = (401, {})
    ill.seen()
    for requests in (1, 0):
        results = c.sync()
        expect("requests", len(ill.seen()), requests)
        expect("outcomes", {r["outcome"] for r in results}, {"bad_key"})
        errors = {r["error"] for r in results}
        expect(errors, len(errors), 1)
        expect(errors, "(HTTP 401)" in errors.pop(), True)
    said = expect_client(c, 1, "key refused", "sync", "openai")
    expect(said, "HTTP 400" in said, False)


if __name__ == "__main__":
    play(globals())
