#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/figure.h"
#include "clients/common/output.h"
#include "clients/common/spool.h"
#include "clients/common/text_lang.h"
#include "clients/report/fetch.h"
#include "clients/report/setup.h"

static const struct option_spec specs[] = {
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL, "JSON"),
	REPORT_OPTION(
	    "tz", OPTION_TEXT, tz, "ZONE", "time zone, as Europe/Berlin"),
	REPORT_COMMON,
};

struct status {
	const struct setup *s;
	struct value all, store, spool, sources;
	uint64_t waiting; /* requests in the spool that nobody took in yet */
};

static bool
is_spooled(const char *name)
{
	const size_t len = strlen(name), suffix = strlen(SPOOL_SUFFIX);

	return len > suffix && name[0] != '.' &&
	       strcmp(name + len - suffix, SPOOL_SUFFIX) == 0;
}

static uint64_t
count_spooled(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	uint64_t n = 0;

	if (dir == NULL)
		return 0;
	while ((e = readdir(dir)) != NULL)
		n += is_spooled(e->d_name);
	closedir(dir);
	return n;
}

static void
json_texts(const struct value *map, const char *const *keys, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		printf("%s\"%s\":", i > 0 ? "," : "", keys[i]);
		json_put_text(stdout, fetch_text(map, keys[i]));
	}
}

static void
json_numbers(const struct value *map, const char *const *keys, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		printf(",\"%s\":%" PRIu64, keys[i], fetch_u64(map, keys[i]));
}

/* The time of a key, under a name; 0 is null. */
static void
json_time(const struct value *map, const char *key, const char *name)
{
	uint64_t ms = fetch_u64(map, key);
	char buf[CALENDAR_TEXT_MAX];

	printf(",\"%s\":", name);
	if (ms == 0) {
		fputs("null", stdout);
		return;
	}
	calendar_format_time((int64_t)ms, buf);
	printf("\"%s\"", buf);
}

static void
json_store(const struct status *st)
{
	static const char *const texts[] = { "path" };
	static const char *const numbers[] = { "schema", "events", "calls",
		"sessions", "bytes", "map_bytes" };

	fputs(",\n \"store\":{", stdout);
	json_texts(&st->store, texts, 1);
	json_numbers(&st->store, numbers, 6);
	json_time(&st->store, "first_ts", "first");
	json_time(&st->store, "last_ts", "last");
	putchar('}');
}

static void
json_sources(const struct status *st)
{
	static const char *const texts[] = { "machine", "agent", "source" };
	static const char *const numbers[] = { "events" };
	struct value list = st->sources, source;
	bool first = true;

	fputs(",\n \"sources\":[", stdout);
	for (; fetch_next(&list, &source); first = false) {
		fputs(first ? "\n  {" : ",\n  {", stdout);
		json_texts(&source, texts, 3);
		json_numbers(&source, numbers, 1);
		json_time(&source, "last", "last");
		putchar('}');
	}
	fputs("]}\n", stdout);
}

static void
put_json(const struct status *st)
{
	static const char *const texts[] = { "version", "machine", "socket",
		"config" };
	static const char *const numbers[] = { "pid", "uptime_ms",
		"connections", "buffered_bytes", "puts", "commits",
		"rejected" };
	static const char *const spool[] = { "taken", "bad" };

	fputs("{\"schema_version\":1,\n ", stdout);
	json_texts(&st->all, texts, 4);
	json_numbers(&st->all, numbers, 7);
	printf(",\"autostarted\":%s",
	    fetch_bool(&st->all, "autostarted") ? "true" : "false");
	json_store(st);
	printf(",\n \"spool\":{\"waiting\":%" PRIu64, st->waiting);
	json_numbers(&st->spool, spool, 2);
	putchar('}');
	json_sources(st);
}

static void
put_path(const char *title, const struct value *map, const char *key)
{
	lang_pad(stdout, title, 10);
	table_put_clean(stdout, fetch_text(map, key));
	putchar('\n');
}

static void
put_daemon(const struct status *st)
{
	char up[FIGURE_MAX], version[80];
	int pid;

	figure_duration((int64_t)fetch_u64(&st->all, "uptime_ms"), up);
	table_clean(fetch_text(&st->all, "version"), version, sizeof(version));
	pid = (int)fetch_u64(&st->all, "pid");
	if (fetch_bool(&st->all, "autostarted"))
		printf(_("daemon    collectord %s, pid %d, up %s, started by a "
			 "client\n"),
		    version, pid, up);
	else
		printf(_("daemon    collectord %s, pid %d, up %s\n"), version,
		    pid, up);
	put_path(_("socket"), &st->all, "socket");
	put_path(_("config"), &st->all, "config");
	put_path(_("machine"), &st->all, "machine");
}

