#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

#define MSGID 1
#define PATIENCE_MS 600000

static const struct option_spec specs[] = {
	REPORT_HEAD(N_("What to do")),
	REPORT_OPTION("before", OPTION_TEXT, before, "DATE",
	    N_("of calls that finished before that UTC day; required")),
	REPORT_OPTION(
	    "dry-run", OPTION_FLAG, dry_run, NULL, N_("change nothing")),
	REPORT_OPTION("yes", OPTION_FLAG, yes, NULL, N_("do not ask")),
	REPORT_HEAD(N_("Output")),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, N_("JSON")),
	REPORT_COMMON,
};

struct prune {
	struct setup *s;
	int64_t before_ms;
	uint64_t pruned, bytes;
};

static int
ask(struct prune *p, bool dry_run)
{
	struct setup *s = p->s;
	struct packer k = { 0 };
	enum client_result r;
	struct value v;

	pack_request(&k, MSGID, "prune");
	pack_map(&k, 2);
	pack_str(&k, "before");
	pack_i64(&k, p->before_ms);
	pack_str(&k, "dry_run");
	pack_bool(&k, dry_run);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	v = fetch_value(s->client.reply.result);
	p->pruned = fetch_u64(&v, "pruned");
	p->bytes = fetch_u64(&v, "bytes");
	return EXIT_OK;
}

static void
put(const struct prune *p, bool applied)
{
	char calls[FIGURE_MAX], bytes[FIGURE_MAX];

	if (p->s->opts->json) {
		printf("{\"schema_version\":1,\"before\":\"%s\",\"applied\":%s,"
		       "\"pruned\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n",
		    p->s->opts->before, applied ? "true" : "false", p->pruned,
		    p->bytes);
		return;
	}
	figure_grouped(p->pruned, calls);
	figure_grouped(p->bytes, bytes);
	printf(applied
		   ? _("The detail of %s calls was dropped, %s bytes; every "
		       "sum is as it was.\n")
		   : _("The detail of %s calls would be dropped, %s "
		       "bytes; every sum would stay.\n"),
	    calls, bytes);
}

static int
confirm(const struct setup *s)
{
	char line[16] = "";

	if (s->opts->yes)
		return EXIT_OK;
	if (s->opts->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return setup_refuse(s,
		    _("nothing was changed: --yes is needed where nobody can "
		      "be asked"));
	fflush(stdout);
	fprintf(stderr, "%s [y/N] ", _("Drop it for ever?"));
	if (fgets(line, sizeof(line), stdin) != NULL &&
	    (line[0] == 'y' || line[0] == 'Y'))
		return EXIT_OK;
	complain("tt-report", "%s", _("nothing was changed"));
	return EXIT_NO;
}

static int
read_before(struct prune *p)
{
	const char *text = p->s->opts->before;
	char why[160], start[64];
	struct civil day;
	int n;

	if (text == NULL)
		return setup_refuse(p->s, _("--before DATE is required"));
	if (calendar_parse_date(text, strlen(text), &day) != 0) {
		snprintf(why, sizeof(why),
		    _("--before: %.40s is not a date (2026-01-31)"), text);
		return setup_refuse(p->s, why);
	}
	n = snprintf(start, sizeof(start), "%.10sT00:00:00Z", text);
	if (calendar_parse_time(start, (size_t)n, &p->before_ms, NULL) != 0)
		return setup_refuse(p->s, _("--before DATE is required"));
	return EXIT_OK;
}

/* What would be dropped is told in any case, before it is. */
static int
run(struct setup *s, int nargs, char **args)
{
	struct prune p = { .s = s };
	int rc;

	(void)args;
	if (nargs > 0)
		return setup_refuse(s, _("prune takes no operand"));
	rc = read_before(&p);
	setup_allow(s, PATIENCE_MS);
	if (rc == EXIT_OK)
		rc = setup_connect(s);
	if (rc == EXIT_OK)
		rc = ask(&p, true);
	if (rc != EXIT_OK)
		return rc;
	if (!s->opts->json || s->opts->dry_run)
		put(&p, false);
	if (s->opts->dry_run || p.pruned == 0)
		return EXIT_OK;
	rc = confirm(s);
	if (rc == EXIT_OK)
		rc = ask(&p, false);
	if (rc == EXIT_OK)
		put(&p, true);
	return rc;
}

const struct report_verb verb_prune = {
	.name = "prune",
	.program = {
		.name = "tt-report prune",
		.synopsis = N_("--before DATE [OPTION…]"),
		.summary = N_("Drops the detail of old calls and keeps every sum: "
			   "they can no longer be explained, exported or "
			   "priced anew, and are never counted again."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};
