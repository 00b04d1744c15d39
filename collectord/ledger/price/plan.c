#include "collectord/ledger/price/plan.h"

static struct text
trim(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct text){ p, (uint32_t)(end - p) };
}

/* The whole text; text_matches() would take a part of it too. */
static bool
is_whole(struct text t, struct text pattern)
{
	uint32_t i;

	for (i = 0; i < pattern.len; i++)
		if (strchr("*?[", pattern.p[i]) != NULL)
			return text_matches(t, pattern);
	return t.len == pattern.len && text_matches(t, pattern);
}

static bool
covers(struct text item, struct text agent, struct text account)
{
	const char *end = item.p + item.len;
	const char *slash =
	    item.len == 0 ? NULL : memchr(item.p, '/', item.len);

	if (item.len == 0)
		return false;
	if (slash == NULL)
		return is_whole(agent, item);
	return is_whole(agent, trim(item.p, slash)) &&
	       is_whole(account, trim(slash + 1, end));
}

bool
plan_covers(struct text list, struct text agent, struct text account)
{
	const char *at = list.p, *end = list.p + list.len, *comma;

	while (at < end) {
		comma = memchr(at, ',', (size_t)(end - at));
		if (comma == NULL)
			comma = end;
		if (covers(trim(at, comma), agent, account))
			return true;
		at = comma + 1;
	}
	return false;
}
