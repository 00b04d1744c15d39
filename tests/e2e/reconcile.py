#!/usr/bin/python3
"""An accountant: what reports say of seen and billed is what a plain model says.

Random worlds, each made again by its seed: accounts of several services, some
shared, some in other currencies; services that settle late, fail for a while or
do not know the oldest days; calls seen on both sides of midnight, some without
a price, some covered by a plan; a time zone whose clocks change. A real daemon
asks services on loopback ports, and `tt-report` is asked about both sides.

The model is written from proto/PROTOCOL.md and tt-report(1), adds up integers
of picodollars, and knows of the services only what they answered. Every figure
of the JSON must be the model's.

TT_BUILD: where the programs are (build). TT_WORLDS: how many (2). TT_SEED: of
the first (1). TT_PERIODS: how many are asked about at a time (5). Prints `ok
NAME` or `not ok NAME: why`.
"""

import collections
import datetime
import decimal
import functools
import http.server
import itertools
import json
import os
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unicodedata
import urllib.parse
import zoneinfo

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from client import Client  # noqa: E402

BUILD = os.path.abspath(os.environ.get("TT_BUILD", "build"))
WORLDS = int(os.environ.get("TT_WORLDS", "2"))
SEED = int(os.environ.get("TT_SEED", "1"))
PERIODS = int(os.environ.get("TT_PERIODS", "5"))

UTC = datetime.timezone.utc
SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600 * 1000, 86400 * 1000
USD = 10**12
CENT = USD // 100
KEY = "sk-admin-0123456789-secret-abcd"
COUNTS = ["input_tokens", "cache_read_tokens", "cache_write_tokens",
          "output_tokens"]
TRAILING = 3  # days that services may still change
HISTORY = 180  # days before today that are asked for, once


class Failure(Exception):
    pass


def expect(what, got, want):
    if got != want:
        raise Failure(f"{what}: {got!r}, expected {want!r}")


# --- Time and money ---------------------------------------------------------------


def date_of(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, UTC).date()


def utc_ms(day):
    return int(datetime.datetime(day.year, day.month, day.day,
                                 tzinfo=UTC).timestamp()) * 1000


def local_ms(day, zone):
    return int(datetime.datetime(day.year, day.month, day.day,
                                 tzinfo=zone).timestamp()) * 1000


def after(day, n=1):
    return day + datetime.timedelta(n)


