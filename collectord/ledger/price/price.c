#include "collectord/ledger/price/price.h"

#define RULE_VERSION 1
#define RATE_PLACES 6 /* USD a million tokens to picodollars a token */

const char *const price_class_names[PRICE_CLASSES] = {
	[PRICE_INPUT] = "input",
	[PRICE_OUTPUT] = "output",
	[PRICE_CACHE_READ] = "cache_read",
	[PRICE_CACHE_WRITE_5M] = "cache_write",
	[PRICE_CACHE_WRITE_1H] = "cache_write_1h",
	[PRICE_WEB_SEARCH] = "web_search",
};

void
price_rates_init(struct price_rates *rates)
{
	for (int i = 0; i < PRICE_CLASSES; i++)
		rates->of[i] = PRICE_UNKNOWN;
	rates->assumed = 0;
}

static void
lend(struct price_rates *r, enum price_class to, enum price_class from,
    int64_t times)
{
	if (r->of[to] >= 0 || r->of[from] < 0)
		return;
	r->of[to] = r->of[from] * times;
	r->assumed |= (uint8_t)(1u << to);
}

void
price_rates_lend(struct price_rates *rates, bool anthropic)
{
	lend(rates, PRICE_CACHE_READ, PRICE_INPUT, 1);
	lend(rates, PRICE_CACHE_WRITE_5M, PRICE_INPUT, 1);
	if (anthropic)
		lend(rates, PRICE_CACHE_WRITE_1H, PRICE_INPUT, 2);
	else
		lend(rates, PRICE_CACHE_WRITE_1H, PRICE_CACHE_WRITE_5M, 1);
}

int
price_parse_rate(const char *s, size_t len, int64_t *pico)
{
	struct money_decimal d;

	if (money_parse_decimal(s, len, RATE_PLACES, &d) != 0 || !d.exact ||
	    d.magnitude > PRICE_RATE_MAX || (d.negative && d.magnitude != 0))
		return -1;
	*pico = (int64_t)d.magnitude;
	return 0;
}

static const struct price_step *
step_for(const struct price_rule *rule, const struct price_counts *c)
{
	const struct price_step *found = NULL;
	money_magnitude prompt;

	prompt = (money_magnitude)c->input + c->cache_read + c->cache_write;
	for (uint32_t i = 0; i < rule->n_steps; i++)
		if (prompt > rule->steps[i].above)
			found = &rule->steps[i];
	return found;
}

static void
split_counts(const struct price_counts *c, uint64_t n[PRICE_CLASSES])
{
	uint64_t hour = c->cache_write_1h < c->cache_write ? c->cache_write_1h
							   : c->cache_write;

	n[PRICE_INPUT] = c->input;
	n[PRICE_OUTPUT] = c->output;
	n[PRICE_CACHE_READ] = c->cache_read;
	n[PRICE_CACHE_WRITE_5M] = c->cache_write - hour;
	n[PRICE_CACHE_WRITE_1H] = hour;
	n[PRICE_WEB_SEARCH] = c->web_searches;
}

/* One class of one call: PRICE_OK also where searches are left out. */
static int
price_line(const struct price_rates *rates, enum price_class class, uint64_t n,
    struct price_line *line)
{
	*line = (struct price_line){ .class = class,
		.assumed = (rates->assumed >> class & 1) != 0,
		.n = n,
		.rate = rates->of[class] };
	if (line->rate < 0)
		return class == PRICE_WEB_SEARCH ? PRICE_OK : PRICE_UNPRICED;
	if (!money_mul(line->rate, n, &line->cost_pico)) {
		line->cost_pico = 0;
		return PRICE_ERANGE;
	}
	return PRICE_OK;
}

/* A cost out of range is worse news than a missing rate. */
static int
worse(int a, int b)
{
	return a == PRICE_ERANGE || b == PRICE_OK ? a : b;
}

