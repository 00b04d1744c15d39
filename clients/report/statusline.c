#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/report/agent_state.h"
#include "clients/report/ask.h"
#include "clients/report/block.h"
#include "clients/report/heard.h"
#include "clients/report/invoice.h"
#include "clients/report/line.h"

/* An agent waits for its status line, and kills a late one. */
#define DEADLINE_MS 200
#define INPUT_MAX (256u << 10)
#define HOUR_MS 3600000ll
#define BLOCK_MS (5 * HOUR_MS)
/* Earlier use decides when the block that runs now began. */
#define RUN_UP_MS (29 * HOUR_MS)
#define SLOTS (RUN_UP_MS / BLOCK_SLOT_MS + 1)

enum { MSGID_NOTE = 1, MSGID_SESSION, MSGID_TODAY, MSGID_BLOCK };

static const struct option_spec specs[] = {
	REPORT_HEAD("What"),
	REPORT_OPTION("session", OPTION_TEXT, session, "ID",
	    "that session, or last; stdin is not read then"),
	REPORT_OPTION("format", OPTION_TEXT, format, "FORMAT",
	    "text with {session_cost} {today_cost} {block_left} … and "
	    "[parts that are left out where a value lacks]"),
	REPORT_HEAD("Output"),
	REPORT_OPTION("json", OPTION_FLAG, json, NULL,
	    "JSON: the line as text, and every value"),
	REPORT_MONEY,
	REPORT_OPTION("deadline", OPTION_U64, deadline_ms, "MS",
	    "wait no longer for the ledger (default: 200)"),
	REPORT_CALENDAR,
};

struct statusline {
	struct setup *s;
	const char *format, *session;
	struct agent_state state;
	struct line_values v;
	unsigned pending; /* bit per msgid of replies to wait for */
};

static void
set_str(struct statusline *l, enum line_name name, const char *text)
{
	line_set(&l->v, name, text_of(text));
}

/* --- From the agent --------------------------------------------------------
 */

/* All of stdin, no longer than the deadline. */
static size_t
read_input(const struct setup *s, char *buf, size_t cap)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left;
	size_t len = 0;
	ssize_t n;

	while (len < cap) {
		left = s->deadline_ms - client_now_ms();
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		n = read(STDIN_FILENO, buf + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return len;
}

static void
read_state(struct statusline *l)
{
	char *buf = malloc(INPUT_MAX);
	struct json j = { 0 };
	size_t len;

	if (buf == NULL)
		return;
	len = read_input(l->s, buf, INPUT_MAX);
	if (len > 0 && agent_state_read(&l->state, &j, buf, len) != 0)
		complain(l->s->program, _("stdin is no JSON object"));
	json_release(&j);
	free(buf);
}

/* "24%" of 10^-12 of one percent, rounded half up. */
static void
set_percent(struct statusline *l, enum line_name name, money_sum percent)
{
	char buf[MONEY_TEXT_MAX], text[MONEY_TEXT_MAX + 1];

	money_format_rounded(percent, 0, buf);
	snprintf(text, sizeof(text), "%s%%", buf);
	set_str(l, name, text);
}

static void
set_span(struct statusline *l, enum line_name name, int64_t ms)
{
	char buf[FIGURE_MAX];

	figure_span(ms, buf);
	set_str(l, name, buf);
}

static void
set_context(struct statusline *l, uint64_t used, uint64_t size)
{
	char buf[FIGURE_MAX];
	money_sum percent = (money_sum)used * 100 * MONEY_USD / size;

	set_percent(l, LINE_CONTEXT, percent);
	set_percent(l, LINE_CONTEXT_LEFT,
	    percent > 100 * (money_sum)MONEY_USD
		? 0
		: 100 * (money_sum)MONEY_USD - percent);
	figure_compact(used, buf);
	set_str(l, LINE_CONTEXT_TOKENS, buf);
}

/* A window that has been reset since is not known any more. */
static void
set_window(struct statusline *l, struct text name, money_sum percent,
    int64_t resets_ms)
{
	static const struct {
		const char *name;
		enum line_name used, left;
	} known[] = {
		{ "five_hour", LINE_FIVE_HOUR, LINE_FIVE_HOUR_LEFT },
		{ "seven_day", LINE_SEVEN_DAY, LINE_SEVEN_DAY_LEFT },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!text_is(name, known[i].name) ||
		    l->v.value[known[i].used][0] != '\0')
			continue;
		if (resets_ms != 0 && resets_ms <= l->s->now_ms)
			continue;
		set_percent(l, known[i].used, percent);
		if (resets_ms != 0)
			set_span(l, known[i].left, resets_ms - l->s->now_ms);
	}
}

