#include "collectord/jobs/notice_body.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/money.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void
add(struct notice_body *b, const char *p, size_t len)
{
	b->failed = b->failed || len > sizeof(b->p) - b->len;
	if (b->failed)
		return;
	memcpy(b->p + b->len, p, len);
	b->len += len;
}

static void
add_str(struct notice_body *b, const char *s)
{
	add(b, s, strlen(s));
}

static void
add_escaped(struct notice_body *b, char c)
{
	char code[8];

	if (c == '"' || c == '\\') {
		add(b, "\\", 1);
		add(b, &c, 1);
	} else if ((unsigned char)c < 0x20 || c == 0x7f) {
		snprintf(code, sizeof(code), "\\u%04x", c);
		add_str(b, code);
	} else {
		add(b, &c, 1);
	}
}

/* The ledger has seen to it that its texts are UTF-8. */
static void
add_json(struct notice_body *b, struct text t)
{
	add(b, "\"", 1);
	for (uint32_t i = 0; i < t.len; i++)
		add_escaped(b, t.p[i]);
	add(b, "\"", 1);
}

static void
add_member(struct notice_body *b, const char *key, struct text t)
{
	add_str(b, ",\"");
	add_str(b, key);
	add_str(b, "\":");
	add_json(b, t);
}

/* The key is of two parts, the second of which may tell a unit. */
static void
add_number(struct notice_body *b, const char *key, const char *unit,
    const char *number)
{
	add_str(b, ",\"");
	add_str(b, key);
	add_str(b, unit);
	add_str(b, "\":");
	add_str(b, number);
}

static void
add_count(struct notice_body *b, const char *key, const char *unit, uint64_t v)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, v);
	add_number(b, key, unit, number);
}

static void
add_cost(struct notice_body *b, const char *key, const char *unit, money_sum v)
{
	char number[MONEY_TEXT_MAX];

	money_format(v, number);
	add_number(b, key, unit, number);
}

static void
add_amount(
    struct notice_body *b, const char *key, const struct notice *n, money_sum v)
{
	const char *unit = n->kind == NOTICE_BALANCE ? "" : "_usd";

	if (n->is_tokens)
		add_count(b, key, "_tokens", (uint64_t)v);
	else
		add_cost(b, key, unit, v);
}

static void
add_figures(struct notice_body *b, const struct notice_figures *f)
{
	char calls[24];

	snprintf(calls, sizeof(calls), "%" PRIu64, f->calls);
	add_str(b, ",\"digest\":{\"calls\":");
	add_str(b, calls);
	add_count(b, "tokens", "", f->tokens);
	add_count(b, "unpriced_calls", "", f->unpriced_calls);
	add_cost(b, "cost", "_usd", f->cost);
	if (f->calls > 0) {
		add_member(b, "top_model", f->top);
		add_count(b, "top_tokens", "", f->top_tokens);
		add_cost(b, "top_cost", "_usd", f->top_cost);
	}
	add_str(b, "}");
}

static void
make_json(struct notice_body *b, const struct notice *n, struct text text)
{
	bool is_balance = n->kind == NOTICE_BALANCE;

	add_str(b, "{\"schema_version\":1,\"id\":");
	add_json(b, n->id);
	add_member(b, "kind", text_of(notice_kind_names[n->kind]));
	add_member(b, "level", text_of(notice_level_names[n->level]));
	add_member(b, "subject", n->subject);
	add_member(b, "period", n->period);
	if (is_balance)
		add_member(b, "currency", n->period);
	if (n->spent != 0 || n->limit != 0) {
		add_amount(b, is_balance ? "left" : "spent", n, n->spent);
		add_amount(b, "limit", n, n->limit);
	}
	if (n->figures.are_known)
		add_figures(b, &n->figures);
	if (n->why.len > 0)
		add_member(b, "why", n->why);
	add_member(b, "text", text);
	add_str(b, "}\n");
	b->headers[0] = "Content-Type: application/json";
}

/* Slack reads <…> as links and calls to a channel. */
static void
make_slack(struct notice_body *b, const struct notice *n, struct text text)
{
	char c;

	(void)n;
	add_str(b, "{\"text\":\"");
	for (uint32_t i = 0; i < text.len; i++) {
		c = text.p[i];
		if (c == '&')
			add_str(b, "&amp;");
		else if (c == '<')
			add_str(b, "&lt;");
		else if (c == '>')
			add_str(b, "&gt;");
		else
			add_escaped(b, c);
	}
	add_str(b, "\"}");
	b->headers[0] = "Content-Type: application/json";
}

/* A name with an @ calls nobody. */
static void
make_discord(struct notice_body *b, const struct notice *n, struct text text)
{
	(void)n;
	add_str(b, "{\"content\":");
	add_json(b, text);
	add_str(b, ",\"allowed_mentions\":{\"parse\":[]}}");
	b->headers[0] = "Content-Type: application/json";
}

static void
make_ntfy(struct notice_body *b, const struct notice *n, struct text text)
{
	static const char *const priorities[NOTICE_LEVELS] = {
		[NOTICE_INFO] = "Priority: default",
		[NOTICE_WARN] = "Priority: high",
		[NOTICE_LIMIT] = "Priority: urgent",
	};

	add(b, text.p, text.len);
	b->headers[0] = "Content-Type: text/plain; charset=utf-8";
	b->headers[1] = "Title: tt";
	b->headers[2] = priorities[n->level];
}

void
notice_body_make(struct notice_body *b, enum sink_body kind,
    const struct notice *n, struct text text)
{
	static void (*const makers[SINK_BODIES])(struct notice_body * b,
	    const struct notice *n, struct text text) = {
		[SINK_JSON] = make_json,
		[SINK_SLACK] = make_slack,
		[SINK_DISCORD] = make_discord,
		[SINK_NTFY] = make_ntfy,
	};

	b->len = 0;
	b->failed = false;
	for (size_t i = 0; i < LENGTH(b->headers); i++)
		b->headers[i] = NULL;
	makers[kind](b, n, text);
}
