"""A model server on loopback: three vendors' streams, and a list of what it said.

It answers POST …/responses (Codex), …/chat/completions (OpenCode) and
…:streamGenerateContent or …:generateContent (Gemini CLI). No two answers have
the same counts, so that a call that is missing, there twice or mixed up with
another shows. A prompt that has `steps=N` is answered by N tool calls, a
request each and no two the same (agents give up on who repeats itself), before
the last word.

What agents ask on the side, as titles of sessions, they record nowhere. They
ask another model for it, which their settings of the test name: a call is
`main` if its model is the agent's, else it is counted apart as `aux`.
"""

import collections
import http.server
import json
import re
import threading
import time

# The model of each agent that does its work; any other does side jobs.
MODELS = {"codex": "gpt-5.2-codex", "opencode": "mock-large",
          "gemini": "gemini-2.5-pro"}

# As the ledger counts: input is what no cache had, output has the reasoning.
Call = collections.namedtuple(
    "Call", "agent model kind input cache_read cache_write output reasoning")


def counts(number, cache_writes):
    """Those of the call with that number. They are disjoint, reasoning apart
    from the rest of the output as well."""
    return {"input": 400 + 7 * number, "cache_read": 600 + 11 * number,
            "cache_write": (30 + 3 * number) if cache_writes else 0,
            "text": 80 + 5 * number, "reasoning": 120 + 13 * number}


def steps_wanted(text):
    found = re.search(r"steps=(\d+)", text)
    return int(found.group(1)) if found else 0


def text_of(content):
    if isinstance(content, str):
        return content
    return " ".join(p.get("text") or "" for p in content or [])


class Codex:
    """Responses API; cached and written tokens are part of the input."""
    agent = "codex"
    cache_writes = True

    def __init__(self, path, body):
        self.model = body["model"]
        self.stream = True
        steps = done = 0
        for item in body["input"]:
            if item.get("role") == "user":
                steps, done = steps_wanted(text_of(item["content"])), 0
            done += item.get("type", "").endswith("_call_output")
        self.wants_tool = done < steps

    def tool_call(self, number):
        return {"type": "function_call", "id": f"fc_{number}",
                "call_id": f"call_{number}", "name": "exec_command",
                "arguments": json.dumps({"cmd": f"echo {number}"})}

    def answer(self, number, n):
        response = {"id": f"resp_{number:048x}", "object": "response",
                    "model": self.model, "status": "in_progress",
                    "output": []}
        item = (self.tool_call(number) if self.wants_tool else
                {"type": "message", "id": f"msg_{number}",
                 "role": "assistant", "content": [
                     {"type": "output_text", "text": "Done.",
                      "annotations": []}]})
        prompt = n["input"] + n["cache_read"] + n["cache_write"]
        output = n["text"] + n["reasoning"]
        usage = {"input_tokens": prompt, "output_tokens": output,
                 "total_tokens": prompt + output,
                 "input_tokens_details": {
                     "cached_tokens": n["cache_read"],
                     "cache_write_tokens": n["cache_write"]},
                 "output_tokens_details": {
                     "reasoning_tokens": n["reasoning"]}}
        yield {"type": "response.created", "response": response}
        yield {"type": "response.output_item.added", "output_index": 0,
               "item": item}
        yield {"type": "response.output_item.done", "output_index": 0,
               "item": item}
        yield {"type": "response.completed", "response": {
            **response, "status": "completed", "output": [item],
            "usage": usage}}

    @staticmethod
    def frame(event):
        return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"


