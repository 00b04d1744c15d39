"""Logs of Claude Code and Codex with all that makes counting them hard.

Each difficulty is told under a model of its own, so that one report by model
tells them apart. Beside the files stands the truth, added up as the calls are
made up and never read from the files, and what ccusage 20.0.24 is known to
make of them instead.
"""

import collections
import datetime
import json
import os
import random
import uuid

START = datetime.datetime(2026, 5, 12, 10, tzinfo=datetime.timezone.utc)
CALLS = 20  # of each difficulty

# Disjoint, but for reasoning, which is part of output.
Counts = collections.namedtuple(
    "Counts", "input cache_read cache_write output")
NOTHING = Counts(0, 0, 0, 0)


def plus(*many):
    return Counts(*map(sum, zip(NOTHING, *many)))


def for_an_hour(n):
    return n.cache_write - n.cache_write // 3


def reasoning(n):
    return n.output // 3


class Case:
    """One difficulty: the files of it, the truth, and what ccusage says."""

    def __init__(self, corpus, agent, name, why):
        self.corpus = corpus
        self.agent = agent
        self.name = name
        self.why = why  # ccusage counts otherwise; None: it does not
        self.model = ("claude-" if agent == "claude" else "gpt-") + name
        self.calls = 0
        # Of the truth: written for an hour, or reasoning.
        self.part = 0
        self.truth = self.theirs = NOTHING

    def call(self, times=1, theirs=None):
        """A call; ccusage counts it so many times, or as something else."""
        r = self.corpus.random
        n = Counts(r.randrange(1, 5000), r.randrange(1, 90000),
                   r.randrange(1, 9000), r.randrange(10, 4000))
        if self.agent == "codex" and self.name != "cache-writes":
            n = n._replace(cache_write=0)
        self.add(n, theirs(n) if theirs else plus(*[n] * times))
        return n

    def add(self, truth, theirs):
        self.calls += 1
        self.part += (for_an_hour(truth) if self.agent == "claude" else
                      reasoning(truth))
        self.truth = plus(self.truth, truth)
        self.theirs = plus(self.theirs, theirs)


class Corpus:
    def __init__(self, directory, seed=1):
        self.dir = directory
        self.random = random.Random(seed)
        self.ms = int(START.timestamp() * 1000)
        self.cases = []

    def uuid(self, version=4):
        return str(uuid.UUID(int=self.random.getrandbits(128),
                             version=version))

    def thread(self):
        """As uuid v7 begins: with the time."""
        return str(uuid.UUID(
            int=(self.ms << 80) | 7 << 76 | 2 << 62 |
            self.random.getrandbits(62)))

    def now(self, ms=None):
        time = datetime.datetime.fromtimestamp(
            (ms or self.ms) // 1000, datetime.timezone.utc)
        return time.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (
            (ms or self.ms) % 1000)

    def tick(self, ms=1700):
        self.ms += ms
        return self.now()

    def write(self, path, lines, end=""):
        path = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.writelines(line if isinstance(line, str) else
                         json.dumps(line, separators=(",", ":")) + "\n"
                         for line in lines)
            f.write(end)


# --- Claude Code --------------------------------------------------------------

def ids(case):
    r = case.corpus.random
    return {"call": f"msg_01{r.getrandbits(96):024x}",
            "request": f"req_011{r.getrandbits(96):024x}"}


def usage_of(n):
    return {"input_tokens": n.input,
            "cache_creation_input_tokens": n.cache_write,
            "cache_read_input_tokens": n.cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens":
                    n.cache_write - for_an_hour(n),
                "ephemeral_1h_input_tokens": for_an_hour(n)},
            "output_tokens": n.output, "service_tier": "standard"}


def said(case, session, which, usage, stop="end_turn", **more):
    """One line of a reply."""
    c = case.corpus
    return {"parentUuid": c.uuid(), "isSidechain": False,
            "userType": "external", "cwd": "/home/ann/web",
            "sessionId": session, "version": "2.1.200", "gitBranch": "main",
            "type": "assistant", "uuid": c.uuid(), "timestamp": c.tick(),
            "requestId": which["request"],
            "message": {"id": which["call"], "type": "message",
                        "role": "assistant", "model": case.model,
                        "content": [{"type": "text", "text": "…"}],
                        "stop_reason": stop, "stop_sequence": None,
                        "usage": usage}, **more}


