#include "clients/report/view.h"

static const struct option_spec specs[] = {
	REPORT_HEAD("Rows"),
	REPORT_OPTION("by", OPTION_LIST, by, "KEY[,KEY]",
	    "day, week, month or hour; model, provider, agent, project, "
	    "machine, session, branch, account, kind, billing; none"),
	REPORT_PERIOD,
	REPORT_FILTERS,
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_OPTION("csv", OPTION_FLAG, csv, NULL, "CSV with a header"),
	REPORT_OPTION("tsv", OPTION_FLAG, tsv, NULL, "TSV with a header"),
	REPORT_OPTION("sessions", OPTION_FLAG, sessions, NULL,
	    "count sessions in the table too"),
	REPORT_OPTION("full", OPTION_FLAG, full, NULL,
	    "all columns: reasoning, other, failed"),
	REPORT_MONEY,
	REPORT_COMMON,
	REPORT_CALENDAR,
};

static int
show(const struct setup *s, struct ask *a, struct answer *answer)
{
	if (!s->opts->json && !s->opts->csv && !s->opts->tsv)
		return view_table(s, a, answer);
	if (s->opts->json)
		view_json(a, answer);
	else
		view_csv(a, answer, s->opts->csv ? ',' : '\t');
	return EXIT_OK;
}

static int
answer_and_show(struct setup *s, struct ask *a)
{
	struct answer answer;
	int rc = ask_answer(a, s, &answer);

	if (rc == EXIT_OK) {
		ask_sort(a, &answer);
		rc = show(s, a, &answer);
	}
	answer_free(&answer);
	return rc;
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct ask a;
	int rc = ask_init(&a, s, nargs, args);

	if (rc == EXIT_OK)
		rc = answer_and_show(s, &a);
	ask_free(&a);
	return rc;
}

const struct report_verb verb_sum = {
	.name = NULL,
	.program = {
		.name = "tt-report",
		.synopsis = N_("[PERIOD] [OPTION…]\n"
			    "       tt-report VIEW [OPTION…]"),
		.summary = N_("Sums calls, tokens and cost over a period: today "
			   "(the default), yesterday, [last-]week, "
			   "[last-]month, [last-]year, all, YYYY-MM-DD, "
			   "A..B (dates, both included), 7d (today included). "
			   "Views: summary, bill, session, sessions, blocks, "
			   "statusline, explain, doctor, events, follow, "
			   "prune, daily-report, weekly-report, status; "
			   "tt-report VIEW --help tells more."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};
