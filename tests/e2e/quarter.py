#!/usr/bin/python3
"""Quarters of a simulated year: what is told is what a plain model predicts.

Ninety days of calls, corrections, voids and late calls go through a real
daemon whose clock is moved by hand, in Berlin, over a change of its clocks.
Budgets of every period are set, raised and removed; the machine is off for nine
days; the clock is set back; the daemon is restarted, and killed at random
moments, between a put and its ack and between a confirmation and its ack too.
Twelve sessions claim at once; some go away before they confirm.

The model keeps all calls in a list and adds them up anew for every question.
It is written from proto/PROTOCOL.md. Every notice must be one that it predicts,
all that it predicts must be there, and none twice. Each is confirmed to one
reader, once; one that was killed before the ack may find it pending again.

TT_BUILD: where the programs are (build). TT_QUARTERS: how many (2). TT_SEED: of
the first (1). Prints `ok NAME` or `not ok NAME: why`; a quarter's name has the
seed that makes it again.
"""

import bisect
import collections
import datetime
import decimal
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zoneinfo

import msgpack

BUILD = os.path.abspath(os.environ.get("TT_BUILD", "build"))
QUARTERS = int(os.environ.get("TT_QUARTERS", "2"))
SEED = int(os.environ.get("TT_SEED", "1"))

ZONE = zoneinfo.ZoneInfo("Europe/Berlin")
UTC = datetime.timezone.utc
SECOND, HOUR, DAY = 1000, 3600 * 1000, 86400 * 1000
SLOT = 15 * 60 * 1000
BLOCK = 5 * HOUR
CENT = 10**10  # picodollars
DAYS = 90
REPLY_S = 20  # that any reply may take
QUARTER_S = 300  # that a quarter may take
READERS = 12
LEASE = 60 * SECOND  # that a reader may take to confirm
OK, WARN, LIMIT = 0, 1, 2
LEVELS = ["ok", "warn", "limit"]


class Failure(Exception):
    pass


def expect(what, got, want):
    if got != want:
        raise Failure(f"{what}: {got!r}, expected {want!r}")


# --- The calendar ---------------------------------------------------------------


def instant(day, hour):
    """When it is that hour of a local day."""
    local = datetime.datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
    return int(local.timestamp() * 1000)


def local(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, ZONE)


def after(day, n=1):
    return day + datetime.timedelta(n)


def day_of(ms, start):
    day = local(ms).date()
    return day if instant(day, start) <= ms else after(day, -1)


def week_label(day):
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


class Calendar:
    """How periods begin."""

    def __init__(self, week_start=1, day_start=0, month_start=1):
        self.week_start = week_start
        self.day_start = day_start
        self.month_start = month_start

    def first_day(self, period, ms):
        day = day_of(ms, self.day_start)
        if period == "week":
            return after(day, -((day.isoweekday() - self.week_start) % 7))
        if period == "month":
            first = day.replace(day=1)
            if day.day < self.month_start:
                first = after(first, -1).replace(day=1)
            return first.replace(day=self.month_start)
        return day

    def next_first(self, period, day):
        if period == "month":
            return after(day.replace(day=1), 32).replace(day=self.month_start)
        return after(day, 7 if period == "week" else 1)

    def period(self, period, ms):
        """(label, from, to)"""
        day = self.first_day(period, ms)
        label = str(day)
        if period == "week" and self.week_start == 1:
            label = week_label(day)
        elif period == "month":
            label = label[:7]
        return (label, instant(day, self.day_start),
                instant(self.next_first(period, day), self.day_start))


# --- The model ------------------------------------------------------------------


class Call:
    """One call, of all that was told of it."""

    def __init__(self, sight):
        self.said = dict(sight)

    def merge(self, sight):
        said = self.said
        void = said["void"] or sight["void"]
        if sight["rank"] > said["rank"]:
            self.said = dict(sight)
        elif sight["rank"] == said["rank"]:
            for key in ("input", "output", "cost"):
                values = [v for v in (said[key], sight[key]) if v is not None]
                said[key] = max(values) if values else None
            said["ts"] = min(said["ts"], sight["ts"])
        self.said["void"] = void


Place = collections.namedtuple("Place", "label start end")
Told = collections.namedtuple(
    "Told", "kind level subject period start end tokens spent limit made "
    "digest")
ANY = "any"


class Budget:
    def __init__(self, number, made, spec):
        self.number = number
        self.made = made
        self.armed = 0
        self.armed_at = 0
        self.spec = spec

    def change(self, spec, now):
        if spec["limit"] > self.spec["limit"]:
            self.armed += 1
            self.armed_at = now
        self.spec = spec

    def covers(self, said):
        spec = self.spec
        return not said["void"] and all(
            pattern in said[key] for key, pattern in spec["filter"].items()
        ) and not (spec["metered"] and said["billing"] == "plan")

    def amount(self, said):
        if self.spec["tokens"]:
            return said["input"] + said["output"]
        return said["cost"] or 0

    def level(self, spent):
        if spent >= self.spec["limit"]:
            return LIMIT
        if spent * 100 >= self.spec["limit"] * self.spec["warn"] and spent > 0:
            return WARN
        return OK


