#!/usr/bin/python3
"""A client of collectord, written from proto/PROTOCOL.md alone.

Puts an event, gets its ack, reads a report that has it, and makes a few of the
mistakes that the page describes. Usage: client.py SOCKET
"""
import socket
import sys

import msgpack

DAY = 86400 * 1000
NOW = 1778580000000  # what the daemon's TT_NOW says in this test


class Refused(Exception):
    def __init__(self, error):
        super().__init__(error["code"], error["message"], error.get("field"))
        self.code = error["code"]


class Client:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(40)
        self.sock.connect(path)
        self.unpacker = msgpack.Unpacker(raw=False)
        self.msgid = 0

    def read(self):
        while True:
            for message in self.unpacker:
                return message
            data = self.sock.recv(65536)
            if not data:
                raise EOFError("collectord closed the connection")
            self.unpacker.feed(data)

    def call(self, method, **params):
        self.msgid += 1
        self.sock.sendall(msgpack.packb([0, self.msgid, method, [params]]))
        kind, msgid, error, result = self.read()
        expect("kind", kind, 1)
        expect("msgid", msgid, self.msgid)
        if error is not None:
            expect("result beside an error", result, None)
            raise Refused(error)
        return result


def expect(what, got, want):
    if got != want:
        sys.exit(f"{what}: {got!r}, expected {want!r}")


def refused(client, code, method, **params):
    try:
        client.call(method, **params)
    except Refused as e:
        expect(f"code of {method}", e.code, code)
    else:
        sys.exit(f"{method} {params} was not refused with {code}")


def say_hello(client):
    hello = client.call("hello", client="client.py", version="1")
    expect("name", hello["name"], "collectord")
    expect("protocol", hello["protocol"], 1)
    expect("limits.depth", hello["limits"]["depth"], 8)
    expect("limits.put_events", hello["limits"]["put_events"], 10000)
    expect("limits.request_bytes", hello["limits"]["request_bytes"], 4 << 20)
    return hello


def put_events(client):
    call = {"session": "py", "message": "m1", "model": "grove-5",
            "provider": "openai", "input": 100, "output": 20, "ts": NOW,
            "cost": "0.4239", "unknown_key": [1, {"a": None}]}
    expect("put", client.call("put", events=[call]),
           {"stored": 1, "merged": 0, "unchanged": 0, "rejected": []})
    expect("put again", client.call("put", events=[call]),
           {"stored": 0, "merged": 0, "unchanged": 1, "rejected": []})
    call["output"] = 25
    expect("put more", client.call("put", events=[call])["merged"], 1)
    # Money as a float means its shortest decimal; seconds are as good as ms.
    floaty = {"session": "py", "message": "m2", "cost": 0.1, "output": 1,
              "ts": NOW // 1000}
    got = client.call("put", events=[floaty, {"message": "m3"}])
    expect("stored", got["stored"], 1)
    expect("rejected", [(r["index"], r["code"], r["field"])
                        for r in got["rejected"]], [(1, "missing", "session")])


def read_report(client):
    edges = [NOW - NOW % DAY, NOW - NOW % DAY + DAY]
    got = client.call("report", edges=edges, by=["model"], sessions=True)
    names = got["columns"]
    expect("first column", names[0], "calls")
    expect("rows", len(got["rows"]), 2)
    period, texts, numbers, cost, plan, sessions = got["rows"][1]
    row = dict(zip(names, numbers))
    expect("period", period, 0)
    expect("texts", texts, ["grove-5"])
    expect("calls", row["calls"], 1)
    expect("input", row["input_tokens"], 100)
    expect("output", row["output_tokens"], 25)
    expect("cost", cost, "0.4239")
    expect("plan cost", plan, "0")
    expect("sessions", sessions, 1)
    expect("total cost", got["total"][1], "0.5239")
    expect("more", got["more"], False)
    one = client.call("report", edges=edges, filter=[["model", "GROVE*"]])
    expect("filtered", one["total"][0][0], 1)


def read_status(client, hello):
    status = client.call("status")
    expect("pid", status["pid"], hello["pid"])
    expect("store.calls", status["store"]["calls"], 2)
    expect("store.schema", status["store"]["schema"], hello["schema"])
    for key in ("version", "uptime_ms", "machine", "connections", "puts",
                "buffered_bytes", "commits", "rejected", "spool", "config",
                "socket", "autostarted", "sources"):
        if key not in status:
            sys.exit(f"status has no {key}")
    source = status["sources"][0]
    for key in ("machine", "agent", "source", "last", "events"):
        if key not in source:
            sys.exit(f"a source has no {key}: {source}")


def keep_cursors(client):
    client.call("put", events=[], cursors=[
        {"name": "py:b", "value": b"2"}, {"name": "py:a", "value": b"\0\xff"},
        {"name": "other", "value": b"3"}])
    expect("cursors", client.call("cursors", prefix="py:"),
           [{"name": "py:a", "value": b"\0\xff"},
            {"name": "py:b", "value": b"2"}])
    expect("after", client.call("cursors", prefix="py:", after="py:a"),
           [{"name": "py:b", "value": b"2"}])
    client.call("put", events=[], cursors=[{"name": "py:a", "value": b""}])
    expect("deleted", len(client.call("cursors", prefix="py:")), 1)


def make_mistakes(client):
    refused(client, "unknown_method", "make_tea")
    refused(client, "bad_params", "put", events=7)
    refused(client, "bad_params", "report", edges=[NOW + 1, NOW + 2])
    refused(client, "bad_params", "report", edges=[0, 900000], by=["colour"])
    refused(client, "not_found", "next", token=123456)
    refused(client, "denied", "drain")
    expect("clock", client.call("clock", now=NOW + 1000), {"now": NOW + 1000})


def pipeline(client):
    for i in range(10):
        client.sock.sendall(msgpack.packb(
            [0, 2**32 - 1 - i, "put",
             [{"events": [{"session": "pipe", "message": str(i)}]}]]))
    for i in range(10):
        kind, msgid, error, result = client.read()
        expect("pipelined msgid", msgid, 2**32 - 1 - i)
        expect("pipelined put", result["stored"], 1)


def notify(client):
    client.sock.sendall(msgpack.packb(
        [2, "put", [{"events": [{"session": "note", "message": "n"}]}]]))
    client.call("hello")


def main():
    client = Client(sys.argv[1])
    hello = say_hello(client)
    put_events(client)
    read_report(client)
    read_status(client, hello)
    keep_cursors(client)
    make_mistakes(client)
    pipeline(client)
    notify(client)
    print("all well")


if __name__ == "__main__":
    main()
