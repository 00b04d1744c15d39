#!/usr/bin/env python3
"""The figures of `make bench`, each a ratio measured within this one run.

    tests/bench/run.py [quick|full] [--call] [SECTION...]

How to read it. Every figure is the median of at least five rounds, with the
smallest and the largest in brackets. Within a round the contestants run one
after the other, in another order each time, so that a noisy neighbour hits all
of them: trust the ratios, never an absolute figure of another run. `disk` is
what one fdatasync of 4 KB cost in the same rounds. The gate must hold; the
ambition is what we would like. `quick` takes shorter rounds and stores of 10^4
and 10^5 events; `full` fills 10^7 and takes some minutes.

Every daemon, store and peer is private and lies in a directory that is removed
at the end: below $TT_BENCH_DIR, else /var/tmp, which must be on the disk that
is meant (on a tmpfs a sync costs nothing and the ratios mean nothing). After
every load each store is asked what it holds, which must be what it acked.

With --call every event of a load has its provider's response id too, as those
of real agents have: a second id to look up and to store. `views` always does.
Its million of events of twelve models lie in the year before now.

`ccusage` runs beside ccusage 20.0.24, which npm fetches into the build folder;
without npm it is left out. It reads the transcripts, ours has been told the
same calls, and both must come to the same tokens.

`importing` is told in imports.py: tt-import beside ccusage and tokscale, on
10^4 and 10^5 calls of Claude's and some of Codex; `full` also on 10^6.

`syncs` is told in syncs.py: 1,000 puts a second with a provider's 100,000 rows
being taken in beside them, and without.

SQLite inserts within its own process, redis keeps neither sums nor an index by
time: neither does exactly our job, both are as durable.
"""

import collections
import contextlib
import itertools
import json
import os
import platform
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types

import claude_logs
import imports
import syncs as provider_syncs

BUILD = os.path.abspath(os.environ.get("TT_BUILD", "build"))
CCUSAGE = "@ccusage/ccusage-linux-x64@20.0.24"
ENV = {k: v for k, v in os.environ.items() if not k.startswith("TT_")}
ENV.update(TT_AUTOSTART="0", LC_ALL="C.UTF-8")

