/* What is told of budgets, by what ids, and what was told before. */
#include <inttypes.h>
#include <stdio.h>

#include "collectord/ledger/dims.h"
#include "collectord/ledger/alerts/notices.h"
#include "collectord/ledger/alerts/told_blocks.h"
#include "collectord/ledger/alerts/watch_impl.h"

/* A session's text is its label; the others' is the calendar's. */
static int
label_of(const struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint64_t place, int64_t from_ms,
    char buf[LIMIT_TEXT + 1])
{
	struct text texts[EV_TEXTS] = { { 0 } };
	int rc;

	if (b->b.period != BUDGET_SESSION) {
		budget_period_label(b->b.period, &w->cal, from_ms, buf);
		return 0;
	}
	rc = session_texts(txn, (uint32_t)place, texts);
	snprintf(buf, LIMIT_TEXT + 1, "%.*s", (int)texts[EV_SESSION].len,
	    texts[EV_SESSION].len > 0 ? texts[EV_SESSION].p : "");
	return rc;
}

/* The id of what is told when a budget reaches a level in a period. */
static struct text
budget_id(const struct stored_budget *b, uint32_t armed,
    enum budget_level level, const char *period, char buf[WATCH_ID_MAX])
{
	int len = snprintf(buf, WATCH_ID_MAX,
	    "budget/%.*s/%s/%s/%" PRIu32 ".%" PRIu32, (int)b->b.name.len,
	    b->b.name.p, budget_level_names[level], period, b->id, armed);

	return (struct text){ buf, (uint32_t)len };
}

static int
make_budget_notice(struct store_txn *txn, const struct stored_budget *b,
    enum budget_level level, const struct notice *like, const char *label,
    int64_t now_ms)
{
	struct notice n = *like;
	char id[WATCH_ID_MAX];

	n.kind = NOTICE_BUDGET;
	n.level = level == BUDGET_LIMIT ? NOTICE_LIMIT : NOTICE_WARN;
	n.id = budget_id(b, b->armed, level, label, id);
	n.subject = b->b.name;
	n.period = text_of(label);
	n.is_tokens = b->b.is_tokens;
	n.limit = b->b.limit;
	return notice_make(txn, now_ms, &n);
}

struct place {
	const char *label;
	int64_t from_ms, to_ms; /* 0: a session */
};

/* When it was told of that arming. STORE_NOTFOUND: it was not. */
static int
told_when(struct store_txn *txn, const struct stored_budget *b, uint32_t armed,
    enum budget_level level, const struct place *p, int64_t *told_ms)
{
	char id[WATCH_ID_MAX];
	int rc = notice_made_ms(
	    txn, budget_id(b, armed, level, p->label, id), told_ms);

	if (rc == STORE_NOTFOUND && b->b.period == BUDGET_BLOCK)
		rc = told_block_find(
		    txn, b, armed, level, p->from_ms, p->to_ms, told_ms);
	return rc;
}

/*
 * A limit that is raised is armed again for periods that are not over yet: what
 * was told of the others stands. 1, 0, or a store error.
 */
static int
was_told(struct store_txn *txn, const struct stored_budget *b,
    enum budget_level level, const struct place *p)
{
	bool was_over = p->to_ms > 0 && p->to_ms <= b->armed_ms;
	int64_t told_ms;
	int rc = STORE_NOTFOUND;

	for (uint32_t armed = was_over ? 0 : b->armed;
	     rc == STORE_NOTFOUND && armed <= b->armed; armed++)
		rc = told_when(txn, b, armed, level, p, &told_ms);
	return rc == 0 ? 1 : rc == STORE_NOTFOUND ? 0 : rc;
}

/* A jump past both makes one, and a warning never follows the limit. */
int
watch_judge(const struct watch *w, struct store_txn *txn,
    const struct stored_budget *b, uint64_t place, int64_t from_ms,
    int64_t to_ms, money_sum spent, int64_t now_ms)
{
	enum budget_level level = budget_judge(&b->b, spent);
	struct notice n = {
		.from_ms = from_ms, .to_ms = to_ms, .spent = spent
	};
	char label[LIMIT_TEXT + 1];
	struct place p = { label, from_ms, to_ms };
	int rc;

	if (level == BUDGET_OK)
		return 0;
	rc = label_of(w, txn, b, place, from_ms, label);
	for (int l = level; rc == 0 && l <= BUDGET_LIMIT; l++)
		rc = was_told(txn, b, (enum budget_level)l, &p);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = make_budget_notice(txn, b, level, &n, label, now_ms);
	if (rc >= 0 && b->b.period == BUDGET_BLOCK)
		rc = told_block_put(txn, b, level, from_ms, now_ms);
	return rc < 0 ? rc : 0;
}

/* The day of crossing has been told; every later one says so again. */
static int
remind(struct watch *w, struct store_txn *txn, const struct stored_budget *b,
    const char *date, int64_t day_ms, int64_t now_ms)
{
	char label[LIMIT_TEXT + 1], id[WATCH_ID_MAX], again[WATCH_ID_MAX];
	struct place p = { .label = label };
	int64_t told_ms;
	struct budget_sum sum;
	struct notice n = { .kind = NOTICE_BUDGET, .level = NOTICE_LIMIT };
	int rc;

	rc = watch_state(
	    w, txn, b, NO_SESSION, now_ms, &p.from_ms, &p.to_ms, &sum);
	if (rc != 0 || budget_judge(&b->b, sum.spent) != BUDGET_LIMIT)
		return rc < 0 ? rc : 0;
	budget_period_label(b->b.period, &w->cal, p.from_ms, label);
	rc = told_when(txn, b, b->armed, BUDGET_LIMIT, &p, &told_ms);
	if (rc != 0 || told_ms >= day_ms)
		return rc < 0 ? rc : 0;
	budget_id(b, b->armed, BUDGET_LIMIT, label, id);
	n.id = (struct text){ again,
		(uint32_t)snprintf(again, sizeof(again), "%s/%s", id, date) };
	n.subject = b->b.name;
	n.period = text_of(label);
	n.from_ms = p.from_ms;
	n.to_ms = p.to_ms;
	n.is_tokens = b->b.is_tokens;
	n.spent = sum.spent;
	n.limit = b->b.limit;
	rc = notice_make(txn, now_ms, &n);
	return rc < 0 ? rc : 0;
}

int
watch_remind(struct watch *w, struct store_txn *txn, int64_t now_ms)
{
	char date[CALENDAR_TEXT_MAX];
	int64_t from_ms, to_ms;
	int rc = watch_load(w, txn);

	budget_period_of(BUDGET_DAY, &w->cal, now_ms, &from_ms, &to_ms);
	budget_period_label(BUDGET_DAY, &w->cal, from_ms, date);
	for (uint32_t i = 0; rc == 0 && i < w->list.n; i++)
		if (w->list.item[i].b.reminds)
			rc = remind(
			    w, txn, &w->list.item[i], date, from_ms, now_ms);
	return rc;
}
