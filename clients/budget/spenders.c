#include "clients/budget/spenders.h"

#include <stdio.h>

#include "clients/report/heard.h"

#define MSGID 1
#define SLOT_MS 900000ll

static const enum report_key filter_keys[BUDGET_FILTERS] = { KEY_MODEL,
	KEY_PROVIDER, KEY_AGENT, KEY_PROJECT, KEY_ACCOUNT, KEY_MACHINE };

static void
add_filter(struct report_query *q, enum report_key key, struct text pattern)
{
	q->filter[q->nfilter++] = (struct report_filter){ key, pattern };
}

/* What is told of no billing is metered too. */
static void
add_filters(struct report_query *q, const struct budget *b)
{
	for (int i = 0; i < BUDGET_FILTERS; i++)
		if (b->filter[i].len > 0)
			add_filter(q, filter_keys[i], b->filter[i]);
	if (b->is_metered) {
		add_filter(q, KEY_BILLING, TEXT("=metered"));
		add_filter(q, KEY_BILLING, TEXT(""));
	}
}

/* When the session of that id was heard first and last, in whole slots; the
 * edges are left where this machine has none. */
static int
find_session(struct setup *s, const char *id, int64_t edges[2])
{
	struct packer k = { 0 };
	enum client_result r;
	struct heard h;

	heard_pack(&k, MSGID, id, NULL);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	if (r == CLIENT_EREFUSED)
		return EXIT_OK;
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	if (heard_read(s->client.reply.result, &h) != 0 || h.first_ms <= 0)
		return EXIT_OK;
	edges[0] = h.first_ms - h.first_ms % SLOT_MS;
	edges[1] = h.last_ms - h.last_ms % SLOT_MS + SLOT_MS;
	return EXIT_OK;
}

static money_sum
spent_by(const struct budget *b, const struct sums *sums)
{
	return b->is_tokens ? (money_sum)sums_total_tokens(sums) : sums->cost;
}

static void
insert(struct spenders *list, struct text model, money_sum spent)
{
	size_t i;

	if (list->n == SPENDERS_MAX &&
	    list->item[SPENDERS_MAX - 1].spent >= spent)
		return;
	i = list->n < SPENDERS_MAX ? list->n++ : SPENDERS_MAX - 1;
	for (; i > 0 && list->item[i - 1].spent < spent; i--)
		list->item[i] = list->item[i - 1];
	list->item[i].spent = spent;
	snprintf(list->item[i].model, sizeof(list->item[i].model), "%.*s",
	    (int)model.len, model.len > 0 ? model.p : "");
}

static int
ask(struct setup *s, const struct budget *b, struct report_query *q,
    struct spenders *list)
{
	struct answer answer;
	enum client_result r;

	r = fetch_report(&s->client, q, s->deadline_ms, &answer);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	for (size_t i = 0; i < answer.n; i++) {
		money_sum spent = spent_by(b, &answer.rows[i].sums);

		if (spent > 0)
			insert(list, answer.rows[i].key[0], spent);
	}
	answer_free(&answer);
	return EXIT_OK;
}

int
spenders_fetch(
    struct setup *s, const struct budget_state *state, struct spenders *list)
{
	struct report_query q = { .nedges = 2, .by = { KEY_MODEL }, .nby = 1 };
	int64_t edges[2] = { state->from_ms, state->to_ms };
	char session[LIMIT_TEXT + 2];
	int rc = EXIT_OK;

	list->n = 0;
	q.edges = edges;
	add_filters(&q, &state->budget);
	if (state->budget.period == BUDGET_SESSION) {
		if (state->label.len == 0)
			return EXIT_OK;
		snprintf(session, sizeof(session), "=%.*s",
		    (int)state->label.len, state->label.p);
		add_filter(&q, KEY_SESSION, text_of(session));
		rc = find_session(s, session + 1, edges);
	}
	if (rc != EXIT_OK || edges[0] >= edges[1])
		return rc;
	return ask(s, &state->budget, &q, list);
}