Row = collections.namedtuple("Row", "key title sense gate ambition unit")
ROWS = [
    Row("send", "tt-send / (true + 2 flushes)", "<=", 1.5, 1.1, "x"),
    Row("sqlite_64", "64 writers / SQLite FULL", ">=", 5, 15, "x"),
    Row("redis_64", "64 writers / redis always", ">=", 0.5, 1.3, "x"),
    Row("redis_1000", "1,000 writers / redis", ">=", 1.0, 1.3, "x"),
    Row("disk_1", "one writer / fdatasync rate", ">=", 0.30, 0.65, "x"),
    Row("batch", "batches of 1,000, 4 sent / SQLite's", ">=", 3, 5, "x"),
    Row("tail", "ack p99 / p50, 64 writers", "<=", 5, None, "x"),
    Row("ack", "ack p99, 64 writers", "<=", None, 2, " ms"),
    Row("slow", "64 writers / SQLite, syncs + 1 ms", ">=", 10, 25, "x"),
    Row("report", "tt-report week / true, {middle}", "<=", 2.0, 1.1, "x"),
    Row("flat", "tt-report week, {large} / 10^4", "<=", 1.2, 1.05, "x"),
    Row("query", "query p99, writers saturating", "<=", 2, 0.1, " ms"),
    Row("query_slow", "query p99, syncs + 5 ms", "<=", 2, 0.1, " ms"),
    Row("budget_64", "64 writers, 20 budgets / none", ">=", 0.9, 1.0, "x"),
    Row("budget_batch", "batches of 1,000, 20 budgets / none", ">=", 0.9, 1.0,
        "x"),
    Row("budgets", "budgets of {middle} events, p99", "<=", 2, 0.2, " ms"),
    Row("bytes", "stored bytes an event", "<=", 500, 300, " B"),
    Row("rss", "idle resident", "<=", 6, 3, " MB"),
    Row("anon", "anonymous, 1,000 connections", "<=", 16, 4, " MB"),
    Row("start", "start, {large} events stored", "<=", 100, None, " ms"),
    Row("wakeups", "wake-ups in 5 idle seconds", "<=", 0, None, ""),
    Row("month", "tt-report month / true, 10^6", "<=", 5, 2, "x"),
    Row("year", "tt-report year --by model / true", "<=", 5, 2, "x"),
    Row("bill", "tt-report bill / true", "<=", 5, 2, "x"),
    Row("year_json", "year --json, which counts sessions", "<=", 50, None,
        " ms"),
    Row("true_p99", "true, p99, for comparison", "<=", None, None, " ms"),
    Row("session", "tt-report session last / true", "<=", 2, 1.2, "x"),
    Row("session_p99", "tt-report session last, p99", "<=", 5, None, " ms"),
    Row("line", "tt-report statusline / true", "<=", 2, 1.2, "x"),
    Row("line_p99", "tt-report statusline, p99", "<=", 5, None, " ms"),
    Row("doctor", "tt-report doctor, 10^6", "<=", 2, None, " s"),
    Row("export", "tt-report events, 1,000 a second", ">=", 200, None, ""),
    Row("recost", "tt-price recost, all 10^6 change", "<=", 10, None, " s"),
    Row("recost_put", "longest put meanwhile", "<=", 50, None, " ms"),
    Row("cc_day", "ccusage daily / tt-report --by day", ">=", 1000, None,
        "x"),
    Row("cc_all", "ccusage daily / all --by day", ">=", None, 1000, "x"),
    Row("cc_line", "ccusage statusline / ours", ">=", 1000, None, "x"),
    Row("imp_warm", "import, 1,500 files, no news / true", "<=", 10, 3, "x"),
    Row("imp_line", "import, a line of 100 MB / true", "<=", 10, 3, "x"),
    Row("imp_parse_4", "parse rate / cat's, 10^4 calls", ">=", None, 0.5, "x"),
    Row("imp_parse_5", "parse rate / cat's, 10^5 calls", ">=", 0.25, 0.5, "x"),
    Row("imp_parse_6", "parse rate / cat's, 10^6 calls", ">=", 0.25, 0.5, "x"),
    Row("imp_rate_5", "cold import, 10^5, 1,000 a second", ">=", None, None,
        ""),
    Row("imp_rate_6", "cold import, 10^6, 1,000 a second", ">=", None, None,
        ""),
    Row("imp_cc_4", "ccusage daily / cold import, 10^4", ">=", 1, 3, "x"),
    Row("imp_cc_5", "ccusage daily / cold import, 10^5", ">=", 1, 3, "x"),
    Row("imp_cc_6", "ccusage daily / cold import, 10^6", ">=", 1, 3, "x"),
    Row("imp_tok_4", "tokscale / cold import, 10^4", ">=", 1, 3, "x"),
    Row("imp_tok_5", "tokscale / cold import, 10^5", ">=", 1, 3, "x"),
    Row("imp_tok_6", "tokscale / cold import, 10^6", ">=", 1, 3, "x"),
    Row("imp_read", "reads' p99 while importing", "<=", 10, 2, " ms"),
    Row("imp_send", "longest tt-send while importing", "<=", 100, 50, " ms"),
    Row("sync_p99", "put p99, 10^5 rows syncing / idle", "<=", 2, 1.2, "x"),
    Row("sync_p50", "put p50, 10^5 rows syncing / idle", "<=", None, 1.5, "x"),
    Row("sync_max", "longest put, the same", "<=", 4, 2, "x"),
    Row("sync_idle_p99", "put p99, idle, for comparison", "<=", None, None,
        " ms"),
    Row("sync_s", "a sync of 10^5 rows", "<=", 5, 1, " s"),
    Row("sync_busy_s", "the same, beside 1,000 puts/s", "<=", 10, 2, " s"),
    Row("sync_mb", "anonymous, most during a sync", "<=", 32, 8, " MB"),
    Row("sync_reconcile", "tt-report reconcile, 10^5 rows", "<=", 500, 100,
        " ms"),
    Row("sync_billed", "month --source billed, 10^5 rows", "<=", 500, 100,
        " ms"),
]

