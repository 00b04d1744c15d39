"""What tt-import costs beside the tools that read the same logs every time.

The logs are corpus.py's, in directories of our own, and are in the page cache.
`cold` is a fresh store: everything read, merged and on the disk when tt-import
ends. ccusage and tokscale store nothing of that; tokscale's own cache is
removed before each run. All must come to the tokens that the logs were made
of. `parse` is --dry-run against cat. `warm` has 1,500 files and nothing new,
`line` one line more in a file of 100 MB, without what the shell that writes it
costs. `read` and `send` are what others get while everything is imported:
a week's report each millisecond, and one tt-send after the other.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time

import corpus

TOKSCALE = "@tokscale/cli-linux-x64-gnu@4.17.0"
WARM_FILES = 1428  # and 72 of Codex
WARM_CALLS = 20
LONG_CALLS = 36000
PAUSE_S = 0.005


class Sender(threading.Thread):
    """tt-send after tt-send, until it is told to stop."""

    def __init__(self, program, d):
        super().__init__()
        self.argv = [program, "--session=bench", "--agent=shell",
                     "--provider=openai", "--model=gpt-5", "--input=1200",
                     "--output=340", "--no-spool"]
        self.env = d.env
        self.is_over = threading.Event()
        self.ms = []
        self.failed = 0

    def run(self):
        while not self.is_over.wait(PAUSE_S):
            before = time.monotonic()
            done = subprocess.run(self.argv, env=self.env,
                                  stdin=subprocess.DEVNULL)
            self.ms.append((time.monotonic() - before) * 1000)
            self.failed += done.returncode != 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *why):
        self.is_over.set()
        self.join()


class Corpus:
    def __init__(self, b, name, calls, **options):
        self.b = b
        self.home = os.path.join(b.dir, name)
        made = corpus.make(self.home, calls, int(time.time() * 1000),
                           **options)
        self.tokens = {key: sum(agent[key] for agent in made.values())
                       for key in made["claude"]}
        self.bytes = made["claude"]["bytes"]
        print(f"{name}: {self.tokens['bytes'] >> 20} MB of logs in "
              f"{self.tokens['files']} files", file=sys.stderr)

    def env(self, **more):
        env = dict(os.environ, HOME=self.home, TZ="UTC", LC_ALL="C.UTF-8",
                   **more)
        for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME", "XDG_CONFIG_HOME",
                     "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            env.pop(name, None)
        return env

    def claude_logs(self):
        root = os.path.join(self.home, ".claude", "projects")
        return [os.path.join(folder, name)
                for folder, _, names in os.walk(root) for name in names]

    def check(self, who, **tokens):
        for key, n in tokens.items():
            if n != self.tokens[key]:
                sys.exit(f"{who}: {n} {key} tokens of {self.tokens[key]}")


def timed(argv, env, stdout=subprocess.PIPE):
    """(its output, seconds)"""
    before = time.monotonic()
    out = subprocess.run(argv, env=env, check=True, stderr=subprocess.DEVNULL,
                         stdout=stdout).stdout
    return out, time.monotonic() - before


class Cold:
    """The contestants that read all of one corpus."""

    def __init__(self, b, tools, logs):
        self.b = b
        self.tools = tools
        self.logs = logs
        self.number = 0

    def new_daemon(self):
        self.number += 1
        name = f"{os.path.basename(self.logs.home)}-{self.number}"
        return self.tools.daemon(self.b, name)

    def import_all(self, d):
        argv = [f"{self.tools.build}/tt-import", "--quiet"]
        self.b.note(argv)
        seconds = timed(argv, self.logs.env(TT_HOME=d.home,
                                            TT_AUTOSTART="0"))[1]
        return seconds

    def check_store(self, d):
        rows = [row for row in d.ask("all", "--by=agent")["rows"]
                if row["agent"] != "shell"]
        names = dict(calls="calls", **{key: f"{key}_tokens" for key in (
            "input", "output", "cache_read", "cache_write")})
        self.logs.check("tt-import", **{
            key: sum(row[name] for row in rows)
            for key, name in names.items()})

    def ours(self):
        d = self.new_daemon()
        with d:
            seconds = self.import_all(d)
            self.check_store(d)
        shutil.rmtree(d.home)
        return seconds

    def ccusage(self):
        argv = [self.tools.ccusage, "daily", "--json", "--offline"]
        self.b.note(["ccusage", *argv[1:]])
        out, seconds = timed(argv, self.logs.env())
        total = json.loads(out)["totals"]
        self.logs.check("ccusage", input=total["inputTokens"],
                        output=total["outputTokens"],
                        cache_read=total["cacheReadTokens"],
                        cache_write=total["cacheCreationTokens"])
        return seconds

    def tokscale(self):
        argv = [self.tools.tokscale, "models", "--json", "--no-spinner",
                "--client=claude,codex"]
        self.b.note(["tokscale", *argv[1:]])
        shutil.rmtree(os.path.join(self.logs.home, ".config"),
                      ignore_errors=True)
        out, seconds = timed(argv, self.logs.env())
        total = json.loads(out)
        # It takes reasoning out of the output.
        self.logs.check("tokscale", input=total["totalInput"],
                        cache_read=total["totalCacheRead"],
                        cache_write=total["totalCacheWrite"],
                        calls=total["totalMessages"])
        return seconds

    def parse(self):
        argv = [f"{self.tools.build}/tt-import", "claude", "--dry-run",
                "--quiet"]
        self.b.note(argv)
        return timed(argv, self.logs.env())[1]

    def cat(self):
        return timed(["cat", *self.logs.claude_logs()], self.logs.env(),
                     subprocess.DEVNULL)[1]

    def beside(self, ms):
        """(p99 of reads, the longest tt-send) while all is imported"""
        d = self.new_daemon()
        with d, self.b.spawn("probe", d.socket, ms, 1000) as probe:
            sender = Sender(f"{self.tools.build}/tt-send", d)
            with sender:
                self.import_all(d)
            reads = self.b.line(probe)
            self.check_store(d)
        shutil.rmtree(d.home)
        if sender.failed or not sender.ms:
            sys.exit(f"tt-send: {sender.failed} failed of {len(sender.ms)}")
        return reads.query_p99_us / 1000, max(sender.ms)


def cold(b, tools, calls):
    logs = Corpus(b, f"logs-{calls}", calls)
    c = Cold(b, tools, logs)
    contestants = dict(ours=c.ours, parse=c.parse, cat=c.cat)
    if tools.ccusage:
        contestants["ccusage"] = c.ccusage
    if tools.tokscale:
        contestants["tokscale"] = c.tokscale
    ms = int(c.ours() * 800)
    if calls == tools.largest:
        contestants["beside"] = lambda: c.beside(ms)
    digits = len(str(calls)) - 1
    for x in b.rounds(**contestants):
        b.add(f"imp_parse_{digits}", x.cat / x.parse, x.disk)
        b.add(f"imp_rate_{digits}", calls / 1000 / x.ours, x.disk)
        if tools.ccusage:
            b.add(f"imp_cc_{digits}", x.ccusage / x.ours, x.disk)
        if tools.tokscale:
            b.add(f"imp_tok_{digits}", x.tokscale / x.ours, x.disk)
        if "beside" in x:
            b.add("imp_read", x.beside[0], x.disk)
            b.add("imp_send", x.beside[1], x.disk)
    shutil.rmtree(logs.home)


def warm_up(b, tools, d, logs):
    timed([f"{tools.build}/tt-import", "--quiet"],
          logs.env(TT_HOME=d.home, TT_AUTOSTART="0"))


def warm(b, tools):
    few = Corpus(b, "logs-warm", WARM_FILES * WARM_CALLS,
                 session_calls=WARM_CALLS)
    long = Corpus(b, "logs-long", LONG_CALLS, session_calls=LONG_CALLS)
    log, line = long.claude_logs()[0], os.path.join(b.dir, "line")
    with open(log, "rb") as f, open(line, "wb") as out:
        out.write([f.readline() for _ in range(2)][1])
    append = f'cat {line} >>"$1"; shift; exec "$@"'
    with (tools.daemon(b, "warm") as one, tools.daemon(b, "long") as other):
        warm_up(b, tools, one, few)
        warm_up(b, tools, other, long)
        argv = ["true", ",", f"HOME={few.home}", f"TT_HOME={one.home}",
                f"{tools.build}/tt-import", "--quiet", ",",
                f"HOME={long.home}", f"TT_HOME={other.home}", "sh", "-c",
                append, "sh", log, f"{tools.build}/tt-import", "--quiet", ",",
                "sh", "-c", append, "sh", os.path.join(b.dir, "dust"), "true"]
        for x in b.rounds(all=lambda: b.call("spawn", b.size.spawns, *argv)):
            a = x.all
            b.add("imp_warm", a.b_p50_us / a.a_p50_us, x.disk)
            b.add("imp_line", (a.c_p50_us - a.d_p50_us + a.a_p50_us)
                  / a.a_p50_us, x.disk)
    for logs in (few, long):
        shutil.rmtree(logs.home)


def run(b, tools, sizes):
    tools.largest = max(sizes)
    warm(b, tools)
    for calls in sizes:
        cold(b, tools, calls)
