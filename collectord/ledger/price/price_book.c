#include "collectord/ledger/price/price_book.h"

#include <stdlib.h>

#include "collectord/ledger/price/price_table.h"
#include "proto/calendar.h"

#define MS_A_DAY 86400000
#define MINUTES_A_DAY 1440
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Anthropic's, a search: $10 a thousand (pricing page, 2026-08-22). */
#define ANTHROPIC_WEB_SEARCH (MONEY_USD / 100)

/* A price as published for one tier of service. */
struct price {
	struct price_rates rates;
	struct price_step steps[PRICE_STEPS_MAX];
	uint32_t n_steps;
};

/* One row of the table, its texts read. */
struct row {
	const struct price_fact *fact;
	int32_t since_day;
	int32_t weekdays_since; /* of the peak */
	struct price standard;
	struct price_rates priority, fast, peak; /* where the fact has them */
	char entry[64];
};

/* A model's id or alias, and its first row. The rows of a model are together,
 * the oldest first. */
struct name {
	struct text text;
	uint32_t row;
};

struct price_book {
	struct row *rows;
	struct name *names; /* sorted */
	size_t n_names;
	struct price_overrides overrides;
};

static struct text
next_word(const char **s)
{
	const char *start = *s + strspn(*s, " ");
	size_t len = strcspn(start, " ;");

	*s = start + len;
	return (struct text){ start, (uint32_t)len };
}

/* As far as the end or a semicolon. -1: not what a table may say. */
static int
parse_rates(const char **s, enum price_vendor vendor, struct price_rates *rates)
{
	struct text word;
	int i = 0;

	price_rates_init(rates);
	while ((word = next_word(s)).len > 0) {
		if (i > PRICE_CACHE_WRITE_1H)
			return -1;
		if (!text_is(word, "-") &&
		    price_parse_rate(word.p, word.len, &rates->of[i]) != 0)
			return -1;
		i++;
	}
	if (vendor == VENDOR_ANTHROPIC)
		rates->of[PRICE_WEB_SEARCH] = ANTHROPIC_WEB_SEARCH;
	return i > PRICE_OUTPUT ? 0 : -1;
}

static int
parse_optional(
    const char *s, enum price_vendor vendor, struct price_rates *rates)
{
	return s == NULL ? 0 : parse_rates(&s, vendor, rates);
}

static int
parse_steps(const char *s, enum price_vendor vendor, struct price *p)
{
	struct price_step *step;
	char *end;

	for (; s != NULL && *s != '\0'; s += *s == ';') {
		if (p->n_steps == PRICE_STEPS_MAX)
			return -1;
		step = &p->steps[p->n_steps++];
		step->above = strtoull(s, &end, 10);
		if (end == s || *end != ':')
			return -1;
		s = end + 1;
		if (parse_rates(&s, vendor, &step->rates) != 0)
			return -1;
	}
	return 0;
}

/* Days since 1970 of a date in the proleptic Gregorian calendar. */
static int32_t
day_number(struct civil c)
{
	int month = c.month > 2 ? c.month - 3 : c.month + 9;
	int year = c.month > 2 ? c.year : c.year - 1;

	return year * 365 + year / 4 - year / 100 + year / 400 +
	       (153 * month + 2) / 5 + c.day - 1 - 719468;
}

int
price_parse_day(const char *s, int32_t *day)
{
	struct civil c;

	*day = PRICE_ALWAYS;
	if (s == NULL)
		return 0;
	if (calendar_parse_date(s, strlen(s), &c) != 0)
		return -1;
	*day = day_number(c);
	return 0;
}

static int
name_row(struct row *row)
{
	const struct price_fact *f = row->fact;
	struct text vendor = text_of(price_vendor_names[f->vendor]);
	struct text model = text_of(f->model);

	if (vendor.len + 1 + model.len >= sizeof(row->entry))
		return -1;
	memcpy(row->entry, vendor.p, vendor.len);
	row->entry[vendor.len] = '/';
	memcpy(row->entry + vendor.len + 1, model.p, model.len + 1);
	return 0;
}