Size = collections.namedtuple("Size", "rounds ms spawns middle large logs")
SIZES = {
    "quick": Size(5, 500, 100, 10**5, 10**5, (10**4, 10**5)),
    "full": Size(7, 1500, 300, 10**6, 10**7, (10**4, 10**5, 10**6)),
}


class Record(dict):
    """A program's key=value line."""

    __getattr__ = dict.__getitem__


def power(n):
    return "10^%d" % (len(str(n)) - 1)


def stop(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def timed(argv, env, **options):
    before = time.monotonic()
    out = subprocess.run(argv, env=env, check=True, **options).stdout
    return out, time.monotonic() - before


class Daemon:
    """A private collectord; leaves the directory for another start."""

    def __init__(self, bench, name, sync_us=0):
        self.bench = bench
        self.home = os.path.join(bench.dir, name)
        self.socket = os.path.join(self.home, "run", "sock")
        self.env = dict(ENV, TT_HOME=self.home)
        self.slow = {}
        if sync_us:
            self.slow = bench.slow_env(sync_us)
        self.stored = 0

    def __enter__(self):
        os.makedirs(self.home, 0o700, exist_ok=True)
        reader, writer = os.pipe()
        before = time.monotonic()
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.process = subprocess.Popen(
                [f"{BUILD}/collectord", f"--notify-fd={writer}"],
                env=dict(self.env, **self.slow), stderr=log,
                pass_fds=[writer])
        os.close(writer)
        ready = select.select([reader], [], [], 60)[0] and os.read(reader, 1)
        self.start_ms = (time.monotonic() - before) * 1000
        os.close(reader)
        if ready != b"\n":
            stop(self.process)
            sys.exit(f"collectord did not start, see {self.home}/log")
        return self

    def __exit__(self, *why):
        stop(self.process)

    def load(self, **options):
        line = self.bench.load(self.socket, **options)
        self.stored += int(line.stored)
        return line

    def run(self, program, *args, **options):
        """(its output, seconds)"""
        argv = [f"{BUILD}/{program}", *args]
        options.setdefault("stdout", subprocess.PIPE)
        self.bench.note(argv)
        return timed(argv, self.env, **options)

    def ask(self, *args):
        return json.loads(self.run("tt-report", *args, "--json")[0])

    def check(self):
        """What is stored is what was acked."""
        calls = self.ask("all")["total"]["calls"]
        if calls != self.stored:
            sys.exit(f"{self.home}: acked {self.stored}, stored {calls}")

    def status_mb(self, key):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) / 1024
                        for line in f if line.startswith(key + ":"))

    def switches(self):
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status") as f:
                total += next(int(line.split()[1]) for line in f
                              if line.startswith("voluntary_ctxt"))
        return total