def asked(case, session):
    c = case.corpus
    return {"parentUuid": None, "isSidechain": False, "sessionId": session,
            "version": "2.1.200", "type": "user", "uuid": c.uuid(),
            "timestamp": c.tick(), "cwd": "/home/ann/web",
            "message": {"role": "user", "content": "and \"usage\":{ ?"}}


def transcript(session, root=".claude"):
    return f"{root}/projects/-home-ann-web/{session}.jsonl"


def plain(case, root=".claude", spaced=False, **more):
    session = case.corpus.uuid()
    lines = []
    for _ in range(CALLS):
        lines.append(asked(case, session))
        n = case.call(times=0 if case.why else 1)
        line = said(case, session, ids(case), usage_of(n), **more)
        lines.append(json.dumps(line) + "\n" if spaced else line)
    case.corpus.write(transcript(session, root), lines)


def elsewhere(case):
    plain(case, root=".config/claude")


def streamed(case):
    """A line for each block; the output of the early ones is not final."""
    session, lines = case.corpus.uuid(), []
    for i in range(CALLS):
        n, which = case.call(), ids(case)
        early = dict(usage_of(n), output_tokens=1 + i % 8)
        lines += [asked(case, session),
                  said(case, session, which, early, stop=None),
                  said(case, session, which, early, stop=None),
                  said(case, session, which, usage_of(n), "tool_use")]
    case.corpus.write(transcript(session), lines)


def repeated(case):
    """The same with final counts in each line, and a line not yet whole."""
    session, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        n, which = case.call(), ids(case)
        lines += [said(case, session, which, usage_of(n), "tool_use")
                  for _ in range(3)]
    half = json.dumps(said(case, session, ids(case), usage_of(
        Counts(9, 9, 9, 9))), separators=(",", ":"))[:-9]
    case.corpus.write(transcript(session), lines, end=half)


def subagents(case):
    """Files of their own; some replies are told again by a side question."""
    session, agent, lines, side = case.corpus.uuid(), "a1b2c3", [], []
    for i in range(CALLS):
        n, which = case.call(), ids(case)
        if i % 2:
            lines.append(said(case, session, which, usage_of(n)))
        if i % 2 == 0 or i % 3 == 0:
            again = dict(which, request=ids(case)["request"])
            side.append(said(case, session, again, usage_of(n),
                             isSidechain=True, agentId=agent))
    case.corpus.write(transcript(session), lines)
    case.corpus.write(transcript(session).replace(
        ".jsonl", f"/subagents/agent-{agent}.jsonl"), side)


def progress(case):
    """Replies of subagents that only the parent's file tells of."""
    session, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        n, which = case.call(), ids(case)
        line = said(case, session, which, usage_of(n))
        lines.append({
            "type": "progress", "sessionId": session, "version": "2.1.200",
            "uuid": case.corpus.uuid(), "timestamp": line["timestamp"],
            "cwd": line["cwd"], "data": {
                "type": "agent_progress", "message": {
                    "timestamp": line["timestamp"], "type": "assistant",
                    "requestId": which["request"], "isSidechain": True,
                    "message": line["message"]}}})
    case.corpus.write(transcript(session), lines)


def forked(case):
    """Two sessions begin with what a third said, under their own name."""
    first, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        lines.append(said(case, first, ids(case), usage_of(case.call())))
    case.corpus.write(transcript(first), lines)
    for _ in range(2):
        session = case.corpus.uuid()
        copies = [dict(line, sessionId=session) for line in lines]
        n = case.call()
        copies.append(said(case, session, ids(case), usage_of(n)))
        case.corpus.write(transcript(session), copies)


def advised(case, adviser):
    """Another model was asked, whose tokens are not in the reply's counts."""
    session, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        n, more = case.call(), adviser.call()
        usage = usage_of(n)
        usage["iterations"] = [
            dict(usage_of(n), type="message"),
            dict(usage_of(more), type="advisor_message",
                 model=adviser.model)]
        lines.append(said(case, session, ids(case), usage))
    case.corpus.write(transcript(session), lines)


