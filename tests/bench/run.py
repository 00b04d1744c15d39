#!/usr/bin/env python3
"""The figures of `make bench`, each a ratio measured within this one run.

    tests/bench/run.py [quick|full] [SECTION...]

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

SQLite inserts within its own process, redis keeps neither sums nor an index by
time: neither does exactly our job, both are as durable.
"""

import collections
import contextlib
import json
import os
import platform
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(os.environ.get("TT_BUILD", "build"))
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
    Row("bytes", "stored bytes an event", "<=", 500, 300, " B"),
    Row("rss", "idle resident", "<=", 6, 3, " MB"),
    Row("anon", "anonymous, 1,000 connections", "<=", 16, 4, " MB"),
    Row("start", "start, {large} events stored", "<=", 100, None, " ms"),
    Row("wakeups", "wake-ups in 5 idle seconds", "<=", 0, None, ""),
]

Size = collections.namedtuple("Size", "rounds ms spawns middle large")
SIZES = {
    "quick": Size(5, 500, 100, 10**5, 10**5),
    "full": Size(7, 1500, 300, 10**6, 10**7),
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

    def check(self):
        """What is stored is what was acked."""
        out = subprocess.run(
            [f"{BUILD}/tt-report", "all", "--json"], env=self.env,
            stdout=subprocess.PIPE, check=True).stdout
        calls = json.loads(out)["total"]["calls"]
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
    def __init__(self, directory, size):
        self.dir = directory
        self.size = size
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
        return [f"--socket={socket}",
                *(f"--{k}={v}" for k, v in options.items())]

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


def fill(d, events):
    print(f"filling {power(events)} ...", file=sys.stderr)
    d.load(events=events, conns=4, batch=1000, inflight=2, days=365)
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


SECTIONS = [send, writers, one, batches, slow, queries, memory, reports]


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
    mode = names.pop(0) if names and names[0] in SIZES else "quick"
    known = [f.__name__ for f in SECTIONS]
    for name in names:
        if name not in known:
            sys.exit(f"usage: run.py [quick|full] [{'|'.join(known)}]...")
    parent = os.environ.get("TT_BENCH_DIR", "/var/tmp")
    kind = file_system(parent)
    # A polite end takes the daemons and the directory along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = tempfile.mkdtemp(prefix="ttb", dir=parent)
    b = Bench(directory, SIZES[mode])
    try:
        for f in SECTIONS:
            if not names or f.__name__ in names:
                b.section = f.__name__
                f(b)
    finally:
        shutil.rmtree(directory)
    print(f"\n{mode}, {b.size.rounds} rounds of {b.size.ms} ms; "
          f"{os.cpu_count()} CPUs, {platform.machine()}, {kind}, load "
          f"{os.getloadavg()[0]:.1f}\n")
    return 0 if print_all(b) else 1


if __name__ == "__main__":
    sys.exit(main())