class Redis:
    """A private redis-server that syncs every command before it answers."""

    def __init__(self, bench, name):
        self.bench = bench
        self.dir = os.path.join(bench.dir, name)
        self.socket = os.path.join(self.dir, "sock")

    def __enter__(self):
        os.makedirs(self.dir)
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket,
             "--dir", self.dir, "--appendonly", "yes", "--appendfsync",
             "always", "--save", "", "--auto-aof-rewrite-percentage", "0",
             "--loglevel", "warning"], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.socket):
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit("redis-server did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *why):
        stop(self.process)

    def load(self, **options):
        return self.bench.load(self.socket, protocol="redis", **options)


class Bench:
    def __init__(self, directory, size, with_call):
        self.dir = directory
        self.size = size
        self.with_call = with_call
        self.values = collections.defaultdict(list)
        self.disks = collections.defaultdict(list)
        self.commands = collections.defaultdict(dict)
        self.section = ""

    def note(self, argv):
        """Remembers a command line as one would type it."""
        line = " ".join(argv).replace(self.dir, "$D").replace(BUILD, "$B")
        self.commands[self.section][line] = None

    def spawn(self, program, *args, env=None, **popen):
        argv = [f"{BUILD}/bench/{program}", *map(str, args)]
        self.note(argv)
        return subprocess.Popen(argv, env=dict(ENV, **(env or {})),
                                stdout=subprocess.PIPE, text=True, **popen)

    def line(self, process):
        words = process.stdout.readline().split()
        return Record((k, float(v)) for k, v in
                      (word.split("=") for word in words))

    def call(self, program, *args, env=None):
        with self.spawn(program, *args, env=env) as process:
            line = self.line(process)
        if process.returncode != 0:
            sys.exit(f"{program}: exit {process.returncode}")
        return line

    def slow_env(self, us):
        return {"LD_PRELOAD": f"{BUILD}/bench/slow_sync.so",
                "SLOW_SYNC_US": str(us)}

    def load_args(self, socket, **options):
        if "events" not in options:
            options.setdefault("ms", self.size.ms)
        args = [f"--{k}={v}" for k, v in options.items() if k != "call"]
        if options.get("call", self.with_call):
            args.append("--call")
        return [f"--socket={socket}", *args]

    def load(self, socket, **options):
        return self.call("load", *self.load_args(socket, **options))

    def sqlite(self, name, rows, env=None):
        return self.call("sqlite", os.path.join(self.dir, name),
                         self.size.ms, rows, env=env)

    def disk(self):
        return self.call("disk", os.path.join(self.dir, "disk"),
                         min(300, self.size.ms))

    def rounds(self, **contestants):
        """Runs all in each round, in turning order; yields their answers."""
        contestants["disk"] = self.disk
        names = list(contestants)
        for i in range(self.size.rounds):
            names = names[1:] + names[:1]
            print(f"{self.section} {i + 1}/{self.size.rounds}",
                  file=sys.stderr)
            yield Record({n: contestants[n]() for n in names})

    def add(self, key, value, disk):
        self.values[key].append(value)
        self.disks[key].append(disk.sync_p50_us)


def send(b):
    with Daemon(b, "send") as d:
        argv = ["true", ",", f"TT_HOME={d.home}", f"{BUILD}/tt-send",
                "--session=bench", "--agent=shell", "--provider=openai",
                "--model=gpt-5", "--input=1200", "--output=340"]
        spawns = b.size.spawns
        for x in b.rounds(both=lambda: b.call("spawn", spawns, *argv)):
            floor = x.both.a_p50_us + 2 * x.disk.sync_p50_us
            b.add("send", x.both.b_p50_us / floor, x.disk)
            d.stored += spawns + 3  # spawn warms up with three
        d.check()


def writers(b):
    with Daemon(b, "w") as d, Redis(b, "redis") as r:
        for x in b.rounds(tt=lambda: d.load(conns=64),
                          redis=lambda: r.load(conns=64),
                          sqlite=lambda: b.sqlite("w.db", 1)):
            b.add("sqlite_64", x.tt.rate / x.sqlite.rate, x.disk)
            b.add("redis_64", x.tt.rate / x.redis.rate, x.disk)
            b.add("tail", x.tt.ack_p99_us / x.tt.ack_p50_us, x.disk)
            b.add("ack", x.tt.ack_p99_us / 1000, x.disk)
        for x in b.rounds(tt=lambda: d.load(conns=1000),
                          redis=lambda: r.load(conns=1000)):
            b.add("redis_1000", x.tt.rate / x.redis.rate, x.disk)
        d.check()


def one(b):
    with Daemon(b, "one") as d:
        for x in b.rounds(tt=lambda: d.load(conns=1)):
            b.add("disk_1", x.tt.rate / x.disk.rate, x.disk)
        d.check()


def batches(b):
    with Daemon(b, "batches") as d:
        for x in b.rounds(tt=lambda: d.load(conns=1, batch=1000,
                                            inflight=4),
                          sqlite=lambda: b.sqlite("batches.db", 1000)):
            b.add("batch", x.tt.rate / x.sqlite.rate, x.disk)
        d.check()


def slow(b):
    slow_env = b.slow_env(1000)
    with Daemon(b, "slow", 1000) as d:
        for x in b.rounds(tt=lambda: d.load(conns=64),
                          sqlite=lambda: b.sqlite("slow.db", 1, slow_env)):
            b.add("slow", x.tt.rate / x.sqlite.rate, x.disk)
        d.check()


def query_p99_ms(b, d):
    """One asker a millisecond beside 64 writers."""
    ms = b.size.ms
    with b.spawn("load", *b.load_args(d.socket, conns=64,
                                      ms=ms + 300)) as load:
        answer = b.call("probe", d.socket, ms, 1000)
        d.stored += int(b.line(load).stored)
    return answer.query_p99_us / 1000


def queries(b):
    with Daemon(b, "busy") as busy, Daemon(b, "late", 5000) as late:
        for x in b.rounds(busy=lambda: query_p99_ms(b, busy),
                          late=lambda: query_p99_ms(b, late)):
            b.add("query", x.busy, x.disk)
            b.add("query_slow", x.late, x.disk)
        busy.check()
        late.check()


def packed(value):
    """As MessagePack, which this program must do without."""
    if isinstance(value, dict):
        return bytes([0x80 + len(value)]) + b"".join(
            packed(x) for item in value.items() for x in item)
    if isinstance(value, str):
        return bytes([0xa0 + len(value)]) + value.encode()
    return bytes([value])


FILTERS = [{}, {"model": "claude-*"}, {"agent": "codex"}, {"project": "atlas"}]


def set_budgets(d):
    """Five periods by four filters; every other one is over at once."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(d.socket)
        for i, (period, which) in enumerate(itertools.product(
                ("day", "week", "month", "session", "block"), FILTERS)):
            budget = {"name": f"{period}-{i}", "period": period,
                      "limit": ("0.5", "1000000000")[i % 2], "filter": which}
            s.sendall(b"\x94\x00\x01" + packed("budget_set") + b"\x91" +
                      packed(budget))
            if s.recv(4096) != b"\x94\x01\x01\xc0\x80":
                sys.exit(f"budget_set {budget} is refused")


def budgets(b):
    """The same load with 20 budgets and with none."""
    batch = {"conns": 1, "batch": 1000, "inflight": 4}
    with Daemon(b, "none") as none, Daemon(b, "twenty") as twenty:
        for d in (none, twenty):
            fill(d, b.size.middle)
        set_budgets(twenty)
        for x in b.rounds(none=lambda: none.load(conns=64),
                          twenty=lambda: twenty.load(conns=64)):
            b.add("budget_64", x.twenty.rate / x.none.rate, x.disk)
        for x in b.rounds(none=lambda: none.load(**batch),
                          twenty=lambda: twenty.load(**batch),
                          ask=lambda: b.call("probe", twenty.socket,
                                             b.size.ms, 500, "budgets")):
            b.add("budget_batch", x.twenty.rate / x.none.rate, x.disk)
            b.add("budgets", x.ask.query_p99_us / 1000, x.disk)
        none.check()
        twenty.check()


def fill(d, events, **options):
    print(f"filling {power(events)} ...", file=sys.stderr)
    d.load(events=events, conns=4, batch=1000, inflight=2, days=365,
           **options)
    d.check()


def reports(b):
    small, middle, large = (Daemon(b, f"fill-{n}") for n in
                            (10**4, b.size.middle, b.size.large))
    with contextlib.ExitStack() as stack:
        stores = [(small, 10**4), (middle, b.size.middle)]
        if b.size.large != b.size.middle:
            stores.append((large, b.size.large))
        for d, n in stores:
            fill(stack.enter_context(d), n)
        argv = ["true"]
        for d, n in stores:
            argv += [",", f"TT_HOME={d.home}", f"{BUILD}/tt-report", "week"]
        for x in b.rounds(all=lambda: b.call("spawn", b.size.spawns, *argv)):
            last = x.all.d_p50_us if len(stores) == 3 else x.all.c_p50_us
            b.add("report", x.all.c_p50_us / x.all.a_p50_us, x.disk)
            b.add("flat", last / x.all.b_p50_us, x.disk)
            data = os.stat(os.path.join(middle.home, "data", "data.mdb"))
            b.add("bytes", data.st_blocks * 512 / middle.stored, x.disk)
    starts(b, stores[-1][0])


def starts(b, d):
    def start():
        with d:
            return d.start_ms

    for x in b.rounds(start=start):
        b.add("start", x.start, x.disk)


def anonymous_mb(b, d):
    args = b.load_args(d.socket, conns=1000, events=10000)
    with b.spawn("load", *args, "--hold", stdin=subprocess.PIPE) as load:
        d.stored += int(b.line(load).stored)
        return d.status_mb("RssAnon")


def memory(b):
    names = iter(range(b.size.rounds))

    def measure():
        with Daemon(b, f"memory-{next(names)}") as d:
            time.sleep(0.5)
            before = d.switches()
            time.sleep(5)
            x = Record(wakeups=d.switches() - before,
                       rss=d.status_mb("VmRSS"), anon=anonymous_mb(b, d))
            d.check()
            return x

    for x in b.rounds(tt=measure):
        for key in ("wakeups", "rss", "anon"):
            b.add(key, x.tt[key], x.disk)


class Putter(threading.Thread):
    """Puts one event, waits for its ack, waits a little, and so on."""

    PUT = (b"\x94\x00\x01\xa3put\x91\x81\xa6events\x91\x83"
           b"\xa7session\xa6putter\xa7message\xa8%08d\xa6output\x01")
    PAUSE_S = 0.002

    def __init__(self, d):
        super().__init__()
        self.d = d
        self.is_over = threading.Event()
        self.worst_ms = 0

    def run(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.d.socket)
            while not self.is_over.wait(self.PAUSE_S):
                before = time.monotonic()
                s.sendall(self.PUT % self.d.stored)
                if b"stored\x01" not in s.recv(4096):
                    break
                self.d.stored += 1
                took = (time.monotonic() - before) * 1000
                self.worst_ms = max(self.worst_ms, took)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.is_over.set()
        self.join()


def recost(d, models, prices):
    """Everything gets another price, while somebody puts."""
    price = next(prices)
    rates = [f"--input={price}", f"--output={5 * price}",
             f"--cache-read={price / 10}", f"--cache-write={price * 5 / 4}"]
    for model in models:
        timed([f"{BUILD}/tt-price", "set", model, *rates], d.env,
              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    d.bench.note([f"{BUILD}/tt-price", "set", "MODEL", *rates])
    with Putter(d) as putter:
        out, seconds = d.run("tt-price", "recost", "--yes", "--json",
                             "--deadline=100000")
    changed = json.loads(out)["calls"]
    if changed < 10**6:
        sys.exit(f"recost: {changed} calls changed")
    return Record(s=seconds, put=putter.worst_ms)


def export(d):
    """Thousands of events a second."""
    seconds = d.run("tt-report", "events", stdout=subprocess.DEVNULL)[1]
    return d.stored / seconds / 1000


def spawn_views(b, d):
    argv = ["true"]
    for words in ("month", "year --by model", "bill", "session last",
                  "statusline"):
        argv += [",", f"TT_HOME={d.home}", f"{BUILD}/tt-report",
                 *words.split()]
    return b.call("spawn", b.size.spawns, *argv)


def views(b):
    with Daemon(b, "views") as d:
        fill(d, 10**6, call=True)
        for x in b.rounds(all=lambda: spawn_views(b, d),
                          json=lambda: d.run("tt-report", "year", "--json"),
                          doctor=lambda: d.run("tt-report", "doctor"),
                          export=lambda: export(d)):
            for letter, key in zip("bcdef", ("month", "year", "bill",
                                             "session", "line")):
                b.add(key, x.all[letter + "_p50_us"] / x.all.a_p50_us, x.disk)
            b.add("true_p99", x.all.a_p99_us / 1000, x.disk)
            b.add("session_p99", x.all.e_p99_us / 1000, x.disk)
            b.add("line_p99", x.all.f_p99_us / 1000, x.disk)
            b.add("year_json", x.json[1] * 1000, x.disk)
            b.add("doctor", x.doctor[1], x.disk)
            b.add("export", x.export, x.disk)
        models = [row["model"] for row in d.ask("all", "--by=model")["rows"]]
        prices = itertools.cycle([4, 8])
        for x in b.rounds(recost=lambda: recost(d, models, prices)):
            b.add("recost", x.recost.s, x.disk)
            b.add("recost_put", x.recost.put, x.disk)
        d.check()


def find_npm(package, program):
    """A package's program; None where it is not and cannot be installed."""
    prefix = os.path.join(BUILD, "bench", "npm")
    path = os.path.join(prefix, "node_modules", package.rpartition("@")[0],
                        "bin", program)
    if not os.path.exists(path) and shutil.which("npm"):
        os.makedirs(prefix, exist_ok=True)
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit",
                        "--no-fund", "--prefix", prefix, package],
                       stdout=sys.stderr, timeout=300)
    if not os.path.exists(path):
        print(f"{program}: skipped: npm cannot install {package}",
              file=sys.stderr)
        return None
    os.chmod(path, 0o755)
    return path


