#include "clients/common/ndjson.h"

#include <inttypes.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/usage.h"
#include "proto/calendar.h"
#include "proto/money.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define NUMBER_TEXT_MAX 128 /* a number or time that comes as a string */

/* Everything an event has, as one number: texts, then counts, then these. */
enum {
	FIELD_COUNTS = EV_TEXTS,
	FIELD_TS = EV_TEXTS + EV_COUNTS,
	FIELD_COST,
	FIELD_COPIED,
	FIELD_VOID,
	FIELD_RANK,
	FIELD_RUNNING,
	FIELDS
};
#define COUNT(c) (FIELD_COUNTS + (c))
#define BIT(field) (UINT64_C(1) << (field))

struct reader {
	struct json *j;
	struct ndjson_arena *arena;
	struct event *ev;
	struct error *err;
	uint64_t seen; /* BIT(field) of all that has a value */
};

static const char *const flag_names[] = { "ts", "cost", "copied", "void",
	"rank", "running" };

/* --- Names of others ------------------------------------------------------ */

static bool
is_global_call(struct text *t)
{
	return event_call_is_global(*t);
}

static bool
is_kind(struct text *t)
{
	return text_is(*t, "main") || text_is(*t, "subagent") ||
	       text_is(*t, "tool");
}

/* In order of preference where several name one field. */
static const struct alias {
	const char *path;
	int field;
	/* Only texts that pass are ours; others, and other types, are not. */
	bool (*accept)(struct text *t);
} aliases[] = {
	{ "session_id", EV_SESSION, NULL },
	{ "metadata.session_id", EV_SESSION, NULL },
	{ "machine_id", EV_MACHINE, NULL },
	{ "message_id", EV_MESSAGE, NULL },
	{ "provider_id", EV_PROVIDER, NULL },
	{ "service", EV_PROVIDER, NULL },
	{ "model_id", EV_MODEL, NULL },
	{ "request_id", EV_REQUEST, NULL },
	{ "metadata.request_type", EV_KIND, is_kind },
	{ "id", EV_CALL, is_global_call },
	{ "service_tier", EV_TIER, usage_is_tier },
	{ "created_at", FIELD_TS, NULL },
	{ "timestamp", FIELD_TS, NULL },
	{ "cost_usd", FIELD_COST, NULL },
	{ "cost_estimate", FIELD_COST, NULL },
	{ "success", COUNT(EV_OUTCOME), NULL },
	{ "input_tokens", COUNT(EV_INPUT), NULL },
	{ "output_tokens", COUNT(EV_OUTPUT), NULL },
	{ "cache_read_tokens", COUNT(EV_CACHE_READ), NULL },
	{ "cache_read_input_tokens", COUNT(EV_CACHE_READ), NULL },
	{ "cache_write_tokens", COUNT(EV_CACHE_WRITE), NULL },
	{ "cache_creation_input_tokens", COUNT(EV_CACHE_WRITE), NULL },
	{ "cache_write_1h_tokens", COUNT(EV_CACHE_WRITE_1H), NULL },
	{ "reasoning_tokens", COUNT(EV_REASONING), NULL },
	{ "total_tokens", COUNT(EV_TOTAL), NULL },
	{ "tokens_used", COUNT(EV_TOTAL), NULL },
};

/* --- Values --------------------------------------------------------------- */

/* The characters of a number, or of a string that may hold one. */
static int
scalar_text(
    const struct json *j, const struct json_node *n, char buf[NUMBER_TEXT_MAX])
{
	if (n->type == JSON_STRING)
		return json_string(j, n, buf, NUMBER_TEXT_MAX);
	if (n->type != JSON_NUMBER || n->len >= NUMBER_TEXT_MAX)
		return -1;
	memcpy(buf, json_raw(j, n), n->len);
	buf[n->len] = '\0';
	return (int)n->len;
}

