#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/output.h"
#include "clients/provider/progress.h"
#include "clients/provider/provider.h"

#define MSGID 1
#define PATIENCE_MS 900000
#define DATE_LENGTH 10

static const struct option_spec specs[] = { PROVIDER_OUTPUT };

struct syncing {
	struct setup *s;
	bool is_live, is_shown;
};

/* Only for people who look on. */
static void
show_progress(struct syncing *y, const struct value *p)
{
	struct progress it = { fetch_text(p, "name"), fetch_text(p, "feed"),
		fetch_u64(p, "pages"), fetch_u64(p, "rows") };

	progress_show(&it);
	y->is_shown = true;
}

static void
clear_progress(struct syncing *y)
{
	if (y->is_shown)
		fputs("\r\033[K", stderr);
	y->is_shown = false;
}

static int
send_request(struct setup *s, const char *name)
{
	struct packer k = { 0 };
	enum client_result r;

	pack_request(&k, MSGID, "provider_sync");
	pack_map(&k, name != NULL);
	if (name != NULL) {
		pack_str(&k, "name");
		pack_str(&k, name);
	}
	r = client_send(&s->client, &k, s->deadline_ms);
	packer_free(&k);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

static int
fail(struct setup *s, enum client_result r, const char *name)
{
	if (name == NULL || r != CLIENT_EREFUSED ||
	    s->client.reply.error.code != ERR_DENIED)
		return provider_failed(s, r, name);
	complain(PROVIDER_NAME,
	    _("%.80s is disabled: tt-provider enable %.80s"), name, name);
	return EXIT_REFUSED;
}

static void
take_notification(struct syncing *y, const struct request *rq)
{
	struct value v = fetch_value(rq->params);

	if (y->is_live && text_is(rq->method, "sync") && v.type == VALUE_MAP)
		show_progress(y, &v);
}

/* How it goes, until it is over: the reply is then in c->reply. */
static enum client_result
wait_for_end(struct syncing *y)
{
	struct client *c = &y->s->client;
	struct request rq;
	struct error err;
	enum client_result r;

	for (;;) {
		r = client_message(c, y->s->deadline_ms);
		if (r != CLIENT_OK)
			return r;
		if (unpack_reply(c->in, c->taken, &c->reply) == 0)
			return client_judge(c);
		if (unpack_request(c->in, c->taken, &rq, &err) == 0 &&
		    rq.is_notification)
			take_notification(y, &rq);
	}
}

static bool
has_outcome(const struct value *row, const char *outcome)
{
	return text_is(fetch_text(row, "outcome"), outcome);
}

static bool
has_answered(struct value list, struct text name)
{
	struct value row;

	while (fetch_next(&list, &row))
		if (text_eq(fetch_text(&row, "name"), name) &&
		    has_outcome(&row, "ok"))
			return true;
	return false;
}

/* What an account or its key does not have is no failure where it has more. */
static bool
is_good(struct value list, const struct value *row)
{
	if (has_outcome(row, "absent") || has_outcome(row, "denied"))
		return has_answered(list, fetch_text(row, "name"));
	return has_outcome(row, "ok");
}

static void
put_json(struct value list)
{
	struct value row;
	bool first = true;

	fputs("{\"schema_version\":1,\n \"results\":[", stdout);
	for (; fetch_next(&list, &row); first = false) {
		fputs(first ? "\n  {" : ",\n  {", stdout);
		provider_json_text(&row, "name");
		putchar(',');
		provider_json_text(&row, "feed");
		putchar(',');
		provider_json_text(&row, "outcome");
		printf(",\"rows\":%" PRIu64 ",", fetch_u64(&row, "rows"));
		provider_json_text(&row, "error");
		putchar(',');
		provider_json_time(&row, "until", "until");
		putchar('}');
	}
	fputs("]}\n", stdout);
}

static bool
is_alike(const struct value *a, const struct value *b, const char *member)
{
	return text_eq(fetch_text(a, member), fetch_text(b, member));
}

/* How many rows have the account and the error; of those in front of it too. */
static size_t
count_alike(struct value list, size_t n, const struct value *row)
{
	struct value other;
	size_t alike = 0;

	for (; n > 0 && fetch_next(&list, &other); n--)
		alike += is_alike(&other, row, "name") &&
			 is_alike(&other, row, "error");
	return alike;
}

/* "costs, usage": of an account, what came to the same. */
static void
join_feeds(struct value list, const struct value *row, char *buf, size_t cap)
{
	char feed[200];
	struct value other;
	size_t len = 0;

	buf[0] = '\0';
	while (fetch_next(&list, &other)) {
		if (!is_alike(&other, row, "name") ||
		    !is_alike(&other, row, "error"))
			continue;
		table_clean(fetch_text(&other, "feed"), feed, sizeof(feed));
		snprintf(
		    buf + len, cap - len, "%s%s", len > 0 ? _(", ") : "", feed);
		len += strlen(buf + len);
	}
}

/* ", again from 14:02", or with the day where that is another. */
static void
put_until(const struct setup *s, const struct value *row)
{
	int64_t until_ms = (int64_t)fetch_u64(row, "until");
	char now[CALENDAR_TEXT_MAX], until[CALENDAR_TEXT_MAX];
	bool is_today;

	if (until_ms == 0)
		return;
	calendar_format_time(s->now_ms, now);
	calendar_format_time(until_ms, until);
	is_today = strncmp(now, until, DATE_LENGTH) == 0;
	until[DATE_LENGTH] = ' ';
	until[DATE_LENGTH + 6] = '\0';
	printf(_(", again from %s"), until + (is_today ? DATE_LENGTH + 1 : 0));
}

static void
put_error(const struct setup *s, struct value list, const struct value *row)
{
	char name[200], feeds[800], said[PROVIDER_SAID_MAX];
	bool is_of_all = count_alike(list, list.n, row) > 1;

	table_clean(fetch_text(row, "name"), name, sizeof(name));
	join_feeds(list, row, feeds, sizeof(feeds));
	provider_said(fetch_text(row, "error"), said);
	if (has_outcome(row, "denied"))
		printf(
		    _("%s: this key does not see %s: %s"), name, feeds, said);
	else if (is_of_all || feeds[0] == '\0')
		printf(_("%s: %s"), name, said);
	else
		printf(_("%s, %s: %s"), name, feeds, said);
	put_until(s, row);
	putchar('\n');
	if (has_outcome(row, "bad_key"))
		provider_tell_remedy(name);
}

/* Whole, which a column of a table is too narrow for, and each once. */
static void
put_errors(const struct setup *s, struct value list)
{
	struct value rest = list, row;

	for (size_t n = 0; fetch_next(&rest, &row); n++)
		if (fetch_text(&row, "error").len > 0 &&
		    count_alike(list, n, &row) == 0)
			put_error(s, list, &row);
}

static void
put_row(struct table *t, const struct value *row, bool has_rows)
{
	char rows[FIGURE_MAX];

	table_text(t, fetch_text(row, "name"));
	table_text(t, fetch_text(row, "feed"));
	table_text(t, provider_outcome(fetch_text(row, "outcome")));
	if (!has_rows)
		return;
	figure_grouped(fetch_u64(row, "rows"), rows);
	table_str(t, rows);
}

static bool
is_first_of(struct value list, const struct value *row)
{
	struct text name = fetch_text(row, "name");
	struct value other;

	while (fetch_next(&list, &other) && other.rest.p != row->rest.p)
		if (text_eq(fetch_text(&other, "name"), name))
			return false;
	return true;
}

/* They come as they end, several accounts at a time: shown one by one. */
static void
put_accounts(struct table *t, struct value list, bool has_rows)
{
	struct value firsts = list, rest, first, row;

	while (fetch_next(&firsts, &first)) {
		if (!is_first_of(list, &first))
			continue;
		for (rest = list; fetch_next(&rest, &row);)
			if (text_eq(fetch_text(&row, "name"),
				fetch_text(&first, "name")))
				put_row(t, &row, has_rows);
	}
}

static struct table *
draw(struct value list, bool has_rows)
{
	struct table *t = table_new();

	table_column(t, _("account"), TABLE_TRUNC);
	table_column(t, _("asked for"), 0);
	table_column(t, _("outcome"), TABLE_TRUNC);
	if (has_rows)
		table_column(t, _("rows"), TABLE_RIGHT);
	put_accounts(t, list, has_rows);
	return t;
}

static int
put_table(const struct setup *s, struct value list)
{
	struct table *t = draw(list, true);
	size_t width = setup_width(s);
	int rc;

	if (width > 0 && table_width(t) > width) {
		table_free(t);
		t = draw(list, false);
	}
	rc = setup_print(s, t);
	put_errors(s, list);
	return rc;
}

static int
show(const struct setup *s, struct value list)
{
	struct value rest = list, row;
	int rc = EXIT_OK;

	if (s->opts->json)
		put_json(list);
	else if (list.n == 0)
		puts(_("No account is enabled: nothing was asked."));
	else
		rc = put_table(s, list);
	while (rc == EXIT_OK && fetch_next(&rest, &row))
		if (!is_good(list, &row))
			rc = EXIT_NO;
	return rc;
}

static bool
is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

static int
sync_accounts(struct syncing *y, const char *name)
{
	struct setup *s = y->s;
	struct value all, list;
	enum client_result r;
	int rc = setup_connect(s);

	setup_allow(s, PATIENCE_MS);
	if (rc == EXIT_OK)
		rc = send_request(s, name);
	if (rc != EXIT_OK)
		return rc;
	r = wait_for_end(y);
	clear_progress(y);
	if (r != CLIENT_OK)
		return fail(s, r, name);
	all = fetch_value(s->client.reply.result);
	fetch_member(&all, "results", &list);
	return show(s, list);
}

static int
run(struct setup *s, const struct provider_options *o, int nargs, char **args)
{
	struct syncing y = { .s = s, .is_live = is_terminal() };
	const char *name;
	int rc = provider_take_name(nargs, args, &name);

	(void)o;
	return rc == EXIT_OK ? sync_accounts(&y, name) : rc;
}

const struct provider_verb provider_sync = {
	.verb.name = "sync",
	.verb.program = {
		.name = "tt-provider sync",
		.synopsis = N_("[NAME] [OPTION…]"),
		.summary = N_("Asks one account, or all that are enabled, now. "
			      "Exit code 1: some did not answer as they "
			      "should."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.run = run,
};
