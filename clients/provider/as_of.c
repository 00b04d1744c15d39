#include <stdio.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

/* Balances are asked for every quarter of an hour. */
#define FRESH_MS 3600000

/* What a window is of no feed says: the oldest of those that tell windows. */
int64_t
provider_as_of(const struct value *account, struct text feed)
{
	struct value list, row;
	int64_t ms, oldest = 0;

	fetch_member(account, "feeds", &list);
	while (fetch_next(&list, &row)) {
		ms = (int64_t)fetch_u64(&row, "last_success");
		if (feed.len > 0 ? !text_eq(fetch_text(&row, "name"), feed)
				 : !provider_gives(&row, "windows"))
			continue;
		if (ms > 0 && (oldest == 0 || ms < oldest))
			oldest = ms;
	}
	return oldest;
}

/* A round under way, or the first one, is no reason to doubt a figure. */
static bool
is_in_doubt(struct text state)
{
	return !text_is(state, "ok") && !text_is(state, "new") &&
	       !text_is(state, "running");
}

void
provider_age(const struct value *account, int64_t as_of_ms, int64_t now_ms,
    char buf[PROVIDER_AGE_MAX])
{
	struct text state = fetch_text(account, "state");
	char ago[FIGURE_MAX] = "?", word[60];

	buf[0] = '\0';
	if (as_of_ms > 0)
		figure_ago(now_ms - as_of_ms, ago);
	if (is_in_doubt(state)) {
		table_clean(provider_state(state), word, sizeof(word));
		snprintf(buf, PROVIDER_AGE_MAX, _("%s (%s)"), ago, word);
	} else if (as_of_ms == 0 || now_ms - as_of_ms > FRESH_MS) {
		snprintf(buf, PROVIDER_AGE_MAX, "%s", ago);
	}
}

bool
provider_is_over(const struct value *window, int64_t now_ms)
{
	int64_t resets_ms = (int64_t)fetch_u64(window, "resets");

	return resets_ms > 0 && resets_ms <= now_ms;
}
