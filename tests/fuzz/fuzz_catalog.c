/*
 * Price lists: whatever the file, the rows that come of it are fit to be
 * stored: names, both prices, ascending steps, whole picodollars in range.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "clients/price/catalog.h"
#include "proto/money.h"

static void
fail(const char *what)
{
	fprintf(stderr, "fuzz_catalog: %s\n", what);
	abort();
}

static void
check_rates(const struct catalog_rates *rates)
{
	for (int i = 0; i < CATALOG_CLASSES; i++)
		if (rates->of[i] < CATALOG_NO_RATE || rates->of[i] > MONEY_USD)
			fail("a rate out of range");
	if (rates->of[CATALOG_INPUT] < 0 || rates->of[CATALOG_OUTPUT] < 0)
		fail("a row without both prices");
}

static void
check_row(const struct catalog_row *row)
{
	if (row->model.len == 0 || !text_is_clean(row->model) ||
	    !text_is_clean(row->provider))
		fail("a name that is none");
	check_rates(&row->rates);
	if (row->n_steps > CATALOG_STEPS_MAX)
		fail("too many steps");
	for (uint32_t i = 0; i < row->n_steps; i++) {
		check_rates(&row->steps[i].rates);
		if (i > 0 && row->steps[i].above <= row->steps[i - 1].above)
			fail("steps that do not ascend");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct catalog c = { 0 };
	struct json j = { 0 };

	if (json_parse(&j, (const char *)data, size) == 0) {
		int rc = catalog_read(&c, &j);

		if ((rc == CATALOG_ESHAPE) != (c.shape == CATALOG_UNKNOWN))
			fail("a shape that is not told");
		if (rc == CATALOG_ESHAPE && c.n != 0)
			fail("rows of a file that is refused");
		for (size_t i = 0; i < c.n; i++)
			check_row(&c.rows[i]);
	}
	catalog_release(&c);
	json_release(&j);
	return 0;
}
