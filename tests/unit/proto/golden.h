/*
 * The golden messages, one a line: `name hex`. Tests run at the top of the
 * tree.
 */
#ifndef TESTS_UNIT_PROTO_GOLDEN_H
#define TESTS_UNIT_PROTO_GOLDEN_H

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define GOLDEN_FILE "tests/data/golden.txt"
#define GOLDEN_BYTES 4096

struct golden {
	char name[64];
	unsigned char bytes[GOLDEN_BYTES];
	size_t len;
};

static inline void
golden_unhex(struct golden *g, const char *hex)
{
	unsigned byte;

	for (g->len = 0; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		cr_assert_lt(g->len, sizeof(g->bytes), "%s is %zu bytes long",
		    g->name, g->len);
		g->bytes[g->len++] = (unsigned char)byte;
	}
}

/* Calls each for every message and returns how many there are. */
static inline int
golden_each(void (*each)(const struct golden *g, void *arg), void *arg)
{
	static char line[3 * GOLDEN_BYTES];
	FILE *f = fopen(GOLDEN_FILE, "r");
	struct golden g;
	int n = 0, at = 0;

	cr_assert_not_null(f, "cannot open %s", GOLDEN_FILE);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#' || sscanf(line, "%63s %n", g.name, &at) != 1)
			continue;
		golden_unhex(&g, line + at);
		each(&g, arg);
		n++;
	}
	fclose(f);
	return n;
}

struct golden_wanted {
	const char *name;
	struct golden *out;
};

static inline void
golden_pick(const struct golden *g, void *arg)
{
	struct golden_wanted *want = arg;

	if (strcmp(g->name, want->name) == 0)
		*want->out = *g;
}

static inline void
golden_get(const char *name, struct golden *out)
{
	struct golden_wanted want = { name, out };

	out->len = 0;
	golden_each(golden_pick, &want);
	cr_assert_gt(
	    out->len, 0, "no golden message %s: %zu bytes", name, out->len);
}

#endif
