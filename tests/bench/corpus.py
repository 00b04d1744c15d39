"""A year of agents' logs with all the text around them, quickly.

    corpus.py HOME CALLS

writes HOME/.claude/projects/*/*.jsonl with CALLS calls in sessions of 200 over
the last 365 days, and a twentieth as many in HOME/.codex/sessions. Nine tenths
of the bytes are what was said and what tools gave back, as in real transcripts:
a call of Claude's is the line that led to it, now and then with a long file in
it, and a line for each block of the reply, of which the earlier ones tell an
output count that is not final yet. Returned are the tokens of all calls.
"""

import json
import os
import random
import sys
import time

from claude_logs import MODELS, PROJECTS, VERSION, iso

SESSION_CALLS = 200
DAYS = 365
CODEX_SHARE = 20
CODEX_MODEL = "gpt-5-codex"
WORDS = ("the of a to build test file error type list value read write call "
         "reply open close line byte order merge store \\n \\\"name\\\" "
         "\\tint return if(x) {0}; naïve 文件 — src/main.c:120").split()
CLAUDE_USER = (
    '{"parentUuid":%s,"isSidechain":false,"userType":"external","cwd":"%s",'
    '"sessionId":"%s","version":"' + VERSION + '","gitBranch":"main",'
    '"type":"user","message":{"role":"user","content":[{"tool_use_id":'
    '"toolu_01%s","type":"tool_result","content":"%s"}]},"uuid":"%s",'
    '"timestamp":"%s","toolUseResult":{"stdout":"%s","stderr":"",'
    '"interrupted":false,"isImage":false}}\n')
CLAUDE_REPLY = (
    '{"parentUuid":"%s","isSidechain":false,"userType":"external","cwd":"%s",'
    '"sessionId":"%s","version":"' + VERSION + '","gitBranch":"main",'
    '"message":{"model":"%s","id":"%s","type":"message","role":"assistant",'
    '"content":[%s],"stop_reason":%s,"stop_sequence":null,"usage":'
    '{"input_tokens":%d,"cache_creation_input_tokens":%d,'
    '"cache_read_input_tokens":%d,"cache_creation":'
    '{"ephemeral_5m_input_tokens":%d,"ephemeral_1h_input_tokens":%d},'
    '"output_tokens":%d,"service_tier":"standard"}},"requestId":"%s",'
    '"type":"assistant","uuid":"%s","timestamp":"%s"}\n')
CODEX_TOKENS = (
    '{"timestamp":"%s","type":"event_msg","payload":{"type":"token_count",'
    '"info":{"total_token_usage":{"input_tokens":%d,"cached_input_tokens":%d,'
    '"output_tokens":%d,"reasoning_output_tokens":%d,"total_tokens":%d},'
    '"last_token_usage":{"input_tokens":%d,"cached_input_tokens":%d,'
    '"output_tokens":%d,"reasoning_output_tokens":%d,"total_tokens":%d},'
    '"model_context_window":272000},"rate_limits":null}}\n')


class Texts:
    """Pieces of one long text, already as JSON writes them."""

    def __init__(self, r):
        self.random = r
        self.words = r.choices(WORDS, k=1 << 16)
        self.pieces = [self.piece(1 << r.randrange(3, 8)) for _ in range(997)]
        self.long = [self.piece(4096) for _ in range(7)]

    def piece(self, n):
        start = self.random.randrange(len(self.words) - n)
        return " ".join(self.words[start:start + n])

    def some(self):
        """Mostly some hundred bytes, seldom some ten thousand."""
        r = int(self.random.random() * 100000)
        return (self.long[r % 7] if r % 256 == 0
                else self.pieces[r % 997])


