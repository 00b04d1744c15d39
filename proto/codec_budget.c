#include "proto/codec_budget.h"

#include <stdio.h>

#include "proto/limits.h"

static void
pack_amount(struct packer *k, const char *money, const char *tokens,
    bool is_tokens, money_sum amount)
{
	pack_str(k, is_tokens ? tokens : money);
	if (is_tokens)
		pack_i64(k, (int64_t)amount);
	else
		pack_money(k, amount);
}

static uint32_t
count_filters(const struct budget *b)
{
	uint32_t n = 0;

	for (int i = 0; i < BUDGET_FILTERS; i++)
		n += b->filter[i].len > 0;
	return n;
}

/* Seven members. */
static void
pack_members(struct packer *k, const struct budget *b)
{
	pack_str(k, "name");
	pack_text(k, b->name);
	pack_str(k, "period");
	pack_str(k, budget_period_names[b->period]);
	pack_amount(k, "limit", "limit_tokens", b->is_tokens, b->limit);
	pack_str(k, "warn");
	pack_u64(k, b->warn);
	pack_str(k, "metered");
	pack_bool(k, b->is_metered);
	pack_str(k, "remind");
	pack_bool(k, b->reminds);
	pack_str(k, "filter");
	pack_map(k, count_filters(b));
	for (int i = 0; i < BUDGET_FILTERS; i++) {
		if (b->filter[i].len == 0)
			continue;
		pack_str(k, budget_filter_names[i]);
		pack_text(k, b->filter[i]);
	}
}

void
pack_budget(struct packer *k, const struct budget *b)
{
	pack_map(k, 7);
	pack_members(k, b);
}

void
pack_budget_state(struct packer *k, const struct budget_state *s)
{
	pack_map(k, 14);
	pack_members(k, &s->budget);
	pack_str(k, "from");
	pack_i64(k, s->from_ms);
	pack_str(k, "to");
	pack_i64(k, s->to_ms);
	pack_str(k, "label");
	pack_text(k, s->label);
	pack_amount(k, "spent", "spent_tokens", s->budget.is_tokens, s->spent);
	pack_str(k, "unpriced_tokens");
	pack_u64(k, s->unpriced_tokens);
	pack_str(k, "unpriced_calls");
	pack_u64(k, s->unpriced_calls);
	pack_str(k, "level");
	pack_str(k, budget_level_names[s->level]);
}

static int
bad(struct error *err, const char *field, const char *what)
{
	return error_set(err, ERR_BAD_PARAMS, field, "%s", what);
}

static bool
get(struct wire_cursor map, const char *name, struct value *v)
{
	return unpack_member(map, name, v) && v->type != VALUE_NIL;
}

static int
get_text(
    struct wire_cursor map, const char *name, struct text *t, struct error *err)
{
	struct value v;

	*t = (struct text){ NULL, 0 };
	if (!get(map, name, &v))
		return 0;
	if (v.type != VALUE_TEXT)
		return bad(err, name, "not a text");
	*t = v.text;
	return 0;
}

static int
get_bool(struct wire_cursor map, const char *name, bool *b, struct error *err)
{
	struct value v;

	*b = false;
	if (!get(map, name, &v))
		return 0;
	if (v.type != VALUE_BOOL)
		return bad(err, name, "not a boolean");
	*b = v.b;
	return 0;
}

static int
money_of(const struct value *v, money_sum *amount)
{
	if (v->type == VALUE_TEXT)
		return money_parse_sum(v->text.p, v->text.len, amount);
	if (v->type != VALUE_U64 || v->u64 > UINT64_MAX / 2)
		return -1;
	*amount = (money_sum)v->u64 * MONEY_USD;
	return 0;
}

/* One of the two names is there; which one tells the unit. */
static int
get_amount(struct wire_cursor map, const char *money, const char *tokens,
    bool *is_tokens, money_sum *amount, struct error *err)
{
	struct value v;

	*is_tokens = get(map, tokens, &v);
	if (*is_tokens) {
		if (v.type != VALUE_U64 || v.u64 > INT64_MAX)
			return bad(err, tokens, "not a number of tokens");
		*amount = (money_sum)v.u64;
		return 0;
	}
	if (!get(map, money, &v))
		return error_set(err, ERR_MISSING, money, "no limit");
	if (money_of(&v, amount) != 0)
		return bad(err, money, "not an amount of USD");
	return 0;
}

