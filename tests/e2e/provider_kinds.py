#!/usr/bin/python3
"""Each provider, with the requests and the answers that it documents, to the
last digit. Usage: provider_kinds.py SOCKET HOME SCENARIO"""
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import expect  # noqa: E402
from provider_case import DAY, KEY, TODAY, Service, play  # noqa: E402
from provider_shapes import (  # noqa: E402
    SHAPES, Anthropic, OpenAI, OpenRouter, milliseconds)

COUNTS = ("input_tokens", "cache_read_tokens", "cache_write_tokens",
          "output_tokens", "requests")


def known(c, name):
    """All that is known of an account, but when it was asked."""
    it = c.account(name)
    return (c.billed()[0], [{k: r[k] for k in ("name", "gives", "from", "to")}
                            for r in c.billed()[1]],
            it["balances"], it["windows"], it["state"])


def synced(c, shape, name=None, **more):
    """Adds, tries its key, and syncs; twice is once."""
    name = name or shape.provider
    service = Service(shape.answer)
    c.add(service, provider=shape.provider, verify=True,
          base_url=service.url + shape.base, **more)
    c.settled(name)
    expect(f"{name}: outcomes",
           {r["feed"]: r["outcome"] for r in c.sync(name)
            if r["outcome"] not in ("ok", getattr(shape, "outcome", "ok"))},
           {})
    once = known(c, name)
    c.sync(name)
    expect(f"{name}, synced twice", known(c, name), once)
    expect_headers(service, shape)
    return service


def expect_headers(service, shape):
    for path, _, headers, _ in service.seen:
        headers = {k.title(): v for k, v in headers.items()}
        expect(f"{path}: Accept", headers["Accept"], "application/json")
        expect(f"{path}: User-Agent", headers["User-Agent"][:3], "tt/")
        for name, value in shape.headers.items():
            expect(f"{path}: {name}", headers[name], value.format(KEY))
        expect(f"{path}: paths below the base",
               path.startswith(shape.base + "/"), True)


def rows_of(c, name, day):
    """(model, amount or "", counts) of a day."""
    return sorted(
        (r.get("model", ""), r.get("amount", ""), *[r[k] for k in COUNTS])
        for r in c.billed(first=day, end=day + DAY)[0] if r["name"] == name)


def expect_ranges(service, path, first, end, parse):
    """Whole UTC days, at most 31 of them, the newest to today's end, back to
    where nothing is."""
    asked = {(parse(s[1][first][0]), parse(s[1][end][0]))
             for s in service.seen if s[0].endswith(path)}
    for a, b in asked:
        expect(f"{path}: {a} is a midnight", (a % DAY, b % DAY), (0, 0))
        expect(f"{path}: a range of {(b - a) // DAY} days",
               0 < b - a <= 31 * DAY, True)
    expect(f"{path}: the newest", max(b for _, b in asked), TODAY + DAY)


def expect_pages(service, path, cursor_name="page"):
    """Of each walk: all is sent again unchanged, but for the cursor; a cursor
    comes back as it was given."""
    before = None
    n = 0
    for p, query, _, raw in service.seen:
        if not p.endswith(path):
            continue
        rest = {k: v for k, v in query.items() if k != cursor_name}
        if cursor_name in query:
            n += 1
            expect(f"{path}: what goes with a cursor", rest, before)
            expect(f"{path}: a cursor percent-encoded",
                   "page=page_%2F%2B" in raw and raw.endswith("%3D%3D"), True)
        before = rest
    expect(f"{path}: pages behind the first", n > 0, True)


def usage(name, **numbers):
    """A result of a usage endpoint with all groups that there are."""
    row = {"object": f"organization.usage.{name}.result"}
    row.update(dict.fromkeys(OpenAI.groups[1:]))
    return dict(row, project_id="proj_1", **numbers)