static void
use_state(struct statusline *l)
{
	const struct agent_state *st = &l->state;
	char buf[FIGURE_MAX];
	size_t i;

	set_str(l, LINE_MODEL, st->model);
	set_str(l, LINE_MODEL_ID, st->model_id);
	set_str(l, LINE_PROJECT, st->project);
	set_str(l, LINE_SESSION, st->session);
	if (st->duration_ms > 0)
		set_span(l, LINE_SESSION_TIME, (int64_t)st->duration_ms);
	if (st->has_cost) {
		figure_money_as(st->cost_pico, setup_decimals(l->s), buf);
		set_str(l, LINE_AGENT_COST, buf);
		set_str(l, LINE_SESSION_COST, buf);
	}
	if (st->context_size > 0)
		set_context(l, st->context_used, st->context_size);
	for (i = 0; i < st->n_windows; i++)
		set_window(l, text_of(st->windows[i].name),
		    st->windows[i].percent, st->windows[i].resets_ms);
}

/* --- Requests --------------------------------------------------------------
 */

static void
pack_windows(const struct agent_state *st, struct packer *k)
{
	size_t i;

	pack_str(k, "windows");
	pack_array(k, (uint32_t)st->n_windows);
	for (i = 0; i < st->n_windows; i++) {
		const struct agent_window *w = &st->windows[i];

		pack_map(k, 2u + (w->resets_ms != 0));
		pack_str(k, "name");
		pack_str(k, w->name);
		pack_str(k, "used_percent");
		pack_money(k, w->percent);
		if (w->resets_ms != 0) {
			pack_str(k, "resets");
			pack_i64(k, w->resets_ms);
		}
	}
}

/* What the agent told, for others who ask; its reply is not waited for. */
static void
pack_note(const struct statusline *l, struct packer *k)
{
	const struct agent_state *st = &l->state;
	bool has_context = st->context_size > 0;

	if (st->session[0] == '\0' || (!has_context && st->n_windows == 0))
		return;
	pack_request(k, MSGID_NOTE, "note");
	pack_map(k, 1u + has_context + (st->n_windows > 0));
	pack_str(k, "session");
	pack_str(k, st->session);
	if (has_context) {
		pack_str(k, "context");
		pack_map(k, 2);
		pack_str(k, "used");
		pack_u64(k, st->context_used);
		pack_str(k, "size");
		pack_u64(k, st->context_size);
	}
	if (st->n_windows > 0)
		pack_windows(st, k);
}

static void
pack_today(struct statusline *l, struct packer *k)
{
	struct report_query q = { .nedges = 2 };
	struct period p;
	char why[PERIOD_WHY_MAX];
	int64_t edges[2];

	if (period_parse(
		"today", &l->s->rules, l->s->now_ms, &p, why, sizeof(why)) != 0)
		return;
	edges[0] = p.from_ms;
	edges[1] = p.to_ms;
	q.edges = edges;
	pack_report(k, MSGID_TODAY, &q);
	l->pending |= 1u << MSGID_TODAY;
}

static int64_t
first_slot(const struct statusline *l)
{
	int64_t now_ms = l->s->now_ms;

	return now_ms - now_ms % BLOCK_SLOT_MS - RUN_UP_MS + BLOCK_SLOT_MS;
}

static void
pack_block(struct statusline *l, struct packer *k)
{
	int64_t edges[SLOTS];
	struct report_query q = { .edges = edges, .nedges = SLOTS };
	size_t i;

	for (i = 0; i < SLOTS; i++)
		edges[i] = first_slot(l) + (int64_t)i * BLOCK_SLOT_MS;
	pack_report(k, MSGID_BLOCK, &q);
	l->pending |= 1u << MSGID_BLOCK;
}

