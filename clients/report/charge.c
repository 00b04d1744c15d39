#include "clients/report/charge.h"

#define RATE_PLACES 6 /* USD a million tokens to picodollars a token */

const char *const charge_class_names[CHARGE_CLASSES] = {
	[CHARGE_INPUT] = "input",
	[CHARGE_CACHE_READ] = "cache_read",
	[CHARGE_CACHE_WRITE] = "cache_write",
	[CHARGE_CACHE_WRITE_1H] = "cache_write_1h",
	[CHARGE_OUTPUT] = "output",
	[CHARGE_WEB_SEARCH] = "web_search",
	[CHARGE_OTHER] = "other",
};

const char *const charge_how_names[] = {
	[CHARGE_NONE] = "none",
	[CHARGE_REPORTED] = "reported",
	[CHARGE_TABLE] = "table",
	[CHARGE_OVERRIDE] = "override",
};

static void
set_rate(struct charge_price *p, enum charge_class class, struct text usd)
{
	struct money_decimal d;

	if (money_parse_decimal(usd.p, usd.len, RATE_PLACES, &d) == 0 &&
	    !d.negative && d.exact && d.magnitude <= INT64_MAX)
		p->rate[class] = (int64_t)d.magnitude;
}

static void
read_rates(struct wire_cursor rates, struct charge_price *p)
{
	struct value v;
	int i;

	for (i = 0; i < CHARGE_OTHER; i++)
		if (unpack_member(rates, charge_class_names[i], &v) &&
		    v.type == VALUE_TEXT)
			set_rate(p, (enum charge_class)i, v.text);
}

static struct text
text_member(struct wire_cursor map, const char *key)
{
	struct value v;

	if (unpack_member(map, key, &v) && v.type == VALUE_TEXT)
		return v.text;
	return TEXT("");
}

/* Step 0 is any prompt, step n the n-th of `steps`. */
static void
read_step(struct wire_cursor rule, uint64_t step, struct charge_price *p)
{
	struct value v, above, rates;

	if (step == 0) {
		if (unpack_member(rule, "rates", &v))
			read_rates(v.at, p);
		return;
	}
	if (!unpack_member(rule, "steps", &v) || v.type != VALUE_ARRAY ||
	    step > v.n)
		return;
	while (--step > 0)
		if (wire_skip(&v.rest) != 0)
			return;
	if (unpack_member(v.rest, "above", &above))
		p->above = above.u64;
	if (unpack_member(v.rest, "rates", &rates))
		read_rates(rates.at, p);
}

struct wire_cursor
charge_rules(const struct wire_cursor *report)
{
	struct value rules;

	if (report->p != NULL && unpack_member(*report, "rules", &rules))
		return rules.at;
	return (struct wire_cursor){ NULL, NULL };
}

static bool
key_is(const struct value *key, struct text id)
{
	uint64_t n = 0;
	uint32_t i;

	if (key->type == VALUE_TEXT)
		return text_eq(key->text, id);
	for (i = 0; i < id.len && n < UINT64_MAX / 16; i++)
		n = n * 10 + (uint64_t)(id.p[i] - '0');
	return key->type == VALUE_U64 && key->u64 == n && id.len > 0;
}

static bool
find_rule(struct wire_cursor rules, struct text id, struct value *rule)
{
	struct value key;
	uint32_t n;

	if (wire_read_map(&rules, &n) != 0)
		return false;
	for (; n > 0; n--) {
		if (unpack_value(&rules, &key) != 0 ||
		    unpack_value(&rules, rule) != 0)
			return false;
		if (key_is(&key, id))
			return true;
	}
	return false;
}

/* "12/0" to "12" and 0. */
static struct text
split_rule(struct text rule, uint64_t *step)
{
	const char *slash = memchr(rule.p, '/', rule.len);
	uint32_t i, len = rule.len;

	*step = 0;
	if (slash == NULL)
		return rule;
	len = (uint32_t)(slash - rule.p);
	for (i = len + 1; i < rule.len && *step < 1000; i++)
		*step = *step * 10 + (uint64_t)(rule.p[i] - '0');
	return (struct text){ rule.p, len };
}

void
charge_find(struct wire_cursor rules, struct text rule, struct charge_price *p)
{
	struct value found;
	struct text id;
	uint64_t step;
	int i;

	*p = (struct charge_price){ .rule = rule };
	for (i = 0; i < CHARGE_CLASSES; i++)
		p->rate[i] = CHARGE_UNKNOWN;
	if (rule.len == 0)
		return;
	if (text_is(rule, "reported")) {
		p->how = CHARGE_REPORTED;
		return;
	}
	p->how = CHARGE_TABLE;
	id = split_rule(rule, &step);
	if (!find_rule(rules, id, &found))
		return;
	if (text_is(text_member(found.at, "kind"), "override"))
		p->how = CHARGE_OVERRIDE;
	p->entry = text_member(found.at, "entry");
	p->tier = text_member(found.at, "tier");
	p->geo = text_member(found.at, "geo");
	p->window = text_member(found.at, "window");
	read_step(found.at, step, p);
}

static void
split_sums(const struct sums *s, uint64_t n[CHARGE_CLASSES])
{
	uint64_t writes = s->n[SUM_CACHE_WRITE],
		 hour = s->n[SUM_CACHE_WRITE_1H];

	hour = hour < writes ? hour : writes;
	n[CHARGE_INPUT] = s->n[SUM_INPUT];
	n[CHARGE_CACHE_READ] = s->n[SUM_CACHE_READ];
	n[CHARGE_CACHE_WRITE] = writes - hour;
	n[CHARGE_CACHE_WRITE_1H] = hour;
	n[CHARGE_OUTPUT] = s->n[SUM_OUTPUT];
	n[CHARGE_WEB_SEARCH] = s->n[SUM_WEB_SEARCHES];
	n[CHARGE_OTHER] = s->n[SUM_OTHER];
}

/* Searches without a rate and unexplained tokens are left out of every cost. */
static bool may_lack(enum charge_class class)
{
	return class == CHARGE_WEB_SEARCH || class == CHARGE_OTHER;
}

void
charge_apply(
    const struct charge_price *p, const struct sums *sums, struct charge *c)
{
	uint64_t n[CHARGE_CLASSES];
	struct charge_line *line;
	int i;

	*c = (struct charge){ .is_known = p->how != CHARGE_NONE };
	split_sums(sums, n);
	for (i = 0; i < CHARGE_CLASSES; i++) {
		if (n[i] == 0)
			continue;
		line = &c->line[c->n++];
		*line = (struct charge_line){ (enum charge_class)i, n[i],
			p->rate[i], 0 };
		if (line->rate != CHARGE_UNKNOWN)
			line->amount = (money_sum)n[i] * line->rate;
		else if (p->how >= CHARGE_TABLE && !may_lack(line->class))
			c->is_known = false;
		c->amount += line->amount;
	}
	if (p->how == CHARGE_REPORTED)
		c->amount = sums->cost;
}

bool
charge_agrees(const struct charge *c, const struct sums *sums)
{
	if (!c->is_known)
		return sums->cost == 0 &&
		       sums->n[SUM_UNPRICED_CALLS] == sums->n[SUM_CALLS];
	return c->amount == sums->cost;
}