def requestless(case):
    """A gateway gives no request id; a reply is still one of two lines."""
    session, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        n, which = case.call(times=2), ids(case)
        for _ in range(2):
            line = said(case, session, which, usage_of(n))
            del line["requestId"]
            lines.append(line)
    case.corpus.write(transcript(session), lines)


def nulls(case):
    """A gateway says null where there is nothing."""
    session, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        n = case.corpus.random.randrange(1, 9000)
        n = Counts(n, 0, 0, n // 2)
        case.add(n, NOTHING)
        usage = dict(usage_of(n), cache_read_input_tokens=None,
                     cache_creation_input_tokens=None, cache_creation=None)
        lines.append(said(case, session, ids(case), usage))
    case.corpus.write(transcript(session), lines)


def flat_only(case):
    """Written tokens that the breakdown by lifetime does not have."""
    session, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        n = case.call(theirs=lambda n: n._replace(cache_write=0))
        usage = usage_of(n)
        usage["cache_creation"] = {"ephemeral_5m_input_tokens": 0,
                                   "ephemeral_1h_input_tokens": 0}
        lines.append(said(case, session, ids(case), usage))
    case.part = 0
    case.corpus.write(transcript(session), lines)


def nested_only(case):
    """Written tokens that only the breakdown by lifetime has."""
    session, lines = case.corpus.uuid(), []
    for _ in range(CALLS):
        usage = dict(usage_of(case.call()), cache_creation_input_tokens=0)
        lines.append(said(case, session, ids(case), usage))
    case.corpus.write(transcript(session), lines)


def synthetic(case):
    """What the program says itself is no call, whatever it counts."""
    session, lines = case.corpus.uuid(), []
    case.model = "<synthetic>"
    for i in range(CALLS):
        n = Counts(5 + i, 0, 0, 4)
        case.theirs = plus(case.theirs, n)
        lines.append(said(case, session, dict(ids(case), call=case.corpus.uuid(
        )), usage_of(n), isApiErrorMessage=True))
    case.corpus.write(transcript(session), lines)


# --- Codex --------------------------------------------------------------------

def vector(n):
    """As Codex counts: cached and written tokens are part of the input."""
    prompt = n.input + n.cache_read + n.cache_write
    return {"input_tokens": prompt, "cached_input_tokens": n.cache_read,
            "cache_write_input_tokens": n.cache_write,
            "output_tokens": n.output, "reasoning_output_tokens": reasoning(n),
            "total_tokens": prompt + n.output}


def added(a, b):
    return {key: a[key] + b[key] for key in b}


class Thread:
    """The lines of a rollout; the sums go on from those of a parent."""

    def __init__(self, case, parent=None, **meta):
        self.case, self.c = case, case.corpus
        self.c.tick(60000)
        self.id = self.c.thread()
        self.began = self.c.ms
        self.sum = dict(parent.sum) if parent else vector(NOTHING)
        self.lines = []
        if parent:
            meta["forked_from_id"] = parent.id
        self.line("session_meta", session_id=self.id, id=self.id,
                  timestamp=self.c.now(), cwd="/home/ann/web",
                  originator="codex_cli_rs", cli_version="0.169.0",
                  source="cli", model_provider="openai", **meta)

    def line(self, kind, **payload):
        self.lines.append({"timestamp": self.c.tick(13),
                           "ordinal": len(self.lines), "type": kind,
                           "payload": payload})
        return self.lines[-1]

    def turn(self):
        self.c.tick(3000)
        self.turn_id = self.c.thread()
        self.line("event_msg", type="task_started", turn_id=self.turn_id,
                  started_at=self.c.ms // 1000)
        self.line("turn_context", turn_id=self.turn_id, cwd="/home/ann/web",
                  model=self.case.model, approval_policy="never")

    def record(self, n):
        self.sum = added(self.sum, vector(n))
        self.line("token_usage_record", thread_id=self.id,
                  turn_id=self.turn_id, session_id=self.id,
                  root_turn_id=self.turn_id,
                  response_id=f"resp_{self.c.random.getrandbits(192):048x}",
                  usage=vector(n), turn_token_usage=vector(n),
                  thread_token_usage=self.sum)

    def count(self, last):
        self.line("event_msg", type="token_count", info={
            "total_token_usage": self.sum, "last_token_usage": last,
            "model_context_window": 258400}, rate_limits=None)

    def no_info(self):
        self.line("event_msg", type="token_count", info=None,
                  rate_limits={"primary": {"used_percent": 1.0}})

    def call(self, n):
        """As before there were records."""
        self.sum = added(self.sum, vector(n))
        self.count(vector(n))

    def path(self):
        time = self.c.now(self.began)
        return "rollout-%s-%s.jsonl" % (time[:19].replace(":", "-"), self.id)

    def write(self, folder=".codex/sessions/2026/05/12"):
        self.c.write(f"{folder}/{self.path()}", self.lines)


def told_once(case):
    """With limits and the same sums again in between."""
    t = Thread(case)
    for i in range(CALLS):
        t.turn()
        n = case.call()
        t.call(n)
        t.no_info()
        if i % 2:
            t.count(vector(n))
    t.write()


def records(case):
    """A record and a count of each call; a fork that goes on with the sums;
    an archived copy."""
    first = Thread(case, history_mode="paginated")
    for _ in range(CALLS):
        first.turn()
        n = case.call()
        first.record(n)
        first.count(vector(n))
    first.write()
    first.write(".codex/archived_sessions")
    fork = Thread(case, first, history_mode="paginated", history_base={
        "thread_id": first.id, "end_ordinal_exclusive": len(first.lines)})
    fork.turn()
    n = case.call()
    fork.record(n)
    fork.count(vector(n))
    fork.write()


def records_only(case):
    t = Thread(case, history_mode="paginated")
    for _ in range(CALLS):
        t.turn()
        t.record(case.call(times=0))
    t.write()


def copied(case):
    """A fork of the older kind, which begins with all its parent's lines."""
    first = Thread(case, history_mode="legacy")
    for _ in range(CALLS):
        first.turn()
        first.call(case.call())
    first.write()
    fork = Thread(case, first, history_mode="legacy")
    fork.lines += first.lines
    fork.turn()
    fork.call(case.call())
    fork.write()


def at_once(case):
    """Two threads whose calls have the same time and the same counts."""
    threads = [Thread(case), Thread(case)]
    for _ in range(CALLS):
        n = case.call()
        case.add(n, NOTHING)
        began = case.corpus.ms
        for t in threads:
            case.corpus.ms = began
            t.turn()
            t.call(n)
    for t in threads:
        t.write()


def filled(case):
    """The window is full: sums without parts, which are no call."""
    t = Thread(case)
    for _ in range(CALLS):
        t.turn()
        t.call(case.call())
    t.sum = dict(vector(NOTHING), total_tokens=258400)
    t.count(dict(vector(NOTHING), total_tokens=1234))
    t.turn()
    t.call(case.call())
    t.write()


# Name, who writes it, and why ccusage counts it otherwise.
CLAUDE = [
    ("plain", plain, None),
    ("config-home", elsewhere, None),
    ("streamed", streamed, None),
    ("repeated", repeated, None),
    ("subagents", subagents, None),
    ("progress", progress, None),
    ("forked", forked, None),
    ("nested-only", nested_only, None),
    ("flat-only", flat_only,
     "the breakdown of cache writes wins even where it is 0"),
    ("requestless", requestless,
     "without a request id each line's time makes it a call"),
    ("spaced", lambda case: plain(case, spaced=True),
     "it looks for \"usage\":{ without a space"),
    ("nulls", nulls, "it drops lines with null"),
    ("odd-version", lambda case: plain(case, version="main-abc"),
     "it drops lines whose version is no number"),
    ("synthetic", synthetic, "it counts what no model said"),
]
CODEX = [
    ("told-once", told_once, None),
    ("records", records, None),
    ("cache-writes", told_once, None),
    ("filled", filled, None),
    ("copied", copied, None),
    ("records-only", records_only, "it does not read token_usage_record"),
    ("at-once", at_once, "equal counts at one time are one call to it"),
]


def make(directory):
    """Writes a home; the cases in it."""
    corpus = Corpus(directory)
    for agent, rows in (("claude", CLAUDE), ("codex", CODEX)):
        for name, writes, why in rows:
            case = Case(corpus, agent, name, why)
            writes(case)
            corpus.cases.append(case)
    advice = [Case(corpus, "claude", name, None)
              for name in ("advised", "adviser")]
    advised(*advice)
    return corpus.cases + advice
