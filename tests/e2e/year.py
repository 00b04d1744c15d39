#!/usr/bin/python3
"""A year of random calls, summed by the ledger and by SQLite.

The same sights of the same calls, with resends that grow, corrections and
copies in other sessions, go through real clients into a real daemon and, by
the rules of proto/PROTOCOL.md, into SQLite. Costs are worked out here in whole
picodollars from published prices, periods by Python's zoneinfo. Every row of
every report must then be the same, to the token and the picodollar.

TT_BUILD: where the programs are (build). TT_YEAR: how many calls (100000).
TT_SEED: of the random numbers (1). Prints `ok NAME` or `not ok NAME: why`.
"""

import collections
import datetime
import decimal
import json
import os
import random
import select
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zoneinfo

BUILD = os.path.abspath(os.environ.get("TT_BUILD", "build"))
CALLS = int(os.environ.get("TT_YEAR", "100000"))
SEED = int(os.environ.get("TT_SEED", "1"))

UTC = datetime.timezone.utc
NOW = datetime.datetime(2026, 12, 31, 12, tzinfo=UTC)
START = datetime.datetime(2025, 12, 31, 12, tzinfo=UTC)
DAY_MS = 86400 * 1000
SESSION_CALLS = 60
SESSION_MS = 6 * 3600 * 1000
WINDOW = 20000  # sights that are mixed with each other
DEADLINE = 600  # seconds that any program may take

# Berlin changes by an hour, Lord Howe by half of one, Kathmandu is at :45.
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]


def ms_of(time):
    return int(time.timestamp() * 1000)


# --- Prices, USD a million tokens ---------------------------------------------

Rates = collections.namedtuple(
    "Rates", "input output cache_read cache_write cache_write_1h")


def rates(*usd):
    """Picodollars a token; every one is whole."""
    pico = [decimal.Decimal(u) * 10**6 for u in usd]
    assert all(p == int(p) for p in pico)
    return Rates(*map(int, pico), *[None] * (5 - len(pico)))


# From the vendors' pages of 2026-08 ("Pricing" of Anthropic with its sections
# "Long context pricing" and "Batch processing", OpenAI, Google's Gemini API,
# DeepSeek). A prompt above the number has the second rates throughout. The
# long-context price of Opus 4.6 ended on 2026-03-13 (UTC).
LONG_OPUS_ENDS = ms_of(datetime.datetime(2026, 3, 13, tzinfo=UTC))
Model = collections.namedtuple("Model", "provider name base above long")
MODELS = [
    Model("anthropic", "claude-sonnet-4-5-20250929",
          rates("3", "15", "0.30", "3.75", "6"),
          200000, rates("6", "22.50", "0.60", "7.50", "12")),
    Model("anthropic", "claude-opus-4-6",
          rates("5", "25", "0.50", "6.25", "10"),
          200000, rates("10", "37.50", "1", "12.50", "20")),
    Model("anthropic", "claude-haiku-4-5",
          rates("1", "5", "0.10", "1.25", "2"), None, None),
    Model("openai", "gpt-5", rates("1.25", "10", "0.125"), None, None),
    Model("openai", "gpt-5-mini", rates("0.25", "2", "0.025"), None, None),
    Model("openai", "gpt-5.4", rates("2.50", "15", "0.25"),
          271999, rates("5", "22.50", "0.50")),
    Model("google", "gemini-2.5-pro", rates("1.25", "10", "0.125"),
          200000, rates("2.50", "15", "0.25")),
    Model("google", "gemini-2.5-flash", rates("0.30", "2.50", "0.03"),
          None, None),
    Model("deepseek", "deepseek-chat", rates("0.28", "0.42", "0.028"),
          None, None),
    # Free by the user's word, priced by what it reports, and not at all.
    Model("home", "llama-cellar", rates("0", "0", "0"), None, None),
    Model("acme", "acme-large", None, None, None),
    Model("acme", "grove-xl", None, None, None),
]
REPORTS, UNPRICED = "acme-large", "grove-xl"
BY_NAME = {m.name: m for m in MODELS}


