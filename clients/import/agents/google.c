#include "clients/import/agents/google.h"

#include "proto/limits.h"

/* Which of the counts contain others. */
struct reading {
	bool thoughts_within; /* the answer */
	bool cached_beside;   /* the prompt */
};

static bool
adds_up(const struct google_usage *u, struct reading r)
{
	return u->total == u->prompt + u->answer + u->tool +
			       (r.thoughts_within ? 0 : u->thoughts) +
			       (r.cached_beside ? u->cached : 0);
}

/* The first way to read them that gives the total, the usual ways first. */
static struct reading
read_counts(const struct google_usage *u, enum google_thoughts where)
{
	static const struct reading ways[] = {
		{ true, false },
		{ false, false },
		{ true, true },
		{ false, true },
	};
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (where == THOUGHTS_BESIDE && ways[i].thoughts_within)
			continue;
		if (ways[i].thoughts_within && u->thoughts > u->answer)
			continue;
		if (!ways[i].cached_beside && u->cached > u->prompt)
			continue;
		if (u->total > 0 && adds_up(u, ways[i]))
			return ways[i];
	}
	return (struct reading){
		.thoughts_within =
		    where == THOUGHTS_EITHER && u->thoughts <= u->answer,
		.cached_beside = u->cached > u->prompt,
	};
}

/* What cannot be stays impossible, but no sum of it wraps around. */
static uint64_t
bounded(uint64_t n)
{
	return n > LIMIT_TOKENS ? LIMIT_TOKENS + 1 : n;
}

void
google_counts(const struct google_usage *stated, enum google_thoughts where,
    struct event *ev)
{
	struct google_usage u = {
		.prompt = bounded(stated->prompt),
		.cached = bounded(stated->cached),
		.answer = bounded(stated->answer),
		.thoughts = bounded(stated->thoughts),
		.tool = bounded(stated->tool),
		.total = bounded(stated->total),
	};
	struct reading r = read_counts(&u, where);
	uint64_t *n = ev->count;

	n[EV_INPUT] = u.prompt - (r.cached_beside ? 0 : u.cached) + u.tool;
	n[EV_CACHE_READ] = u.cached;
	n[EV_OUTPUT] = u.answer + (r.thoughts_within ? 0 : u.thoughts);
	n[EV_REASONING] = u.thoughts;
	n[EV_TOTAL] = u.total;
}