static int
name_index(struct text t, const char *const *names, int n)
{
	int i = 0;

	while (i < n && !text_is(t, names[i]))
		i++;
	return i < n ? i : -1;
}

static int
get_period(struct wire_cursor map, struct budget *b, struct error *err)
{
	struct text t;
	int i;

	if (get_text(map, "period", &t, err) != 0)
		return -1;
	i = t.len == 0 ? BUDGET_DAY
		       : name_index(t, budget_period_names, BUDGET_PERIODS);
	if (i < 0)
		return bad(err, "period",
		    "not day, week, month, session or "
		    "block");
	b->period = (enum budget_period)i;
	return 0;
}

static int
get_filter(struct wire_cursor map, struct budget *b, struct error *err)
{
	struct value v;

	if (!get(map, "filter", &v))
		return 0;
	if (v.type != VALUE_MAP)
		return bad(err, "filter", "not a map");
	for (int i = 0; i < BUDGET_FILTERS; i++)
		if (get_text(
			v.at, budget_filter_names[i], &b->filter[i], err) != 0)
			return -1;
	return 0;
}

int
unpack_budget(struct wire_cursor params, struct budget *b, struct error *err)
{
	struct value v;

	*b = (struct budget){ .warn = BUDGET_WARN_PERCENT };
	if (get_text(params, "name", &b->name, err) != 0 ||
	    get_period(params, b, err) != 0 ||
	    get_amount(params, "limit", "limit_tokens", &b->is_tokens,
		&b->limit, err) != 0 ||
	    get_bool(params, "metered", &b->is_metered, err) != 0 ||
	    get_bool(params, "remind", &b->reminds, err) != 0)
		return -1;
	if (get(params, "warn", &v)) {
		if (v.type != VALUE_U64 || v.u64 > 100)
			return bad(err, "warn", "not a percentage");
		b->warn = (uint8_t)v.u64;
	}
	return get_filter(params, b, err);
}

static int64_t
get_i64(struct wire_cursor map, const char *name)
{
	struct value v;

	if (!get(map, name, &v) || (v.type != VALUE_U64 && v.type != VALUE_I64))
		return 0;
	return v.i64;
}

/* The value at c, a map, past which c is moved. */
static int
take_map(struct wire_cursor *c, struct wire_cursor *map)
{
	struct value v;

	if (unpack_value(c, &v) != 0 || v.type != VALUE_MAP)
		return -1;
	*map = v.at;
	return 0;
}

int
unpack_budget_state(struct wire_cursor *c, struct budget_state *s)
{
	struct wire_cursor map;
	struct text level;
	struct error err;
	bool is_tokens;
	int i;

	*s = (struct budget_state){ .from_ms = 0 };
	if (take_map(c, &map) != 0 ||
	    unpack_budget(map, &s->budget, &err) != 0 ||
	    get_text(map, "label", &s->label, &err) != 0 ||
	    get_text(map, "level", &level, &err) != 0 ||
	    get_amount(
		map, "spent", "spent_tokens", &is_tokens, &s->spent, &err) != 0)
		return -1;
	i = name_index(level, budget_level_names, BUDGET_LEVELS);
	if (i < 0)
		return -1;
	s->level = (enum budget_level)i;
	s->from_ms = get_i64(map, "from");
	s->to_ms = get_i64(map, "to");
	s->unpriced_tokens = (uint64_t)get_i64(map, "unpriced_tokens");
	s->unpriced_calls = (uint64_t)get_i64(map, "unpriced_calls");
	return 0;
}

static void
pack_figures(struct packer *k, const struct notice_figures *f)
{
	pack_map(k, 7);
	pack_str(k, "calls");
	pack_u64(k, f->calls);
	pack_str(k, "tokens");
	pack_u64(k, f->tokens);
	pack_str(k, "unpriced_calls");
	pack_u64(k, f->unpriced_calls);
	pack_str(k, "cost");
	pack_money(k, f->cost);
	pack_str(k, "top_model");
	pack_text(k, f->top);
	pack_str(k, "top_tokens");
	pack_u64(k, f->top_tokens);
	pack_str(k, "top_cost");
	pack_money(k, f->top_cost);
}