class Model:
    def __init__(self, calendar, daily_hour, silent_days):
        self.calendar = calendar
        self.daily_hour = daily_hour
        self.silent_days = silent_days
        self.now = 0
        self.calls = {}
        self.by_day = collections.defaultdict(set)  # UTC day -> ids
        self.by_session = collections.defaultdict(set)
        self.budgets = {}
        self.n_budgets = 0
        self.told = []
        self.crossed = {}  # (budget, place, level) -> {arming: when}
        self.blocks = collections.defaultdict(set)  # (arming, quarter)
        self.reminded = set()
        self.unpriced = set()
        self.sources = {}  # (agent, source) -> [sights, last]
        self.silent = set()
        self.used = set()  # days on which anybody was heard
        self.daily = self.weekly = None
        self.session = None  # the one heard last

    # What is spent.

    def ids_between(self, start, end):
        for day in range(start // DAY, end // DAY + 1):
            for key in self.by_day[day]:
                if start <= self.calls[key].said["ts"] < end:
                    yield key

    def add_up(self, budget, ids):
        """(spent, unpriced tokens, unpriced calls)"""
        spent = tokens = calls = 0
        for key in ids:
            said = self.calls[key].said
            if budget.covers(said):
                spent += budget.amount(said)
                if said["cost"] is None:
                    tokens += said["input"] + said["output"]
                    calls += 1
        return spent, tokens, calls

    def slots(self, budget, start, end):
        """The quarters of an hour in which there was use."""
        used = set()
        first = (budget.made - BLOCK) // SLOT * SLOT + SLOT
        for key in self.ids_between(max(start, first), end):
            if budget.covers(self.calls[key].said):
                used.add(self.calls[key].said["ts"] // SLOT * SLOT)
        return sorted(used)

    def block(self, budget, ms):
        """The block that has this instant: from a first use on, 5 hours."""
        slots = self.slots(budget, ms - 20 * DAY, ms + 2 * DAY)
        begin = end = 0
        for slot in slots[:bisect.bisect_right(slots, ms)]:
            if slot >= end:
                begin = slot // HOUR * HOUR
                end = begin + BLOCK
        if not begin <= ms < end:
            return None
        label = local(begin).isoformat(timespec="seconds")
        return Place(label, begin, end)

    def place(self, budget, said):
        """Of a call; None where it is not watched."""
        ms = said["ts"] // SLOT * SLOT
        period = budget.spec["period"]
        if period == "session":
            return Place(said["session"], 0, 0)
        if period == "block":
            if ms + BLOCK <= budget.made:
                return None
            return Place(None, ms, ms)
        place = Place(*self.calendar.period(period, ms))
        return place if place.end > budget.made else None

    def sums(self, budget, place):
        if budget.spec["period"] == "session":
            return self.add_up(budget, self.by_session[place.label])
        start = place.start
        if budget.spec["period"] == "block":
            first = self.slots(budget, place.start, place.end)
            start = first[0] if first else place.end
        return self.add_up(budget, self.ids_between(start, place.end))

    def current(self, budget):
        period = budget.spec["period"]
        if period == "session":
            return Place(self.session, 0, 0)
        if period == "block":
            return self.block(budget, self.now)
        return Place(*self.calendar.period(period, self.now))

    # What is told.

    def tell(self, kind, level, subject="", period="", start=0, end=0,
             tokens=False, spent=None, limit=None, digest=None):
        self.told.append(Told(kind, level, subject, period, start, end,
                              tokens, spent, limit, self.now, digest))

    def tell_budget(self, budget, level, place, spent):
        self.tell("budget", LEVELS[level], budget.spec["name"], place.label,
                  place.start, place.end, budget.spec["tokens"], spent,
                  budget.spec["limit"])

    def reached_at(self, budget, place, level):
        """The quarter of an hour with which a block came to a level."""
        spent = 0
        for slot in self.slots(budget, place.start, place.end):
            ids = self.ids_between(slot, slot + SLOT)
            spent += self.add_up(budget, ids)[0]
            if budget.level(spent) >= level:
                return slot
        raise Failure(f"{place} is not at {LEVELS[level]}")

    def was_crossed(self, budget, place, level):
        """A period that was over when the limit was raised stays as it is."""
        armings = set(self.crossed.get(
            (budget.number, place.label, level), {}))
        if budget.spec["period"] == "block":  # wherever it began by then
            armings |= {arming for arming, slot
                        in self.blocks[budget.number, level]
                        if place.start <= slot < place.end}
        if place.end and place.end <= budget.armed_at:
            return bool(armings)
        return budget.armed in armings

    def judge(self, budget, place, spent):
        level = budget.level(spent)
        if level == OK or any(self.was_crossed(budget, place, x)
                              for x in range(level, LIMIT + 1)):
            return
        key = budget.number, place.label, level
        self.crossed.setdefault(key, {})[budget.armed] = self.now
        if budget.spec["period"] == "block":
            self.blocks[budget.number, level].add(
                (budget.armed, self.reached_at(budget, place, level)))
        self.tell_budget(budget, level, place, spent)

    # What happens.

    def hear(self, sight):
        heard = self.sources.setdefault((sight["agent"], sight["source"]),
                                        [0, 0])
        heard[0] += 1
        heard[1] = max(heard[1], self.now)
        self.used.add(day_of(self.now, self.calendar.day_start))

    def contributions(self, keys):
        """{(budget, place): what these calls add}"""
        adds = collections.Counter()
        for key in keys:
            said = self.calls[key].said if key in self.calls else None
            for budget in self.budgets.values() if said else ():
                place = self.place(budget, said)
                if place is not None and budget.covers(said):
                    adds[budget.number, place] += budget.amount(said)
        return adds

    def enter(self, sight):
        key = sight["session"], sight["message"]
        if key not in self.calls:
            self.calls[key] = Call(sight)
            self.by_session[key[0]].add(key)
        else:
            before = self.calls[key].said["ts"]
            self.by_day[before // DAY].discard(key)
            self.calls[key].merge(sight)
        self.by_day[self.calls[key].said["ts"] // DAY].add(key)
        self.session = key[0]

    def touched(self, before, now):
        """Where more is spent, since only that crosses a level."""
        places = {}
        for number, place in now - before:
            budget = next(b for b in self.budgets.values()
                          if b.number == number)
            if place.label is None:
                place = self.block(budget, place.start)
            if place is not None:
                places[number, place] = budget
        return [(b, place) for (_, place), b in places.items()]

    def put(self, sights):
        for sight in sights:
            self.hear(sight)
        keys = {(s["session"], s["message"]) for s in sights}
        before = self.contributions(keys)
        for sight in sights:
            self.enter(sight)
        changed = self.touched(before, self.contributions(keys))
        for key in sorted(keys):
            said = self.calls[key].said
            name = said["provider"], said["model"]
            if said["cost"] is None and not said["void"] and \
                    name not in self.unpriced:
                self.unpriced.add(name)
                self.tell("price", "warn", said["model"])
        for budget, place in changed:
            self.judge(budget, place, self.sums(budget, place)[0])

    def set_budget(self, spec):
        budget = self.budgets.get(spec["name"])
        if budget is None:
            self.n_budgets += 1
            budget = Budget(self.n_budgets, self.now, spec)
            self.budgets[spec["name"]] = budget
        else:
            budget.change(spec, self.now)
        place = self.current(budget)
        if spec["period"] != "session" and place is not None:
            self.judge(budget, place, self.sums(budget, place)[0])

    def tick(self):
        self.tick_daily()
        self.tick_weekly()
        self.tick_silence()
        for name in sorted(self.budgets):
            if self.budgets[name].spec["remind"]:
                self.remind(self.budgets[name])

    def remind(self, budget):
        place = self.current(budget)
        if budget.spec["period"] == "session" or place is None:
            return
        spent = self.sums(budget, place)[0]
        today, start, _ = self.calendar.period("day", self.now)
        when = self.crossed.get((budget.number, place.label, LIMIT), {})
        told = when.get(budget.armed)
        key = budget.number, budget.armed, place.label, today
        if budget.level(spent) != LIMIT or told is None or told >= start or \
                key in self.reminded:
            return
        self.reminded.add(key)
        self.tell_budget(budget, LIMIT, place, spent)

    def digest(self, start, end):
        """What all calls come to; of the models the one that cost most."""
        said = [self.calls[key].said for key in self.ids_between(start, end)]
        said = [s for s in said if not s["void"]]
        models = collections.defaultdict(lambda: [0, 0])
        for s in said:
            models[s["model"]][0] += s["cost"] or 0
            models[s["model"]][1] += s["input"] + s["output"]
        top, (cost, tokens) = min(
            models.items(), key=lambda m: (-m[1][0], -m[1][1], m[0]),
            default=("", (0, 0)))
        return (len(said), sum(m[1] for m in models.values()),
                sum(s["cost"] is None for s in said),
                sum(m[0] for m in models.values()), top, tokens, cost)

    def tick_daily(self):
        day = local(self.now).date()
        if instant(day, self.daily_hour) > self.now:
            day = after(day, -1)
        if self.daily is None:
            self.daily = day
        if day <= self.daily:
            return
        first, self.daily = after(self.daily), day
        period = str(day) if first == day else f"{first}..{day}"
        start = self.calendar.day_start
        self.tell_digest("daily", period, instant(first, start),
                         instant(after(day), start))

    def tick_weekly(self):
        start = self.calendar.day_start
        day = day_of(self.now, start)
        monday = after(day, 1 - day.isoweekday())
        if self.weekly is None:
            self.weekly = monday
        if monday <= self.weekly:
            return
        first, self.weekly = self.weekly, monday
        period = week_label(after(monday, -7))
        if after(first, 7) != monday:
            period = f"{week_label(first)}..{period}"
        self.tell_digest("weekly", period, instant(first, start),
                         instant(monday, start))

    def tell_digest(self, kind, period, start, end):
        self.tell(kind, "info", period=period, start=start, end=end,
                  digest=self.digest(start, end))

    def tick_silence(self):
        start = self.calendar.day_start
        today = day_of(self.now, start)
        for (agent, source), (sights, last) in self.sources.items():
            first = day_of(last, start)
            days = sum(first < day < today for day in self.used)
            if sights < 10 or source == "manual" or \
                    days < self.silent_days or \
                    (agent, source, last) in self.silent:
                continue
            self.silent.add((agent, source, last))
            self.tell("source", "warn", agent, "", last, self.now)


# --- The daemon and its clients ---------------------------------------------------


class Gone(Failure):
    """The daemon closed the connection."""


class Killed(Exception):
    """By us, before it answered."""


class Client:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(REPLY_S)
        self.sock.connect(path)
        self.unpacker = msgpack.Unpacker(raw=False)
        self.msgid = 0
        self.held = set()
        self.since = 0  # when it claimed last
        self.hangs = False
        self.lost = set()  # what others got meanwhile

    def send(self, method, **params):
        self.msgid += 1
        try:
            self.sock.sendall(msgpack.packb([0, self.msgid, method, [params]]))
        except OSError as e:
            raise Gone("collectord closed a connection") from e

    def receive(self):
        while True:
            for kind, msgid, error, result in self.unpacker:
                if error is not None:
                    raise Failure(f"refused: {error}")
                expect("a reply", (kind, msgid), (1, self.msgid))
                return result
            try:
                data = self.sock.recv(65536)
            except ConnectionError as e:
                raise Gone("collectord closed a connection") from e
            if not data:
                raise Gone("collectord closed a connection")
            self.unpacker.feed(data)

    def call(self, method, **params):
        self.send(method, **params)
        return self.receive()

    def answers_within(self, seconds):
        return bool(select.select([self.sock], [], [], seconds)[0])

    def close(self):
        self.sock.close()


class Daemon:
    """A private collectord that is started again and again."""

    def __init__(self, home, config):
        self.home = home
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith("TT_")}
        self.env.update(TT_HOME=home, TT_AUTOSTART="0", LC_ALL="C.UTF-8",
                        TZ="Asia/Tokyo")  # the file says where we are
        self.process = None
        os.mkdir(home, 0o700)
        with open(os.path.join(home, "config"), "w") as f:
            f.write(config)

    def start(self, now):
        stamp = datetime.datetime.fromtimestamp(now / 1000, UTC)
        self.env["TT_NOW"] = stamp.isoformat(timespec="milliseconds")
        reader, writer = os.pipe()
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [f"{BUILD}/collectord", f"--notify-fd={writer}"],
                env=self.env, stderr=log, pass_fds=[writer])
        os.close(writer)
        ready = select.select([reader], [], [], 60)[0] and os.read(reader, 1)
        os.close(reader)
        if ready != b"\n":
            raise Failure("collectord did not start: " + self.log())

    def client(self):
        return Client(os.path.join(self.home, "run", "sock"))

    def log(self):
        with open(os.path.join(self.home, "log"), errors="replace") as f:
            return f.read()[-2000:]

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        process, self.process = self.process, None
        process.terminate()
        try:
            status = process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failure("collectord does not end")
        if status != 0:
            raise Failure(f"collectord ended with {status}: {self.log()}")


def usd(pico):
    text = format(decimal.Decimal(pico).scaleb(-12), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def pico(text):
    return int(decimal.Decimal(text).scaleb(12))


def event_of(sight):
    event = {k: v for k, v in sight.items() if v not in ("", None, False)}
    if sight["cost"] is not None:
        event["cost"] = usd(sight["cost"])
    return event


def told_of(notice):
    """As the model has it."""
    amounts = [notice.get(key) for key in ("spent", "limit")]
    if not notice["tokens"]:
        amounts = [a if a is None else pico(a) for a in amounts]
    digest = notice.get("digest")
    if digest is not None:
        digest = tuple(
            pico(digest[key]) if key.endswith("cost") else digest[key]
            for key in ("calls", "tokens", "unpriced_calls", "cost",
                        "top_model", "top_tokens", "top_cost"))
    return Told(notice["kind"], notice["level"], notice["subject"],
                notice["period"], notice["from"], notice["to"],
                notice["tokens"], *amounts, notice["made"], digest)


def params_of(spec):
    params = {k: spec[k] for k in ("name", "period", "warn", "metered",
                                   "remind", "filter")}
    if spec["tokens"]:
        return dict(params, limit_tokens=spec["limit"])
    return dict(params, limit=usd(spec["limit"]))


# --- A quarter ----------------------------------------------------------------------

BUDGETS = [
    dict(name="daily", period="day", limit=1000 * CENT, remind=True),
    dict(name="oaks", period="week", limit=300000, tokens=True, remind=True,
         filter={"model": "oak", "provider": "grove"}),
    dict(name="bill", period="month", limit=12000 * CENT, metered=True,
         remind=True),
    dict(name="one", period="session", limit=700 * CENT, warn=50,
         filter={"project": "alpha"}),
    dict(name="block", period="block", limit=500 * CENT, warn=100,
         filter={"agent": "claude-code"}),
]
DEFAULTS = dict(tokens=False, warn=80, metered=False, remind=False, filter={})
AGENTS = [("claude-code", "hook"), ("codex", "log"), ("gemini-cli", "otel"),
          ("by-hand", "manual")]
MODELS = ["oak-large", "oak-small", "elm-1", "birch-x"]
FREE_OF_PRICE = ["fir-1", "fir-2", "yew", "oak-odd"]
OFF_DAYS = 9


class Quarter:
    def __init__(self, seed, home):
        r = self.random = random.Random(seed)
        spring = seed % 2 == 0
        self.first = datetime.date(2026, 2, 12) if spring else \
            datetime.date(2026, 8, 20)
        # The first ones have the configuration of whoever has none.
        plain = seed <= 2
        self.calendar = Calendar() if plain else Calendar(
            r.choice([1, 1, 7, 6]), r.choice([0, 0, 3, 4]),
            r.choice([1, 1, 15, 28]))
        hour = 23 if plain else r.choice([23, 23, 2, 18])
        self.model = Model(self.calendar, hour, 3)
        c = self.calendar
        self.daemon = Daemon(home, (
            f"[report]\ntz = Europe/Berlin\nday_start = {c.day_start}\n"
            f"week_start = {c.week_start}\nmonth_start = {c.month_start}\n"
            f"[notice]\ndaily_report_hour = {hour}\n"
            ).replace("week_start = 1", "week_start = monday")
            .replace("week_start = 6", "week_start = saturday")
            .replace("week_start = 7", "week_start = sunday"))
        self.off = range(r.randrange(30, 45), 99)
        self.off = range(self.off[0], self.off[0] + OFF_DAYS)
        self.back = {r.randrange(10, 25), r.randrange(60, 80)}
        self.quiet = {a: r.randrange(12, 75) for a in ("codex", "gemini-cli")}
        self.deadline = time.monotonic() + QUARTER_S
        self.client = None
        self.readers = []
        self.n = 0
        self.live = []  # sights that may be told again
        self.seen = {}  # id -> what it says
        self.confirmed = collections.Counter()  # acks by id
        self.asked = set()  # confirmed without an ack
        self.counts = collections.Counter()

    def chance(self, percent):
        return self.random.random() * 100 < percent

    # The daemon, its clock, and its ends.

    def connect(self):
        self.client = self.daemon.client()
        self.barrier()

    def barrier(self):
        """What was asked of the thread that writes is done."""
        self.client.call("notice_confirm", ids=[])

    def start(self):
        self.daemon.start(self.model.now)
        self.connect()

    def lose(self, end):
        """Ends the daemon; whoever is connected is cut off."""
        end()
        for client in [self.client, *self.readers]:
            client.close()
        self.client, self.readers = None, []

    def restart(self, end=None):
        self.lose(end or self.daemon.stop)
        self.start()
        self.model.tick()
        self.counts["starts"] += 1

    def kill(self):
        self.counts["kills"] += 1
        self.daemon.kill()

    def set_clock(self, ms):
        self.model.now = ms
        if self.chance(3):  # before it has done what is due, or meanwhile
            self.client.send("clock", now=ms)
            self.client.answers_within(self.random.random() / 500)
            self.restart(self.kill)
            return
        self.client.call("clock", now=ms)
        self.barrier()
        self.model.tick()

    # Calls.

    def agent(self):
        quiet = {a for a, day in self.quiet.items()
                 if day <= self.day_number < day + 6}
        return self.random.choice([a for a in AGENTS if a[0] not in quiet])

    def sight(self, late=0):
        r = self.random
        self.n += 1
        agent, source = self.agent()
        number = r.randrange(4)
        session = f"s{self.day_number:02}-{number}"
        model, cost = r.choice(MODELS), r.randrange(1, 150) * CENT
        if self.chance(2):
            model, cost = r.choice(FREE_OF_PRICE), None
        return dict(
            session=session, message=f"m{self.n}", provider="grove",
            model=model, agent=agent, source=source, rank=1, void=False,
            project=("alpha", "beta")[number % 2],
            billing="plan" if self.chance(20) else "",
            input=r.randrange(1, 6000), output=r.randrange(1, 3000),
            cost=cost, ts=self.model.now - late - r.randrange(2 * HOUR))

    def again(self):
        """An earlier call: more of it, corrected, or undone."""
        r = self.random
        old = r.choice(self.live[-60:])
        kind = r.randrange(4)
        if kind == 0:
            return dict(old, void=True)
        if kind == 1:
            ts = min(old["ts"] + r.randrange(-DAY, DAY), self.model.now)
            cost = old["cost"] and r.randrange(1, 400) * CENT
            return dict(old, rank=old["rank"] + 1, cost=cost, ts=ts)
        return dict(old, output=old["output"] + r.randrange(2000),
                    cost=old["cost"] and old["cost"] + r.randrange(99) * CENT)

    def sights(self):
        late = 0
        if self.chance(6):
            late = self.random.randrange(1, 9) * DAY
        sights = [self.sight(late)
                  for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        if self.chance(10):
            sights.append(self.sight(self.random.randrange(DAY)))
        if self.live and self.chance(25):
            sights.append(self.again())
        return sights

    def put(self, sights, kill=False):
        events = [event_of(s) for s in sights]
        self.client.send("put", events=events)
        try:
            if kill:
                self.client.answers_within(self.random.random() / 200)
                raise Killed
            got = self.client.receive()
        except Killed:
            self.put_again(sights, events)
        else:
            expect("rejected", got["rejected"], [])
            self.model.put(sights)
        self.live += [s for s in sights if not s["void"]]

    def put_again(self, sights, events):
        """Nobody knows whether it was taken until it is put again."""
        self.lose(self.kill)
        self.start()
        got = self.client.call("put", events=events)
        expect("rejected", got["rejected"], [])
        was_taken = got["stored"] + got["merged"] == 0
        self.counts["taken unacked" if was_taken else "lost unacked"] += 1
        steps = [lambda: self.model.put(sights), self.model.tick]
        for step in steps if was_taken else reversed(steps):
            step()
        if was_taken:  # heard once more
            for sight in sights:
                self.model.hear(sight)

    def burst(self):
        """Agents that put at once: who comes first must not matter."""
        sights = [dict(self.sight(), ts=self.model.now)
                  for _ in range(self.random.randrange(3, 9))]
        model = self.model
        known = len(model.told)
        levels = {}
        for b in model.budgets.values():
            for s in sights:
                place = model.place(b, s)
                if b.spec["period"] == "block":
                    place = model.block(b, s["ts"])
                if place is not None:
                    levels[b.number, place.label] = b.level(
                        model.sums(b, place)[0])
        if not self.is_plain(sights, levels):
            for sight in sights:
                self.put([sight])
            return
        clients = [self.daemon.client() for _ in sights]
        for client, sight in zip(clients, sights):
            client.send("put", events=[event_of(sight)])
            if self.chance(30):
                self.claim_some()
        for client, sight in zip(clients, sights):
            expect("stored", client.receive()["stored"], 1)
            client.close()
            model.put([sight])
        self.live += sights
        for i in range(known, len(model.told)):
            if model.told[i].kind == "budget":
                model.told[i] = model.told[i]._replace(spent=ANY)
        self.counts["bursts"] += 1

    def is_plain(self, sights, levels):
        """Does none of them take a budget past both levels?"""
        for b in self.model.budgets.values():
            spent = collections.Counter()
            places = {}
            for s in sights:
                place = self.model.place(b, s)
                if b.spec["period"] == "block":
                    place = self.model.block(b, s["ts"])
                    if place is None and b.covers(s):
                        return False
                if place is not None and b.covers(s):
                    spent[place] += b.amount(s)
            for place, more in spent.items():
                total = self.model.sums(b, place)[0] + more
                if levels[b.number, place.label] == OK and \
                        b.level(total) == LIMIT:
                    return False
        return True

    # Budgets.

    def set_budget(self, spec):
        self.client.send("budget_set", **params_of(spec))
        try:
            if self.chance(10):
                self.client.answers_within(self.random.random() / 200)
                raise Killed
            self.client.receive()
            self.model.set_budget(spec)
        except Killed:
            self.lose(self.kill)
            self.start()
            self.client.call("budget_set", **params_of(spec))
            self.model.set_budget(spec)
            self.model.tick()

    def change_budget(self):
        r = self.random
        spec = dict(DEFAULTS, **r.choice(BUDGETS))
        known = self.model.budgets.get(spec["name"])
        if known is not None and self.chance(15):
            self.client.call("budget_rm", name=spec["name"])
            del self.model.budgets[spec["name"]]
            return
        spec["limit"] = spec["limit"] * r.choice([60, 80, 100, 120, 150]) // 100
        spec["warn"] = r.choice([spec["warn"], 50, 90, 100])
        self.set_budget(spec)

    # Readers.

    def take(self, reader, notices):
        for notice in notices:
            told = told_of(notice)
            known = self.seen.setdefault(notice["id"], told)
            expect(notice["id"], told, known)
        reader.held = {n["id"] for n in notices}
        reader.since = self.model.now
        if len(reader.held) != len(notices):
            raise Failure("one claim has a notice twice")

    def claim(self, readers):
        """All at once; nobody gets what another one has."""
        for reader in readers:
            reader.send("notice_claim")
        for reader in readers:
            self.take(reader, reader.receive()["notices"])
        self.hand_on({i for reader in readers for i in reader.held})
        held = [i for reader in self.readers for i in reader.held]
        if len(held) != len(set(held)):
            raise Failure("two readers hold the same notice")
        again = [i for i in held if i in self.confirmed]
        if again:
            raise Failure(f"told again after its confirmation: {again}")

    def hand_on(self, taken):
        """What those that hang held for too long is others' now."""
        for reader in self.readers:
            if not reader.hangs:
                continue
            if self.model.now < reader.since:  # and the lease begins anew
                reader.since = self.model.now
            if self.model.now - reader.since < LEASE:
                continue
            expect("what a reader that hangs still has",
                   reader.held - taken, set())
            self.counts["handed on"] += len(reader.held)
            reader.lost |= reader.held
            reader.held = set()

    def go_on(self, reader):
        """Too late for what others got; what nobody asked for is its own."""
        ids = sorted(reader.held)
        got = reader.call("notice_confirm", ids=sorted(reader.lost) + ids)
        expect("confirmed late", got["confirmed"], len(ids))
        self.confirmed.update(ids)
        self.counts["late"] += len(reader.lost)
        reader.hangs, reader.held, reader.lost = False, set(), set()

    def claim_some(self):
        while len(self.readers) < READERS:
            self.readers.append(self.daemon.client())
        for reader in self.readers:
            if reader.hangs and self.chance(30):
                self.go_on(reader)
        awake = [r for r in self.readers if not r.hangs]
        if awake:
            self.claim(awake)

    def confirm(self, reader):
        ids = sorted(reader.held)
        if self.chance(20):
            ids = ids[:len(ids) // 2]
        reader.send("notice_confirm", ids=ids)
        if ids and self.chance(12):
            return self.kill_confirming(reader, ids)
        expect("confirmed", reader.receive()["confirmed"], len(ids))
        self.confirmed.update(ids)
        reader.held -= set(ids)
        return True

    def kill_confirming(self, reader, ids):
        """The ack came, or who gets it next is the one."""
        if reader.answers_within(self.random.random() / 200):
            expect("confirmed", reader.receive()["confirmed"], len(ids))
            self.confirmed.update(ids)
        else:
            self.asked.update(ids)
            self.counts["unacked confirmations"] += 1
        self.restart(self.kill)
        return False

    def rounds(self):
        self.claim_some()
        for reader in list(self.readers):
            fate = self.random.randrange(11)
            if reader.hangs:
                continue
            if fate == 10:
                reader.hangs = True
            elif fate < 3:
                if reader.held:
                    self.counts["readers that died"] += 1
                self.readers.remove(reader)
                reader.close()
            elif fate < 8 and not self.confirm(reader):
                return

    # Time.

    def step(self, ms):
        if time.monotonic() > self.deadline:
            raise Failure(f"is slower than {QUARTER_S} s")
        self.set_clock(ms)
        fate = self.random.random() * 100
        if fate < 3:
            self.restart()
        elif fate < 5:
            self.restart(self.kill)
        elif fate < 9:
            self.put(self.sights() + [self.sight()], kill=True)
        elif fate < 13:
            self.burst()
        elif fate < 16:
            self.change_budget()
        elif fate < 30:
            self.rounds()
        else:
            self.put(self.sights())

    def times(self, day):
        """Any, and those at which something is due, to the millisecond."""
        start, end = instant(day, 0), instant(after(day), 0)
        n = self.random.randrange(3, 14)
        times = [self.random.randrange(start, end) for _ in range(n)]
        edges = [start, instant(day, self.model.daily_hour),
                 instant(day, self.calendar.day_start)]
        times += [e - self.random.randrange(2) for e in edges
                  if self.chance(50)]
        return sorted(t for t in times if t > self.model.now)

    def set_back(self):
        """By two hours, over midnight."""
        end = instant(after(self.day), 0)
        self.step(end + self.random.randrange(HOUR))
        self.step(self.model.now - 2 * HOUR)
        for _ in range(4):
            self.step(self.model.now + self.random.randrange(HOUR))

    def live_through(self, number):
        self.day_number = number
        self.day = after(self.first, number)
        if number == self.off[0]:
            end = self.random.choice([self.daemon.stop, self.kill])
            self.lose(end)
        if number in self.off:
            return
        times = self.times(self.day)
        if self.client is None:
            self.model.now = times.pop(0)
            self.start()
            self.model.tick()
        for ms in times:
            self.step(ms)
        if number in self.back:
            self.set_back()
        self.compare()
        self.compare_budgets()

    # Comparing.

    def compare(self):
        for delivered in (False, True):
            got = self.client.call("notices", delivered=delivered)["notices"]
            for notice in got:
                told = told_of(notice)
                expect(notice["id"], told,
                       self.seen.setdefault(notice["id"], told))
        want = collections.Counter(self.model.told)
        loose = {t._replace(spent=None) for t in want if t.spent == ANY}
        got = collections.Counter(
            t._replace(spent=ANY) if t._replace(spent=None) in loose else t
            for t in self.seen.values())
        missing, extra = want - got, got - want
        if missing or extra:
            raise Failure(
                f"on {self.day}: missing {list(missing.elements())[:3]}, "
                f"not predicted {list(extra.elements())[:3]}")

    def state_of(self, budget):
        place = self.model.current(budget)
        if place is None:
            return "", 0, 0, 0, 0, 0, "ok"
        sums = self.model.sums(budget, place)
        return (place.label, place.start, place.end, *sums,
                LEVELS[budget.level(sums[0])])

    def compare_budgets(self):
        got = self.client.call("budgets", session=self.model.session)
        expect("now", got["now"], self.model.now)
        names = sorted(self.model.budgets)
        expect("budgets", [b["name"] for b in got["budgets"]], names)
        for b in got["budgets"]:
            spent = b["spent_tokens"] if "spent_tokens" in b else \
                pico(b["spent"])
            expect(f"{b['name']} on {self.day}",
                   (b["label"], b["from"], b["to"], spent,
                    b["unpriced_tokens"], b["unpriced_calls"], b["level"]),
                   self.state_of(self.model.budgets[b["name"]]))

    def finish(self):
        """What is still pending goes to the last reader."""
        for reader in self.readers:
            reader.close()
        self.readers = []
        self.restart()
        reader = self.daemon.client()
        self.readers.append(reader)
        while True:
            self.claim([reader])
            if not reader.held:
                break
            ids = sorted(reader.held)
            got = reader.call("notice_confirm", ids=ids)
            expect("confirmed", got["confirmed"], len(ids))
            self.confirmed.update(ids)
        self.compare()
        twice = [i for i, n in self.confirmed.items() if n > 1]
        expect("confirmed twice", twice, [])
        lost = self.seen.keys() - self.confirmed.keys() - self.asked
        expect("confirmed to nobody", lost, set())

    def check(self):
        self.model.now = instant(self.first, 8)
        self.start()
        self.model.tick()
        for spec in BUDGETS:
            self.set_budget(dict(DEFAULTS, **spec))
        for number in range(DAYS):
            self.live_through(number)
        self.finish()
        kinds = collections.Counter(t.kind for t in self.model.told)
        for kind in ("budget", "daily", "weekly", "price", "source"):
            if kinds[kind] == 0:
                raise Failure(f"no notice of {kind} at all")
        if self.counts["kills"] == 0:
            raise Failure("nothing was killed")
        if os.environ.get("TT_VERBOSE"):
            print(dict(kinds), dict(self.counts), file=sys.stderr)

    def end(self):
        if self.daemon.process is not None:
            self.daemon.process.send_signal(signal.SIGKILL)
            self.daemon.process.wait()


def check_quarter(seed):
    directory = tempfile.mkdtemp(prefix="tt-quarter-")
    quarter = Quarter(seed, os.path.join(directory, "home"))
    try:
        quarter.check()
    finally:
        quarter.end()
        shutil.rmtree(directory)


def main():
    failed = 0
    for seed in range(SEED, SEED + QUARTERS):
        name = f"quarter: what is told is what was predicted, seed {seed}"
        try:
            check_quarter(seed)
            print(f"ok {name}", flush=True)
        except (Failure, KeyError, ValueError, TypeError, OSError,
                subprocess.SubprocessError) as e:
            failed += 1
            print(f"not ok {name}: {type(e).__name__}: {e}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