def rfc3339(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def text_of(pico):
    text = format(decimal.Decimal(pico).scaleb(-12), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def pico(number):
    value = decimal.Decimal(number).scaleb(12)
    if value != int(value):
        raise Failure(f"{number} is no whole number of picodollars")
    return int(value)


def spell(r, pico_amount):
    """A number as services write them."""
    text = text_of(pico_amount)
    kind = r.randrange(4)
    if kind == 0:
        return f"{pico_amount}e-12"
    if kind == 1 and "." in text:
        return text + "0"
    return text


# --- Services ---------------------------------------------------------------------

# What an account billed on a day: lines are (model, currency, pico), use is
# (model, counts, requests), all of it of one tier.
Day = collections.namedtuple("Day", "lines use tier", defaults=["standard"])
EMPTY = Day((), ())
ELSEWHERE = 3  # dollars that another service bills for a line of OpenRouter's


class Service(http.server.ThreadingHTTPServer):
    """Answers from books, and writes down which days it told and when."""

    daemon_threads = True

    def __init__(self, world, name):
        super().__init__(("127.0.0.1", 0), Handler)
        self.world, self.name = world, name
        self.provider = name.split("/")[0]
        self.books = {}  # UTC day -> Day
        self.broken = set()  # feeds that answer nonsense
        self.oldest = 0  # days before are refused
        # By feed: day -> (when, Day)
        self.told = {"cost": {}, "usage": {}, "other": {}}
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def day(self, day):
        return self.books.get(day, EMPTY)

    def tell(self, feed, first, end):
        now = self.world.now
        with self.lock:
            for ms in range(first, end, DAY):
                self.told[feed][ms] = (now, self.day(ms))

    def answer(self, path, query):
        return getattr(self, "answer_" + self.provider)(path, query)

    # OpenAI: seconds, dollars as numbers, no models in costs.

    def answer_openai(self, path, query):
        first, end = (int(query[k][0]) * 1000
                      for k in ("start_time", "end_time"))
        feed = {"costs": "cost", "completions": "usage"}.get(
            path.rsplit("/", 1)[1])
        if feed in self.broken or first < self.oldest:
            return None
        if feed is None:
            self.tell("other", first, end)
            return self.openai_page([])
        buckets = [(ms, self.openai_rows(feed, self.day(ms)))
                   for ms in range(first, end, DAY)]
        self.tell(feed, first, end)
        return self.openai_page(buckets)

    def openai_rows(self, feed, day):
        r = random.Random(len(day.lines))
        if feed == "cost":
            return [{"object": "organization.costs.result",
                     "amount": {"value": f"@{spell(r, p)}@",
                                "currency": currency.lower()},
                     "line_item": f"line {i}", "project_id": None,
                     "api_key_id": None}
                    for i, (_, currency, p) in enumerate(day.lines)]
        return [{"object": "organization.usage.completions.result",
                 "model": model, "input_tokens": sum(n[:3]),
                 "input_cached_tokens": n[1],
                 "input_cache_write_tokens": n[2],
                 "output_tokens": n[3], "num_model_requests": requests,
                 "project_id": None, "api_key_id": None, "batch": False,
                 "service_tier": None} for model, n, requests in day.use]

    @staticmethod
    def openai_page(buckets):
        return {"object": "page", "has_more": False, "next_page": None,
                "data": [{"object": "bucket", "start_time": ms // 1000,
                          "end_time": (ms + DAY) // 1000, "results": rows}
                         for ms, rows in buckets if rows]}

    # Anthropic: RFC 3339, cents as strings, models in costs; no requests.

    def answer_anthropic(self, path, query):
        first, end = (int(datetime.datetime.fromisoformat(
            query[k][0].replace("Z", "+00:00")).timestamp()) * 1000
            for k in ("starting_at", "ending_at"))
        feed = "cost" if path.endswith("cost_report") else "usage"
        if feed in self.broken or first < self.oldest:
            return None
        data = [{"starting_at": rfc3339(ms), "ending_at": rfc3339(ms + DAY),
                 "results": self.anthropic_rows(feed, self.day(ms))}
                for ms in range(first, end, DAY)]
        self.tell(feed, first, end)
        return {"data": data, "has_more": False, "next_page": None}

    @staticmethod
    def anthropic_rows(feed, day):
        if feed == "cost":
            return [{"amount": text_of(p * 100), "currency": currency,
                     "description": f"line {i}", "model": model,
                     "cost_type": "tokens" if model else "web_search",
                     "token_type": None, "service_tier": None,
                     "workspace_id": None}
                    for i, (model, currency, p) in enumerate(day.lines)]
        return [{"model": model, "uncached_input_tokens": n[0],
                 "cache_read_input_tokens": n[1],
                 "cache_creation": {"ephemeral_1h_input_tokens": n[2] // 3,
                                    "ephemeral_5m_input_tokens":
                                        n[2] - n[2] // 3},
                 "output_tokens": n[3], "api_key_id": None,
                 "workspace_id": None, "service_tier": day.tier,
                 "server_tool_use": {"web_search_requests": 0}}
                for model, n, _ in day.use]

    # OpenRouter: the last 30 whole days at once, costs and use in one.

    def answer_openrouter(self, path, query):
        if not path.endswith("/activity"):
            return {"data": {"label": "x", "usage": 1, "limit": None,
                             "limit_remaining": None, "limit_reset": None,
                             "total_credits": 10, "total_usage": 1}}
        if "cost" in self.broken:
            return None
        today = self.world.now // DAY * DAY
        days = range(today - 30 * DAY, today, DAY)
        known = [ms for ms in self.told["cost"]]
        first = max(known) + DAY - TRAILING * DAY if known else days[0]
        r = random.Random(1)
        rows = []
        for ms in days:
            for (model, _, p), (_, n, requests) in zip(
                    self.day(ms).lines, self.day(ms).use):
                rows.append({
                    "date": str(date_of(ms)), "model": model,
                    "model_permaslug": model, "endpoint_id": f"e{len(rows)}",
                    "provider_name": "x", "usage": f"@{spell(r, p)}@",
                    "byok_usage_inference": ELSEWHERE, "requests": requests,
                    "prompt_tokens": n[0], "completion_tokens": n[3],
                    "reasoning_tokens": n[3] // 2})
        self.tell("cost", max(first, days[0]), today)
        self.tell("usage", max(first, days[0]), today)
        return {"data": rows}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        body = self.server.answer(parts.path, urllib.parse.parse_qs(
            parts.query))
        body = json.dumps(body) if body is not None else "not JSON"
        body = re.sub(r'"@([^@]*)@"', r"\1", body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


# --- The daemon -------------------------------------------------------------------


class Peer(Client):
    def read(self):
        while True:
            message = super().read()
            if message[0] != 2:
                return message


class Daemon:
    def __init__(self, home, zone, now):
        self.home = home
        self.sock = os.path.join(home, "run", "sock")
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith("TT_")}
        self.env.update(TT_HOME=home, TT_AUTOSTART="0", LC_ALL="C.UTF-8",
                        TZ="Pacific/Kiritimati", TT_NOW=rfc3339(now))
        os.mkdir(home, 0o700)
        with open(os.path.join(home, "config"), "w") as f:
            f.write(f"[report]\ntz = {zone}\n")
        self.homes = {}
        for source in ("billed", "best"):
            self.homes[source] = f"{home}-{source}"
            os.mkdir(self.homes[source], 0o700)
            with open(os.path.join(self.homes[source], "config"), "w") as f:
                f.write(f"[report]\ntz = {zone}\nsource = {source}\n")
        self.start()

    def start(self):
        reader, writer = os.pipe()
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [f"{BUILD}/collectord", f"--notify-fd={writer}"],
                env=self.env, stderr=log, pass_fds=[writer])
        os.close(writer)
        ready = select.select([reader], [], [], 60)[0] and os.read(reader, 1)
        os.close(reader)
        if ready != b"\n":
            raise Failure("collectord did not start")

    def stop(self):
        self.process.terminate()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure("collectord does not end")
        expect("collectord's end", status, 0)

    def report(self, now, *args, code=0, **env):
        run = subprocess.run(
            [f"{BUILD}/tt-report", *args], stdin=subprocess.DEVNULL,
            env={**self.env, "TT_NOW": rfc3339(now), **env},
            capture_output=True, text=True, timeout=60)
        if run.returncode != code:
            raise Failure(f"tt-report {args}: {run.returncode}, expected "
                          f"{code}: {run.stderr}")
        return run.stdout

    def report_by_default(self, source, now, *args):
        """Of somebody whose configuration has that source."""
        return self.report(now, *args, TT_HOME=self.homes[source],
                           TT_SOCKET=self.sock)

    def json(self, now, *args, **env):
        return json.loads(self.report(now, *args, "--json", **env),
                          parse_float=decimal.Decimal)


# --- The model --------------------------------------------------------------------


class Sums:
    """Of a row."""

    def __init__(self):
        self.calls = self.unpriced = self.unpriced_tokens = 0
        self.n = [0, 0, 0, 0]
        self.other = self.cost = self.plan = 0
        self.foreign = False  # some of its cost is not known in dollars

    def tokens(self):
        return sum(self.n) + self.other

    def add(self, more):
        for key in ("calls", "unpriced", "unpriced_tokens", "other", "cost",
                    "plan"):
            setattr(self, key, getattr(self, key) + getattr(more, key))
        self.n = [a + b for a, b in zip(self.n, more.n)]
        self.foreign |= more.foreign
        return self

    def is_unpriced(self):
        """Is no call of it known to cost anything?"""
        if self.cost != 0:
            return False
        if self.foreign:
            return True
        if self.calls == 0:
            return self.unpriced_tokens > 0
        return self.unpriced >= self.calls

    def figures(self):
        """As --source has them in JSON; what nobody told is None."""
        tokens = self.tokens()
        uncounted = (self.cost != 0 or self.foreign) and \
            self.calls == 0 and tokens == 0
        calls = None if self.calls == 0 and tokens > 0 else self.calls
        out = dict(zip(COUNTS, self.n), calls=calls, total_tokens=tokens)
        if uncounted:
            out = dict.fromkeys(out)
        return dict(out, cost_usd=None if self.is_unpriced() else self.cost,
                    plan_cost_usd=self.plan)


def seen_sums(call):
    s = Sums()
    s.calls = 1
    s.n = list(call["n"])
    s.other = call["other"]
    if call["cost"] is None:
        s.unpriced, s.unpriced_tokens = 1, s.tokens()
    else:
        s.cost = call["cost"]
        s.plan = s.cost if call["plan"] else 0
    return s


def bare(model):
    """Names of one model are alike but for case, path and date."""
    if model is None:
        return ""
    model = model.rsplit("/", 1)[-1]
    model = re.sub(r"(?<=.)(-\d{8}|-\d{4}-\d\d-\d\d|@\d{8})$", "", model)
    return model.lower()


class Model:
    def __init__(self, world):
        self.world = world

    # Bills.

    def accounts(self, provider):
        return [s for s in self.world.services.values()
                if s.provider == provider]

    def whole(self, service, day):
        """When it was asked for all of that day; None: it was not."""
        when = [feed.get(day, (0,))[0] for feed in self.known(service)]
        return min(when) if when and min(when) >= day + DAY else None

    def may_come(self, service, day):
        """Is that day asked for, or older ones still on their way?"""
        firsts = [min(feed) for feed in self.known(service)]
        today = self.world.now // DAY * DAY
        ended = [f for f in firsts if service.provider == "openrouter"
                 or f <= today - HISTORY * DAY]
        return day >= max(ended, default=0)

    @staticmethod
    def known(service):
        """What feeds told: costs, or all use where it never told costs."""
        told = service.told
        return [told["cost"]] if told["cost"] else [
            feed for feed in told.values() if feed]

    @staticmethod
    def tells_cost(service):
        return bool(service.told["cost"])

    def lines(self, service, day):
        """(model, currency, pico) of a day."""
        return service.told["cost"].get(day, (0, EMPTY))[1].lines

    def use(self, service, day):
        """(model, counts, requests), as the service counts."""
        use = service.told["usage"].get(day, (0, EMPTY))[1].use
        if service.provider == "anthropic":
            return [(m, n, 0) for m, n, _ in use]
        if service.provider == "openrouter":
            return [(m, (n[0], 0, 0, n[3]), q) for m, n, q in use]
        return use

    def usd(self, service, day):
        return sum(p for _, currency, p in self.lines(service, day)
                   if currency == "USD")

    # Calls.

    def seen(self, start, end, provider=None):
        return [c for c in self.world.calls if start <= c["ts"] < end
                and provider in (None, c["provider"])]

    def metered(self, day, provider):
        return sum(c["cost"] or 0 for c in self.seen(day, day + DAY, provider)
                   if not c["plan"])

    # unseen

    def unseen(self, start, end):
        end = min(end, self.world.now) // DAY * DAY
        days = range(-(-start // DAY) * DAY, end, DAY)
        known = [(s, d) for s in self.world.services.values()
                 if not s.shared and self.tells_cost(s)
                 for d in days if self.whole(s, d)]
        if not known:
            return None
        bill = collections.Counter()
        for s, d in known:
            bill[s.provider, d] += self.usd(s, d)
        others = self.others(known)
        beyond = sum(max(0, amount - self.metered(d, provider))
                     for (provider, d), amount in bill.items())
        named = {s.name for s, d in known for _, currency, p
                 in self.lines(s, d) if currency != "USD" or (
                     p > 0 and bill[s.provider, d] >
                     self.metered(d, s.provider))}
        return {
            "cost_usd": None if others and not beyond else beyond,
            "from": str(date_of(min(d for _, d in known))),
            "to": str(date_of(max(d for _, d in known))),
            "accounts": sorted(named),
            "other_currencies": others}

    def others(self, known):
        """(currency, amount, accounts) of these services' days."""
        amounts, names = collections.Counter(), collections.defaultdict(set)
        for s, d in known:
            for _, currency, p in self.lines(s, d):
                if currency != "USD":
                    amounts[currency] += p
                    names[currency].add(s.name)
        return [(c, amounts[c], sorted(names[c])) for c in sorted(names)]

    def source_others(self, source, start, end):
        return self.others([
            (s, d) for p in {s.provider for s in self.world.services.values()}
            for s in self.taking(source, p) for d in range(start, end, DAY)
            if source == "billed" or self.whole(s, d)])

    # --source

    def parts(self, source, start, end):
        """(day, provider, model, sums) that make it up."""
        for day in range(start, end, DAY):
            providers = {s.provider for s in self.world.services.values()} | {
                c["provider"] for c in self.seen(day, day + DAY)}
            for provider in providers:
                for model, sums in self.choose(source, day, provider):
                    yield day, provider, model, sums

    def choose(self, source, day, provider):
        calls = self.seen(day, day + DAY, provider)
        taking = self.taking(source, provider)
        usd = sum(self.usd(s, day) for s in taking)
        metered = self.metered(day, provider)
        foreign = any(c != "USD" for s in taking
                      for _, c, _ in self.lines(s, day))
        if source == "billed" or (
                taking and all(self.whole(s, day) for s in taking) and
                (usd > metered or (foreign and metered == 0))):
            whole = all(self.whole(s, day) for s in taking
                        if self.known(s))
            yield from self.billed(taking, day,
                                   usd == 0 and (foreign or not whole))
            if source == "best":
                counted = any(sum(n) + q for s in taking
                              for _, n, q in self.use(s, day))
                yield from self.beside(calls, counted, foreign)
        else:
            for call in calls:
                yield call["model"], seen_sums(call)

    def billed(self, taking, day, no_dollars):
        for service in taking:
            for model, currency, p in self.lines(service, day):
                sums = Sums()
                sums.cost = p if currency == "USD" else 0
                sums.foreign = currency != "USD"
                yield model or "", sums
            for model, n, requests in self.use(service, day):
                sums = Sums()
                sums.n, sums.calls = list(n), requests
                sums.foreign = no_dollars
                if not self.tells_cost(service):
                    sums.unpriced, sums.unpriced_tokens = requests, sum(n)
                yield model, sums

    @staticmethod
    def beside(calls, counted, foreign):
        """What no bill shows, of a day that is billed."""
        for call in calls:
            sums = seen_sums(call)
            if not call["plan"]:
                if counted:
                    continue
                sums.cost = 0
                if not foreign:
                    sums.unpriced = sums.unpriced_tokens = 0
            yield call["model"], sums

    def by_model(self, provider, start, end):
        """Does it tell for which models amounts are, in this period?"""
        lines = [line for s in self.accounts(provider)
                 for d in range(start, end, DAY) for line in self.lines(s, d)]
        if not lines:  # or use, where it tells no amounts
            return any(self.use(s, d) for s in self.accounts(provider)
                       for d in range(start, end, DAY))
        return any(model for model, _, _ in lines)

    def taking(self, source, provider):
        return [s for s in self.accounts(provider) if source == "billed"
                or (self.tells_cost(s) and not s.shared)]

    def tells_any(self, source, start, end):
        """Has any account told a cost of these days, and be it none?"""
        return source == "best" or any(
            self.tells_cost(s) and
            (self.whole(s, d) is not None or self.lines(s, d))
            for s in self.world.services.values()
            for d in range(start, end, DAY))

    def refuses_models(self, source, start, end):
        """Does somebody bill, and nothing of it by model?"""
        for provider in {s.provider for s in self.world.services.values()}:
            lines = [line for s in self.taking(source, provider)
                     for d in range(start, end, DAY)
                     for line in self.lines(s, d)]
            if lines and not any(model for model, _, _ in lines):
                return True
        return False

    # reconcile

    def reconcile(self, start, end):
        rows = []
        for provider in {s.provider for s in self.world.services.values()
                         if self.known(s)}:
            for day in range(start, end, DAY):
                rows += self.places(provider, day, start, end)
        return rows

    def places(self, provider, day, start, end):
        accounts = [s for s in self.accounts(provider) if self.known(s)]
        by_model = self.by_model(provider, start, end)
        group = (lambda m: bare(m)) if by_model else (lambda m: "")
        usual = {c for s in accounts for d in range(start, end, DAY)
                 for _, c, _ in self.lines(s, d)}
        amounts = collections.defaultdict(lambda: collections.Counter())
        elsewhere = collections.Counter()
        use = collections.defaultdict(lambda: [0, 0])
        by_others = set()
        seen = collections.defaultdict(Sums)
        for s in accounts:
            for model, currency, p in self.lines(s, day):
                amounts[group(model)][currency] += p
                if s.shared and p:
                    by_others.add((group(model), currency))
                if provider == "openrouter":
                    elsewhere[group(model)] += ELSEWHERE * USD
            for model, n, requests in self.use(s, day):
                use[group(model)][0] += sum(n)
                if s.shared and sum(n) + requests:
                    by_others.add((group(model), None))
        calls = self.seen(day, day + DAY, provider)
        for call in calls:
            seen[group(call["model"])].add(seen_sums(call))
        when = [self.whole(s, day) for s in accounts]
        for model in set(amounts) | set(use) | set(seen):
            currencies = sorted(amounts[model], key=lambda c: (c != "USD", c))
            if not currencies:
                currencies = ["USD" if "USD" in usual or not usual
                              else min(usual)]
            for i, currency in enumerate(currencies):
                amount = amounts[model].get(currency)
                if amount is None and all(when) and any(
                        self.tells_cost(s) for s in accounts):
                    amount = 0
                yield self.row(day, provider, model, currency, amount,
                               elsewhere[model],
                               use[model][0] if i == 0 else 0,
                               seen[model] if i == 0 else Sums(),
                               when, accounts, bool(calls), by_model,
                               (model, currency) in by_others or
                               (i == 0 and (model, None) in by_others))

    def row(self, day, provider, model, currency, amount, elsewhere, tokens,
            seen, when, accounts, any_call, by_model, shared):
        whole = all(when)
        may_come = any(not w and self.may_come(s, day)
                       for s, w in zip(accounts, when))
        metered = seen.cost - seen.plan
        difference = None
        if currency == "USD" and whole and amount is not None:
            difference = amount - metered
        return {
            "day": str(date_of(day)), "provider": provider, "model": model,
            "seen_calls": seen.calls, "seen_tokens": seen.tokens(),
            "seen_usd": None if seen.is_unpriced() else metered,
            "seen_plan_usd": seen.plan, "billed_tokens": tokens or None,
            "billed": amount, "currency": currency,
            "billed_elsewhere": elsewhere,
            "difference_usd": difference, "complete": whole,
            "suspected_cause": suspect(
                day, currency, whole, may_come, when, difference, amount,
                elsewhere, metered, seen, tokens, model, by_model, any_call,
                shared)}


def is_near(a, b, parts):
    return abs(a - b) * parts <= max(a, b)


def suspect(day, currency, whole, may_come, when, difference, amount,
            elsewhere, metered, seen, tokens, model, by_model, any_call, shared):
    """What the manual says; ANY of several where figures must tell."""
    if currency != "USD":
        return {"currency"}
    if not whole:
        return {"incomplete"} if may_come else {"not_asked"}
    if difference is None:
        return suspect_of_tokens(seen, tokens, any_call, shared)
    if abs(difference) <= CENT or is_near(amount, metered, 200):
        return {None}
    if min(when) < day + 2 * DAY:
        return {"not_final"}
    same = tokens > 0 and is_near(tokens, sum(seen.n), 100)
    if difference < 0:
        if amount < 0:
            return {"credits"}
        if elsewhere * 4 >= -difference:
            return {"billed_elsewhere"}
        if amount * 100 <= metered:
            return {"plan"}
        if tokens and not same:
            return {"other_account"} if tokens < sum(seen.n) else {"price"}
        return {"cache_tier", "price"} if same else {
            "cache_tier", "other_account"}
    if shared:
        return {"shared"}
    if by_model and model == "" and seen.calls == 0:
        return {"fees"}
    if seen.unpriced:
        return {"unpriced"}
    if seen.plan and metered == 0:
        return {"plan"}
    if not any_call:
        return {"unhooked_key"}
    return {"cache_tier", "price"} if same else {"other_machine"}


def suspect_of_tokens(seen, tokens, any_call, shared):
    if tokens == 0 or is_near(tokens, sum(seen.n), 200):
        return {None}
    if tokens < sum(seen.n):
        return {"other_account"}
    if shared:
        return {"shared"}
    return {"other_machine"} if any_call else {"unhooked_key"}


# --- A world ----------------------------------------------------------------------

NAMES = ["openai", "openai/eu", "openai/team", "anthropic",
         "anthropic/lab", "openrouter"]
MODELS = {
    "openai": ["oak-1", "oak-mini"],
    "anthropic": ["elm-4-20250929", "elm-4", "Elm-Small"],
    "openrouter": ["wood/elm-4", "wood/ash-2"],
    "local": ["fir-7"],
}
ZONES = ["Asia/Shanghai", "America/New_York", "Europe/Berlin", "UTC",
         "Asia/Kathmandu"]


class World:
    def __init__(self, seed, home):
        r = self.random = random.Random(seed)
        self.zone_name = ZONES[seed % len(ZONES)]
        self.zone = zoneinfo.ZoneInfo(self.zone_name)
        # Bills of several pages, in some worlds.
        self.more_models = 70 if seed % 5 == 0 else 0
        # Clocks change in New York on the 8th and in Berlin on the 29th.
        self.first = r.choice([datetime.date(2026, 2, 20),
                               datetime.date(2026, 10, 10)])
        self.now = utc_ms(after(self.first, r.randrange(30, 42))) + \
            r.randrange(2 * MINUTE, DAY) // SECOND * SECOND
        self.calls = []
        self.services = {}
        self.n = 0
        self.daemon = Daemon(home, self.zone_name, self.now)
        self.model = Model(self)
        self.peer = Peer(self.daemon.sock)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    # Services.

    def amount(self):
        r = self.random
        return r.choice([r.randrange(1, 400) * CENT, r.randrange(10**9, 10**13),
                         r.randrange(1, 10**6), 0, 3 * USD])

    def counts(self):
        r = self.random
        return (r.randrange(0, 9000), r.choice([0, r.randrange(5000)]),
                r.choice([0, 0, r.randrange(3000)]), r.randrange(0, 4000))

    def write_day(self, service, day):
        r, provider = self.random, service.provider
        if self.chance(15):
            return EMPTY
        lines, use = [], []
        for model in r.sample(MODELS[provider], r.randrange(1, 3)):
            currency = "USD"
            if service.currency == "EUR" and self.chance(70):
                currency = "EUR"
            amount = self.amount()
            if provider != "openrouter" and self.chance(5):
                amount = -amount  # a credit
            lines.append((None if provider == "openai" else model, currency,
                          amount))
            use.append((model, self.counts(), r.randrange(1, 9)))
        if provider == "openai":
            use += [(f"oak-{i}", self.counts(), 1)
                    for i in range(self.more_models)]
        if provider == "anthropic" and self.chance(25):
            lines.append((None, "USD", self.amount()))
        return Day(tuple(lines), tuple(use))

    def write_books(self, service, first):
        for ms in range(first, self.now // DAY * DAY + DAY, DAY):
            service.books[ms] = self.write_day(service, ms)

    def make_services(self):
        r = self.random
        names = r.sample(NAMES,
                         r.randrange(3, 6))
        for name in sorted(names):
            s = Service(self, name)
            s.shared = name.endswith("team") or self.chance(15)
            s.currency = "EUR" if name == "openai/eu" else "USD"
            if self.chance(30):
                s.oldest = utc_ms(after(self.first, r.randrange(1, 25)))
            if self.chance(12):
                s.broken.add("usage")
            if self.chance(6):
                s.broken.add("cost")
            self.write_books(s, utc_ms(self.first) - 5 * DAY)
            self.services[name] = s
        for name, s in self.services.items():
            provider, _, account = name.partition("/")
            params = {"account": account} if account else {}
            self.peer.call(
                "provider_add", provider=provider, key=KEY, verify=False,
                shared=s.shared,
                base_url=f"http://127.0.0.1:{s.server_port}", **params)
        self.settle()

    def settle(self):
        for _ in range(800):
            states = [p["state"] for p in
                      self.peer.call("providers")["providers"]]
            if not {"new", "running"} & set(states):
                return
            time.sleep(0.02)
        raise Failure(f"the services are still asked: {states}")

    def sync(self):
        for name in self.services:
            self.peer.call("provider_sync", name=name)
        self.settle()

    def pass_time(self):
        """Days go by; bills of the last ones change, and some fail."""
        r = self.random
        self.settle()
        before = self.now // DAY * DAY
        self.now += r.randrange(8 * HOUR, 5 * DAY) // SECOND * SECOND
        for s in self.services.values():
            self.write_books(s, before)
            if self.chance(40) and s.provider != "openrouter":
                s.books[before - DAY] = self.write_day(s, before - DAY)
            if self.chance(20):
                s.broken |= {"cost"}
            elif self.chance(60):
                s.broken.clear()
        self.peer.call("clock", now=self.now)
        self.see(before - DAY)
        self.sync()

    # Calls.

    def when(self, first):
        """Any time, and often one near a midnight."""
        r = self.random
        day = r.randrange(first // DAY, self.now // DAY + 1)
        ms = day * DAY + r.randrange(DAY)
        if self.chance(25):
            ms = day * DAY + r.randrange(-3, 3) * r.choice([1, 1000, MINUTE])
        elif self.chance(30):
            ms = local_ms(date_of(day * DAY), self.zone) + \
                r.randrange(-3, 3) * r.choice([1, 1000, 20 * MINUTE])
        return max(first, min(ms, self.now))

    def call(self, first):
        r = self.random
        self.n += 1
        provider = r.choice(list(MODELS))
        return dict(
            ts=self.when(first), provider=provider,
            model=r.choice(MODELS[provider]), n=self.counts(),
            other=r.choice([0, 0, 0, 70]), plan=self.chance(15),
            cost=None if self.chance(10) else abs(self.amount()),
            message=f"m{self.n}")

    def see(self, first):
        calls = [self.call(first) for _ in range(
            (self.now - first) // DAY * 5 + 3)]
        events = []
        for c in calls:
            event = dict(zip(["input", "cache_read", "cache_write", "output"],
                             c["n"]), ts=c["ts"], provider=c["provider"],
                         model=c["model"], session="s", message=c["message"],
                         agent="by-hand", total=sum(c["n"]) + c["other"])
            if c["cost"] is not None:
                event["cost"] = text_of(c["cost"])
            if c["plan"]:
                event["billing"] = "plan"
            events.append(event)
        got = self.peer.call("put", events=events)
        expect("rejected", got["rejected"], [])
        expect("stored", got["stored"], len(events))
        self.calls += calls

    # Comparing.

    def spans(self):
        """First and last days, as somebody would ask for."""
        r = self.random
        today = date_of(self.now)
        yield self.first, today
        yield after(today, -6), today
        for _ in range(3):
            a = after(self.first, r.randrange(-8, 40))
            yield a, min(after(a, r.choice([0, 0, 1, 6, 20])), after(today, 2))

    def compare(self):
        for first, last in itertools.islice(self.spans(), PERIODS):
            if first > last:
                continue
            self.compare_seen(first, last)
            for source in ("billed", "best"):
                self.compare_source(source, first, last)
            self.compare_reconciled(first, last)

    def ask(self, first, last, *args):
        return self.daemon.json(self.now, f"{first}..{last}", *args)

    def compare_seen(self, first, last):
        start = local_ms(first, self.zone)
        end = local_ms(after(last), self.zone)
        got = self.ask(first, last)
        what = f"seen, {first}..{last} of {self.zone_name}"
        sums = Sums()
        for call in self.model.seen(start, end):
            sums.add(seen_sums(call))
        expect(f"{what}: calls", got["total"]["calls"], sums.calls)
        expect(f"{what}: tokens", got["total"]["total_tokens"], sums.tokens())
        expect(f"{what}: cost", money(got["total"]["cost_usd"]),
               None if sums.is_unpriced() else sums.cost)
        unseen = got.get("unseen")
        if unseen is not None:
            unseen["cost_usd"] = money(unseen["cost_usd"])
            unseen["accounts"].sort()
            unseen["other_currencies"] = read_others(unseen)
        expect(f"{what}: unseen", unseen, self.model.unseen(start, end))

    def compare_source(self, source, first, last):
        start, end = utc_ms(first), utc_ms(after(last))
        parts = list(self.model.parts(source, start, end))
        refused = self.model.refuses_models(source, start, end)
        told = self.model.tells_any(source, start, end)
        for by in ("none", "day", "provider", "day,provider", "week",
                   "month,provider", "model", "provider,model", "day,model"):
            args = ["--source", source, "--by", by]
            if "model" in by and refused:
                self.daemon.report(self.now, f"{first}..{last}", *args,
                                   "--json", code=2)
                continue
            got = self.ask(first, last, *args)
            what = f"{source} by {by}, {first}..{last}"
            expect(f"{what}: rows", read_rows(by, got["rows"]),
                   add_up(by, parts))
            expect(f"{what}: total", read_figures(got["total"]),
                   add_up("none", parts, total=True, told=told))
            expect(f"{what}: other currencies", read_others(got),
                   self.model.source_others(source, start, end))
            self.compare_accounts(what, got, start, end)
        self.compare_default(source, first, last, refused)

    def compare_default(self, source, first, last, refused):
        """The configuration's source, where it fits, else what was seen."""
        days = range(utc_ms(first), utc_ms(after(last)), DAY)
        fits = any(self.model.known(s) if source == "billed" else
                   not s.shared and self.model.tells_cost(s) and
                   any(self.model.whole(s, d) for d in days)
                   for s in self.services.values())
        for by, fits_key in (("day,provider", True), ("agent", False),
                             ("model", not refused)):
            args = [f"{first}..{last}", "--by", by, "--json"]
            want = [*args, "--source", source] if fits and fits_key else args
            expect(f"{source} by default, by {by}, {first}..{last}",
                   self.daemon.report_by_default(source, self.now, *args),
                   self.daemon.report(self.now, *want))

    def compare_accounts(self, what, got, start, end):
        accounts = {}
        for s in self.services.values():
            if not self.model.known(s):
                continue
            whole = {d for d in range(start, end, DAY)
                     if self.model.whole(s, d)}
            first = last = at = None
            if whole:
                first = last = max(whole)
                while first - DAY in whole:
                    first -= DAY
                first, last = str(date_of(first)), str(date_of(last))
                at = max(feed[d][0] for feed in self.model.known(s)
                         for d in feed if start <= d < end and
                         feed[d][0] >= d + DAY)
                at = rfc3339(at).replace("Z", ".000Z")
            accounts[s.name] = (s.shared, first, last, at)
        expect(f"{what}: accounts", {
            a["name"]: (a["shared"], a["complete_from"], a["complete_to"],
                        a["last_complete"]) for a in got["accounts"]},
            accounts)

    def compare_reconciled(self, first, last):
        start, end = utc_ms(first), utc_ms(after(last))
        got = self.daemon.json(self.now, "reconcile", f"{first}..{last}")
        what = f"reconcile {first}..{last}"
        rows = {}
        for row in got["rows"]:
            row = dict(row, model=bare(row["model"]))
            for key in ("seen_usd", "seen_plan_usd", "billed",
                        "billed_elsewhere", "difference_usd"):
                row[key] = money(row[key])
            key = row["day"], row["provider"], row["model"], row["currency"]
            if key in rows:
                raise Failure(f"{what}: {key} is there twice")
            rows[key] = row
        want = {(w["day"], w["provider"], w["model"], w["currency"]): w
                for w in self.model.reconcile(start, end)}
        expect(f"{what}: rows", sorted(rows), sorted(want))
        for key, row in rows.items():
            causes = want[key].pop("suspected_cause")
            cause = row.pop("suspected_cause")
            expect(f"{what}: {key}", row, want[key])
            if cause not in causes:
                raise Failure(f"{what}: {key}: {cause}, expected {causes}: "
                              f"{row}")
            self.causes[cause] += 1
        known = [w for w in want.values() if w["difference_usd"] is not None]
        any_whole = any(self.model.whole(s, d)
                        for s in self.services.values()
                        for d in range(start, end, DAY))
        sums = [sum(w["billed"] - w["difference_usd"] for w in known),
                *(sum(w[key] for w in known) for key in (
                    "billed", "difference_usd", "billed_elsewhere"))]
        total = got["total"]
        expect(f"{what}: total",
               (money(total["seen_usd"]), money(total["billed_usd"]),
                money(total["difference_usd"]),
                money(total["billed_elsewhere_usd"]), total["open_rows"]),
               (*(sums if known or (not want and any_whole)
                  else [None] * 4), len(want) - len(known)))
        self.compare_accounts(what, got, start, end)

    def check(self):
        self.causes = collections.Counter()
        self.make_services()
        self.sync()
        self.see(utc_ms(self.first) - 5 * DAY)
        self.compare()
        for _ in range(2):
            self.pass_time()
            self.compare()
        if os.environ.get("TT_VERBOSE"):
            print(dict(self.causes), file=sys.stderr)

    def end(self):
        for s in self.services.values():
            s.shutdown()
            s.server_close()
        self.daemon.stop()


# --- Causes ------------------------------------------------------------------------

ELM = "elm-large-4-preview-of-summer"
# By day of May 2026: what was billed (model, currency, cents), the tokens the
# service counted, the calls seen (cents or None, tokens, plan), and the cause.
SAME = (1000, 0, 0, 100)
CAUSES = [
    (1, [(ELM, "USD", 200)], SAME, [(200, SAME, False)], None),
    (2, [(ELM, "USD", 400)], (5000, 0, 0, 100), [(200, SAME, False)],
     "other_machine"),
    (3, [(ELM, "USD", 400)], SAME, [], "unhooked_key"),
    (4, [(ELM, "USD", 150)], (100, 900, 0, 100), [(200, SAME, False)],
     "cache_tier"),
    (5, [(ELM, "USD", 140)], SAME, [(200, SAME, False)], "batch"),
    (6, [], None, [(200, SAME, False)], "plan"),
    (7, [(ELM, "USD", 200)], SAME, [(300, SAME, True)], "plan"),
    (8, [(ELM, "USD", 150)], SAME, [(200, SAME, False)], "price"),
    (9, [(ELM, "USD", 120)], (500, 0, 0, 100), [(200, SAME, False)],
     "other_account"),
    (10, [(ELM, "EUR", 200)], SAME, [(200, SAME, False)], "currency"),
    (11, [(ELM, "USD", 400)], SAME, [(200, SAME, False)], "not_final"),
    (12, [(ELM, "USD", 400)], SAME, [(200, SAME, False)], "incomplete"),
]


class Causes(World):
    """Each cause that a difference may have, on a day of its own."""

    def __init__(self, home):
        self.now = utc_ms(datetime.date(2026, 5, 12)) + 10 * HOUR
        self.services, self.events = {}, []
        self.daemon = Daemon(home, "Asia/Shanghai", self.now)
        self.peer = Peer(self.daemon.sock)
        self.want = {}

    def serve(self, name, shared=False):
        s = self.services[name] = Service(self, name)
        s.shared = shared
        self.want[name] = {}
        return s

    def play(self, provider, day, lines, n, calls, cause):
        ms = utc_ms(datetime.date(2026, 5, day))
        use = [(ELM, n, 1)] if n else []
        lines = [(m, c, cents * CENT) for m, c, cents in lines]
        self.services[provider].books[ms] = Day(
            tuple(lines), tuple(use),
            "batch" if cause == "batch" else "standard")
        for i, (cents, tokens, plan) in enumerate(calls):
            event = dict(zip(["input", "cache_read", "cache_write", "output"],
                             tokens), ts=ms + 9 * HOUR, provider=provider,
                         model=ELM, session="s", agent="by-hand",
                         message=f"{provider}/{day}/{i}")
            if cents is not None:
                event["cost"] = text_of(cents * CENT)
            if plan:
                event["billing"] = "plan"
            self.events.append(event)
        self.want[provider][f"2026-05-{day:02}"] = cause

    def add_all(self):
        for name, s in self.services.items():
            self.peer.call("provider_add", provider=name, key=KEY,
                           verify=False, shared=s.shared,
                           base_url=f"http://127.0.0.1:{s.server_port}")
        self.settle()
        self.peer.call("put", events=self.events)

    def check(self):
        self.serve("anthropic")
        for line in CAUSES:
            self.play("anthropic", *line)
        # One that bills by no model, and one that others use.
        self.serve("openai")
        self.play("openai", 1, [(None, "USD", 400)], SAME,
                  [(None, SAME, False), (10, SAME, False)], "unpriced")
        self.play("openai", 2, [(None, "USD", -20)], None, [], "credits")
        self.serve("openrouter", shared=True)
        self.play("openrouter", 1, [(ELM, "USD", 400)], SAME,
                  [(200, SAME, False)], "shared")
        self.play("openrouter", 2, [(ELM, "USD", 2)], SAME,
                  [(200, SAME, False)], "billed_elsewhere")
        # It tells of thirty days.
        self.events.append(dict(
            ts=utc_ms(datetime.date(2026, 4, 1)), provider="openrouter",
            model=ELM, session="s", agent="by-hand", message="old", input=9))
        self.add_all()
        self.sync()
        self.compare_old("openrouter", "2026-04-01", "2026-04-12")
        self.compare_causes()
        # A line without a model, where the others have one.
        s = self.services["anthropic"]
        s.books[utc_ms(datetime.date(2026, 5, 11))] = Day(
            ((ELM, "USD", 200 * CENT), (None, "USD", 90 * CENT)),
            ((ELM, SAME, 1),))
        self.now += 3 * DAY
        self.peer.call("clock", now=self.now)
        self.sync()
        rows = self.rows("anthropic", "2026-05-11")
        expect("causes of a fee", {r["model"]: r["suspected_cause"]
                                   for r in rows}, {ELM: None, None: "fees"})

    def rows(self, provider, day):
        got = self.daemon.json(self.now, "reconcile", "2026-05-01..2026-05-12")
        return [r for r in got["rows"]
                if (r["provider"], r["day"]) == (provider, day)]

    def compare_old(self, provider, day, first):
        """A day before all that is asked for is not waited for."""
        args = "reconcile", f"{day}..{day}", "--provider", provider
        rows = self.daemon.json(self.now, *args)["rows"]
        expect(f"cause of {provider} on {day}",
               [r["suspected_cause"] for r in rows], ["not_asked"])
        expect(f"the account on {day}",
               self.daemon.report(self.now, *args).splitlines()[-1],
               f"{provider}: days before {first} are not asked for")

    def compare_causes(self):
        told = set()
        for provider, days in self.want.items():
            for day, cause in days.items():
                rows = self.rows(provider, day)
                expect(f"rows of {provider} on {day}", len(rows), 1)
                expect(f"cause of {provider} on {day}",
                       rows[0]["suspected_cause"], cause)
                told.add(cause)
        self.compare_texts(told - {None} | {"fees", "not_asked"})
        self.compare_defaults()
        self.compare_elsewhere()

    def compare_defaults(self):
        """Where a configured source cannot be, it is as if there were none."""
        report, by_default = (functools.partial(self.daemon.report, self.now),
                              functools.partial(self.daemon.report_by_default,
                                                "best", self.now))
        for args in ("week", "2026-05-03..2026-05-09 --by day --csv",
                     "month --by provider --provider openai",
                     "month --provider openrouter --provider anthropic "
                     "--by model --tz UTC"):
            args = args.split()
            expect(f"{args} by default", by_default(*args),
                   report(*args, "--source", "best"))
        for args in ("today", "month --by agent", "month --by model", "today --by hour",
                     "week --tz Asia/Shanghai", "week --day-start 4",
                     "week --model elm", "week --full", "week --sessions",
                     "week --tsv", "month --provider elsewhere", "summary",
                     "bill month", "reconcile month", "sessions month --json",
                     "--from 2026-05-04T10:15:00Z --to 2026-05-11",
                     "month --source seen"):
            args = args.split()
            expect(f"{args} by default", by_default(*args), report(*args))
        expect("--source seen", report("month", "--source", "seen"),
               report("month"))
        for args in ("--by agent", "--by hour", "--tz Asia/Shanghai", "--tsv",
                     "--model elm", "--full", "--sessions"):
            report("week", "--source", "best", *args.split(), code=2)

    def compare_texts(self, told):
        """Each is in the manual, and none is left without a text."""
        page = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            "../../clients/tt-report.1")
        with open(page) as f:
            documented = set(re.findall(
                r"^\.It Li ([a-z_]+)$", f.read().split(
                    ".Ss What was billed")[1].split(".Ss ")[0], re.M))
        expect("causes in the manual", documented, told)
        for lang in ("en", "zh"):
            table = self.daemon.report(
                self.now, "reconcile", "2026-05-01..2026-05-12", "--lang", lang)
            texts = collections.defaultdict(set)
            for line in table.splitlines():
                cells = re.split(r"  +", line.rstrip())
                if cells[0] in self.want["anthropic"] and \
                        cells[1] == "anthropic":
                    cause = self.want["anthropic"][cells[0]]
                    texts[cause].add(" ".join(cells[6:]))
            expect(f"texts, {lang}", {c: len(t) for c, t in texts.items()},
                   dict.fromkeys(self.want["anthropic"].values(), 1))
            expect(f"text of no cause, {lang}", texts.pop(None), {""})
            expect(f"causes of one text, {lang}",
                   len(set.union(*texts.values()) - {""}), len(texts))
            for width in (60, 80, 120):
                self.compare_narrow(lang, width, texts)

    def compare_elsewhere(self):
        """A column of its own where some row has it."""
        for width in (60, 80, 200):
            lines = self.daemon.report(
                self.now, "reconcile", "2026-05-01..2026-05-12",
                "--provider", "openrouter", "--width", str(width)).splitlines()
            expect(f"{width} columns",
                   [l for l in lines if columns_of(l) > width
                    and not l.startswith("openrouter")], [])
            row = next(l for l in lines if re.match(r"(2026-)?05-02", l))
            expect(f"elsewhere in {width} columns",
                   re.search(r"\$2\.00 +\$0\.02 +-\$1\.98 +\$3\.00", row)
                   is not None, True)

    def compare_narrow(self, lang, width, texts):
        """Marks stand for the causes, and names of models are whole."""
        what = f"{width} columns, {lang}"
        lines = self.daemon.report(
            self.now, "reconcile", "2026-05-01..2026-05-12", "--lang", lang,
            "--provider", "anthropic", "--width", str(width)).splitlines()
        rows, last = {}, None
        for line in lines[2:]:
            if re.match(r"(2026-)?05-", line):
                cells = re.split(r"  +", line.rstrip())
                last = rows["2026-" + cells[0][-5:]] = cells
                model = next(i for i, c in enumerate(cells) if c[:3] == "elm")
            elif line[0] == " ":
                last[model] += line.strip()
            else:
                break
            expect(f"{what}: too wide: {line}", columns_of(line) > width,
                   False)
        told = dict(line.split("  ", 1) for line in lines
                    if re.match("[a-z]  ", line))
        for day, cause in self.want["anthropic"].items():
            cells = rows[day]
            expect(f"{what}: model on {day}", cells[model], ELM)
            expect(f"{what}: cause on {day}", " ".join(
                told.get(c, c) for c in cells[model + 4:]),
                "".join(texts.get(cause, "")))


def columns_of(line):
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line)


def money(number):
    return None if number is None else pico(number)


def read_others(got):
    return [(o["currency"], money(o["amount"]), sorted(o["accounts"]))
            for o in got["other_currencies"]]


def read_figures(row):
    keys = [*COUNTS, "calls", "total_tokens"]
    return {**{k: row[k] for k in keys}, "cost_usd": money(row["cost_usd"]),
            "plan_cost_usd": money(row["plan_cost_usd"])}


def read_rows(by, rows):
    keys = [] if by == "none" else by.split(",")
    out = {tuple(row[k] for k in keys): read_figures(row) for row in rows}
    expect("rows of the same keys", len(out), len(rows))
    return out


def label(key, day, provider, model):
    date = date_of(day)
    year, week, _ = date.isocalendar()
    return {"day": str(date), "week": f"{year}-W{week:02}",
            "month": str(date)[:7], "provider": provider, "model": model}[key]


def add_up(by, parts, total=False, told=True):
    keys = [] if by == "none" else by.split(",")
    rows = collections.defaultdict(Sums)
    for day, provider, model, sums in parts:
        rows[tuple(label(k, day, provider, model)
                   for k in keys)].add(sums)
    if total:
        rows[()].foreign |= not told
        return rows[()].figures()
    return {key: sums.figures() for key, sums in rows.items()}


def check(make):
    directory = tempfile.mkdtemp(prefix="tt-reconcile-")
    world = make(os.path.join(directory, "home"))
    try:
        world.check()
    finally:
        world.end()
        shutil.rmtree(directory)


def main():
    failed = 0
    plays = {"reconcile: each cause comes out": Causes}
    for seed in range(SEED, SEED + WORLDS):
        name = f"reconcile: every figure is the model's, seed {seed}"
        plays[name] = functools.partial(World, seed)
    for name, make in plays.items():
        try:
            check(make)
            print(f"ok {name}", flush=True)
        except (Failure, KeyError, ValueError, TypeError, OSError,
                subprocess.SubprocessError) as e:
            failed += 1
            print(f"not ok {name}: {type(e).__name__}: {e}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
