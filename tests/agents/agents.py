#!/usr/bin/python3
"""Real agents with our hooks against a model server on loopback.

Each agent is installed from npm, set up by `tt-setup install` in a home of its
own, and used as its users do: a turn with tools, the session resumed, the
session forked. Every call that the server answered must then be in the ledger
once, with its tokens, by hooks alone; and no import, repeated or in the middle
of a turn or after a time without a daemon, may change that.

Arguments: only these agents. TT_BUILD: where the programs are (build). Prints `ok NAME`, `not ok NAME: why`
or, where npm cannot give an agent, `skip NAME: why`.
"""

import collections
import json
import os
import shutil
import sys
import time

import home
import mock
import npm
from home import Failed, expect, wait_for

HOOK_S = 20  # within which a hook has told of a turn, on a busy machine
COUNTS = ("input", "cache_read", "cache_write", "output", "reasoning")


class Codex:
    name = "codex"
    reports_as = "codex"
    env = {"MOCK_KEY": "dummy"}
    # calls of the session that is resumed, and of the fork
    sessions = [1, 4]

    def settings(self, home, url):
        home.write(".codex/config.toml", f"""\
model = "{mock.MODELS['codex']}"
model_provider = "mock"
check_for_update_on_startup = false

[model_providers.mock]
name = "mock"
base_url = "{url}/v1"
env_key = "MOCK_KEY"
wire_api = "responses"
supports_websockets = false
request_max_retries = 0
stream_max_retries = 0

[analytics]
enabled = false
""")

    def start(self, home, prompt):
        return home.spawn(self.program, "exec", "--skip-git-repo-check",
                          "--dangerously-bypass-approvals-and-sandbox", prompt)

    def resume(self, home, session):
        home.run(self.program, "exec", "--skip-git-repo-check", "resume",
                 session, "go on")

    def fork(self, home, session):
        home.run(self.program, "exec", "--skip-git-repo-check", "fork",
                 session, "another way")


class OpenCode:
    name = "opencode"
    reports_as = "opencode"
    env = {"OPENCODE_DISABLE_AUTOUPDATE": "1",
           "OPENCODE_DISABLE_MODELS_FETCH": "1",
           "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
           "OPENCODE_DISABLE_SHARE": "1",
           # It wants a library for plugins, ours included, from npm, and waits
           # for it longer than our deadline; ours needs none.
           "npm_config_offline": "true"}
    sessions = [1, 4]

    def settings(self, home, url):
        model = {"limit": {"context": 200000, "output": 8000},
                 "cost": {"input": 1, "output": 2, "cache_read": 0.5}}
        home.write(".config/opencode/opencode.json", json.dumps({
            "autoupdate": False, "share": "disabled",
            "enabled_providers": ["mock"],
            "model": "mock/" + mock.MODELS["opencode"],
            # Titles of sessions, which it records nowhere.
            "small_model": "mock/mock-small",
            "permission": {"bash": "allow"},
            "provider": {"mock": {
                "npm": "@ai-sdk/openai-compatible", "name": "mock",
                "options": {"baseURL": url + "/v1", "apiKey": "dummy"},
                "models": {mock.MODELS["opencode"]: model,
                           "mock-small": model}}}}))

    def start(self, home, prompt):
        return home.spawn(self.program, "run", prompt)

    def resume(self, home, session):
        home.run(self.program, "run", "--session", session, "go on")

    def fork(self, home, session):
        home.run(self.program, "run", "--session", session, "--fork",
                 "another way")


class Gemini:
    name = "gemini"
    reports_as = "gemini-cli"
    env = {"GEMINI_API_KEY": "dummy", "GEMINI_CLI_TRUST_WORKSPACE": "true"}
    sessions = [4]

    def settings(self, home, url):
        home.env["GOOGLE_GEMINI_BASE_URL"] = url
        home.write(".gemini/settings.json", json.dumps({
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "general": {"enableAutoUpdate": False,
                        "enableAutoUpdateNotification": False},
            "privacy": {"usageStatisticsEnabled": False},
            "telemetry": {"enabled": False}}, indent=2))

    def ask(self, home, *args):
        return home.spawn(self.program, "-m", mock.MODELS["gemini"],
                          "--yolo", *args)

    def start(self, home, prompt):
        return self.ask(home, "-p", prompt)

    def resume(self, home, session):
        home.finish(self.ask(home, "-r", "latest", "-p", "go on"))

    fork = None  # it has none


# --- What must be so ----------------------------------------------------------

def of_call(call):
    return tuple(getattr(call, name) for name in COUNTS)


def of_event(event):
    return tuple(event.get(name, 0) for name in COUNTS)


def expect_all(home, server, agent):
    """Every answer of the server is in the ledger once, and in its report."""
    want = collections.Counter(map(of_call, server.of(agent.name)))
    events = home.events()
    got = collections.Counter(map(of_event, events))
    expect(f"not in the ledger ({', '.join(COUNTS)})",
           sorted((want - got).elements()), [])
    expect("in the ledger, but never answered or there twice",
           sorted((got - want).elements()), [])
    expect("models", {e["model"] for e in events},
           {mock.MODELS[agent.name]})
    sums = [sum(column) for column in zip(*want.elements())]
    report = home.report("--by", "agent")
    expect("agents", [r["agent"] for r in report["rows"]], [agent.reports_as])
    row = report["rows"][0]
    expect("calls", row["calls"], sum(want.values()))
    expect("tokens", [row[f"{name}_tokens"] for name in COUNTS], sums)
    expect("all tokens", row["total_tokens"], sum(sums) - row[
        "reasoning_tokens"])
    expect("total", report["total"]["total_tokens"], row["total_tokens"])