int
ndjson_time(const char *s, size_t len, int64_t *ms, bool *is_local)
{
	money_sum v;

	*is_local = false;
	/* Nearly all are dates, and no number is one. */
	if (len > 4 && s[4] == '-' &&
	    calendar_parse_time(s, len, ms, is_local) == 0)
		return 0;
	/* Decimal text with its 12 decimals is exact for times as well. */
	if (money_parse_sum(s, len, &v) != 0)
		return calendar_parse_time(s, len, ms, is_local);
	if (v < (money_sum)LIMIT_TS_SECONDS_BELOW * MONEY_USD)
		v *= 1000;
	v /= MONEY_USD;
	if (v <= 0 || v > INT64_MAX)
		return -1;
	*ms = (int64_t)v;
	return 0;
}

static int
take_text(struct reader *r, const struct json_node *n, const char *key,
    int field, bool (*accept)(struct text *))
{
	char *out = r->arena->p + r->arena->len;
	struct text t = { out, 0 };
	int len;

	if (n->type != JSON_STRING)
		return accept != NULL ? 0
				      : error_set(r->err, ERR_BAD_TYPE, key,
					    "not a string");
	len = json_string(r->j, n, out, LIMIT_TEXT + 1);
	if (len < 0)
		return accept != NULL ? 0
				      : error_set(r->err, ERR_BAD_TEXT, key,
					    "longer than %u bytes", LIMIT_TEXT);
	t.len = (uint32_t)len;
	if (len == 0 || (accept != NULL && !accept(&t)))
		return 0;
	r->ev->text[field] = t;
	r->arena->len += (size_t)len + 1;
	r->seen |= BIT(field);
	return 0;
}

static int
take_time(struct reader *r, const struct json_node *n, const char *key)
{
	char buf[NUMBER_TEXT_MAX];
	int len = scalar_text(r->j, n, buf);
	bool is_local;

	if (len < 0 ||
	    ndjson_time(buf, (size_t)len, &r->ev->ts_ms, &is_local) != 0)
		return error_set(r->err, ERR_BAD_TYPE, key,
		    "not a time: RFC 3339, seconds or milliseconds");
	r->seen |= BIT(FIELD_TS);
	return 0;
}

static int
take_cost(struct reader *r, const struct json_node *n, const char *key)
{
	char buf[NUMBER_TEXT_MAX];
	int len = scalar_text(r->j, n, buf), rc = MONEY_ESYNTAX;

	if (len >= 0)
		rc = money_parse(buf, (size_t)len, &r->ev->cost_pico);
	if (rc == MONEY_ERANGE)
		return error_set(
		    r->err, ERR_OUT_OF_RANGE, key, "more money than there is");
	if (rc != 0)
		return error_set(r->err, ERR_BAD_TYPE, key, "not an amount");
	r->ev->has_cost = true;
	r->seen |= BIT(FIELD_COST);
	return 0;
}

static int
take_u64(struct reader *r, const struct json_node *n, const char *key,
    uint64_t max, uint64_t *out)
{
	return usage_number(r->j, n, key, max, out, r->err);
}

/* Others measure in fractions of a millisecond; ours are whole. */
static int
take_latency(struct reader *r, const struct json_node *n, const char *key)
{
	char buf[NUMBER_TEXT_MAX];
	int len = scalar_text(r->j, n, buf);
	money_sum v;

	if (len < 0 || money_parse_sum(buf, (size_t)len, &v) != 0)
		return error_set(r->err, ERR_BAD_TYPE, key, "not a number");
	v = (v + MONEY_USD / 2) / MONEY_USD;
	if (v < 0 || v > (money_sum)LIMIT_LATENCY_MS)
		return error_set(r->err, ERR_OUT_OF_RANGE, key,
		    "not between 0 and %llu ms", LIMIT_LATENCY_MS);
	r->ev->count[EV_LATENCY_MS] = (uint64_t)v;
	return 0;
}

/* true and false; databases that have no such type say 1 and 0. */
static int
take_bool(
    struct reader *r, const struct json_node *n, const char *key, bool *out)
{
	uint64_t v;