def openai_rows():
    calls = {"num_model_requests": 2}
    return {
        "completions": [
            usage("completions", input_tokens=1000, output_tokens=200,
                  input_cached_tokens=600, input_cache_write_tokens=50,
                  input_uncached_tokens=350, input_text_tokens=900,
                  input_audio_tokens=100, output_audio_tokens=20,
                  model="gpt-a", batch=False, service_tier="default",
                  num_model_requests=5),
            usage("completions", input_tokens=10, output_tokens=1,
                  input_cached_tokens=4, model="gpt-a", batch=True,
                  num_model_requests=1)],
        "embeddings": [usage("embeddings", input_tokens=70, model="emb",
                             **calls)],
        "moderations": [usage("moderations", input_tokens=3, model="mod",
                              **calls)],
        "images": [usage("images", images=4, size="1024x1024",
                         source="image.edit", model="img", **calls)],
        "audio_speeches": [usage("audio_speeches", characters=99, model="tts",
                                 **calls)],
        "audio_transcriptions": [usage("audio_transcriptions", seconds=61,
                                       model="stt", **calls)],
        "vector_stores": [usage("vector_stores", usage_bytes=1 << 30)],
        "code_interpreter_sessions": [usage("code_interpreter_sessions",
                                            num_sessions=3)],
        "file_search_calls": [usage("file_searches", num_requests=7,
                                    vector_store_id="vs_1")],
        "web_search_calls": [usage("web_searches", num_requests=9,
                                   context_level="low", model="gpt-a",
                                   num_model_requests=4)],
    }


QUANTITIES = [("images", "4", "img"), ("characters", "99", "tts"),
              ("seconds", "61", "stt"), ("bytes", str(1 << 30), None),
              ("sessions", "3", None)]


def openai(c):
    shape = OpenAI()
    shape.rows.update({k: {1: v} for k, v in openai_rows().items()})
    service = synced(c, shape)
    expect("amounts", c.amounts(), OpenAI.amounts)
    expect("rows", rows_of(c, "openai", TODAY - DAY), sorted([
        ("", "1.2500001", 0, 0, 0, 0, 0),
        ("", "", 0, 0, 0, 0, 0), ("", "", 0, 0, 0, 0, 0),
        ("", "", 0, 0, 0, 0, 7),
        ("emb", "", 70, 0, 0, 0, 2),
        ("gpt-a", "", 356, 604, 50, 201, 10),
        ("img", "", 0, 0, 0, 0, 2),
        ("mod", "", 3, 0, 0, 0, 2),
        ("stt", "", 0, 0, 0, 0, 2),
        ("tts", "", 0, 0, 0, 0, 2)]))
    expect("quantities", {
        (r["unit"], r["quantity"], r.get("model"), r["day"])
        for r in c.billed()[0] if "unit" in r},
        {(*q, TODAY - DAY) for q in QUANTITIES})
    for name, groups in OpenAI.by.items():
        path = ("/organization/" if name == "costs"
                else "/organization/usage/") + name
        asked = [s[1] for s in service.seen if s[0] == "/v1" + path]
        expect(f"{name}: groups", {tuple(q["group_by"]) for q in asked},
               {tuple(groups)})
        expect(f"{name}: buckets", {(q["bucket_width"][0], q["limit"][0])
                                    for q in asked}, {("1d", "31")})
        expect_ranges(service, path, "start_time", "end_time",
                      lambda s: int(s) * 1000)
        expect_pages(service, path)


def openai_brackets(c):
    """A service that takes lists only the other way, which is found out once.
    """
    shape = OpenAI()
    shape.group_by = "group_by[]"
    # The first pages have no row at all: what comes last tells of no group.
    shape.rows["embeddings"] = {1: openai_rows()["embeddings"]}
    service = Service(shape.answer)
    c.add(service, base_url=service.url + shape.base)
    c.settled()
    expect("amounts", c.amounts(), OpenAI.amounts)
    expect("models", [r[0] for r in rows_of(c, "openai", TODAY - DAY)],
           ["", "emb"])
    expect("pages that were asked the first way",
           [s[0] for s in service.seen if "group_by" in s[1]
            and not s[0].endswith("/costs")], [])
    expect("outcome", c.sync(feed="costs")["outcome"], "ok")
    n = len(service.seen)
    c.sync()
    expect("ways", {tuple(k for k in s[1] if k.startswith("group_by"))
                    for s in service.seen[n:]}, {("group_by[]",)})
    expect("amounts, synced again", c.amounts(), OpenAI.amounts)


def openai_no_groups(c):
    """A service that refuses the other way, with use that has no groups."""
    shape = OpenAI()
    shape.rows["file_search_calls"] = {1: [dict(
        openai_rows()["file_search_calls"][0], project_id=None,
        vector_store_id=None)]}

    def answer(handler, path, query, n):
        if "group_by[]" in query:
            return 400, {}, {"error": {"message": "unknown parameter"}}
        return shape.answer(handler, path, query, n)

    service = Service(answer)
    c.add(service, base_url=service.url + shape.base)
    expect("state", c.settled()["state"], "ok")
    expect("calls", [r[-1] for r in rows_of(c, "openai", TODAY - DAY)],
           [7, 0])
    expect("outcomes", {r["outcome"] for r in c.sync()}, {"ok"})
    expect("amounts", c.amounts(), OpenAI.amounts)