int
price_apply(const struct price_rule *rule, const struct price_counts *counts,
    int64_t *cost_pico, struct price_lines *lines)
{
	const struct price_step *step = step_for(rule, counts);
	const struct price_rates *rates = step ? &step->rates : &rule->base;
	struct price_lines unasked, *out = lines ? lines : &unasked;
	uint64_t n[PRICE_CLASSES];
	money_sum sum = 0;
	int rc = PRICE_OK;

	*out = (struct price_lines){ .is_long = step != NULL,
		.above = step ? step->above : 0 };
	split_counts(counts, n);
	for (int i = 0; i < PRICE_CLASSES; i++) {
		struct price_line *line = &out->line[out->n];

		if (n[i] == 0)
			continue;
		rc = worse(rc, price_line(rates, i, n[i], line));
		sum += line->cost_pico;
		out->n++;
	}
	if (rc == PRICE_OK && sum > INT64_MAX)
		rc = PRICE_ERANGE;
	if (rc == PRICE_OK)
		*cost_pico = (int64_t)sum;
	return rc;
}

void
price_rates_write(struct wbuf *w, const struct price_rates *rates)
{
	write_u8(w, rates->assumed);
	for (int i = 0; i < PRICE_CLASSES; i++)
		write_svar(w, rates->of[i]);
}

void
price_rates_read(struct rbuf *r, struct price_rates *rates)
{
	rates->assumed = read_u8(r);
	if (rates->assumed >= 1u << PRICE_CLASSES)
		r->failed = true;
	for (int i = 0; i < PRICE_CLASSES; i++) {
		rates->of[i] = read_svar(r);
		/* A lent rate may be twice the greatest one. */
		if (rates->of[i] < PRICE_UNKNOWN ||
		    rates->of[i] > 2 * PRICE_RATE_MAX)
			r->failed = true;
	}
}

void
price_steps_write(struct wbuf *w, const struct price_step *steps, uint32_t n)
{
	write_u8(w, (uint8_t)n);
	for (uint32_t i = 0; i < n; i++) {
		write_uvar(w, steps[i].above);
		price_rates_write(w, &steps[i].rates);
	}
}

uint32_t
price_steps_read(struct rbuf *r, struct price_step *steps)
{
	uint32_t n = read_u8(r);

	if (n > PRICE_STEPS_MAX)
		r->failed = true;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		steps[i].above = read_uvar(r);
		if (i > 0 && steps[i].above <= steps[i - 1].above)
			r->failed = true;
		price_rates_read(r, &steps[i].rates);
	}
	return r->failed ? 0 : n;
}

void
price_rule_write(struct wbuf *w, const struct price_rule *rule)
{
	write_u8(w, RULE_VERSION);
	write_u8(w, (uint8_t)rule->kind);
	write_text(w, rule->entry);
	write_text(w, rule->tier);
	write_text(w, rule->geo);
	write_text(w, rule->window);
	write_svar(w, rule->since_day);
	price_rates_write(w, &rule->base);
	price_steps_write(w, rule->steps, rule->n_steps);
}

bool
price_rule_read(struct span s, struct price_rule *rule)
{
	struct rbuf r;
	uint8_t version, kind;
	int64_t since;

	*rule = (struct price_rule){ 0 };
	rbuf_init(&r, s);
	version = read_u8(&r);
	kind = read_u8(&r);
	rule->kind = kind == PRICE_OVERRIDE ? PRICE_OVERRIDE : PRICE_TABLE;
	rule->entry = read_text(&r);
	rule->tier = read_text(&r);
	rule->geo = read_text(&r);
	rule->window = read_text(&r);
	since = read_svar(&r);
	rule->since_day = (int32_t)since;
	price_rates_read(&r, &rule->base);
	rule->n_steps = price_steps_read(&r, rule->steps);
	return !r.failed && r.p == r.end && version == RULE_VERSION &&
	       kind <= PRICE_OVERRIDE && since >= INT32_MIN &&
	       since <= INT32_MAX;
}
