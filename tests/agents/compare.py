#!/usr/bin/python3
"""One corpus of logs, counted by tt-import and by ccusage 20.0.24.

Ours must be the truth, which the generator of the corpus knows (corpus.py).
ccusage must say the same, or just the wrong number that its known mistake
leads to: a difference without a name is a failure of this test.

TT_BUILD: where the programs are (build). Prints `ok NAME`, `not ok NAME: why`
or, where npm cannot give ccusage, `skip NAME: why`.
"""

import json
import os
import sys

import corpus
import home
import npm
from home import Failed

AGENTS = {"claude": "claude-code", "codex": "codex"}


def ours(h):
    """(agent, model): (calls, counts, the part of them)."""
    h.imported("claude", "codex")
    rows = h.report("--by", "agent,model")["rows"]
    return {(r["agent"], r["model"]): (
        r["calls"], corpus.Counts(*[r[f"{name}_tokens"] for name in
                                    corpus.Counts._fields]),
        r["cache_write_1h_tokens"] + r["reasoning_tokens"]) for r in rows}


def counts_of(row):
    return corpus.Counts(row["inputTokens"], row["cacheReadTokens"],
                         row["cacheCreationTokens"], row["outputTokens"])


def theirs(h, program):
    """(agent, model): counts. What no model has, though a day has it, is under
    <synthetic>: there ccusage names no such model."""
    sums = {}

    def add(agent, model, counts):
        key = agent, model
        sums[key] = corpus.plus(sums.get(key, corpus.NOTHING), counts)

    for agent in AGENTS:
        out = json.loads(h.run(program, agent, "daily", "--json", "--offline",
                               "--timezone", "UTC"))
        for day in out["daily"]:
            rows = (day["models"].items() if agent == "codex" else
                    [(r["modelName"], r) for r in day["modelBreakdowns"]])
            for model, row in rows:
                add(agent, model, counts_of(row))
            named = corpus.plus(*[counts_of(row) for _, row in rows])
            add(agent, "<synthetic>", corpus.Counts(*[
                a - b for a, b in zip(counts_of(day), named)]))
    return {key: n for key, n in sums.items() if n != corpus.NOTHING}


def tell(name, wrong, note=""):
    print(f"not ok {name}: {wrong}" if wrong else f"ok {name}{note}",
          flush=True)
    return bool(wrong)


def judge_ours(case, got):
    counted = got.pop((AGENTS[case.agent], case.model),
                      (0, corpus.NOTHING, 0))
    truth = case.calls, case.truth, case.part
    wrong = "" if counted == truth else f"{counted}; true: {truth}"
    return tell(f"compare: {case.agent} {case.name}, ours is the truth", wrong)


def judge_theirs(case, got):
    counts = got.pop((case.agent, case.model), corpus.NOTHING)
    wrong = note = ""
    if counts != case.theirs:
        wrong = f"{counts}; expected {case.theirs}; true: {case.truth}"
    elif case.why:
        note = (f" ({sum(counts)} tokens of {sum(case.truth)}: {case.why})")
    name = f"compare: {case.agent} {case.name}, ccusage "
    return tell(name + ("has its known difference" if case.why else
                        "has the same"), wrong, note)


def main():
    if not home.outside_is_gone():
        npm.fetch("ccusage")
    home.leave_the_network()
    failed = 0
    with home.Home(TT_NOW="2026-06-01T00:00:00Z") as h:
        cases = corpus.make(h.dir)
        got = ours(h)
        failed += sum(judge_ours(case, got) for case in cases)
        failed += tell("compare: ours has nothing else", got)
        try:
            got = theirs(h, npm.program("ccusage"))
        except npm.Missing as e:
            print(f"skip compare with ccusage: {e}")
        else:
            failed += sum(judge_theirs(case, got) for case in cases)
            failed += tell("compare: ccusage has nothing else", got)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as e:
        sys.exit(f"not ok compare: {e}")
