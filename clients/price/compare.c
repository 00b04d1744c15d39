#include "clients/price/compare.h"

#include <stdio.h>

/* A list's classes are the first of ours. */
_Static_assert((int)CATALOG_INPUT == TARIFF_INPUT &&
		   (int)CATALOG_CACHE_WRITE_1H == TARIFF_CACHE_WRITE_1H &&
		   CATALOG_NO_RATE == TARIFF_UNKNOWN,
    "classes of catalog and tariff");

/*
 * LiteLLM has "vertex_ai/claude-x" of "vertex_ai-anthropic_models": such a path
 * names the provider that calls say.
 */
static bool
names_its_provider(struct text model, struct text provider)
{
	const char *slash = memchr(model.p, '/', model.len);
	size_t len = slash == NULL ? 0 : (size_t)(slash - model.p);

	return len > 0 && len <= provider.len &&
	       memcmp(model.p, provider.p, len) == 0;
}

int
compare_pattern(const struct catalog_row *row, char *buf, size_t cap)
{
	bool joined = row->provider.len > 0 &&
		      !names_its_provider(row->model, row->provider);
	int n = snprintf(buf, cap, "%.*s%s%.*s",
	    joined ? (int)row->provider.len : 0, joined ? row->provider.p : "",
	    joined ? "/" : "", (int)row->model.len, row->model.p);

	if (n < 0 || (size_t)n >= cap)
		return -1;
	for (; *buf != '\0'; buf++)
		if (*buf >= 'A' && *buf <= 'Z')
			*buf = (char)(*buf + ('a' - 'A'));
	return 0;
}

static bool
rates_differ(const struct catalog_rates *row, const struct tariff_rates *now)
{
	for (int i = 0; i < CATALOG_CLASSES; i++)
		if (row->of[i] != CATALOG_NO_RATE && row->of[i] != now->of[i])
			return true;
	return false;
}

bool
compare_differs(const struct catalog_row *row, const struct tariff *now)
{
	if (rates_differ(&row->rates, &now->rates))
		return true;
	if (row->n_steps > 0 && row->n_steps != now->n_steps)
		return true;
	for (uint32_t i = 0; i < row->n_steps; i++)
		if (row->steps[i].above != now->steps[i].above ||
		    rates_differ(&row->steps[i].rates, &now->steps[i].rates))
			return true;
	return false;
}

static void
merge_rates(struct tariff_rates *to, const struct catalog_rates *row,
    const struct tariff_rates *published)
{
	tariff_rates_init(to);
	for (int i = 0; i < TARIFF_CLASSES; i++) {
		if (i < CATALOG_CLASSES)
			to->of[i] = row->of[i];
		if (to->of[i] == TARIFF_UNKNOWN && published != NULL)
			to->of[i] = published->of[i];
	}
}

static const struct tariff_rates *
step_of(const struct tariff *t, uint64_t above)
{
	for (uint32_t i = 0; t != NULL && i < t->n_steps; i++)
		if (t->steps[i].above == above)
			return &t->steps[i].rates;
	return NULL;
}

void
compare_merge(struct tariff *t, const struct catalog_row *row,
    const struct tariff *published)
{
	merge_rates(&t->rates, &row->rates,
	    published == NULL ? NULL : &published->rates);
	t->n_steps = row->n_steps;
	for (uint32_t i = 0; i < row->n_steps; i++) {
		t->steps[i].above = row->steps[i].above;
		merge_rates(&t->steps[i].rates, &row->steps[i].rates,
		    step_of(published, row->steps[i].above));
	}
	if (row->n_steps > 0 || published == NULL)
		return;
	t->n_steps = published->n_steps;
	memcpy(t->steps, published->steps, sizeof(t->steps));
}