def agent_state(session, transcript):
    """What Claude Code tells its status line."""
    model = {"id": session.model, "display_name": "Claude"}
    return json.dumps({
        "session_id": session.id, "transcript_path": transcript,
        "cwd": session.cwd, "model": model, "version": claude_logs.VERSION,
        "workspace": {"current_dir": session.cwd, "project_dir": session.cwd},
        "cost": {"total_cost_usd": 0.0123, "total_duration_ms": 45000},
        "context_window": {"total_input_tokens": 15500,
                           "context_window_size": 200000}})


def same_tokens(theirs, ours):
    names = {"inputTokens": "input_tokens", "outputTokens": "output_tokens",
             "cacheReadTokens": "cache_read_tokens",
             "cacheCreationTokens": "cache_write_tokens",
             "totalTokens": "total_tokens"}
    for name, our in names.items():
        if theirs[name] != ours[our]:
            sys.exit(f"{our}: {ours[our]}, ccusage says {theirs[name]}")


class Logs:
    """The transcripts, and a daemon that has been told the same calls."""

    def __init__(self, b, d):
        self.d = d
        self.b = b
        self.home = os.path.join(b.dir, "logs")
        events, state = (os.path.join(b.dir, name)
                         for name in ("events.ndjson", "state.json"))
        now_ms = int(time.time() * 1000)
        session, size = claude_logs.make(self.home, events, 10**5, now_ms)
        print(f"{size >> 20} MB of transcripts", file=sys.stderr)
        with open(state, "w") as f:
            f.write(agent_state(session,
                                claude_logs.transcript(self.home, session)))
        self.state = state
        with open(events) as f:
            d.run("tt-send", "--no-spool", "--ack-timeout=60000", "-",
                  stdin=f)

    def theirs(self, program, *args):
        """(output, microseconds)"""
        env = dict(os.environ, HOME=self.home, TZ="UTC", LC_ALL="C.UTF-8")
        for name in ("CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME"):
            env.pop(name, None)
        self.b.note(["ccusage", *args])
        with open(self.state) as f:
            out, seconds = timed([program, *args], env, stdin=f,
                                 stdout=subprocess.PIPE)
        return out, seconds * 10**6

    def ours(self):
        report = ["TZ=UTC", f"TT_HOME={self.d.home}", f"{BUILD}/tt-report"]
        by_day = ["--by", "day", "--json"]
        return self.b.call(
            "spawn", self.b.size.spawns, *report, *by_day, ",", *report,
            "all", *by_day, ",", *report, "statusline",
            env={"SPAWN_STDIN": self.state})


