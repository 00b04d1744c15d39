"""The same calls twice: as Claude Code logs them, and as tt-send takes them.

    claude_logs.py HOME EVENTS CALLS

writes HOME/.claude/projects/*/*.jsonl and one line a call to the file EVENTS.
Sessions of 200 calls over the last ninety days. As in real transcripts a
reply is a line for each block of its content, all with the ids of the one
response and, in the earlier ones, an output count that is not yet final.
"""

import datetime
import json
import os
import random
import sys
import uuid

SESSION_CALLS = 200
DAYS = 90
PAUSE_MS = 30000
VERSION = "2.1.200"
MODELS = ["claude-sonnet-4-5-20250929", "claude-opus-4-1-20250805",
          "claude-haiku-4-5-20251001"]
PROJECTS = ["api", "atlas", "compiler", "docs", "kernel", "ledger", "site"]
WORDS = ("the of a to build test file error type list value read write call "
         "reply open close line byte order merge store").split()


def iso(ms):
    time = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return time.strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (ms % 1000)


class Session:
    def __init__(self, r, start):
        self.random = r
        self.id = self.uuid()
        self.project = r.choice(PROJECTS)
        self.cwd = f"/home/bench/{self.project}"
        self.model = r.choice(MODELS)
        self.ms = start
        self.parent = None

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def text(self):
        return " ".join(self.random.choices(WORDS, k=60))

    def line(self, kind, **members):
        """A line of the transcript, which hangs on the one before it."""
        line = {"parentUuid": self.parent, "isSidechain": False,
                "userType": "external", "cwd": self.cwd,
                "sessionId": self.id, "version": VERSION,
                "gitBranch": "main", "type": kind, "uuid": self.uuid(),
                "timestamp": iso(self.ms), **members}
        self.parent = line["uuid"]
        return json.dumps(line, separators=(",", ":")) + "\n"

    def usage(self):
        r = self.random
        writes = r.randrange(8000)
        hour = r.choice([0, writes])
        return {"input_tokens": r.randrange(2000),
                "cache_creation_input_tokens": writes,
                "cache_read_input_tokens": r.randrange(150000),
                "cache_creation": {"ephemeral_5m_input_tokens": writes - hour,
                                   "ephemeral_1h_input_tokens": hour},
                "output_tokens": r.randrange(50, 3000),
                "service_tier": "standard"}

    def blocks(self):
        yield {"type": "text", "text": self.text()}
        if self.random.randrange(2):
            yield {"type": "tool_use", "id": "toolu_" + self.uuid()[:8],
                   "name": "Bash", "input": {"command": self.text()}}

    def call(self):
        """(the transcript's lines, the event)"""
        self.ms += PAUSE_MS
        ids = {"call": f"msg_01{self.random.getrandbits(96):024x}",
               "request": f"req_011{self.random.getrandbits(96):024x}"}
        usage, blocks = self.usage(), list(self.blocks())
        lines = [self.line("user", message={"role": "user",
                                            "content": self.text()})]
        for i, block in enumerate(blocks):
            is_last = i == len(blocks) - 1
            told = usage if is_last else dict(usage, output_tokens=1)
            lines.append(self.line(
                "assistant", requestId=ids["request"],
                message={"id": ids["call"], "type": "message",
                         "role": "assistant", "model": self.model,
                         "content": [block],
                         "stop_reason": "end_turn" if is_last else None,
                         "stop_sequence": None, "usage": told}))
        return lines, self.event(ids, usage)

    def event(self, ids, usage):
        return dict(
            ids, session=self.id, ts=self.ms, agent="claude-code",
            provider="anthropic", model=self.model, project=self.project,
            branch="main", source="log", tier="standard",
            input=usage["input_tokens"], output=usage["output_tokens"],
            cache_read=usage["cache_read_input_tokens"],
            cache_write=usage["cache_creation_input_tokens"],
            cache_write_1h=usage["cache_creation"]
                                ["ephemeral_1h_input_tokens"])


def transcript(home, session):
    folder = session.cwd.replace("/", "-")
    directory = os.path.join(home, ".claude", "projects", folder)
    os.makedirs(directory, exist_ok=True)
    return os.path.join(directory, session.id + ".jsonl")


def make(home, events, calls, now_ms, seed=1):
    """Returns the last session and the bytes of all transcripts."""
    r = random.Random(seed)
    n = -(-calls // SESSION_CALLS)
    room = DAYS * 86400000 - SESSION_CALLS * PAUSE_MS
    size = 0
    with open(events, "w") as out:
        for i in range(n):
            start = now_ms - DAYS * 86400000 + room * (i + 1) // n
            session = Session(r, start)
            with open(transcript(home, session), "w") as log:
                for _ in range(min(SESSION_CALLS, calls - i * SESSION_CALLS)):
                    lines, event = session.call()
                    log.writelines(lines)
                    out.write(json.dumps(event) + "\n")
                size += log.tell()
    return session, size


if __name__ == "__main__":
    now = int(datetime.datetime.now().timestamp() * 1000)
    os.makedirs(sys.argv[1], exist_ok=True)
    last, written = make(sys.argv[1], sys.argv[2], int(sys.argv[3]), now)
    print(f"{written} bytes, last session {last.id}")