	if (n->type == JSON_TRUE || n->type == JSON_FALSE)
		*out = n->type == JSON_TRUE;
	else if (n->type == JSON_NUMBER && json_u64(r->j, n, &v) == 0 && v <= 1)
		*out = v == 1;
	else
		return error_set(
		    r->err, ERR_BAD_TYPE, key, "not true or false");
	return 0;
}

static int
take_count(struct reader *r, const struct json_node *n, const char *key, int c)
{
	bool ok;

	if (c == EV_LATENCY_MS)
		return take_latency(r, n, key);
	if (c != EV_OUTCOME)
		return take_u64(r, n, key, LIMIT_TOKENS, &r->ev->count[c]);
	if (take_bool(r, n, key, &ok) != 0)
		return -1;
	r->ev->count[c] = ok ? OUTCOME_OK : OUTCOME_FAILED;
	return 0;
}

static int
take_flag(
    struct reader *r, const struct json_node *n, const char *key, int field)
{
	uint64_t rank;

	if (field == FIELD_COPIED)
		return take_bool(r, n, key, &r->ev->copied);
	if (field == FIELD_VOID)
		return take_bool(r, n, key, &r->ev->is_void);
	if (field == FIELD_RUNNING)
		return take_bool(r, n, key, &r->ev->running);
	if (take_u64(r, n, key, UINT8_MAX, &rank) != 0)
		return -1;
	r->ev->rank = (uint8_t)rank;
	return 0;
}

/* Takes a value for a field that has none yet. */
static int
take(struct reader *r, const struct json_node *n, const char *key, int field,
    bool (*accept)(struct text *))
{
	int rc;

	if (n == NULL || n->type == JSON_NULL || (r->seen & BIT(field)) != 0)
		return 0;
	if (field < EV_TEXTS)
		return take_text(r, n, key, field, accept);
	if (field == FIELD_TS)
		return take_time(r, n, key);
	if (field == FIELD_COST)
		return take_cost(r, n, key);
	if (field < FIELD_TS)
		rc = take_count(r, n, key, field - FIELD_COUNTS);
	else
		rc = take_flag(r, n, key, field);
	r->seen |= BIT(field);
	return rc;
}

/* --- Usage objects -------------------------------------------------------- */

/* What a usage object defines together: no alias may add to a part of it. */
static const uint64_t usage_fields =
    BIT(COUNT(EV_INPUT)) | BIT(COUNT(EV_CACHE_READ)) |
    BIT(COUNT(EV_CACHE_WRITE)) | BIT(COUNT(EV_CACHE_WRITE_1H)) |
    BIT(COUNT(EV_OUTPUT)) | BIT(COUNT(EV_REASONING));

static int
read_usage(struct reader *r, const struct json_node *obj)
{
	uint64_t count[EV_COUNTS] = { 0 };
	struct usage u = { 0 };
	int i;

	if (usage_read(r->j, obj, &u, r->err) != 0)
		return -1;
	if (u.seen == 0)
		return 0;
	usage_counts(&u, count);
	for (i = 0; i < EV_COUNTS; i++)
		if (count[i] != 0 && (r->seen & BIT(COUNT(i))) == 0)
			r->ev->count[i] = count[i];
	r->seen |= usage_fields;
	if (usage_has(&u, USAGE_TOTAL))
		r->seen |= BIT(COUNT(EV_TOTAL));
	return 0;
}

static bool
is_there(const struct json *j, const struct json_node *obj, const char *key)
{
	const struct json_node *n = json_get(j, obj, key);

	return n != NULL && n->type != JSON_NULL;
}

static int
read_any_usage(struct reader *r, const struct json_node *root)
{
	const struct json_node *n = json_get(r->j, root, "usage");

	if (n != NULL && n->type != JSON_NULL) {
		if (n->type != JSON_OBJECT)
			return error_set(
			    r->err, ERR_BAD_TYPE, "usage", "not an object");
		if (read_usage(r, n) != 0)
			return -1;
		return take(r, json_get(r->j, n, "service_tier"),
		    "service_tier", EV_TIER, usage_is_tier);
	}
	if (is_there(r->j, root, "prompt_tokens") ||
	    is_there(r->j, root, "completion_tokens"))
		return read_usage(r, root);
	return 0;
}