def ccusage(b):
    program = find_npm(CCUSAGE, "ccusage")
    if program is None:
        return
    with Daemon(b, "ccusage") as d:
        d.env["TZ"] = "UTC"
        logs = Logs(b, d)
        day = ["daily", "--json", "--offline"]
        line = ["statusline", "--offline", "--no-cache"]
        same_tokens(json.loads(logs.theirs(program, *day)[0])["totals"],
                    d.ask("all")["total"])
        for x in b.rounds(day=lambda: logs.theirs(program, *day)[1],
                          line=lambda: logs.theirs(program, *line)[1],
                          ours=logs.ours):
            b.add("cc_day", x.day / x.ours.a_p50_us, x.disk)
            b.add("cc_all", x.day / x.ours.b_p50_us, x.disk)
            b.add("cc_line", x.line / x.ours.c_p50_us, x.disk)


def importing(b):
    tools = types.SimpleNamespace(
        build=BUILD, daemon=Daemon, ccusage=find_npm(CCUSAGE, "ccusage"),
        tokscale=find_npm(imports.TOKSCALE, "tokscale"))
    imports.run(b, tools, b.size.logs)


def syncs(b):
    provider_syncs.run(b, types.SimpleNamespace(daemon=Daemon))


SECTIONS = [send, writers, one, batches, slow, queries, budgets, memory,
            reports, views, ccusage, importing, syncs]