static int
parse_row(const struct price_fact *f, struct row *row)
{
	const char *s = f->rates;
	int bad;

	row->fact = f;
	bad = name_row(row) | price_parse_day(f->since, &row->since_day);
	bad |= parse_rates(&s, f->vendor, &row->standard.rates);
	bad |= parse_steps(f->steps, f->vendor, &row->standard);
	bad |= parse_optional(f->priority, f->vendor, &row->priority);
	bad |= parse_optional(f->fast, f->vendor, &row->fast);
	if (f->peak != NULL) {
		bad |= parse_optional(f->peak->rates, f->vendor, &row->peak);
		bad |= price_parse_day(f->peak->weekdays, &row->weekdays_since);
	}
	return bad == 0 ? 0 : -1;
}

static int
compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return text_cmp(x->text, y->text);
}

static size_t
count_words(const char *s)
{
	size_t n = 0;

	while (s != NULL && next_word(&s).len > 0)
		n++;
	return n;
}

static bool
is_first_row(size_t i)
{
	return i == 0 ||
	       strcmp(price_table[i].model, price_table[i - 1].model) != 0;
}

static void
add_name(struct price_book *book, struct text t, size_t row)
{
	book->names[book->n_names++] = (struct name){ t, (uint32_t)row };
}

static int
make_names(struct price_book *book)
{
	size_t n = price_table_rows;

	for (size_t i = 0; i < price_table_rows; i++)
		n += count_words(price_table[i].aliases);
	book->names = calloc(n, sizeof(*book->names));
	if (book->names == NULL)
		return -1;
	for (size_t i = 0; i < price_table_rows; i++) {
		const char *s = price_table[i].aliases;
		struct text word;

		if (is_first_row(i))
			add_name(book, text_of(price_table[i].model), i);
		while (s != NULL && (word = next_word(&s)).len > 0)
			add_name(book, word, i);
	}
	qsort(book->names, book->n_names, sizeof(*book->names), compare_names);
	return 0;
}

struct price_book *
price_book_new(void)
{
	struct price_book *book = calloc(1, sizeof(*book));

	if (book == NULL)
		return NULL;
	book->rows = calloc(price_table_rows, sizeof(*book->rows));
	if (book->rows == NULL || make_names(book) != 0)
		goto fail;
	for (size_t i = 0; i < price_table_rows; i++)
		if (parse_row(&price_table[i], &book->rows[i]) != 0)
			goto fail;
	return book;
fail:
	price_book_free(book);
	return NULL;
}

void
price_book_free(struct price_book *book)
{
	if (book == NULL)
		return;
	price_overrides_release(&book->overrides);
	free(book->names);
	free(book->rows);
	free(book);
}

size_t
price_book_rows(const struct price_book *book)
{
	(void)book;
	return price_table_rows;
}

void
price_book_row(
    const struct price_book *book, size_t i, struct price_listed *row)
{
	const struct row *r = &book->rows[i];

	*row = (struct price_listed){
		.vendor = text_of(price_vendor_names[r->fact->vendor]),
		.model = text_of(r->fact->model),
		.since_day = r->since_day,
		.rates = &r->standard.rates,
		.steps = r->standard.steps,
		.n_steps = r->standard.n_steps,
		.aliases = r->fact->aliases,
	};
}

int
price_book_add(struct price_book *book, const struct price_override *o)
{
	return price_overrides_add(&book->overrides, o);
}

void
price_book_clear(struct price_book *book)
{
	price_overrides_clear(&book->overrides);
}

const struct price_overrides *
price_book_overrides(const struct price_book *book)
{
	return &book->overrides;
}

/* The newest row in force of the model one of these forms is, or NULL. */
static const struct row *
find_row(
    const struct price_book *book, const struct price_name *name, int64_t day)
{
	const struct name *hit = NULL;
	size_t i;

	for (uint32_t f = 0; f < name->n && hit == NULL; f++)
		hit = bsearch(&(struct name){ name->form[f], 0 }, book->names,
		    book->n_names, sizeof(*book->names), compare_names);
	if (hit == NULL)
		return NULL;
	for (i = hit->row; i + 1 < price_table_rows && !is_first_row(i + 1) &&
			   book->rows[i + 1].since_day <= day;)
		i++;
	if (name->vendor != VENDOR_NONE &&
	    name->vendor != book->rows[i].fact->vendor)
		return NULL;
	return &book->rows[i];
}

static void
scale_rates(struct price_rates *rates, int64_t times, int64_t parts)
{
	for (int i = 0; i < PRICE_WEB_SEARCH; i++)
		if (rates->of[i] > 0)
			rates->of[i] = rates->of[i] * times / parts;
}