def anthropic(c):
    service = synced(c, Anthropic())
    expect("amounts", sorted(c.amounts()), sorted(Anthropic.amounts))
    expect("rows", rows_of(c, "anthropic", TODAY - DAY), sorted([
        ("", "0.005", 0, 0, 0, 0, 0),
        ("claude-opus-5", "1.2378912", 0, 0, 0, 0, 0),
        ("claude-opus-5", "", 1501, 58000, 547, 882, 0)]))
    for path, groups in Anthropic.by.items():
        asked = [s for s in service.seen if s[0] == path]
        expect(f"{path}: groups", {tuple(s[1]["group_by[]"]) for s in asked},
               {tuple(groups)})
        expect(f"{path}: brackets as they are",
               {s[3].count("group_by[]=") for s in asked}, {len(groups)})
        expect(f"{path}: buckets",
               {(s[1]["bucket_width"][0], s[1]["limit"][0]) for s in asked},
               {("1d", "31")})
        expect_ranges(service, path, "starting_at", "ending_at", milliseconds)
        expect_pages(service, path)


def balances(c, name):
    return {(b["what"], b["currency"]): b["amount"]
            for b in c.account(name)["balances"]}


def windows(c, name):
    return [(w["name"], w["span"], w["used_percent"], w["resets"])
            for w in c.account(name)["windows"]]


def doubts(c, name):
    return [w.get("approximate") for w in c.account(name)["windows"]]


def openrouter(c):
    shape = OpenRouter()
    service = synced(c, shape)
    expect("amounts", c.amounts(), OpenRouter.amounts)
    expect("rows", rows_of(c, "openrouter", TODAY - DAY),
           [("o/model-x", "0.015", 50, 0, 0, 125, 5)])
    whole = {("left", "USD"): "74.75", ("bought", "USD"): "100.5",
             ("used", "USD"): "25.75", ("used_day", "USD"): "0.25",
             ("used_week", "USD"): "1", ("used_month", "USD"): "5",
             ("limit_left", "USD"): "15"}
    got = c.account("openrouter")["balances"]
    expect("balances", {(b["what"], b["currency"], b["amount"]) for b in got},
           {(*k, v) for k, v in whole.items()} | {("used", "USD", "5.5")})
    expect("windows", windows(c, "openrouter"), [("key", "monthly", "25", 0)])
    expect("paths", {s[0] for s in service.seen},
           {"/api/v1/activity", "/api/v1/credits", "/api/v1/key"})
    expect("dates", {tuple(s[1].get("date", ())) for s in service.seen},
           {()})


def openrouter_lesser(c):
    """A key that may only look at itself, and has no limit."""
    shape = OpenRouter()
    shape.is_management, shape.limit, shape.outcome = False, None, "denied"
    service = synced(c, shape)
    it = c.account("openrouter")
    expect("state", it["state"], "ok")
    errors = {f["name"]: f.get("error", "") for f in it["feeds"]}
    for feed in ("activity", "credits"):
        expect(f"{feed}: {errors[feed]}", "a management key" in errors[feed],
               True)
    expect("error of key", errors["key"], "")
    expect("balances", balances(c, "openrouter"), {
        ("used", "USD"): "5.5", ("used_day", "USD"): "0.25",
        ("used_week", "USD"): "1", ("used_month", "USD"): "5"})
    expect("windows", windows(c, "openrouter"), [])
    expect("what is denied is asked for once, and once as the key is tried",
           (service.asked("/activity"), service.asked("/credits")), (1, 2))
    # A better key is taken for what it may.
    shape.is_management = True
    c.peer.call("provider_set", name="openrouter", key=KEY)
    c.settled("openrouter")
    c.sync("openrouter")
    expect("amounts", c.amounts(), OpenRouter.amounts)


class Balance:
    """A service with one path and one answer to it."""

    headers = {"Authorization": "Bearer {}"}

    def __init__(self, provider, path, body, base=""):
        self.provider, self.path, self.body = provider, path, body
        self.base = base

    def answer(self, handler, path, query, n):
        if path != self.base + self.path:
            return 404, {}, {"error": {"message": "not found"}}
        return 200, {}, self.body