class Ids:
    def __init__(self, r):
        self.random = r

    def hex(self, digits):
        return "%0*x" % (digits, self.random.getrandbits(4 * digits))

    def uuid(self):
        h = self.hex(32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


class Tokens(dict):
    def __init__(self):
        super().__init__(calls=0, input=0, output=0, cache_read=0,
                         cache_write=0)

    def add(self, **counts):
        self["calls"] += 1
        for name, n in counts.items():
            self[name] += n


def claude_call(r, texts, ids, where, parent, ms, tokens):
    """(its lines, the uuid of the last)"""
    cwd, session, model = where
    time_, text, uuid = iso(ms), texts.some(), ids.uuid()
    yield CLAUDE_USER % (
        '"%s"' % parent if parent else "null", cwd, session, ids.hex(22),
        text, uuid, time_, text)
    call, request = "msg_01" + ids.hex(22), "req_011" + ids.hex(22)
    n = [int(r.random() * most) for most in (2000, 8000, 150000)]
    hour = r.choice((0, n[1]))
    output = 50 + int(r.random() * 3000)
    blocks = ['{"type":"text","text":"%s"}' % texts.some()]
    if r.random() < 0.5:
        blocks.append('{"type":"tool_use","id":"toolu_01%s","name":"Bash",'
                      '"input":{"command":"%s"}}'
                      % (ids.hex(22), texts.pieces[len(text) % 997]))
    for i, block in enumerate(blocks):
        is_last = i == len(blocks) - 1
        before, uuid = uuid, ids.uuid()
        yield CLAUDE_REPLY % (
            before, cwd, session, model, call, block,
            '"end_turn"' if is_last else "null", *n, n[1] - hour, hour,
            output if is_last else 1, request, uuid, time_)
    tokens.add(input=n[0], cache_write=n[1], cache_read=n[2], output=output)
    return uuid


def claude_lines(r, texts, ids, where, ms, calls, tokens):
    parent = None
    for i in range(calls):
        parent = yield from claude_call(r, texts, ids, where, parent,
                                        ms + i * 30000, tokens)


def codex_line(ms, kind, **payload):
    return json.dumps({"timestamp": iso(ms), "type": kind,
                       "payload": payload}) + "\n"


def codex_lines(r, texts, ids, where, ms, calls, tokens):
    cwd, session, model = where
    total = [0] * 5
    yield codex_line(ms, "session_meta", id=session, timestamp=iso(ms),
                     cwd=cwd, originator="codex_cli_rs",
                     cli_version="0.104.0")
    for i in range(calls):
        ms += 30000
        if i % 10 == 0:
            yield codex_line(ms, "turn_context", cwd=cwd, model=model,
                             approval_policy="never")
        yield ('{"timestamp":"%s","type":"response_item","payload":{"type":'
               '"function_call_output","call_id":"call_%s","output":"%s"}}\n'
               % (iso(ms), ids.hex(24), texts.some()))
        fresh, cached, output = (1 + int(r.random() * most)
                                 for most in (4000, 90000, 3000))
        last = [fresh + cached, cached, output, output // 2,
                fresh + cached + output]
        total = [a + b for a, b in zip(total, last)]
        yield CODEX_TOKENS % (iso(ms), *total, *last)
        tokens.add(input=fresh, cache_read=cached, output=output)


def claude_path(home, where, ms):
    return os.path.join(home, ".claude", "projects",
                        where[0].replace("/", "-"), where[1] + ".jsonl")


def codex_path(home, where, ms):
    day = iso(ms)[:19].replace(":", "-")
    return os.path.join(home, ".codex", "sessions", *day[:10].split("-"),
                        f"rollout-{day}-{where[1]}.jsonl")


def write(home, calls, now_ms, r, texts, path_of, lines_of, models, tokens,
          session_calls):
    """Returns (files, bytes)."""
    ids, size = Ids(r), 0
    n = -(-calls // session_calls)
    room = DAYS * 86400000 - session_calls * 30000 - 86400000
    for i in range(n):
        ms = now_ms - DAYS * 86400000 + room * (i + 1) // n
        where = (f"/home/bench/{r.choice(PROJECTS)}", ids.uuid(),
                 r.choice(models))
        path = path_of(home, where, ms)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        some = min(session_calls, calls - i * session_calls)
        with open(path, "w") as log:
            log.writelines(lines_of(r, texts, ids, where, ms, some, tokens))
        size += os.path.getsize(path)
    return n, size


def make(home, calls, now_ms, seed=1, session_calls=SESSION_CALLS):
    """Returns {agent: Tokens}, with files and bytes of each."""
    r = random.Random(seed)
    texts = Texts(r)
    agents = {}
    for agent, n, *how in (
            ("claude", calls, claude_path, claude_lines, MODELS),
            ("codex", calls // CODEX_SHARE, codex_path, codex_lines,
             [CODEX_MODEL])):
        tokens = Tokens()
        files, size = write(home, n, now_ms, r, texts, *how, tokens,
                            session_calls)
        agents[agent] = dict(tokens, files=files, bytes=size)
    return agents


if __name__ == "__main__":
    print(json.dumps(make(sys.argv[1], int(sys.argv[2]),
                          int(time.time() * 1000)), indent=1))
