#include "clients/report/field.h"

#include <inttypes.h>

#include "clients/common/figure.h"
#include "clients/common/output.h"

enum field_kind {
	FIELD_SUM,
	FIELD_SESSIONS,
	FIELD_TOTAL,
	FIELD_COST,
	FIELD_PLAN
};

static const struct {
	enum field_kind kind;
	enum sum sum;
} fields[FIELDS] = {
	{ FIELD_SUM, SUM_CALLS },
	{ FIELD_SESSIONS, 0 },
	{ FIELD_SUM, SUM_INPUT },
	{ FIELD_SUM, SUM_OUTPUT },
	{ FIELD_SUM, SUM_REASONING },
	{ FIELD_SUM, SUM_CACHE_READ },
	{ FIELD_SUM, SUM_CACHE_WRITE },
	{ FIELD_SUM, SUM_CACHE_WRITE_1H },
	{ FIELD_SUM, SUM_OTHER },
	{ FIELD_TOTAL, 0 },
	{ FIELD_SUM, SUM_UNPRICED_TOKENS },
	{ FIELD_SUM, SUM_FAILED },
	{ FIELD_SUM, SUM_UNPRICED_CALLS },
	{ FIELD_SUM, SUM_WEB_SEARCHES },
	{ FIELD_COST, 0 },
	{ FIELD_PLAN, 0 },
};

const char *
field_name(size_t i)
{
	static const char *const names[] = {
		[FIELD_SESSIONS] = "sessions",
		[FIELD_TOTAL] = "total_tokens",
		[FIELD_COST] = "cost_usd",
		[FIELD_PLAN] = "plan_cost_usd",
	};

	if (fields[i].kind == FIELD_SUM)
		return sum_names[fields[i].sum];
	return names[fields[i].kind];
}

void
field_put_text(FILE *f, const char *name, struct text t)
{
	fprintf(f, ",\"%s\":", name);
	if (t.len > 0)
		json_put_text(f, t);
	else
		fputs("null", f);
}

void
field_put_money(FILE *f, money_sum pico)
{
	char text[MONEY_TEXT_MAX];

	money_format(pico, text);
	fputs(text, f);
}

bool
field_is_unpriced(const struct sums *s)
{
	return figure_is_unpriced(s);
}

void
field_put(FILE *f, size_t i, const struct report_row *row, const char *unknown)
{
	switch (fields[i].kind) {
	case FIELD_SUM:
		fprintf(f, "%" PRIu64, row->sums.n[fields[i].sum]);
		break;
	case FIELD_SESSIONS:
		fprintf(f, "%" PRIu64, row->sessions);
		break;
	case FIELD_TOTAL:
		fprintf(f, "%" PRIu64, sums_total_tokens(&row->sums));
		break;
	case FIELD_COST:
		if (field_is_unpriced(&row->sums))
			fputs(unknown, f);
		else
			field_put_money(f, row->sums.cost);
		break;
	case FIELD_PLAN:
		field_put_money(f, row->sums.plan_cost);
		break;
	}
}

void
field_put_json(FILE *f, const struct report_row *row, bool comma)
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		fprintf(
		    f, "%s\"%s\":", i > 0 || comma ? "," : "", field_name(i));
		field_put(f, i, row, "null");
	}
}