def verdict(row, value):
    def holds(bound):
        return value <= bound if row.sense == "<=" else value >= bound

    if row.gate is not None and not holds(row.gate):
        return "MISSES"
    if row.ambition is None:
        return "ok"
    if holds(row.ambition):
        return "ambition"
    return "ok" if row.gate is not None else "-"


def number(v):
    if v >= 100 or v == int(v):
        return "%.0f" % v
    return "%.1f" % v if v >= 10 else "%.2f" % v


def bound(row, value):
    return "-" if value is None else f"{row.sense} {number(value)}{row.unit}"


def print_row(b, row, sizes):
    values = b.values[row.key]
    median = statistics.median(values)
    spread = f"[{number(min(values))}-{number(max(values))}]"
    disk = statistics.median(b.disks[row.key])
    result = verdict(row, median)
    print(f"{row.title.format(**sizes):36}"
          f"{number(median) + row.unit:>10} {spread:16}"
          f"{bound(row, row.gate):>10} {bound(row, row.ambition):>10}"
          f"  {result:9}{disk:5.0f} us")
    return result != "MISSES"


def print_all(b):
    sizes = {"middle": power(b.size.middle), "large": power(b.size.large)}
    print(f"{'figure':36}{'measured':>10} {'[min-max]':16}{'gate':>10} "
          f"{'ambition':>10}  {'verdict':9}    disk")
    good = [print_row(b, row, sizes) for row in ROWS if b.values[row.key]]
    print(f"\n{sum(good)} of {len(good)} gates hold. Command lines "
          f"(B={BUILD}, D={b.dir}):")
    for section, lines in b.commands.items():
        for line in lines:
            print(f"  {section}: {line}")
    return all(good)


