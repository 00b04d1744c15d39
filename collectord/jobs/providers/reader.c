#include "collectord/jobs/providers/reader.h"

#include "proto/calendar.h"
#include "proto/lang.h"

#define DAY_MS 86400000ll
#define YEAR_9999_MS 253370764800000ll
/* Escapes take six bytes for one at most: more than we keep of a text. */
#define ESCAPED_MAX (6 * (LIMIT_TEXT + 4))
/* More than anybody has, and few enough for any number of rows to add up. */
#define COUNT_MAX 1000000000000000ull
#define AMOUNT_MAX ((money_sum)MONEY_USD * 1000000000000ll)
#define PERCENT_MAX ((money_sum)MONEY_USD * 1000000)

int
reader_fail(struct reader *r, const struct json_node *node, const char *field,
    const char *why)
{
	r->a->outcome = PROVIDER_BROKEN;
	r->a->why = N_("not an answer that can be used");
	r->a->detail = why;
	r->a->field = field;
	r->a->at = node == NULL ? 0 : node->start;
	return -1;
}

int
reader_refuse(struct reader *r, enum provider_outcome outcome, const char *why)
{
	r->a->outcome = outcome;
	r->a->why = why;
	return -1;
}

bool
reader_is_missing(const struct json_node *node)
{
	return node == NULL || node->type == JSON_NULL;
}

static int
member(struct reader *r, const struct json_node *obj, const char *field,
    enum json_type type, const struct json_node **out)
{
	*out = json_path(r->j, obj, field);
	if (reader_is_missing(*out))
		return reader_fail(r, obj, field, N_("it is missing"));
	if ((*out)->type != type)
		return reader_fail(r, *out, field, N_("it is of another type"));
	return 0;
}

int
reader_array(struct reader *r, const struct json_node *obj, const char *field,
    const struct json_node **out)
{
	return member(r, obj, field, JSON_ARRAY, out);
}

int
reader_object(struct reader *r, const struct json_node *obj, const char *field,
    const struct json_node **out)
{
	return member(r, obj, field, JSON_OBJECT, out);
}

int
reader_next(struct reader *r, const struct json_node *array,
    const struct json_node **element)
{
	*element = *element == NULL ? json_first(r->j, array)
				    : json_next(r->j, array, *element);
	if (*element != NULL && (*element)->type != JSON_OBJECT)
		return reader_fail(
		    r, *element, NULL, N_("an element is no object"));
	return 0;
}

int
reader_count_of(struct reader *r, const struct json_node *node,
    const char *field, uint64_t *out)
{
	*out = 0;
	if (reader_is_missing(node))
		return 0;
	if (json_u64(r->j, node, out) != 0)
		return reader_fail(
		    r, node, field, N_("it is not a whole number from 0 on"));
	if (*out > COUNT_MAX)
		return reader_fail(
		    r, node, field, N_("the number is out of range"));
	return 0;
}

int
reader_count(struct reader *r, const struct json_node *obj, const char *field,
    uint64_t *out)
{
	return reader_count_of(r, json_path(r->j, obj, field), field, out);
}

int
reader_money_of(struct reader *r, const struct json_node *node,
    const char *field, int places, money_sum *out)
{
	struct money_decimal d;
	int rc = MONEY_ESYNTAX;

	if ((node->type == JSON_NUMBER || node->type == JSON_STRING) &&
	    !node->escaped)
		rc = money_parse_decimal(
		    json_raw(r->j, node), node->len, places, &d);
	if (rc == MONEY_ESYNTAX)
		return reader_fail(
		    r, node, field, N_("it is not a decimal number"));
	if (rc != 0 || d.magnitude > (money_magnitude)AMOUNT_MAX)
		return reader_fail(
		    r, node, field, N_("the number is out of range"));
	*out = d.negative ? -(money_sum)d.magnitude : (money_sum)d.magnitude;
	return 0;
}

int
reader_money_if(struct reader *r, const struct json_node *obj,
    const char *field, int places, money_sum *out, bool *has)
{
	const struct json_node *node = json_path(r->j, obj, field);

	*out = 0;
	*has = !reader_is_missing(node);
	return *has ? reader_money_of(r, node, field, places, out) : 0;
}