class OpenCode:
    """Chat completions; cached tokens are part of the prompt, reasoning of the
    completion, and nobody tells of cache writes."""
    agent = "opencode"
    cache_writes = False

    def __init__(self, path, body):
        self.model = body["model"]
        self.stream = body.get("stream", False)
        steps = done = 0
        for message in body["messages"]:
            if message["role"] == "user":
                steps, done = steps_wanted(text_of(message["content"])), 0
            done += message["role"] == "tool"
        self.wants_tool = done < steps and body.get("tools")

    def answer(self, number, n):
        base = {"id": f"chatcmpl-{number:029d}", "model": self.model,
                "object": "chat.completion.chunk",
                "created": int(time.time())}
        delta, finish = {"role": "assistant", "content": "Done."}, "stop"
        if self.wants_tool:
            finish = "tool_calls"
            delta = {"role": "assistant", "tool_calls": [
                {"index": 0, "id": f"call_{number}", "type": "function",
                 "function": {"name": "bash", "arguments": json.dumps(
                     {"command": f"echo {number}",
                      "description": "nothing"})}}]}
        prompt = n["input"] + n["cache_read"]
        completion = n["text"] + n["reasoning"]
        usage = {"prompt_tokens": prompt, "completion_tokens": completion,
                 "total_tokens": prompt + completion,
                 "prompt_tokens_details": {"cached_tokens": n["cache_read"]},
                 "completion_tokens_details": {
                     "reasoning_tokens": n["reasoning"]}}
        if not self.stream:
            yield {**base, "object": "chat.completion", "usage": usage,
                   "choices": [{"index": 0, "message": delta,
                                "finish_reason": finish}]}
            return
        yield {**base, "choices": [
            {"index": 0, "delta": delta, "finish_reason": None}]}
        yield {**base, "choices": [
            {"index": 0, "delta": {}, "finish_reason": finish}]}
        yield {**base, "choices": [], "usage": usage}
        yield None

    @staticmethod
    def frame(event):
        return f"data: {json.dumps(event) if event else '[DONE]'}\n\n"


class Gemini:
    """generateContent; cached tokens are part of the prompt, thoughts are none
    of the candidates, and nobody tells of cache writes."""
    agent = "gemini"
    cache_writes = False

    def __init__(self, path, body):
        self.model = re.search(r"models/([^:/]+):", path).group(1)
        self.stream = ":streamGenerateContent" in path
        steps = done = 0
        for content in body["contents"]:
            wanted = steps_wanted(text_of(content["parts"]))
            if wanted and content["role"] == "user":
                steps, done = wanted, 0
            done += any("functionResponse" in p for p in content["parts"])
        self.wants_tool = done < steps

    def answer(self, number, n):
        part = {"text": "Done."}
        if self.wants_tool:
            part = {"functionCall": {"name": "glob",
                                     "args": {"pattern": f"*.{number}"}}}
        prompt = n["input"] + n["cache_read"]
        yield {"responseId": f"mock-{number}", "modelVersion": self.model,
               "candidates": [{"index": 0, "finishReason": "STOP", "content": {
                   "role": "model", "parts": [part]}}],
               "usageMetadata": {
                   "promptTokenCount": prompt,
                   "cachedContentTokenCount": n["cache_read"],
                   "candidatesTokenCount": n["text"],
                   "thoughtsTokenCount": n["reasoning"],
                   "totalTokenCount": prompt + n["text"] + n["reasoning"]}}

    @staticmethod
    def frame(event):
        return f"data: {json.dumps(event)}\r\n\r\n"


ROUTES = [(re.compile(r"/responses$"), Codex),
          (re.compile(r"/chat/completions$"), OpenCode),
          (re.compile(r":(streamG|g)enerateContent$"), Gemini)]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send_whole(self, code, value):
        data = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def send_stream(self, frames):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for frame in frames:
            self.wfile.write(frame.encode())
            self.wfile.flush()
        self.close_connection = True

    def do_GET(self):
        self.server.mock.strangers.append("GET " + self.path)
        self.send_whole(404, {"error": {"message": "not here"}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        for route, vendor in ROUTES:
            if route.search(path):
                return self.answer(vendor(path, json.loads(body)))
        self.server.mock.strangers.append("POST " + self.path)
        return self.send_whole(404, {"error": {"message": "not here"}})

    def answer(self, vendor):
        mock = self.server.mock
        number, n = mock.take(vendor)
        events = list(vendor.answer(number, n))
        time.sleep(mock.delay)
        if vendor.stream:
            self.send_stream(map(vendor.frame, events))
        else:
            self.send_whole(200, events[0])


class Mock:
    """Serves until stop(); calls has every answer, in the order it began."""

    def __init__(self):
        self.calls = []
        self.strangers = []  # requests that no model would answer
        self.delay = 0  # seconds that every answer takes
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.mock = self
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(
            target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, vendor):
        with self.lock:
            number = len(self.calls) + 1
            n = counts(number, vendor.cache_writes)
            is_main = vendor.model == MODELS[vendor.agent]
            self.calls.append(Call(
                vendor.agent, vendor.model, "main" if is_main else "aux",
                n["input"], n["cache_read"], n["cache_write"],
                n["text"] + n["reasoning"], n["reasoning"]))
            return number, n

    def of(self, agent, kind="main"):
        with self.lock:
            return [c for c in self.calls
                    if c.agent == agent and c.kind == kind]
