"""What those who put notice of a sync of 100,000 rows.

costs.py, a process of its own, has the rows ready as bytes, on 20 pages. The
puts are of one event each, 1,000 a second, from 8 connections in turn; a put
that is late because of the one before it counts from when it was due. `idle`
is that load alone, `busy` the same while the account is synced again and again
without a pause: every sync replaces all rows of the one before, which are swept
meanwhile. Within a round they take turns, three times each, and the medians
are compared, since one late put of a hundred is also what a busy disk makes of
any of them. `alone` is one sync without the load.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time

import costs

ROWS = 100_000
PAGES = 20
TURNS = 3
LOAD = {"conns": 8, "rate": 1000, "inflight": 64}


class Service:
    """costs.py, and what it needs of a processor."""

    def __init__(self, b):
        self.b = b

    def __enter__(self):
        argv = [sys.executable, costs.__file__, str(ROWS), str(PAGES)]
        self.b.note(argv)
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE,
                                        text=True)
        port = self.process.stdout.readline().strip()
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    def __exit__(self, *why):
        self.process.terminate()
        self.process.wait()

    def seconds(self):
        return process_seconds(self.process.pid)


def process_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def sync(d):
    """Seconds of one sync, every row of which has come."""
    out, seconds = d.run("tt-provider", "sync", "openai", "--json",
                         "--deadline=60000")
    results = json.loads(out)["results"]
    rows = sum(r["rows"] for r in results)
    if rows != ROWS or any(r["outcome"] != "ok" for r in results):
        sys.exit(f"{d.home}: a sync brought {rows} rows: {results}")
    return seconds


class Repeated(threading.Thread):
    """A task again and again, until it is told to stop."""

    def __init__(self, task):
        super().__init__()
        self.task = task
        self.is_over = threading.Event()
        self.answers = []

    def run(self):
        while not self.is_over.is_set():
            self.answers.append(self.task())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.is_over.set()
        self.join()


def wait_until_quiet(d):
    """Nothing is swept any longer."""
    before = -1
    while before != (now := d.switches()):
        before = now
        time.sleep(0.1)


class Contest:
    def __init__(self, b, d, service):
        self.b = b
        self.d = d
        self.service = service
        self.ms = 2 * b.size.ms
        self.n_syncs = 0
        self.spent = {"daemon": 0, "service": 0, "wall": 0}

    def idle(self):
        wait_until_quiet(self.d)
        return self.d.load(ms=self.ms, **LOAD)

    def times(self):
        return {"daemon": process_seconds(self.d.process.pid),
                "service": self.service.seconds(), "wall": time.monotonic()}

    def busy(self):
        wait_until_quiet(self.d)
        before = self.times()
        with Repeated(lambda: sync(self.d)) as syncing:
            line = self.d.load(ms=self.ms, **LOAD)
        for key, t in self.times().items():
            self.spent[key] += t - before[key]
        self.n_syncs += len(syncing.answers)
        line["sync_s"] = statistics.median(syncing.answers)
        return line

    def turns(self):
        """(of idle, of busy): the median of each figure"""
        both = [(self.idle(), self.busy()) for _ in range(TURNS)]
        return [type(lines[0])((key, statistics.median(x[key] for x in lines))
                               for key in lines[0]) for lines in zip(*both)]

    def alone(self):
        """(its seconds, the most memory)"""
        wait_until_quiet(self.d)
        with Repeated(self.sample) as samples:
            seconds = sync(self.d)
        return seconds, max(samples.answers)

    def sample(self):
        time.sleep(0.005)
        return self.d.status_mb("RssAnon")

    def report(self, *args):
        wait_until_quiet(self.d)
        return self.d.run("tt-report", *args)[1] * 1000

    def tell(self):
        print(f"{self.b.section}: {LOAD['rate']} puts a second from "
              f"{LOAD['conns']} connections, {self.n_syncs} syncs of {ROWS} "
              f"rows on {PAGES} pages beside them; processor: "
              f"collectord {self.share('daemon')}, "
              f"the service {self.share('service')}", file=sys.stderr)

    def share(self, key):
        return f"{100 * self.spent[key] / self.spent['wall']:.0f} %"


def add(b, x):
    idle, busy = x.turns
    b.add("sync_p99", busy.ack_p99_us / idle.ack_p99_us, x.disk)
    b.add("sync_p50", busy.ack_p50_us / idle.ack_p50_us, x.disk)
    b.add("sync_idle_p99", idle.ack_p99_us / 1000, x.disk)
    b.add("sync_max", busy.ack_max_us / idle.ack_max_us, x.disk)
    b.add("sync_busy_s", busy.sync_s, x.disk)
    b.add("sync_s", x.alone[0], x.disk)
    b.add("sync_mb", x.alone[1], x.disk)
    b.add("sync_reconcile", x.reconcile, x.disk)
    b.add("sync_billed", x.billed, x.disk)


def run(b, tools):
    with tools.daemon(b, "syncs") as d, Service(b) as service:
        d.run("tt-provider", "add", "openai", "--key-stdin",
              f"--base-url={service.url}", input=costs.KEY.encode())
        sync(d)
        c = Contest(b, d, service)
        for x in b.rounds(
                turns=c.turns, alone=c.alone,
                reconcile=lambda: c.report("reconcile"),
                billed=lambda: c.report("month", "--source=billed")):
            add(b, x)
        c.tell()
        d.check()