int
reader_money(struct reader *r, const struct json_node *obj, const char *field,
    int places, money_sum *out)
{
	bool has;

	if (reader_money_if(r, obj, field, places, out, &has) != 0)
		return -1;
	return has ? 0 : reader_fail(r, obj, field, N_("it is missing"));
}

int
reader_put_currency(struct text t, char out[PROVIDER_CURRENCY_MAX])
{
	if (t.len < 3 || t.len >= PROVIDER_CURRENCY_MAX)
		return -1;
	for (uint32_t i = 0; i < t.len; i++) {
		char c = t.p[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c < 'A' || c > 'Z')
			return -1;
		out[i] = c;
	}
	out[t.len] = '\0';
	return 0;
}

int
reader_currency(struct reader *r, const struct json_node *obj,
    const char *field, char out[PROVIDER_CURRENCY_MAX])
{
	const struct json_node *node;

	if (member(r, obj, field, JSON_STRING, &node) != 0)
		return -1;
	if (reader_put_currency(
		(struct text){ json_raw(r->j, node), node->len }, out) != 0)
		return reader_fail(
		    r, node, field, N_("it is not the name of a currency"));
	return 0;
}

static int
time_off(struct reader *r, const struct json_node *node, const char *field)
{
	return reader_fail(r, node, field, N_("it is not a time"));
}

/* A whole number of so many milliseconds each. */
static int
instant(struct reader *r, const struct json_node *node, const char *field,
    int64_t unit_ms, int64_t *ms)
{
	uint64_t v;

	if (json_u64(r->j, node, &v) != 0 ||
	    v >= (uint64_t)(YEAR_9999_MS / unit_ms))
		return time_off(r, node, field);
	*ms = (int64_t)v * unit_ms;
	return 0;
}

int
reader_seconds(struct reader *r, const struct json_node *obj, const char *field,
    int64_t *ms)
{
	const struct json_node *node = json_path(r->j, obj, field);

	if (reader_is_missing(node))
		return reader_fail(r, obj, field, N_("it is missing"));
	return instant(r, node, field, 1000, ms);
}

int
reader_milliseconds(struct reader *r, const struct json_node *obj,
    const char *field, int64_t *ms)
{
	const struct json_node *node = json_path(r->j, obj, field);

	*ms = 0;
	return reader_is_missing(node) ? 0 : instant(r, node, field, 1, ms);
}

int
reader_time_of(struct reader *r, const struct json_node *node,
    const char *field, struct text t, int64_t *ms)
{
	if (calendar_parse_time(t.p, t.len, ms, NULL) != 0 || *ms < 0 ||
	    *ms >= YEAR_9999_MS)
		return time_off(r, node, field);
	return 0;
}

int
reader_rfc3339(struct reader *r, const struct json_node *obj, const char *field,
    int64_t *ms)
{
	const struct json_node *node;

	if (member(r, obj, field, JSON_STRING, &node) != 0)
		return -1;
	return reader_time_of(r, node, field,
	    (struct text){ json_raw(r->j, node), node->len }, ms);
}

/* The most bytes of t, up to cap, that cut no character in two. */
static uint32_t
fitting(struct text t, uint32_t cap)
{
	if (t.len <= cap)
		return t.len;
	while (cap > 0 && ((uint8_t)t.p[cap] & 0xc0) == 0x80)
		cap--;
	return cap;
}