/* --- The object ----------------------------------------------------------- */

static int
read_own_names(struct reader *r, const struct json_node *root)
{
	const char *key;
	int i;

	for (i = 0; i < FIELDS; i++) {
		if (i < EV_TEXTS)
			key = event_text_names[i];
		else if (i < FIELD_TS)
			key = event_count_names[i - FIELD_COUNTS];
		else
			key = flag_names[i - FIELD_TS];
		if (take(r, json_get(r->j, root, key), key, i, NULL) != 0)
			return -1;
	}
	return 0;
}

static int
read_aliases(struct reader *r, const struct json_node *root)
{
	size_t i;

	for (i = 0; i < LENGTH(aliases); i++) {
		const struct alias *a = &aliases[i];

		if (take(r, json_path(r->j, root, a->path), a->path, a->field,
			a->accept) != 0)
			return -1;
	}
	return 0;
}

int
ndjson_read(struct json *j, const char *line, size_t len,
    struct ndjson_arena *a, struct event *ev, struct error *err)
{
	struct reader r = { .j = j, .arena = a, .ev = ev, .err = err };

	event_init(ev);
	if (json_parse(j, line, len) != 0)
		return error_set(err, ERR_MALFORMED, NULL,
		    "not JSON: %s at byte %zu", j->error, j->error_at + 1);
	if (j->nodes[0].type != JSON_OBJECT)
		return error_set(err, ERR_MALFORMED, NULL, "not a JSON object");
	if (a->cap - a->len < NDJSON_TEXTS_MAX)
		return error_set(err, ERR_TOO_LARGE, NULL, "no room for texts");
	if (read_own_names(&r, j->nodes) != 0 ||
	    read_any_usage(&r, j->nodes) != 0)
		return -1;
	return read_aliases(&r, j->nodes);
}

/* --- Writing -------------------------------------------------------------- */

static void
write_key(FILE *f, const char *key, bool *first)
{
	fprintf(f, "%s\"%s\":", *first ? "" : ",", key);
	*first = false;
}

static void
write_counts(FILE *f, const struct event *ev, bool *first)
{
	int i;

	for (i = 0; i < EV_COUNTS; i++) {
		if (ev->count[i] == 0)
			continue;
		write_key(f, event_count_names[i], first);
		if (i == EV_OUTCOME)
			fputs(ev->count[i] == OUTCOME_OK ? "true" : "false", f);
		else
			fprintf(f, "%" PRIu64, ev->count[i]);
	}
}

static void
write_flags(FILE *f, const struct event *ev, bool *first)
{
	char money[MONEY_TEXT_MAX];

	if (ev->has_cost) {
		write_key(f, "cost", first);
		money_format(ev->cost_pico, money);
		fputs(money, f);
	}
	if (ev->copied) {
		write_key(f, "copied", first);
		fputs("true", f);
	}
	if (ev->is_void) {
		write_key(f, "void", first);
		fputs("true", f);
	}
	if (ev->rank != EVENT_RANK_DEFAULT) {
		write_key(f, "rank", first);
		fprintf(f, "%u", ev->rank);
	}
	if (ev->running) {
		write_key(f, "running", first);
		fputs("true", f);
	}
}

void
ndjson_write(FILE *f, const struct event *ev)
{
	char when[CALENDAR_TEXT_MAX];
	bool first = true;
	int i;

	fputc('{', f);
	for (i = 0; i < EV_TEXTS; i++) {
		if (ev->text[i].len == 0)
			continue;
		write_key(f, event_text_names[i], &first);
		json_put_text(f, ev->text[i]);
	}
	if (ev->ts_ms != 0) {
		write_key(f, "ts", &first);
		calendar_format_utc(ev->ts_ms, when);
		fprintf(f, "\"%s\"", when);
	}
	write_counts(f, ev, &first);
	write_flags(f, ev, &first);
	fputs("}\n", f);
}