static void
scale(struct price_rule *rule, int64_t times, int64_t parts)
{
	scale_rates(&rule->base, times, parts);
	for (uint32_t i = 0; i < rule->n_steps; i++)
		scale_rates(&rule->steps[i].rates, times, parts);
}

static void
forget_cached(struct price_rule *rule)
{
	rule->base.of[PRICE_CACHE_READ] = PRICE_UNKNOWN;
	for (uint32_t i = 0; i < rule->n_steps; i++)
		rule->steps[i].rates.of[PRICE_CACHE_READ] = PRICE_UNKNOWN;
}

typedef int tier_fn(const struct row *row, struct price_rule *rule);

static int
tier_batch(const struct row *row, struct price_rule *rule)
{
	if ((row->fact->sold & SOLD_BATCH) == 0)
		return PRICE_UNPRICED;
	if ((row->fact->sold & SOLD_UNCACHED) != 0)
		forget_cached(rule);
	scale(rule, 1, 2);
	return PRICE_OK;
}

static int
tier_flex(const struct row *row, struct price_rule *rule)
{
	if ((row->fact->sold & SOLD_FLEX) == 0)
		return PRICE_UNPRICED;
	scale(rule, 1, 2);
	return PRICE_OK;
}

/* Not sold for long prompts: there is no rate beyond the first step. */
static int
tier_priority(const struct row *row, struct price_rule *rule)
{
	if (row->fact->priority == NULL)
		return PRICE_UNPRICED;
	rule->base = row->priority;
	for (uint32_t i = 0; i < rule->n_steps; i++)
		price_rates_init(&rule->steps[i].rates);
	return PRICE_OK;
}

static int
tier_fast(const struct row *row, struct price_rule *rule)
{
	if ((row->fact->sold & SOLD_PRIO_FAST) != 0)
		return tier_priority(row, rule);
	if (row->fact->fast == NULL)
		return PRICE_UNPRICED;
	rule->base = row->fast;
	rule->n_steps = 0;
	return PRICE_OK;
}

static const struct tier {
	const char *name;
	tier_fn *apply;
} tiers[] = {
	{ "batch", tier_batch },
	{ "flex", tier_flex },
	{ "priority", tier_priority },
	{ "fast", tier_fast },
};

static bool
is_standard(struct text tier)
{
	return tier.len == 0 || text_is(tier, "standard");
}

static int
apply_tier(const struct row *row, struct text tier, struct price_rule *rule)
{
	if (is_standard(tier))
		return PRICE_OK;
	for (size_t i = 0; i < LENGTH(tiers); i++) {
		if (!text_is(tier, tiers[i].name))
			continue;
		rule->tier = text_of(tiers[i].name);
		return tiers[i].apply(row, rule);
	}
	return PRICE_UNPRICED;
}

static void
apply_geo(const struct row *row, struct text geo, struct price_rule *rule)
{
	if ((row->fact->sold & SOLD_US) == 0 || !text_is(geo, "us"))
		return;
	rule->geo = TEXT("us");
	scale(rule, 11, 10);
}

/* "01:00-04:00": minutes of the day. */
static void
parse_window(struct text w, int32_t edge[2])
{
	for (int i = 0; i < 2; i++) {
		const char *p = w.p + (size_t)i * 6;

		edge[i] = ((p[0] - '0') * 10 + p[1] - '0') * 60 +
			  (p[3] - '0') * 10 + p[4] - '0';
	}
}

static void
apply_hour(const struct row *row, int64_t ts_ms, struct price_rule *rule)
{
	int64_t day = ts_ms / MS_A_DAY;
	int32_t minute = (int32_t)(ts_ms % MS_A_DAY / 60000);
	int32_t edge[2];
	struct text w;
	const char *s;

	if (row->fact->peak == NULL)
		return;
	/* 1970-01-01 was a Thursday: day 2 a Saturday. */
	if (day >= row->weekdays_since && (day + 5) % 7 < 2)
		return;
	s = row->fact->peak->windows;
	while ((w = next_word(&s)).len > 0) {
		parse_window(w, edge);
		if (minute < edge[0] || minute >= edge[1])
			continue;
		rule->base = row->peak;
		rule->n_steps = 0;
		rule->window = w;
	}
}