void
pack_notice(struct packer *k, const struct notice *n)
{
	bool has_amount = n->limit != 0 || n->spent != 0;

	pack_map(k, 9 + (has_amount ? 2 : 0) + (n->figures.are_known ? 1 : 0) +
			(n->why.len > 0 ? 1 : 0));
	pack_str(k, "id");
	pack_text(k, n->id);
	pack_str(k, "kind");
	pack_str(k, notice_kind_names[n->kind]);
	pack_str(k, "level");
	pack_str(k, notice_level_names[n->level]);
	pack_str(k, "subject");
	pack_text(k, n->subject);
	pack_str(k, "period");
	pack_text(k, n->period);
	pack_str(k, "from");
	pack_i64(k, n->from_ms);
	pack_str(k, "to");
	pack_i64(k, n->to_ms);
	pack_str(k, "tokens");
	pack_bool(k, n->is_tokens);
	pack_str(k, "made");
	pack_i64(k, n->made_ms);
	if (n->figures.are_known) {
		pack_str(k, "digest");
		pack_figures(k, &n->figures);
	}
	if (n->why.len > 0) {
		pack_str(k, "why");
		pack_text(k, n->why);
	}
	if (!has_amount)
		return;
	pack_amount(k, "spent", "spent", n->is_tokens, n->spent);
	pack_amount(k, "limit", "limit", n->is_tokens, n->limit);
}

/* Absent is 0. */
static int
get_notice_amount(struct wire_cursor map, const char *name,
    const struct notice *n, money_sum *amount)
{
	struct value v;

	*amount = 0;
	if (!get(map, name, &v))
		return 0;
	if (!n->is_tokens)
		return money_of(&v, amount);
	if (v.type != VALUE_U64)
		return -1;
	*amount = (money_sum)v.u64;
	return 0;
}

static int
get_money(struct wire_cursor map, const char *name, money_sum *amount)
{
	struct value v;

	return get(map, name, &v) ? money_of(&v, amount) : -1;
}

/* Of a digest only, and not of one that an earlier collectord made. */
static int
get_figures(struct wire_cursor map, struct notice_figures *f)
{
	struct value v;
	struct error err;

	*f = (struct notice_figures){ .are_known = false };
	if (!get(map, "digest", &v))
		return 0;
	if (v.type != VALUE_MAP ||
	    get_text(v.at, "top_model", &f->top, &err) != 0 ||
	    get_money(v.at, "cost", &f->cost) != 0 ||
	    get_money(v.at, "top_cost", &f->top_cost) != 0)
		return -1;
	f->are_known = true;
	f->calls = (uint64_t)get_i64(v.at, "calls");
	f->tokens = (uint64_t)get_i64(v.at, "tokens");
	f->unpriced_calls = (uint64_t)get_i64(v.at, "unpriced_calls");
	f->top_tokens = (uint64_t)get_i64(v.at, "top_tokens");
	return 0;
}

int
unpack_notice(struct wire_cursor *c, struct notice *n)
{
	struct wire_cursor map;
	struct text kind, level;
	struct error err;
	int i, j;

	*n = (struct notice){ .number = 0 };
	if (take_map(c, &map) != 0 || get_text(map, "id", &n->id, &err) != 0 ||
	    get_text(map, "kind", &kind, &err) != 0 ||
	    get_text(map, "level", &level, &err) != 0 ||
	    get_text(map, "subject", &n->subject, &err) != 0 ||
	    get_text(map, "period", &n->period, &err) != 0 ||
	    get_text(map, "why", &n->why, &err) != 0 ||
	    get_bool(map, "tokens", &n->is_tokens, &err) != 0 ||
	    get_notice_amount(map, "spent", n, &n->spent) != 0 ||
	    get_notice_amount(map, "limit", n, &n->limit) != 0 ||
	    get_figures(map, &n->figures) != 0)
		return -1;
	i = name_index(kind, notice_kind_names, NOTICE_KINDS);
	j = name_index(level, notice_level_names, NOTICE_LEVELS);
	if (i < 0 || j < 0)
		return -1;
	n->kind = (enum notice_kind)i;
	n->level = (enum notice_level)j;
	n->from_ms = get_i64(map, "from");
	n->to_ms = get_i64(map, "to");
	n->made_ms = get_i64(map, "made");
	return 0;
}