def file_system(directory):
    kind = subprocess.run(["stat", "-f", "-c", "%T", directory], check=True,
                          stdout=subprocess.PIPE, text=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        sys.exit(f"{directory} is a {kind}: set TT_BENCH_DIR to a disk")
    return kind


def main():
    names = sys.argv[1:]
    with_call = "--call" in names
    names = [name for name in names if name != "--call"]
    mode = names.pop(0) if names and names[0] in SIZES else "quick"
    known = [f.__name__ for f in SECTIONS]
    for name in names:
        if name not in known:
            sys.exit(f"usage: run.py [quick|full] [--call] "
                     f"[{'|'.join(known)}]...")
    parent = os.environ.get("TT_BENCH_DIR", "/var/tmp")
    kind = file_system(parent)
    # A polite end takes the daemons and the directory along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = tempfile.mkdtemp(prefix="ttb", dir=parent)
    b = Bench(directory, SIZES[mode], with_call)
    try:
        for f in SECTIONS:
            if not names or f.__name__ in names:
                b.section = f.__name__
                f(b)
    finally:
        shutil.rmtree(directory)
    calls = ", with call ids" if with_call else ""
    print(f"\n{mode}{calls}, {b.size.rounds} rounds of {b.size.ms} ms; "
          f"{os.cpu_count()} CPUs, {platform.machine()}, {kind}, load "
          f"{os.getloadavg()[0]:.1f}\n")
    return 0 if print_all(b) else 1


if __name__ == "__main__":
    sys.exit(main())
