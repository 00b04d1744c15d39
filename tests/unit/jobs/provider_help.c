#include "tests/unit/jobs/provider_help.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/calendar.h"

static const char *const text_names[BILLED_TEXTS] = { "model", "item",
	"project", "key", "tier", "detail", "unit" };
static const char *const count_names[BILLED_COUNTS] = { "in", "read", "write",
	"write1h", "out", "think", "searches", "calls" };
static const char *const what_names[BALANCE_KINDS] = { "left", "granted",
	"topped-up", "bought", "used", "day", "week", "month", "limit-left" };

static void
say(struct heard *h, const char *name, struct text value)
{
	size_t used = strlen(h->lines);

	snprintf(h->lines + used, sizeof(h->lines) - used, "%s%.*s", name,
	    (int)value.len, value.p == NULL ? "" : value.p);
}

static void
say_money(struct heard *h, const char *name, money_sum amount)
{
	char buf[MONEY_TEXT_MAX];

	money_format(amount, buf);
	say(h, name, text_of(buf));
}

static void
say_time(struct heard *h, const char *name, int64_t ms)
{
	char buf[CALENDAR_TEXT_MAX];

	calendar_format_utc(ms, buf);
	buf[strlen("2026-03-01T00:00")] = '\0';
	say(h, name, text_of(buf));
}

static int
end_row(struct heard *h)
{
	say(h, "\n", (struct text){ 0 });
	return 0;
}

static int
on_billed(void *arg, const struct billed_row *row)
{
	struct heard *h = arg;
	char buf[32];

	say_time(h, "", row->from_ms);
	say_time(h, "/", row->to_ms);
	for (int i = 0; i < BILLED_TEXTS; i++) {
		if (row->text[i].p == NULL)
			continue;
		snprintf(buf, sizeof(buf), " %s=", text_names[i]);
		say(h, buf, row->text[i]);
	}
	for (int i = 0; i < BILLED_COUNTS; i++) {
		if (row->count[i] == 0)
			continue;
		snprintf(buf, sizeof(buf), " %s=%llu", count_names[i],
		    (unsigned long long)row->count[i]);
		say(h, buf, (struct text){ 0 });
	}
	if (row->input_holds_cache)
		say(h, " holds-cache", (struct text){ 0 });
	if (row->has_amount)
		say_money(h, " amount=", row->amount);
	say(h, row->currency[0] != '\0' ? " " : "", text_of(row->currency));
	if (row->elsewhere != 0)
		say_money(h, " elsewhere=", row->elsewhere);
	if (row->has_quantity)
		say_money(h, " quantity=", row->quantity);
	return end_row(h);
}

static int
on_balance(void *arg, const struct balance_row *row)
{
	struct heard *h = arg;

	say(h, what_names[row->what], TEXT("="));
	say_money(h, "", row->amount);
	say(h, " ", text_of(row->currency));
	return end_row(h);
}

static int
on_window(void *arg, const struct window_row *row)
{
	struct heard *h = arg;

	say(h, "", row->name);
	say(h, "/", row->span);
	say(h, row->is_approximate ? " about " : " ",
	    text_of(row->used_percent));
	say(h, "%", (struct text){ 0 });
	if (row->from_ms != 0)
		say_time(h, " from ", row->from_ms);
	if (row->resets_ms != 0)
		say_time(h, " resets ", row->resets_ms);
	return end_row(h);
}

struct provider_query
query_of(const struct provider *p, const char *feed, const char *cursor)
{
	static const struct provider_account plain = { 0 };
	struct provider_query q = { .provider = p,
		.account = &plain,
		.from_ms = MARCH(1),
		.to_ms = MARCH(5),
		.cursor = text_of(cursor) };

	for (uint32_t i = 0; i < p->n_feeds; i++)
		if (strcmp(p->feeds[i].name, feed) == 0)
			q.feed = &p->feeds[i];
	cr_assert_not_null(q.feed, "%s has no %s", p->name, feed);
	return q;
}

struct heard
hear(const struct provider_query *q, const char *body)
{
	struct heard h = { 0 };
	struct provider_sink sink = { on_billed, on_balance, on_window, &h };
	enum provider_outcome outcome =
	    provider_read(q, 200, body, strlen(body), &sink, &h.answer);

	cr_assert_eq(
	    outcome, h.answer.outcome, "%d and %d", outcome, h.answer.outcome);
	return h;
}

char *
read_data(const char *name)
{
	char path[256], *text;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/providers/%s", name);
	f = fopen(path, "re");
	if (f == NULL) /* the definition that users begin with */
		f = fopen(name, "re");
	cr_assert_not_null(f, "%s is missing", path);
	text = calloc(1, 65536);
	len = fread(text, 1, 65535, f);
	cr_assert_gt(len, 0, "%s is empty", path);
	fclose(f);
	return text;
}

struct heard
hear_file(const struct provider_query *q, const char *name)
{
	char *body = read_data(name);
	struct heard h = hear(q, body);

	free(body);
	return h;
}

void
expect_lines(const struct heard *h, const char *expected)
{
	cr_assert_eq(h->answer.outcome, PROVIDER_OK, "outcome %d: %s, %s, %s",
	    h->answer.outcome, h->answer.why,
	    h->answer.field == NULL ? "-" : h->answer.field,
	    h->answer.detail == NULL ? "-" : h->answer.detail);
	cr_assert_null(h->answer.why, "a reason: %s", h->answer.why);
	cr_assert_str_eq(
	    h->lines, expected, "\n%s\nexpected\n%s", h->lines, expected);
}

void
expect_url(const struct provider_query *q, const char *expected)
{
	struct provider_request r;
	int rc = provider_ask(q, &r);

	cr_assert_eq(rc, 0, "the request does not fit");
	cr_assert_str_eq(
	    r.url, expected, "\n%s\nexpected\n%s", r.url, expected);
}

void
expect_refused(const struct provider_query *q, const struct heard *h,
    enum provider_outcome outcome, const char *said)
{
	char line[512];

	cr_assert_eq(h->answer.outcome, outcome, "outcome %d, expected %d",
	    h->answer.outcome, outcome);
	cr_assert(h->lines[0] == '\0' && h->answer.n_rows == 0, "%u rows: %s",
	    h->answer.n_rows, h->lines);
	cr_assert(!h->answer.has_more && h->answer.cursor[0] == '\0',
	    "a cursor, \"%s\"", h->answer.cursor);
	provider_describe(q, &h->answer, line, sizeof(line));
	cr_assert_not_null(
	    strstr(line, said), "\"%s\", expected \"%s\"", line, said);
	cr_assert_null(strchr(line, '\n'), "more than a line: %s", line);
}
