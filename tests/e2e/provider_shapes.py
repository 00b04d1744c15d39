"""The services of providers as they are documented: each answers what is in
range, page by page, and says of groups only those that were asked for."""
import base64
import datetime

from provider_case import DAY, TODAY

PAGE_DAYS = 7


def seconds(day):
    return day // 1000


def rfc3339(day):
    return datetime.datetime.fromtimestamp(
        day // 1000, datetime.timezone.utc).strftime("%Y-%m-%dT00:00:00Z")


def milliseconds(text):
    return int(datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp() * 1000)


def cut(days, page):
    """A few of the days, and the cursor to what follows: one that has to be
    percent-encoded."""
    first = 0 if page is None else int(
        base64.b64decode(page.removeprefix("page_/+")))
    end = first + PAGE_DAYS
    more = end < len(days)
    return days[first:end], "page_/+" + base64.b64encode(
        str(end).encode()).decode() + "==" if more else None


def only_groups(row, names, asked):
    return {k: v if k not in names or k in asked else None
            for k, v in row.items()}


def denied(handler, message="no"):
    return 403, {}, {"error": {"code": 403, "message": message}}


class OpenAI:
    """Rows by the last part of a path and the days before today."""

    provider, feed, path, base = "openai", "costs", "/costs", "/v1"
    headers = {"Authorization": "Bearer {}"}
    key_kind = "an admin key, sk-admin-"
    group_by = "group_by"
    groups = ("line_item", "project_id", "api_key_id", "model", "batch",
              "service_tier", "size", "source", "vector_store_id",
              "context_level")
    by = {"costs": ["line_item", "project_id", "api_key_id"],
          "completions": ["model", "project_id", "api_key_id", "batch",
                          "service_tier"],
          "images": ["model", "project_id", "api_key_id", "size", "source"],
          "vector_stores": ["project_id"],
          "code_interpreter_sessions": ["project_id"],
          "file_search_calls": ["project_id", "api_key_id",
                                "vector_store_id"],
          "web_search_calls": ["model", "project_id", "api_key_id",
                               "context_level"]}
    by.update(dict.fromkeys(
        ("embeddings", "moderations", "audio_speeches",
         "audio_transcriptions"), ["model", "project_id", "api_key_id"]))

    def __init__(self, rows=None):
        self.rows = rows or {"costs": {
            1: [self.cost("1.25"), self.cost("1e-07", "web search calls")],
            2: [self.cost(0.1)], 40: [self.cost(2)]}}

    @staticmethod
    def cost(value, line="gpt-5.5-2026-02-01, input", **more):
        return dict({"object": "organization.costs.result",
                     "amount": {"value": value, "currency": "usd"},
                     "line_item": line, "project_id": "proj_1",
                     "api_key_id": None, "quantity": 12.5,
                     "quantity_unit": "1000_tokens"}, **more)

    amounts = [(TODAY - 40 * DAY, "openai", "2", "USD"),
               (TODAY - 2 * DAY, "openai", "0.1", "USD"),
               (TODAY - DAY, "openai", "1.2500001", "USD")]

    def answer(self, handler, path, query, n):
        name = path.rsplit("/", 1)[1]
        first = int(query["start_time"][0]) * 1000
        end = int(query["end_time"][0]) * 1000
        days, cursor = cut(range(first, end, DAY),
                           query.get("page", [None])[0])
        asked = query.get(self.group_by, [])
        return 200, {}, {
            "object": "page", "has_more": cursor is not None,
            "next_page": cursor,
            "data": [{"object": "bucket", "start_time": seconds(day),
                      "end_time": seconds(day + DAY),
                      "results": [only_groups(r, self.groups, asked)
                                  for r in self.of(name, day)]}
                     for day in days]}

    def of(self, name, day):
        return self.rows.get(name, {}).get((TODAY - day) // DAY, [])


class Anthropic:
    provider, feed, base = "anthropic", "costs", ""
    path = "/v1/organizations/cost_report"
    usage_path = "/v1/organizations/usage_report/messages"
    headers = {"X-Api-Key": "{}", "Anthropic-Version": "2023-06-01"}
    key_kind = "an admin key, sk-ant-admin"
    groups = ("model", "api_key_id", "workspace_id", "service_tier",
              "description", "account_id", "context_window", "inference_geo")
    by = {path: ["description", "workspace_id"],
          usage_path: ["model", "api_key_id", "workspace_id", "service_tier"]}
    detail = ("model", "service_tier", "token_type", "cost_type",
              "context_window", "inference_geo")

    def __init__(self):
        self.rows = {
            self.path: {
                1: [self.cost("123.78912", "claude-opus-5"),
                    self.cost("0.5", None, cost_type="code_execution",
                              description="Code Execution Usage",
                              token_type=None)],
                2: [self.cost("-10", "claude-opus-5")],
                35: [self.cost("100000.000001", "claude-opus-5")]},
            self.usage_path: {
                1: [self.usage("claude-opus-5", 1500, 40, 7, 58000, 880),
                    self.usage("claude-opus-5", 1, 0, 500, 0, 2,
                               api_key_id=None, service_tier="batch")]}}

    @staticmethod
    def cost(cents, model, **more):
        return dict({"amount": cents, "currency": "USD",
                     "workspace_id": "wrkspc_1", "model": model,
                     "description": f"{model} Usage - Input Tokens",
                     "cost_type": "tokens", "service_tier": "standard",
                     "context_window": "0-200k", "inference_geo": "global",
                     "token_type": "uncached_input_tokens"}, **more)

    @staticmethod
    def usage(model, uncached, hour, minutes, read, output, **more):
        return dict({"uncached_input_tokens": uncached,
                     "cache_creation": {"ephemeral_1h_input_tokens": hour,
                                        "ephemeral_5m_input_tokens": minutes},
                     "cache_read_input_tokens": read, "output_tokens": output,
                     "server_tool_use": {"web_search_requests": 3},
                     "account_id": None, "api_key_id": "apikey_1",
                     "workspace_id": None, "model": model,
                     "service_tier": "standard", "context_window": None,
                     "inference_geo": None, "service_account_id": None},
                    **more)

    amounts = [(TODAY - 35 * DAY, "anthropic", "1000.00000001", "USD"),
               (TODAY - 2 * DAY, "anthropic", "-0.1", "USD"),
               (TODAY - DAY, "anthropic", "0.005", "USD"),
               (TODAY - DAY, "anthropic", "1.2378912", "USD")]

    def answer(self, handler, path, query, n):
        first = milliseconds(query["starting_at"][0])
        end = milliseconds(query["ending_at"][0])
        days, cursor = cut(range(first, end, DAY),
                           query.get("page", [None])[0])
        asked = query.get("group_by[]", [])
        if "description" in asked:
            asked = [*asked, *self.detail]
        return 200, {}, {
            "has_more": cursor is not None, "next_page": cursor,
            "data": [{"starting_at": rfc3339(day),
                      "ending_at": rfc3339(day + DAY),
                      "results": [only_groups(r, self.groups, asked)
                                  for r in self.rows.get(path, {}).get(
                                      (TODAY - day) // DAY, [])]}
                     for day in days]}


class OpenRouter:
    provider, feed, path, base = "openrouter", "activity", "/activity", "/api/v1"
    headers = {"Authorization": "Bearer {}"}
    key_kind = "any key of the account"
    amounts = [(TODAY - 30 * DAY, "openrouter", "9", "USD"),
               (TODAY - 2 * DAY, "openrouter", "0.0000125", "USD"),
               (TODAY - DAY, "openrouter", "0.015", "USD")]

    def __init__(self):
        self.rows = [
            self.row(30, "a/model-old", 9),
            self.row(2, "o/model-y", 1.25e-05, prompt_tokens=12),
            self.row(1, "o/model-x", 0.015, byok_usage_inference=0.012)]
        self.is_management = True
        self.limit = 20

    @staticmethod
    def row(ago, model, usd, **more):
        return dict({"date": rfc3339(TODAY - ago * DAY)[:10], "model": model,
                     "model_permaslug": model + "-20260102",
                     "endpoint_id": f"e-{ago}", "provider_name": "OpenAI",
                     "usage": usd, "byok_usage_inference": 0, "requests": 5,
                     "prompt_tokens": 50, "completion_tokens": 125,
                     "reasoning_tokens": 25}, **more)

    def answer(self, handler, path, query, n):
        if path.endswith("/key"):
            return 200, {}, {"data": {
                "label": "sk-or-v1-…", "limit": self.limit,
                "limit_remaining": self.limit and 15, "limit_reset": "monthly",
                "usage": 5.5, "usage_daily": 0.25, "usage_weekly": 1,
                "usage_monthly": 5, "byok_usage": 0,
                "is_free_tier": False, "expires_at": None,
                "is_management_key": self.is_management,
                "rate_limit": {"requests": -1, "interval": "10s",
                               "note": "deprecated"}}}
        if not self.is_management:
            return denied(handler, "Only management keys can perform this "
                                   "operation")
        if path.endswith("/credits"):
            return 200, {}, {"data": {"total_credits": 100.5,
                                      "total_usage": 25.75}}
        date = query.get("date", [None])[0]
        return 200, {}, {"data": [r for r in self.rows
                                  if date is None or r["date"] == date]}


SHAPES = {s.provider: s for s in (OpenAI, Anthropic, OpenRouter)}