static bool
wants_any(const struct statusline *l, enum line_name first, enum line_name last)
{
	int i;

	for (i = (int)first; i <= (int)last; i++)
		if (l->s->opts->json ||
		    line_wants(l->format, (enum line_name)i))
			return true;
	return false;
}

static void
pack_all(struct statusline *l, struct packer *k)
{
	pack_note(l, k);
	heard_pack(k, MSGID_SESSION, l->session, NULL);
	l->pending |= 1u << MSGID_SESSION;
	if (wants_any(l, LINE_TODAY_COST, LINE_TODAY_CALLS))
		pack_today(l, k);
	if (wants_any(l, LINE_BLOCK_COST, LINE_COST_HOUR))
		pack_block(l, k);
}

/* --- Replies ---------------------------------------------------------------
 */

static void
set_sums(struct statusline *l, enum line_name cost, const struct sums *sums)
{
	char buf[FIGURE_COST_MAX];

	figure_cost_plan(sums, setup_decimals(l->s), buf);
	if (strcmp(buf, "-") != 0)
		set_str(l, cost, buf);
	figure_compact(sums_total_tokens(sums), buf);
	set_str(l, cost + 1, buf);
}

static void
set_calls(struct statusline *l, enum line_name name, const struct sums *sums)
{
	char buf[FIGURE_MAX];

	figure_grouped(sums->n[SUM_CALLS], buf);
	set_str(l, name, buf);
}

/* The model that did most stands for the session. */
static void
set_model(struct statusline *l, const struct answer *a)
{
	const struct report_row *best = NULL;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (best == NULL || sums_total_tokens(&a->rows[i].sums) >
					sums_total_tokens(&best->sums))
			best = &a->rows[i];
	if (best == NULL || l->v.value[LINE_MODEL][0] != '\0')
		return;
	line_set(&l->v, LINE_MODEL, best->key[INVOICE_MODEL]);
	line_set(&l->v, LINE_MODEL_ID, best->key[INVOICE_MODEL]);
}

static void
take_facts(struct statusline *l, const struct heard *h)
{
	struct value list = h->windows;
	struct heard_window w;

	line_set(&l->v, LINE_SESSION, h->session);
	line_set(&l->v, LINE_AGENT, h->agent);
	if (l->v.value[LINE_PROJECT][0] == '\0')
		line_set(&l->v, LINE_PROJECT, h->project);
	if (h->last_ms > 0)
		set_span(l, LINE_SESSION_TIME, h->last_ms - h->first_ms);
	if (h->has_context && l->state.context_size == 0)
		set_context(l, h->context_used, h->context_size);
	while (heard_next_window(&list, &w))
		set_window(l, w.name, w.percent, w.resets_ms);
}

static void
take_session(struct statusline *l, struct wire_cursor result)
{
	struct answer answer;
	struct heard h;

	if (heard_read(result, &h) != 0 ||
	    fetch_rows(h.report, INVOICE_KEYS, &answer) != 0)
		return;
	take_facts(l, &h);
	set_model(l, &answer);
	set_sums(l, LINE_SESSION_COST, &answer.total.sums);
	set_calls(l, LINE_SESSION_CALLS, &answer.total.sums);
	answer_free(&answer);
}

static void
take_today(struct statusline *l, struct wire_cursor result)
{
	struct answer answer;

	if (fetch_rows(result, 0, &answer) != 0)
		return;
	set_sums(l, LINE_TODAY_COST, &answer.total.sums);
	set_calls(l, LINE_TODAY_CALLS, &answer.total.sums);
	answer_free(&answer);
}

static void
set_block(struct statusline *l, const struct block *b)
{
	struct block_pace p;
	char buf[FIGURE_MAX];

	block_pace(b, l->s->now_ms, &p);
	set_sums(l, LINE_BLOCK_COST, &b->sums);
	set_span(l, LINE_BLOCK_LEFT, p.left_ms);
	figure_compact((uint64_t)p.tokens_a_minute, buf);
	set_str(l, LINE_BURN, buf);
	if (b->sums.n[SUM_UNPRICED_CALLS] >= b->sums.n[SUM_CALLS])
		return;
	figure_money_as(p.cost_an_hour, setup_decimals(l->s), buf);
	set_str(l, LINE_COST_HOUR, buf);
}