static void
lend(struct price_rule *rule, bool anthropic)
{
	price_rates_lend(&rule->base, anthropic);
	for (uint32_t i = 0; i < rule->n_steps; i++)
		price_rates_lend(&rule->steps[i].rates, anthropic);
}

static int
rule_of_row(const struct row *row, const struct price_call *call,
    struct price_rule *rule)
{
	*rule = (struct price_rule){ .kind = PRICE_TABLE,
		.entry = text_of(row->entry),
		.by_hour = row->fact->peak != NULL,
		.since_day = row->since_day,
		.base = row->standard.rates,
		.n_steps = row->standard.n_steps };
	memcpy(rule->steps, row->standard.steps, sizeof(rule->steps));
	apply_hour(row, call->ts_ms, rule);
	if (apply_tier(row, call->tier, rule) != PRICE_OK)
		return PRICE_UNPRICED;
	apply_geo(row, call->geo, rule);
	lend(rule, row->fact->vendor == VENDOR_ANTHROPIC);
	return PRICE_OK;
}

/* What the search for an override needs, so that its steps stay short. */
struct search {
	const struct price_book *book;
	struct text tier;
	int32_t day;
	struct text sellers[3]; /* the event's provider, the vendors' names */
};

static const struct price_override *
search_pattern(const struct search *s, struct text pattern)
{
	const struct price_override *o =
	    price_overrides_find(&s->book->overrides, pattern, s->tier, s->day);

	return o != NULL ? o
			 : price_overrides_find(&s->book->overrides, pattern,
			       (struct text){ 0 }, s->day);
}

static const struct price_override *
search_form(const struct search *s, struct text form)
{
	const struct price_override *o;
	char room[PRICE_PATTERN_MAX];

	for (size_t i = 0; i < LENGTH(s->sellers); i++) {
		struct text seller = s->sellers[i];

		if (seller.len == 0)
			continue;
		memcpy(room, seller.p, seller.len);
		room[seller.len] = '/';
		memcpy(room + seller.len + 1, form.p, form.len);
		o = search_pattern(
		    s, (struct text){ room, seller.len + 1 + form.len });
		if (o != NULL)
			return o;
	}
	return search_pattern(s, form);
}

static const struct price_override *
find_override(const struct price_book *book, const struct price_call *call,
    const struct price_name *name, const struct row *row)
{
	struct search s = { book,
		is_standard(call->tier) ? TEXT("standard") : call->tier,
		(int32_t)(call->ts_ms / MS_A_DAY),
		{ { name->provider, name->provider_len },
		    text_of(price_vendor_names[name->vendor]) } };
	const struct price_override *o = NULL;

	if (book->overrides.n == 0)
		return NULL;
	if (row != NULL)
		s.sellers[2] = text_of(price_vendor_names[row->fact->vendor]);
	for (uint32_t i = 0; i < name->n && o == NULL; i++)
		if (name->form[i].len > 0)
			o = search_form(&s, name->form[i]);
	if (o == NULL && row != NULL)
		o = search_form(&s, text_of(row->fact->model));
	return o;
}

static void
rule_of_override(
    const struct price_override *o, bool anthropic, struct price_rule *rule)
{
	*rule = (struct price_rule){ .kind = PRICE_OVERRIDE,
		.entry = o->pattern,
		.tier = o->tier,
		.since_day = o->since_day,
		.base = o->rates,
		.n_steps = o->n_steps };
	memcpy(rule->steps, o->steps, sizeof(rule->steps));
	lend(rule, anthropic);
}

int
price_match(const struct price_book *book, const struct price_call *call,
    struct price_rule *rule)
{
	const struct price_override *o;
	struct price_name name;
	const struct row *row;

	if (call->model.len == 0 || call->model.len > LIMIT_TEXT ||
	    call->provider.len > LIMIT_TEXT || call->ts_ms < 0)
		return PRICE_UNPRICED;
	price_name_init(&name, call->provider, call->model);
	row = find_row(book, &name, call->ts_ms / MS_A_DAY);
	o = find_override(book, call, &name, row);
	if (o != NULL) {
		rule_of_override(o,
		    name.vendor == VENDOR_ANTHROPIC ||
			(row != NULL && row->fact->vendor == VENDOR_ANTHROPIC),
		    rule);
		return PRICE_OK;
	}
	if (row == NULL || !name.at_list_price)
		return PRICE_UNPRICED;
	return rule_of_row(row, call, rule);
}