def calls(home):
    return home.report()["total"]["calls"]


def wait_for_hooks(home, server, agent):
    want = len(server.of(agent.name))
    try:
        wait_for("the hook", HOOK_S, lambda: calls(home) >= want)
    except Failed:
        pass  # expect_all says it better
    expect_all(home, server, agent)


def set_up(home, server, agent):
    agent.settings(home, server.url)
    home.run("tt-setup", "install", agent.name, "--no-service", "--no-import")


def session_of(home, agent):
    """The only session there is, as the ledger names it."""
    rows = home.report("--by", "session")["rows"]
    expect("sessions", len(rows), 1)
    return rows[0]["session"]


# --- The stories --------------------------------------------------------------

def by_hooks(h, server, agent):
    h.finish(agent.start(h, "Look around. steps=2"))
    wait_for_hooks(h, server, agent)
    expect("calls answered", len(server.of(agent.name)), 3)
    session = session_of(h, agent)
    agent.resume(h, session)
    wait_for_hooks(h, server, agent)
    if agent.fork:
        agent.fork(h, session)
        wait_for_hooks(h, server, agent)
    rows = h.report("--by", "session")["rows"]
    expect("calls of each session", sorted(r["calls"] for r in rows),
           agent.sessions)


def write_anew(directory):
    """Other files with the same in them take the place of all logs."""
    n = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            if name.endswith((".jsonl", ".db")):
                path = os.path.join(folder, name)
                shutil.copy(path, path + ".new")
                os.rename(path + ".new", path)
                n += 1
    expect("logs", n > 0, True)


def import_changes_nothing(h, server, agent):
    before = h.report("--by", "session,model")

    def once_more():
        counts = h.imported(agent.name)
        expect("new in an import", (counts["stored"], counts["rejected"],
                                    counts["warnings"]), (0, 0, 0))
        expect("report", h.report("--by", "session,model"), before)
        return counts["read"]

    once_more()
    expect("logs read again", once_more(), 0)
    write_anew(h.dir)
    expect("new logs are read", once_more() > 0, True)
    expect_all(h, server, agent)


def import_alone(h, server, agent):
    """The same files, and a ledger that no hook has told of anything."""
    with home.Home(HOME=h.dir) as other:
        for _ in range(2):
            other.imported(agent.name)
            expect_all(other, server, agent)


def while_it_writes(h, server, agent):
    """Imports in the middle of a turn see some of its calls, none twice."""
    before = calls(h)
    server.delay = 0.2
    process = agent.start(h, "Look around longer. steps=6")
    seen = []
    end = time.monotonic() + home.RUN_S
    while process.poll() is None and time.monotonic() < end:
        h.imported(agent.name)
        seen.append(calls(h))
        if seen[-1] > len(server.of(agent.name)):
            raise Failed(f"{seen[-1]} calls in the ledger, of "
                         f"{len(server.of(agent.name))} answered")
    h.finish(process)
    server.delay = 0
    expect("calls seen, in order", seen, sorted(seen))
    if not any(before < n < len(server.of(agent.name)) for n in seen):
        raise Failed(f"no import was in the middle of the turn: {seen}")
    h.imported(agent.name)
    wait_for_hooks(h, server, agent)
    h.imported(agent.name)
    expect_all(h, server, agent)


def without_a_daemon(h, server, agent):
    """No agent minds, and what the hooks could not say is imported."""
    h.stop()
    h.finish(agent.start(h, "Nobody listens."))
    h.start()
    h.imported(agent.name)
    wait_for_hooks(h, server, agent)
    h.imported(agent.name)
    expect_all(h, server, agent)


STORIES = [
    ("each call is there once, by hooks alone", by_hooks),
    ("an import of them changes nothing, nor does the next",
     import_changes_nothing),
    ("imports alone find the same", import_alone),
    ("an import while it writes counts nothing twice", while_it_writes),
    ("what it did without a daemon is not lost", without_a_daemon),
]


def aside(server, agent):
    """Of calls that it records nowhere: one line, for whoever reads."""
    others = server.of(agent.name, "aux")
    line = (f"{agent.name}: {len(server.of(agent.name))} calls, "
            f"{len(others)} on the side")
    if others:
        line += " (" + ", ".join(sorted({c.model for c in others})) + ")"
    if server.strangers:
        line += ", asked in vain: " + ", ".join(sorted(set(server.strangers)))
    print(line, flush=True)


def run(agent):
    """Tells each story, to the first that is not so; how many were not."""
    server = mock.Mock()
    told = f"agents/{agent.name}"
    try:
        with home.Home(**agent.env) as h:
            set_up(h, server, agent)
            for title, story in STORIES:
                told = f"agents/{agent.name}: {title}"
                began = time.monotonic()
                story(h, server, agent)
                print(f"ok {told} ({time.monotonic() - began:.1f} s)",
                      flush=True)
            told = f"agents/{agent.name}: all ends"
    except Failed as e:
        print(f"not ok {told}: {e}", flush=True)
        return 1
    finally:
        aside(server, agent)
        server.stop()
    return 0


def main():
    agents = [a for a in (Codex(), OpenCode(), Gemini())
              if a.name in sys.argv[1:] or not sys.argv[1:]]
    if not home.outside_is_gone():
        for agent in agents:
            npm.fetch(agent.name)
    home.leave_the_network()
    failed = 0
    for agent in agents:
        try:
            agent.program = npm.program(agent.name)
        except npm.Missing as e:
            print(f"skip agents/{agent.name}: {e}", flush=True)
        else:
            failed += run(agent)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
