#include <stdio.h>
#include <string.h>

#include "clients/budget/budget.h"
#include "clients/common/safe_name.h"

#define LONG_ENOUGH (2 * LIMIT_TEXT)

struct name {
	char text[LONG_ENOUGH];
	size_t len;
	bool failed;
};

static void
add(struct name *n, const char *s, size_t len)
{
	if (len >= sizeof(n->text) - n->len) {
		n->failed = true;
		return;
	}
	memcpy(n->text + n->len, s, len);
	n->len += len;
}

static void
add_str(struct name *n, const char *s)
{
	add(n, s, strlen(s));
}

static bool
is_mark(char c)
{
	return c != '\0' && strchr("*?[]=^!", c) != NULL;
}

/* A glob's marks are left out; what else no name may have makes it none. */
static void
add_pattern(struct name *n, struct text pattern)
{
	size_t before = n->len;

	for (uint32_t i = 0; i < pattern.len; i++) {
		if (is_mark(pattern.p[i]))
			continue;
		n->failed = n->failed || !safe_name_has(pattern.p[i]);
		add(n, &pattern.p[i], 1);
	}
	while (n->len > before && n->text[n->len - 1] == '-')
		n->len--;
	n->failed = n->failed || n->len == before;
}

int
budget_derive_name(const struct budget *b, char buf[BUDGET_NAME_MAX + 1])
{
	static const char *const periods[BUDGET_PERIODS] = { "daily", "weekly",
		"monthly", "session", "block" };
	struct name n = { .len = 0 };

	add_str(&n, periods[b->period]);
	for (int i = 0; i < BUDGET_FILTERS; i++) {
		if (b->filter[i].len == 0)
			continue;
		add_str(&n, "-");
		if (i != BUDGET_MODEL) {
			add_str(&n, budget_filter_names[i]);
			add_str(&n, ":");
		}
		add_pattern(&n, b->filter[i]);
	}
	if (b->is_tokens)
		add_str(&n, "-tokens");
	if (b->is_metered)
		add_str(&n, "-metered");
	if (n.failed || n.len > BUDGET_NAME_MAX)
		return -1;
	memcpy(buf, n.text, n.len);
	buf[n.len] = '\0';
	return 0;
}