/* Text that would break lines or terminals keeps only its plain letters. */
static void
make_clean(char *p, uint32_t len)
{
	if (text_is_clean((struct text){ p, len }))
		return;
	for (uint32_t i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			p[i] = '?';
}

/* As many whole escapes and other bytes of a string as we may want. */
static struct json_node
beginning_of(const char *raw, const struct json_node *node)
{
	struct json_node cut = *node;

	cut.len = 0;
	while (cut.len < node->len && cut.len < ESCAPED_MAX)
		cut.len += raw[cut.len] != '\\'      ? 1
			   : raw[cut.len + 1] == 'u' ? 6
						     : 2;
	return cut;
}

struct text
reader_text_of(struct reader *r, const struct json_node *node)
{
	char *out = r->texts[r->n_texts], plain[ESCAPED_MAX + 6];
	struct json_node cut;
	struct text t;

	if (reader_is_missing(node) || node->type >= JSON_ARRAY ||
	    r->n_texts == READER_TEXTS_MAX)
		return (struct text){ 0 };
	t = (struct text){ json_raw(r->j, node), node->len };
	if (node->escaped) {
		cut = beginning_of(t.p, node);
		t.len = (uint32_t)json_string(r->j, &cut, plain, sizeof(plain));
		t.p = plain;
	}
	t.len = fitting(t, LIMIT_TEXT);
	if (t.len > 0)
		memmove(out, t.p, t.len);
	make_clean(out, t.len);
	r->n_texts++;
	return (struct text){ out, t.len };
}

struct text
reader_text(struct reader *r, const struct json_node *obj, const char *field)
{
	return reader_text_of(r, json_path(r->j, obj, field));
}

int
reader_cursor(struct reader *r, const struct json_node *node, const char *field)
{
	r->a->cursor[0] = '\0';
	if (reader_is_missing(node) || node->len == 0)
		return reader_fail(r, node, field,
		    N_("more is to come, and no cursor for it"));
	if (node->type == JSON_NUMBER && node->len < PROVIDER_CURSOR_MAX) {
		memcpy(r->a->cursor, json_raw(r->j, node), node->len);
		r->a->cursor[node->len] = '\0';
	} else if (json_string(r->j, node, r->a->cursor, PROVIDER_CURSOR_MAX) <=
		   0) {
		return reader_fail(
		    r, node, field, N_("it is not a cursor that can be sent"));
	}
	if (!text_is_clean(text_of(r->a->cursor)))
		return reader_fail(
		    r, node, field, N_("it is not a cursor that can be sent"));
	r->a->has_more = true;
	return 0;
}

int
reader_paging(struct reader *r, const struct json_node *root)
{
	const struct json_node *more = json_get(r->j, root, "has_more");
	const struct json_node *next = json_get(r->j, root, "next_page");

	if (reader_is_missing(more)) {
		if (reader_is_missing(next) || next->len == 0)
			return 0;
	} else if (more->type == JSON_FALSE) {
		return 0;
	} else if (more->type != JSON_TRUE) {
		return reader_fail(
		    r, more, "has_more", N_("it is of another type"));
	}
	return reader_cursor(r, next, "next_page");
}

int
reader_percent(money_sum percent, char out[MONEY_TEXT_MAX])
{
	if (percent < 0 || percent > PERCENT_MAX)
		return -1;
	money_format(percent, out);
	return 0;
}

void
reader_ratio(money_sum part, money_sum whole, char out[MONEY_TEXT_MAX])
{
	const money_sum hundredth = MONEY_USD / 100;
	money_sum n;

	out[0] = '\0';
	if (whole <= 0)
		return;
	n = part <= 0 ? 0 : (part * 20000 / whole + 1) / 2;
	money_format(n * hundredth, out);
}

void
reader_row(struct reader *r)
{
	r->n_texts = 0;
}

static int
given(struct reader *r, int rc)
{
	if (rc != 0)
		return reader_refuse(
		    r, PROVIDER_ABORTED, N_("it could not be kept"));
	r->a->n_rows++;
	return 0;
}

int
reader_billed(struct reader *r, const struct json_node *node,
    const struct billed_row *row)
{
	const struct provider_query *q = r->q;

	if (row->from_ms >= row->to_ms ||
	    row->from_ms / DAY_MS != (row->to_ms - 1) / DAY_MS)
		return reader_fail(
		    r, node, NULL, N_("a bucket is not within one UTC day"));
	if (row->from_ms < q->from_ms || row->from_ms >= q->to_ms) {
		r->a->n_outside++;
		return 0;
	}
	if (r->sink == NULL || r->sink->billed == NULL)
		return given(r, 0);
	return given(r, r->sink->billed(r->sink->arg, row));
}

int
reader_balance(struct reader *r, const struct balance_row *row)
{
	if (r->sink == NULL || r->sink->balance == NULL)
		return given(r, 0);
	return given(r, r->sink->balance(r->sink->arg, row));
}

int
reader_window(struct reader *r, const struct window_row *row)
{
	if (r->sink == NULL || r->sink->window == NULL)
		return given(r, 0);
	return given(r, r->sink->window(r->sink->arg, row));
}
