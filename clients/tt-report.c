/* Asks the ledger and shows the answer; each view is a file of report/. */
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/report/setup.h"
#include "clients/report/warm.h"

static const struct report_verb *const verbs[] = {
	&verb_sum,
	&verb_summary,
	&verb_bill,
	&verb_session,
	&verb_sessions,
	&verb_blocks,
	&verb_statusline,
	&verb_explain,
	&verb_reconcile,
	&verb_doctor,
	&verb_events,
	&verb_follow,
	&verb_prune,
	&verb_daily_report,
	&verb_weekly_report,
	&verb_status,
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static bool
takes_value(const struct option_spec *s)
{
	return s->kind != OPTION_FLAG && s->kind != OPTION_HEAD;
}

/*
 * Does the next argument belong to this option? Which view it is for is not
 * known yet, so all of them are asked; one name has one kind in all.
 */
static bool
wants_value(const char *name)
{
	const struct option_program *p;
	size_t v, i, len = strlen(name);
	bool any = options_take_value(name);

	for (v = 0; v < VERBS; v++) {
		p = &verbs[v]->program;
		for (i = 0; i < p->nspecs; i++) {
			if (p->specs[i].name == NULL ||
			    strncmp(p->specs[i].name, name, len) != 0)
				continue;
			if (p->specs[i].name[len] == '\0')
				return takes_value(&p->specs[i]);
			any = any || takes_value(&p->specs[i]);
		}
	}
	return any;
}

/* The place of the first operand in argv; argc where there is none. */
static int
first_operand(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-' || argv[i][1] == '\0')
			return i;
		if (strcmp(argv[i], "--") == 0)
			return argc;
		if (argv[i][1] == '-' && strchr(argv[i], '=') == NULL &&
		    wants_value(argv[i] + 2))
			i++;
	}
	return argc;
}

/*
 * The first operand may be a view's name, which is then taken out; without one
 * it is a sum.
 */
static const struct report_verb *
take_verb(int *argc, char **argv)
{
	int at = first_operand(*argc, argv);
	size_t i;

	for (i = 1; i < VERBS && at < *argc; i++) {
		if (strcmp(argv[at], verbs[i]->name) != 0)
			continue;
		memmove(&argv[at], &argv[at + 1],
		    (size_t)(*argc - at) * sizeof(*argv));
		--*argc;
		return verbs[i];
	}
	return verbs[0];
}

static int
run_verb(const struct report_verb *v, const struct report_options *opts,
    int nargs, char **args)
{
	struct setup s;
	int rc = setup_init(&s, v->program.name, opts);

	/* A status line is drawn too often, and must not wait. */
	if (rc == EXIT_OK && s.config.auto_import && !v->never_fails)
		warm_import();
	if (rc == EXIT_OK || v->never_fails)
		rc = v->run(&s, nargs, args);
	setup_free(&s);
	if (output_finish("tt-report") != 0 && rc == EXIT_OK)
		rc = EXIT_SYSTEM;
	return v->never_fails ? EXIT_OK : rc;
}

int
main(int argc, char **argv)
{
	struct report_options opts = { 0 };
	const struct report_verb *v = take_verb(&argc, argv);
	bool done;
	int nargs;

	if (options_parse(&v->program, &opts, argc, argv, &nargs, &done) != 0)
		return EXIT_USAGE;
	if (done)
		return output_finish("tt-report") == 0 ? EXIT_OK : EXIT_SYSTEM;
	return run_verb(v, &opts, nargs, argv + 1);
}