static void
take_block(struct statusline *l, struct wire_cursor result)
{
	struct block blocks[SLOTS];
	int64_t edges[SLOTS];
	struct answer answer;
	size_t i, n = 0;

	for (i = 0; i < SLOTS; i++)
		edges[i] = first_slot(l) + (int64_t)i * BLOCK_SLOT_MS;
	if (fetch_rows(result, 0, &answer) != 0)
		return;
	if (answer.n < SLOTS &&
	    (answer.n == 0 || answer.rows[answer.n - 1].period + 1 < SLOTS))
		n = block_find(edges, answer.rows, answer.n, BLOCK_MS,
		    l->s->now_ms, blocks);
	if (n > 0 && blocks[n - 1].is_active)
		set_block(l, &blocks[n - 1]);
	answer_free(&answer);
}

static void
take_reply(struct statusline *l, const struct reply *r)
{
	static void (*const take[])(struct statusline *, struct wire_cursor) = {
		[MSGID_SESSION] = take_session,
		[MSGID_TODAY] = take_today,
		[MSGID_BLOCK] = take_block,
	};

	if (r->msgid > MSGID_BLOCK || take[r->msgid] == NULL)
		return;
	l->pending &= ~(1u << r->msgid);
	if (!r->is_error)
		take[r->msgid](l, r->result);
}

/*
 * One round trip; replies come in any order. A daemon that is not there is not
 * started: that would take longer than an agent waits.
 */
static void
ask_ledger(struct statusline *l)
{
	struct client *c = &l->s->client;
	struct packer k = { 0 };
	struct reply reply;
	enum client_result r;

	r = client_connect(c, l->s->places.socket, l->s->deadline_ms);
	if (r == CLIENT_OK) {
		pack_all(l, &k);
		r = client_send(c, &k, l->s->deadline_ms);
		packer_free(&k);
	}
	while (r == CLIENT_OK && l->pending != 0) {
		r = client_message(c, l->s->deadline_ms);
		if (r == CLIENT_OK &&
		    unpack_reply(c->in, c->taken, &reply) == 0)
			take_reply(l, &reply);
	}
}

/* --- Output ----------------------------------------------------------------
 */

static void
put_json(const struct statusline *l, const char *line)
{
	int i;

	fputs("{\"schema_version\":1,\"text\":", stdout);
	json_put_str(stdout, line);
	for (i = 0; i < LINE_NAMES; i++) {
		printf(",\"%s\":", line_names[i]);
		if (l->v.value[i][0] != '\0')
			json_put_str(stdout, l->v.value[i]);
		else
			fputs("null", stdout);
	}
	fputs("}\n", stdout);
}

static int
run(struct setup *s, int nargs, char **args)
{
	struct statusline l = { .s = s, .session = s->opts->session };
	char line[LINE_MAX_BYTES];

	(void)args;
	if (nargs > 0)
		complain(s->program, _("statusline takes no operand"));
	s->deadline_ms =
	    client_now_ms() + (s->opts->deadline_ms > 0
				      ? (int64_t)s->opts->deadline_ms
				      : DEADLINE_MS);
	s->now_ms = client_wall_ms();
	l.format = s->opts->format;
	if (l.format == NULL)
		l.format = _("{model}[ | {session_cost} session]"
			     "[ | {session_tokens} tokens]"
			     "[ | {today_cost} today][ | 5h {five_hour}]"
			     "[ | 7d {seven_day}][ | context {context}]");
	if (l.session == NULL && !isatty(STDIN_FILENO))
		read_state(&l);
	use_state(&l);
	if (l.session == NULL)
		l.session =
		    l.state.session[0] != '\0' ? l.state.session : "last";
	ask_ledger(&l);
	line_format(l.format, &l.v, line);
	if (s->opts->json)
		put_json(&l, line);
	else
		puts(line);
	return EXIT_OK;
}

const struct report_verb verb_statusline = {
	.name = "statusline",
	.program = {
		.name = "tt-report statusline",
		.synopsis = N_("[--format FORMAT] [OPTION…]"),
		.summary = N_("One line for a status bar: reads Claude Code's "
			   "JSON on stdin, or shows one session."),
		.specs = specs,
		.nspecs = sizeof(specs) / sizeof(specs[0]),
	},
	.never_fails = true,
	.run = run,
};