static void
put_store(const struct status *st)
{
	uint64_t first = fetch_u64(&st->store, "first_ts");
	uint64_t last = fetch_u64(&st->store, "last_ts");
	char size[FIGURE_MAX], events[FIGURE_MAX], calls[FIGURE_MAX],
	    sessions[FIGURE_MAX], from[CALENDAR_TEXT_MAX],
	    to[CALENDAR_TEXT_MAX];

	figure_bytes(fetch_u64(&st->store, "bytes"), size);
	figure_grouped(fetch_u64(&st->store, "events"), events);
	figure_grouped(fetch_u64(&st->store, "calls"), calls);
	figure_grouped(fetch_u64(&st->store, "sessions"), sessions);
	put_path(_("store"), &st->store, "path");
	printf(_("          %s, schema %d: %s events, %s calls, %s sessions\n"),
	    size, (int)fetch_u64(&st->store, "schema"), events, calls,
	    sessions);
	if (first == 0)
		return;
	calendar_format_date(calendar_day_of((int64_t)first, 0), from);
	calendar_format_date(calendar_day_of((int64_t)last, 0), to);
	printf(_("          calls of %s to %s\n"), from, to);
}

static void
put_spool(const struct status *st)
{
	char waiting[FIGURE_MAX], taken[FIGURE_MAX], bad[FIGURE_MAX];

	figure_grouped(st->waiting, waiting);
	figure_grouped(fetch_u64(&st->spool, "taken"), taken);
	figure_grouped(fetch_u64(&st->spool, "bad"), bad);
	printf(_("spool     %s waiting, %s taken in, %s refused\n"), waiting,
	    taken, bad);
}

static void
put_source(struct table *t, const struct value *source, int64_t now_ms)
{
	static const char *const texts[] = { "agent", "source", "machine" };
	int64_t last = (int64_t)fetch_u64(source, "last");
	char buf[FIGURE_MAX];
	struct text text;
	size_t i;

	for (i = 0; i < 3; i++) {
		text = fetch_text(source, texts[i]);
		table_text(t, text.len > 0 ? text : text_of(_("(none)")));
	}
	figure_grouped(fetch_u64(source, "events"), buf);
	table_str(t, buf);
	figure_ago(now_ms - last, buf);
	table_str(t, buf);
	calendar_format_time(last - last % 1000, buf);
	table_str(t, buf);
}

static int
put_sources(const struct status *st)
{
	struct value list = st->sources, source;
	struct table *t;

	if (list.n == 0) {
		puts(_("sources   none was heard yet"));
		return EXIT_OK;
	}
	putchar('\n');
	t = table_new();
	table_column(t, _("agent"), TABLE_TRUNC);
	table_column(t, _("source"), 0);
	table_column(t, _("machine"), TABLE_TRUNC);
	table_column(t, _("events"), TABLE_RIGHT);
	table_column(t, _("last heard"), 0);
	table_column(t, _("at"), 0);
	while (fetch_next(&list, &source))
		put_source(t, &source, st->s->now_ms);
	return setup_print(st->s, t);
}

static int
show(const struct status *st)
{
	if (st->s->opts->json) {
		put_json(st);
		return EXIT_OK;
	}
	put_daemon(st);
	put_store(st);
	put_spool(st);
	return put_sources(st);
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct status st = { .s = s };
	struct wire_cursor result;
	enum client_result r;
	char why[120];
	int rc;

	if (nargs > 0) {
		snprintf(why, sizeof(why),
		    _("status takes no operand: what is \"%.60s\"?"), args[0]);
		return setup_refuse(s, why);
	}
	rc = setup_connect(s);
	if (rc != EXIT_OK)
		return rc;
	r = fetch_status(&s->client, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	result = s->client.reply.result;
	if (unpack_value(&result, &st.all) != 0)
		st.all.type = VALUE_NIL;
	fetch_member(&st.all, "store", &st.store);
	fetch_member(&st.all, "spool", &st.spool);
	fetch_member(&st.all, "sources", &st.sources);
	st.waiting = count_spooled(s->places.spool);
	return show(&st);
}

const struct report_verb verb_status = {
	.name = "status",
	.program = {
		.name = "tt-report status",
		.synopsis = N_("[OPTION…]"),
		.summary = N_("The daemon, its store, and when each source was "
			   "last heard."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};
