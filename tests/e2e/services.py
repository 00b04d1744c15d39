#!/usr/bin/python3
"""Services of providers on a loopback port, which is printed first: the costs and
use of an OpenAI organization (below /eur one that pays in euros), a DeepSeek
balance in two currencies, and a MiniMax plan with a raised limit. Only one key
is good."""
import http.server
import json
import sys
import urllib.parse

DAY = 86400
TODAY = 1778580000 // DAY * DAY
KEY = "sk-admin-0123456789-secret-abcd"
# Dollars by days before today; today is not over.
COSTS = {1: "2.50", 2: "0.75", 0: "0.10"}
PLAN = {"model_name": "M2", "current_interval_remaining_percent": 60,
        "current_weekly_remaining_percent": 70, "weekly_boost_permill": 1500}
BALANCES = [("CNY", "110.00"), ("USD", "7.25")]


def bucket(day, results):
    return {"object": "bucket", "start_time": day, "end_time": day + DAY,
            "results": results}


def page(buckets):
    return {"object": "page", "data": buckets, "has_more": False,
            "next_page": None}


def costs(query, currency):
    first, end = (int(query[k][0]) for k in ("start_time", "end_time"))
    days = sorted((TODAY - n * DAY, usd) for n, usd in COSTS.items())
    return page([bucket(day, [{
        "object": "organization.costs.result",
        "amount": {"value": float(usd), "currency": currency},
        "line_item": "gpt-5, input", "project_id": "proj_1",
        "api_key_id": None}]) for day, usd in days if first <= day < end])


def images(query):
    day = TODAY - DAY
    first, end = (int(query[k][0]) for k in ("start_time", "end_time"))
    return page([bucket(day, [{
        "object": "organization.usage.images.result", "images": 3,
        "num_model_requests": 2, "model": "img", "project_id": "proj_1"}])]
        if first <= day < end else [])


def balance():
    return {"is_available": True, "balance_infos": [
        {"currency": currency, "total_balance": amount,
         "granted_balance": "0.00", "topped_up_balance": amount}
        for currency, amount in BALANCES]}


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        parts = urllib.parse.urlsplit(self.path)
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, {"error": {"message": "Incorrect API key provided",
                                   "type": "invalid_request_error",
                                   "param": None, "code": "invalid_api_key"}}
        if parts.path.startswith("/v0/") and parts.path.endswith("/images"):
            return 404, {}
        if parts.path.endswith("/costs"):
            return 200, costs(
                urllib.parse.parse_qs(parts.query),
                "eur" if parts.path.startswith("/eur") else "usd")
        if parts.path == "/organization/usage/images":
            return 200, images(urllib.parse.parse_qs(parts.query))
        if parts.path.endswith("/balance"):
            return 200, balance()
        if parts.path.endswith("/remains"):
            return 200, {"model_remains": [PLAN]}
        return 200, page([])

    def do_GET(self):
        status, body = self.answer()
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
sys.stdout.close()
server.serve_forever()