def cost_of(call):
    """(how it is priced, picodollars) of a merged call."""
    model = BY_NAME[call["model"]]
    if model.base is None:
        if call["reported"] is None:
            return "none", 0
        return "reported", call["reported"]
    prompt = call["input"] + call["cache_read"] + call["cache_write"]
    is_long = model.above is not None and prompt > model.above
    if model.name == "claude-opus-4-6" and call["ts"] >= LONG_OPUS_ENDS:
        is_long = False
    r = model.long if is_long else model.base
    writes = call["cache_write"] - call["cache_write_1h"]
    cost = call["input"] * r.input + call["output"] * r.output
    cost += call["cache_read"] * r.cache_read
    cost += writes * (r.cache_write or 0)
    cost += call["cache_write_1h"] * (r.cache_write_1h or 0)
    if call["tier"] == "batch":
        assert cost % 2 == 0
        cost //= 2
    return "rule", cost


# --- The calls ----------------------------------------------------------------

COUNTS = ["input", "output", "reasoning", "cache_read", "cache_write",
          "cache_write_1h", "total"]


def usd(pico):
    text = format(decimal.Decimal(pico).scaleb(-12), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class Calls:
    """Random sights, session by session."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = 0

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def counts(self, model):
        r = self.random
        prompt = 420000 if self.chance(8) else 90000
        c = dict.fromkeys(COUNTS, 0)
        c["input"] = r.randrange(5000)
        c["output"] = r.randrange(1, 8000)
        c["reasoning"] = r.randrange(c["output"])
        c["cache_read"] = r.randrange(prompt)
        if model.provider == "anthropic":
            c["cache_write"] = r.randrange(20000)
            if self.chance(50):
                c["cache_write_1h"] = r.randrange(c["cache_write"] + 1)
        if self.chance(3):
            c["total"] = r.randrange(500000)
        return c

    def cost(self, model):
        if model.name == REPORTS:
            return self.random.randrange(2 * 10**12)
        if model.name == UNPRICED or not self.chance(10):
            return None
        return self.random.randrange(10**12)  # and a rule is stronger

    def call(self, session, start, model):
        r = self.random
        self.number += 1
        ts = min(start + r.randrange(SESSION_MS), ms_of(NOW))
        c = dict(session, message=f"m{self.number}", ts=ts, rank=1, copied=0,
                 provider=model.provider, model=model.name, tier="",
                 failed=int(self.chance(2)), call="",
                 reported=self.cost(model))
        c.update(self.counts(model))
        if model.name == "claude-haiku-4-5" and self.chance(30):
            c["tier"] = "batch"
        if self.chance(60):
            c["call"] = f"msg_{self.number:020}"
        return c

    def part(self, call):
        """What a stream had said of it before it was over."""
        part = dict(call, ts=call["ts"] + self.random.randrange(60000))
        part["output"] = call["output"] // self.random.randrange(2, 9)
        part["reasoning"] = min(call["reasoning"], part["output"])
        part["total"] //= 2
        return part

    def sights(self, call, others):
        """The call as it is told, most often once."""
        yield call
        if self.chance(10):
            yield call
        if self.chance(10):
            yield self.part(call)
        if self.chance(1):
            yield dict(self.part(call), rank=2, reported=10**11)
        if call["call"] and others and self.chance(4):
            yield dict(self.part(call), copied=1,
                       **self.random.choice(others))

    def sessions(self, n):
        r = self.random
        others = collections.deque(maxlen=20)
        span = ms_of(NOW) - ms_of(START)
        for i in range(-(-n // SESSION_CALLS)):
            agent = r.choice(["claude-code", "codex", "gemini-cli", "aider"])
            session = {
                "session": f"s{i:06}-{r.randrange(16**8):08x}",
                "agent": agent,
                "project": f"project-{r.randrange(25):02}",
                "billing": "plan" if agent == "claude-code"
                           and self.chance(40) else "",
            }
            start = ms_of(START) + r.randrange(span)
            models = r.sample(MODELS, 2)
            for _ in range(min(SESSION_CALLS, n - i * SESSION_CALLS)):
                call = self.call(session, start, r.choice(models))
                yield from self.sights(call, list(others))
            others.append(session)

    def windows(self, n):
        window = []
        for sight in self.sessions(n):
            window.append(sight)
            if len(window) == WINDOW:
                self.random.shuffle(window)
                yield window
                window = []
        self.random.shuffle(window)
        yield window


def line_of(sight):
    """A sight as tt-send takes it."""
    event = {k: v for k, v in sight.items() if v not in ("", None)}
    event["ok"] = not event.pop("failed")
    event["copied"] = bool(event["copied"])
    if not event["total"]:
        del event["total"]
    if event.pop("reported", None) is not None:
        event["cost"] = usd(sight["reported"])
    return json.dumps(event)


# --- SQLite -------------------------------------------------------------------

# Texts of the sight that owns the call, and such as all its sights have.
OWNED = ["session", "agent", "project"]
FIXED = ["provider", "model", "tier"]
# The billing is "plan" or not said, and what the owner does not say comes from
# who does: the larger one.
LARGEST = COUNTS + ["failed", "reported", "billing"]
COLUMNS = ["rank", "copied"] + OWNED + FIXED + LARGEST + ["ts"]


def upsert():
    """One statement that joins a sight to what is known of its call."""
    higher, equal = "excluded.rank > rank", "excluded.rank = rank"
    better = f"{higher} OR ({equal} AND excluded.copied < copied)"
    sets = [f"{c} = CASE WHEN {better} THEN excluded.{c} ELSE {c} END"
            for c in ["copied"] + OWNED]
    for c in LARGEST + ["ts"]:
        f = "min" if c == "ts" else "max"
        join = f"coalesce({f}({c}, excluded.{c}), {c}, excluded.{c})"
        sets.append(f"{c} = CASE WHEN {higher} THEN excluded.{c} "
                    f"WHEN {equal} THEN {join} ELSE {c} END")
    sets.append("rank = max(rank, excluded.rank)")
    values = ", ".join(f":{c}" for c in COLUMNS)
    return (f"INSERT INTO told (id, {', '.join(COLUMNS)}) VALUES "
            f"(CASE :call WHEN '' THEN :session || ' ' || :message "
            f"ELSE :call END, {values}) "
            f"ON CONFLICT (id) DO UPDATE SET {', '.join(sets)}")


# What a report says of a row, and what that is here.
CLASSES = "input + output + cache_read + cache_write"
FIELDS = {
    "calls": "count(*)",
    "sessions": "count(DISTINCT session)",
    "input_tokens": "sum(input)",
    "output_tokens": "sum(output)",
    "reasoning_tokens": "sum(reasoning)",
    "cache_read_tokens": "sum(cache_read)",
    "cache_write_tokens": "sum(cache_write)",
    "cache_write_1h_tokens": "sum(cache_write_1h)",
    "other_tokens": "sum(other)",
    "total_tokens": f"sum({CLASSES} + other)",
    "unpriced_tokens": f"""sum(CASE priced WHEN 'none' THEN {CLASSES} + other
                               WHEN 'rule' THEN other ELSE 0 END)""",
    "failed_calls": "sum(failed)",
    "unpriced_calls": "sum(priced = 'none')",
    "web_searches": "0",
    "cost_usd": "sum(cost)",
    "plan_cost_usd": "sum(CASE billing WHEN 'plan' THEN cost ELSE 0 END)",
}
SUMS = ", ".join(FIELDS.values())


class Oracle:
    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.row_factory = sqlite3.Row
        columns = ", ".join(COLUMNS)
        self.db.executescript(f"""
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
            CREATE TABLE told (id TEXT PRIMARY KEY, {columns}) WITHOUT ROWID;
            CREATE TABLE prices (id TEXT PRIMARY KEY, priced, cost)
                WITHOUT ROWID;
            CREATE TABLE days (zone, day, week, month, lo, hi);""")
        self.upsert = upsert()

    def add(self, sights):
        self.db.executemany(self.upsert, sights)

    def finish(self):
        """Prices all calls and lays them out by time."""
        self.db.executemany(
            "INSERT INTO prices VALUES (?, ?, ?)",
            ((row["id"], *cost_of(row)) for row in
             self.db.execute("SELECT * FROM told")))
        self.db.executescript(f"""
            CREATE TABLE calls AS
                SELECT *, max(0, total - ({CLASSES})) AS other
                FROM told JOIN prices USING (id) ORDER BY ts;
            CREATE INDEX by_ts ON calls (ts);""")
        for zone in ZONES:
            self.db.executemany("INSERT INTO days VALUES (?,?,?,?,?,?)",
                                days_of(zone))
        self.db.execute("ANALYZE")

    def rows(self, zone, keys, where="1"):
        """[(keys…, sums…)]; keys are day, week, month or columns."""
        names = "".join(f"{k}, " for k in keys)
        by = f"GROUP BY {', '.join(keys)}" if keys else ""
        return [tuple(row) for row in self.db.execute(
            f"SELECT {names} {SUMS} FROM days CROSS JOIN calls "
            f"ON ts >= lo AND ts < hi "
            f"WHERE zone = ? AND ({where}) {by}", [zone])]


def midnight(day, zone):
    return ms_of(datetime.datetime(day.year, day.month, day.day,
                                   tzinfo=zoneinfo.ZoneInfo(zone)))


def days_of(zone):
    day = START.date() - datetime.timedelta(1)
    while day <= NOW.date() + datetime.timedelta(1):
        after = day + datetime.timedelta(1)
        year, week, _ = day.isocalendar()
        yield (zone, str(day), f"{year}-W{week:02}", str(day)[:7],
               midnight(day, zone), midnight(after, zone))
        day = after


# --- The programs -------------------------------------------------------------


class Failure(Exception):
    pass


class Daemon:
    """A private collectord."""

    def __init__(self, home):
        self.home = home
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith("TT_")}
        self.env.update(TT_HOME=home, TT_AUTOSTART="0", LC_ALL="C.UTF-8",
                        TT_NOW=NOW.strftime("%Y-%m-%dT%H:%M:%SZ"))

    def __enter__(self):
        os.mkdir(self.home, 0o700)
        reader, writer = os.pipe()
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [f"{BUILD}/collectord", f"--notify-fd={writer}"],
                env=self.env, stderr=log, pass_fds=[writer])
        os.close(writer)
        ready = select.select([reader], [], [], 60)[0] and os.read(reader, 1)
        os.close(reader)
        if ready != b"\n":
            self.process.kill()
            raise Failure("collectord did not start: " + self.log())
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if status != 0 and kind is None:
            raise Failure(f"collectord ended with {status}: {self.log()}")

    def log(self):
        with open(os.path.join(self.home, "log"), errors="replace") as f:
            return f.read()[-2000:]

    def spawn(self, program, *args, **options):
        return subprocess.Popen([f"{BUILD}/{program}", *args], env=self.env,
                                stdout=subprocess.PIPE, **options)

    def run(self, program, *args):
        with self.spawn(program, *args, stderr=subprocess.PIPE) as p:
            out, err = p.communicate(timeout=DEADLINE)
        if p.returncode != 0:
            said = err.decode(errors="replace").strip()
            raise Failure(f"{program} {' '.join(args)}: "
                          f"exit {p.returncode}: {said}")
        return out

    def sender(self, **options):
        return self.spawn("tt-send", "--no-spool", "--json",
                          "--connect-timeout=20000", "--ack-timeout=60000",
                          "-", **options)

    def report(self, *args):
        return json.loads(
            self.run("tt-report", *args, "--json", "--deadline=60000"),
            parse_float=decimal.Decimal)

    def set_prices(self):
        """Free is a price; and no part of a name matches."""
        self.run("tt-price", "set", "llama-cellar", "--input=0", "--output=0",
                 "--cache-read=0")
        self.run("tt-price", "set", "grove", "--input=1000", "--output=1000")


def take_counts(sender):
    """What became of all that was written to it."""
    out = sender.stdout.read()
    if sender.wait(DEADLINE) != 0:
        raise Failure(f"tt-send: exit {sender.returncode}: {out!r}")
    counts = json.loads(out)
    if counts.get("rejected") not in (0, []):
        raise Failure(f"tt-send: {out.decode()[:500]}")
    return counts


def fill(daemon, oracle):
    """Two clients at once; they must not know of each other."""
    senders = [daemon.sender(stdin=subprocess.PIPE) for _ in range(2)]
    for sights in Calls(SEED).windows(CALLS):
        oracle.add(sights)
        for i, sender in enumerate(senders):
            lines = "".join(line_of(s) + "\n" for s in sights[i::2])
            sender.stdin.write(lines.encode())
    for sender in senders:
        sender.stdin.close()
    for sender in senders:
        take_counts(sender)
    oracle.finish()


# --- Comparing ----------------------------------------------------------------


def pico(number):
    """Picodollars of a JSON number, which must be whole."""
    if number is None:
        return None
    value = decimal.Decimal(number).scaleb(12)
    if value != int(value):
        raise Failure(f"{number} has parts of a picodollar")
    return int(value)


def values_of(row):
    return [pico(row[f]) if f.endswith("_usd") else row[f] for f in FIELDS]


def wanted(sums):
    """SQL's sums as a report says them: no calls are zeros, no price null."""
    row = dict(zip(FIELDS, (v or 0 for v in sums)))
    if row["calls"] and row["calls"] == row["unpriced_calls"]:
        row["cost_usd"] = None
    return list(row.values())


def differences(got, want):
    for key in sorted(got.keys() | want.keys()):
        a, b = got.get(key), want.get(key)
        if a is None or b is None:
            yield f"{key}: only {'SQL' if a is None else 'we'} have it"
            continue
        for field, x, y in zip(FIELDS, a, b):
            if x != y:
                yield f"{key} {field}: {x}, SQL says {y}"


def expect_same(what, got, want):
    diffs = list(differences(got, want))
    if diffs:
        raise Failure(f"{what}: {len(diffs)} differences: "
                      + "; ".join(diffs[:4]))


def compare(d, oracle, zone, period, keys, where="1", filters=()):
    """A report with SQL's answer; where must say the period and filters."""
    args = [*period, f"--by={','.join(keys)}", f"--tz={zone}", *filters]
    what = "tt-report " + " ".join(args)
    got = d.report(*args)
    n = len(keys)
    rows = oracle.rows(zone, keys, where)
    labels = [tuple(row[k] for k in keys) for row in got["rows"]]
    if labels != sorted(set(labels)):
        raise Failure(f"{what}: rows are not in the order of their keys")
    if not rows and where == "1":
        raise Failure(f"{what}: nothing to compare")
    expect_same(what, dict(zip(labels, map(values_of, got["rows"]))),
                {row[:n]: wanted(row[n:]) for row in rows})
    expect_same(what, {"total": values_of(got["total"])},
                {"total": wanted(oracle.rows(zone, [], where)[0])})
    return got


def expect(what, got, want):
    if got != want:
        raise Failure(f"{what}: {got!r}, expected {want!r}")


# --- What is promised ---------------------------------------------------------

# Has the change of Berlin's clocks (29 March) and of Lord Howe's (5 April).
SPRING = ("2026-03-08", "2026-04-12")
AUTUMN = ("2026-09-28", "2026-11-02")  # likewise: 4 and 25 October


def between(first, last):
    return f"day BETWEEN '{first}' AND '{last}'"


def check_times(d, oracle, zone):
    for key in ("day", "week", "month"):
        compare(d, oracle, zone, ["all"], [key])


def check_period(d, oracle, zone):
    for first, last in (SPRING, AUTUMN):
        period = [f"{first}..{last}"]
        for key in ("model", "session"):
            got = compare(d, oracle, zone, period, [key],
                          between(first, last))
        after = (datetime.date.fromisoformat(last) + datetime.timedelta(1))
        for key, day in (("from", datetime.date.fromisoformat(first)),
                         ("to", after)):
            stamp = datetime.datetime.fromisoformat(got["period"][key])
            expect(f"{period} {key}", ms_of(stamp), midnight(day, zone))


def check_names(d, oracle, zone):
    local = NOW.astimezone(zoneinfo.ZoneInfo(zone)).date()
    for name, where in [("today", f"day = '{local}'"),
                        ("month", f"month = '{str(local)[:7]}'"),
                        ("year", f"month LIKE '{local.year}-%'")]:
        compare(d, oracle, zone, [name], ["model"], where)


def check_pairs(d, oracle, zone):
    compare(d, oracle, zone, ["all"], ["day", "model"])
    compare(d, oracle, zone, ["year"], ["week", "agent", "project"],
            "month LIKE '2026-%'")
    compare(d, oracle, zone, ["all"],
            ["model", "provider", "agent", "month"])


def check_filters(d, oracle, zone):
    cases = [
        (["--model=claude-*"], "model GLOB 'claude-*'"),
        (["--model=GPT"], "model LIKE '%gpt%'"),
        (["--model=gpt-5"], "model LIKE '%gpt-5%'"),
        (["--model=llama-cellar", "--model=grove*"],
         "model IN ('llama-cellar', 'grove-xl')"),
        (["--provider=openai", "--agent=codex"],
         "provider = 'openai' AND agent = 'codex'"),
        (["--project=project-1?", "--billing=plan"],
         "project GLOB 'project-1?' AND billing = 'plan'"),
        (["--session=s0000*"], "session GLOB 's0000*'"),
    ]
    for filters, where in cases:
        compare(d, oracle, zone, ["all"], ["month", "model"], where, filters)
    compare(d, oracle, zone, ["all"], ["day"], "model GLOB 'claude-*' AND "
            "project = 'project-07'", ["--model=claude-*",
                                       "--project=project-07"])


def check_bill(d, oracle):
    got = d.report("bill", "all")
    sums, want = {}, {}
    for row in got["rows"]:
        name = row["provider"], row["model"]
        expect(f"{name} agrees", row["agrees"], True)
        lines = sum(pico(x["amount_usd"]) or 0 for x in row["lines"])
        if row["priced"] in ("table", "override"):
            expect(f"{name} lines", lines, pico(row["amount_usd"]))
        values = [v or 0 for v in values_of(row)]
        sums[name] = list(map(sum, zip(values, sums.get(name, [0] * 16))))
    for row in oracle.rows("UTC", ["provider", "model"]):
        want[row[:2]] = [v or 0 for v in row[2:]]
    at = list(FIELDS).index("sessions")  # one may be in several rows
    for table in (sums, want):
        for values in table.values():
            values[at] = 0
    expect_same("bill", sums, want)
    total = wanted(oracle.rows("UTC", [])[0])
    expect_same("bill", {"total": values_of(got["total"])}, {"total": total})
    expect("amount_usd", pico(got["amount_usd"]), oracle.db.execute(
        "SELECT sum(cost) FROM calls").fetchone()[0])


def check_sessions(d, oracle):
    rows = oracle.rows("UTC", ["session"])
    for row in random.Random(SEED).sample(rows, min(20, len(rows))):
        got = d.report("session", row[0])
        expect_same(f"session {row[0]}", {"total": values_of(got["total"])},
                    {"total": wanted(row[1:])})


def check_doctor(d):
    got = d.report("doctor")
    expect("differences", got["differences"], [])
    expect("calls", got["calls"] > 0, True)


def copy(source, target):
    """tt-report events | tt-send -"""
    with source.spawn("tt-report", "events") as events:
        sender = target.sender(stdin=events.stdout)
        events.stdout.close()
        counts = take_counts(sender)
    expect("tt-report events", events.returncode, 0)
    return counts


def check_merge(d, home):
    """Another machine's ledger that takes ours, and takes it again."""
    reports = [("all", "--by=day,model,agent", "--tz=Europe/Berlin"),
               ("all", "--by=session")]
    want = [d.report(*args) for args in reports]
    with Daemon(home) as other:
        other.set_prices()
        first = copy(d, other)
        expect("report", [other.report(*args) for args in reports], want)
        again = copy(d, other)
        expect("report", [other.report(*args) for args in reports], want)
        expect("stored and merged again",
               (again["stored"], again["merged"]), (0, 0))
        expect("told again", again["unchanged"], first["stored"])
        expect("doctor", other.report("doctor")["differences"], [])


class Results:
    def __init__(self):
        self.failed = 0

    def check(self, name, f, *args):
        try:
            f(*args)
            print(f"ok year: {name}", flush=True)
        except (Failure, KeyError, ValueError, TypeError,
                subprocess.SubprocessError) as e:
            self.failed += 1
            print(f"not ok year: {name}: {type(e).__name__}: {e}",
                  flush=True)


def check_all(r, d, oracle, directory):
    for zone in ZONES:
        for name, f in [("days, weeks and months", check_times),
                        ("models and sessions of a period", check_period),
                        ("today, month and year", check_names)]:
            r.check(f"{name} in {zone} equal SQL's", f, d, oracle, zone)
    r.check("rows by several keys equal SQL's", check_pairs, d, oracle,
            "Europe/Berlin")
    r.check("filtered rows equal SQL's", check_filters, d, oracle,
            "Asia/Kathmandu")
    r.check("a bill adds up and equals SQL's", check_bill, d, oracle)
    r.check("single sessions equal SQL's", check_sessions, d, oracle)
    r.check("the doctor finds no difference", check_doctor, d)
    r.check("events merged into another ledger twice say the same",
            check_merge, d, os.path.join(directory, "other"))


def main():
    r = Results()
    directory = tempfile.mkdtemp(prefix="tt-year-")
    try:
        oracle = Oracle(os.path.join(directory, "oracle"))
        with Daemon(os.path.join(directory, "home")) as d:
            d.set_prices()
            r.check(f"{CALLS} calls are taken", fill, d, oracle)
            if not r.failed:
                check_all(r, d, oracle, directory)
    except Failure as e:
        print(f"not ok year: the daemon: {e}")
        r.failed += 1
    finally:
        shutil.rmtree(directory)
    return 1 if r.failed else 0


if __name__ == "__main__":
    sys.exit(main())
