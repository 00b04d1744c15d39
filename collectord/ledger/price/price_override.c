#include "collectord/ledger/price/price_override.h"

#include <stdlib.h>

#define OVERRIDE_VERSION 1

/* What an override is found by. */
struct key {
	struct text pattern, tier;
	int32_t day;
};

static struct key
key_of(const struct price_override *o)
{
	return (struct key){ o->pattern, o->tier, o->since_day };
}

static int
compare(const struct price_override *o, const struct key *key)
{
	int c = text_cmp(o->pattern, key->pattern);

	if (c == 0)
		c = text_cmp(o->tier, key->tier);
	if (c == 0)
		c = (o->since_day > key->day) - (o->since_day < key->day);
	return c;
}

/* The first override that is not before this key. */
static size_t
lower_bound(const struct price_overrides *list, const struct key *key)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&list->item[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
makes_sense(const struct price_override *o)
{
	if (o->pattern.len == 0 || o->pattern.len > PRICE_PATTERN_MAX ||
	    o->tier.len > LIMIT_TEXT || o->n_steps > PRICE_STEPS_MAX ||
	    o->rates.of[PRICE_INPUT] < 0 || o->rates.of[PRICE_OUTPUT] < 0)
		return false;
	for (uint32_t i = 1; i < o->n_steps; i++)
		if (o->steps[i].above <= o->steps[i - 1].above)
			return false;
	return true;
}

static int
make_room(struct price_overrides *list)
{
	size_t cap = list->cap == 0 ? 16 : list->cap * 2;
	struct price_override *p;

	if (list->n < list->cap)
		return 0;
	p = realloc(list->item, cap * sizeof(*p));
	if (p == NULL)
		return -1;
	list->item = p;
	list->cap = cap;
	return 0;
}

/* Pattern and tier in one block that the pattern points to; lower case. */
static int
copy_texts(struct price_override *o)
{
	char *p = malloc((size_t)o->pattern.len + o->tier.len);
	uint32_t i;

	if (p == NULL)
		return -1;
	for (i = 0; i < o->pattern.len; i++) {
		char c = o->pattern.p[i];

		p[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	if (o->tier.len > 0)
		memcpy(p + i, o->tier.p, o->tier.len);
	o->pattern.p = p;
	o->tier.p = p + i;
	return 0;
}

int
price_overrides_add(
    struct price_overrides *list, const struct price_override *o)
{
	struct price_override own = *o, *at;
	struct key key;
	size_t i;

	if (!makes_sense(o) || make_room(list) != 0)
		return -1;
	if (copy_texts(&own) != 0)
		return -1;
	key = key_of(&own);
	i = lower_bound(list, &key);
	at = &list->item[i];
	if (i < list->n && compare(at, &key) == 0) {
		free((void *)(uintptr_t)at->pattern.p);
	} else {
		memmove(at + 1, at, (list->n - i) * sizeof(*at));
		list->n++;
	}
	*at = own;
	return 0;
}

void
price_overrides_clear(struct price_overrides *list)
{
	for (size_t i = 0; i < list->n; i++)
		free((void *)(uintptr_t)list->item[i].pattern.p);
	list->n = 0;
}

void
price_overrides_release(struct price_overrides *list)
{
	price_overrides_clear(list);
	free(list->item);
	*list = (struct price_overrides){ 0 };
}

void
price_override_write(struct wbuf *w, const struct price_override *o)
{
	write_u8(w, OVERRIDE_VERSION);
	write_text(w, o->pattern);
	write_text(w, o->tier);
	write_svar(w, o->since_day);
	price_rates_write(w, &o->rates);
	price_steps_write(w, o->steps, o->n_steps);
}

bool
price_override_read(struct span s, struct price_override *o)
{
	struct rbuf r;
	uint8_t version;
	int64_t since;

	*o = (struct price_override){ 0 };
	rbuf_init(&r, s);
	version = read_u8(&r);
	o->pattern = read_text(&r);
	o->tier = read_text(&r);
	since = read_svar(&r);
	o->since_day = (int32_t)since;
	price_rates_read(&r, &o->rates);
	o->n_steps = price_steps_read(&r, o->steps);
	return !r.failed && r.p == r.end && version == OVERRIDE_VERSION &&
	       since >= INT32_MIN && since <= INT32_MAX && makes_sense(o);
}

const struct price_override *
price_overrides_find(const struct price_overrides *list, struct text pattern,
    struct text tier, int32_t day)
{
	struct key key = { pattern, tier, day };
	size_t i = lower_bound(list, &key);
	const struct price_override *o;

	if (i < list->n && compare(&list->item[i], &key) == 0)
		return &list->item[i];
	if (i == 0)
		return NULL;
	o = &list->item[i - 1];
	return text_eq(o->pattern, pattern) && text_eq(o->tier, tier) ? o
								      : NULL;
}
