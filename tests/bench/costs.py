#!/usr/bin/python3
"""The costs of an OpenAI organization on a loopback port, which is printed.

    tests/bench/costs.py ROWS PAGES

A question for costs is answered with ROWS rows, on PAGES pages, over all days
that it asks for. Only the newest days have any: there is nothing before them,
and no use of other kinds. What a row says does not depend on its day, so the
pages are made once, at the start, and an answer is two pieces of memory: what
is measured beside it is not this program.
"""

import re
import socket
import sys
import threading

KEY = "sk-admin-0123456789-bench-wxyz"
DAY = 86400
ITEMS = ["input", "cached input", "output", "batch, input", "batch, output"]
MODELS = ["gpt-5-2025-08-07", "gpt-5-mini-2025-08-07", "o4-mini-2025-04-16",
          "gpt-4.1-2025-04-14"]
HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n")
EMPTY = b'{"object":"page","data":[],"has_more":false,"next_page":null}'
BUCKET = b'{"object":"page","data":[{"object":"bucket","start_time":%d,' \
         b'"end_time":%d,"results":['
NUMBER = re.compile(rb"[?&](start_time|end_time|page)=p?(\d+)")


def row(i):
    model = MODELS[i % len(MODELS)]
    return (b'{"object":"organization.costs.result","amount":{"value":'
            b'%d.%08d,"currency":"usd"},"line_item":"%s, %s",'
            b'"project_id":"proj_%016x","api_key_id":"key_%016x",'
            b'"quantity":%d,"quantity_unit":"tokens"}' %
            (i % 7, i * 7919 % 10**8, model.encode(),
             ITEMS[i // 4 % 5].encode(), i // 20 % 40, i // 800, i * 131))


def tail(page, pages):
    if page + 1 == pages:
        return b']}],"has_more":false,"next_page":null}'
    return b']}],"has_more":true,"next_page":"p%d"}' % (page + 1)


def make(rows, pages):
    """What follows on the days of each page."""
    for page in range(pages):
        own = range(rows * page // pages, rows * (page + 1) // pages)
        yield b",".join(map(row, own)) + tail(page, pages)


class Service:
    def __init__(self, rows, pages):
        self.pages = list(make(rows, pages))
        self.newest = 0

    def answer(self, target):
        asked = {k: int(v) for k, v in NUMBER.findall(target)}
        start, end = asked[b"start_time"], asked[b"end_time"]
        self.newest = max(self.newest, end)
        if b"/costs?" not in target or end < self.newest:
            return [HEAD % len(EMPTY), EMPTY]
        page = asked.get(b"page", 0)
        days = (end - start) // DAY
        day = start + page * days // len(self.pages) * DAY
        bucket = BUCKET % (day, day + DAY)
        rest = self.pages[page]
        return [HEAD % (len(bucket) + len(rest)), bucket, rest]

    def serve(self, conn):
        asked = b""
        with conn:
            while True:
                more = conn.recv(65536)
                if not more:
                    return
                asked += more
                while b"\r\n\r\n" in asked:
                    head, _, asked = asked.partition(b"\r\n\r\n")
                    if f"Bearer {KEY}".encode() not in head:
                        return
                    send(conn, self.answer(head.split(b" ", 2)[1]))


def send(conn, pieces):
    for piece in pieces[:-1]:
        conn.sendall(piece, socket.MSG_MORE)
    conn.sendall(pieces[-1])


def main():
    service = Service(*map(int, sys.argv[1:]))
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            conn = server.accept()[0]
            threading.Thread(target=service.serve, args=(conn,),
                             daemon=True).start()


if __name__ == "__main__":
    main()