def deepseek(c):
    synced(c, Balance("deepseek", "/user/balance", {
        "is_available": True, "balance_infos": [
            {"currency": "CNY", "total_balance": "110.00",
             "granted_balance": "10.00", "topped_up_balance": "100.00"},
            {"currency": "USD", "total_balance": "-0.07",
             "granted_balance": "0", "topped_up_balance": "-0.07"}]}))
    expect("balances", balances(c, "deepseek"), {
        ("left", "CNY"): "110", ("granted", "CNY"): "10",
        ("topped_up", "CNY"): "100", ("left", "USD"): "-0.07",
        ("granted", "USD"): "0", ("topped_up", "USD"): "-0.07"})


def kimi(c):
    """Both regions: the answer has no currency."""
    shape = Balance("kimi", "/users/me/balance", {
        "code": 0, "scode": "0x0", "status": True, "data": {
            "available_balance": 49.58894, "voucher_balance": 46.58893,
            "cash_balance": 3.00001}}, "/v1")
    debt = Balance("kimi", "/users/me/balance", {
        "code": 0, "scode": "0x0", "status": True, "data": {
            "available_balance": 1, "voucher_balance": 1,
            "cash_balance": -2.5}}, "/v1")
    synced(c, shape)
    synced(c, debt, "kimi/home", account="home", region="cn")
    expect("regions", (c.account("kimi")["region"],
                       c.account("kimi/home")["region"]), ("ai", "cn"))
    expect("dollars", balances(c, "kimi"), {
        ("left", "USD"): "49.58894", ("granted", "USD"): "46.58893",
        ("topped_up", "USD"): "3.00001"})
    expect("yuan", balances(c, "kimi/home"), {
        ("left", "CNY"): "1", ("granted", "CNY"): "1",
        ("topped_up", "CNY"): "-2.5"})


def plan(**more):
    return dict({
        "model_name": "MiniMax-M2", "start_time": TODAY,
        "end_time": TODAY + 18000000, "remains_time": 1000,
        "current_interval_total_count": 0, "current_interval_usage_count": 0,
        "weekly_start_time": TODAY, "weekly_end_time": TODAY + 7 * DAY,
        "current_weekly_total_count": 0, "current_weekly_usage_count": 0},
        **more)


def minimax(c):
    """A percentage at the newer path, counts of what is left at the older."""
    good = {"status_code": 0, "status_msg": "success"}
    newer = Balance("minimax", "/v1/token_plan/remains", {
        "base_resp": good, "model_remains": [plan(
            current_interval_remaining_percent="62.5",
            current_weekly_remaining_percent=99)]})
    older = Balance("minimax", "/v1/api/openplatform/coding_plan/remains", {
        "data": {"base_resp": good, "model_remains": [plan(
            current_interval_total_count=1500,
            current_interval_usage_count=1200,
            current_weekly_total_count=3, current_weekly_usage_count=2)]}})
    synced(c, newer)
    expect("windows", windows(c, "minimax"), [
        ("MiniMax-M2", "interval", "37.5", TODAY + 18000000),
        ("MiniMax-M2", "week", "1", TODAY + 7 * DAY)])
    expect("doubts", doubts(c, "minimax"), [None, None])
    service = Service(older.answer)
    c.add(service, provider="minimax", account="old", region="cn")
    c.settled("minimax/old")
    expect("outcome", c.sync("minimax/old", "plan")["outcome"], "ok")
    expect("windows by counts", windows(c, "minimax/old"), [
        ("MiniMax-M2", "interval", "20", TODAY + 18000000),
        ("MiniMax-M2", "week", "33.33", TODAY + 7 * DAY)])
    expect("doubts by counts", doubts(c, "minimax/old"), [True, True])
    expect_headers(service, older)
    # An error comes with HTTP 200, and what was known stays.
    newer.body = {"base_resp": {"status_code": 1004, "status_msg": "no"}}
    it = c.sync("minimax", "plan")
    expect("outcome", it["outcome"], "bad_key")
    expect(f"kind of key: {it['error']}", "sk-cp-" in it["error"], True)
    expect("windows stay", len(windows(c, "minimax")), 2)


def side_by_side(c):
    """All at once: each has its own, and nothing of another."""
    for shape in SHAPES.values():
        service = Service(shape().answer)
        c.add(service, provider=shape.provider,
              base_url=service.url + shape.base)
    for shape in SHAPES.values():
        c.settled(shape.provider)
    expect("outcomes", {r["outcome"] for r in
                        c.peer.call("provider_sync")["results"]}, {"ok"})
    for shape in SHAPES.values():
        expect(shape.provider, sorted(c.amounts(provider=shape.provider)),
               sorted(shape.amounts))
    expect("all", sorted(c.amounts()), sorted(
        sum((s.amounts for s in SHAPES.values()), [])))


if __name__ == "__main__":
    play(globals())
