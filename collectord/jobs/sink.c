#include "collectord/jobs/sink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/clock.h"
#include "collectord/jobs/notice_body.h"
#include "collectord/jobs/sink_command.h"
#include "collectord/jobs/sink_webhook.h"
#include "collectord/ledger/alerts/notices.h"
#include "collectord/log.h"
#include "collectord/sink_config.h"
#include "proto/notice_text.h"

#define SECOND_MS 1000ll
#define DAY_MS 86400000ll
#define WAIT_MAX_MS 600000ll
#define STORE_WAIT_MS 60000ll
#define DOUBLINGS_MAX 10u
/* A notice is given up when it is a day old and was tried as often as this: the
 * first day of a machine that was off is not over at once. */
#define TRIES_MIN 10u

enum sink_state {
	SINK_IDLE,
	SINK_SENDING, /* a request or a program has the notice */
	SINK_WAITING, /* to send it (again) */
	SINK_SAVING,  /* its mark, on the thread that commits */
	SINK_RESTING, /* the store could not be read or written */
	SINK_STATES
};

struct sink {
	struct sinks *all;
	struct sink *next;
	struct sink_config config;
	enum sink_state state;
	bool is_retired; /* it is freed when nothing of it is under way */
	bool is_marked;  /* mark is the ledger's, or newer */
	uint64_t mark;   /* told up to here */
	uint64_t saved;  /* as the ledger has it; UINT64_MAX: it does not */
	/* The notice it is at. */
	uint64_t number;
	int64_t made_ms;
	unsigned tries;
	unsigned streak; /* tries that failed since one did not */
	int rc;          /* of saving */
	struct notice_body body;
	struct due due;
	struct batch_task task;
	struct http_request request;
	struct sink_command command;
};

static const char *const state_names[SINK_STATES] = {
	[SINK_IDLE] = "idle",
	[SINK_SENDING] = "sending",
	[SINK_WAITING] = "waiting",
	[SINK_SAVING] = "saving",
	[SINK_RESTING] = "resting",
};

static void go_on(struct sink *s);

/* --- Waiting ---------------------------------------------------------------
 */

static void
wait_for(struct sink *s, enum sink_state state, int64_t ms)
{
	s->state = state;
	timers_in(s->all->timers, &s->due, ms);
}

static int64_t
back_off(const struct sink *s, int64_t asked_ms)
{
	unsigned n = s->streak - 1;
	int64_t ms = SECOND_MS << (n < DOUBLINGS_MAX ? n : DOUBLINGS_MAX);

	ms = ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
	ms = ms > asked_ms ? ms : asked_ms;
	return ms < DAY_MS ? ms : DAY_MS;
}

/* --- The mark --------------------------------------------------------------
 */

static void
unlink_sink(struct sink *s)
{
	struct sink **link = &s->all->first;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
}

static void
free_if_over(struct sink *s)
{
	if (s->state == SINK_SENDING || s->state == SINK_SAVING)
		return;
	unlink_sink(s);
	sink_config_release(&s->config);
	free(s);
}

/* On the thread that commits. */
static bool
on_save(struct batch_task *task)
{
	struct sink *s = task->data;

	s->rc = ledger_set_sink_mark(
	    s->all->ledger, text_of(s->config.name), s->mark);
	return false;
}

static void
on_saved(struct batch_task *task)
{
	struct sink *s = task->data;

	s->state = SINK_IDLE;
	if (s->rc == 0)
		s->saved = s->mark;
	if (s->is_retired)
		free_if_over(s);
	else if (s->rc != 0)
		wait_for(s, SINK_RESTING, STORE_WAIT_MS);
	else
		go_on(s);
}

static void
save(struct sink *s)
{
	s->state = SINK_SAVING;
	batch_run(s->all->batch, &s->task);
}

/* 0, or what the store says. A sink that is new begins with what is to come. */
static int
read_mark(struct sink *s)
{
	int rc =
	    ledger_sink_mark(s->all->ledger, text_of(s->config.name), &s->mark);

	if (rc < 0)
		return rc;
	s->saved = s->mark;
	if (rc == STORE_NOTFOUND) {
		s->mark = ledger_last_notice(s->all->ledger);
		s->saved = UINT64_MAX;
	}
	s->is_marked = true;
	return 0;
}

/* --- Sending ---------------------------------------------------------------
 */

static void
settle(struct sink *s)
{
	s->mark = s->number;
	s->tries = 0;
	save(s);
}

static void
succeed(struct sink *s)
{
	log_at(s->streak > 0 ? LOGL_INFO : LOGL_DEBUG, "sink",
	    "op=told sink=%s notice=%ju tries=%u", s->config.name,
	    (uintmax_t)s->number, s->tries + 1);
	s->streak = 0;
	settle(s);
}

static void
fail(struct sink *s, const char *why, int64_t asked_ms)
{
	int64_t ms;

	s->tries++;
	s->streak++;
	ms = back_off(s, asked_ms);
	if (s->tries >= TRIES_MIN && clock_now_ms() - s->made_ms >= DAY_MS) {
		log_warn("sink",
		    "op=give-up sink=%s notice=%ju tries=%u err=\"%s\"",
		    s->config.name, (uintmax_t)s->number, s->tries, why);
		settle(s);
		return;
	}
	log_at(s->streak == 1 ? LOGL_WARN : LOGL_DEBUG, "sink",
	    "op=deliver sink=%s notice=%ju tries=%u again_s=%lld err=\"%s\"",
	    s->config.name, (uintmax_t)s->number, s->tries,
	    (long long)(ms / SECOND_MS), why);
	wait_for(s, SINK_WAITING, ms);
}

/* why: NULL, or why it was not taken. */
static void
end_try(struct sink *s, const char *why, int64_t asked_ms)
{
	s->state = SINK_IDLE;
	if (s->is_retired)
		free_if_over(s);
	else if (why == NULL)
		succeed(s);
	else
		fail(s, why, asked_ms);
}

static void
on_command_done(struct sink_command *c, const char *why)
{
	struct sink *s =
	    (struct sink *)((char *)c - offsetof(struct sink, command));

	end_try(s, why, 0);
}

static void
on_answer(struct http_request *r)
{
	struct sink *s = r->data;
	char why[SINK_WHY_MAX];

	end_try(
	    s, sink_webhook_was_taken(r, why) ? NULL : why, r->retry_after_ms);
}

static void
send_notice(struct sink *s)
{
	s->state = SINK_SENDING;
	if (s->config.url == NULL) {
		sink_command_start(&s->command, s->all->loop, s->config.argv,
		    (struct text){ s->body.p, (uint32_t)s->body.len },
		    s->config.timeout_ms);
		return;
	}
	sink_webhook_fill(&s->request, &s->config, &s->body);
	if (http_start(s->all->http, &s->request) != 0)
		end_try(s, http_error_names[s->request.error], 0);
}

/* --- Notices ---------------------------------------------------------------
 */

static bool
wants(const struct sink *s, const struct notice *n)
{
	return (s->config.kinds >> n->kind & 1) != 0 &&
	       n->level >= s->config.level;
}

/* A notice as the ledger packs it. False: it is none for this sink. */
static bool
dress(struct sink *s, const struct packer *k)
{
	struct wire_cursor c = { (const uint8_t *)k->p,
		(const uint8_t *)k->p + k->len };
	char text[NOTICE_TEXT_MAX];
	struct notice n;
	size_t len;

	if (k->failed || unpack_notice(&c, &n) != 0 || !wants(s, &n))
		return false;
	len = notice_text(
	    &n, s->config.is_zh ? s->all->zh : notice_sentences, text);
	notice_body_make(
	    &s->body, s->config.body, &n, (struct text){ text, (uint32_t)len });
	s->made_ms = n.made_ms;
	return !s->body.failed;
}

/* Those that are not for it are passed over. 0: s->body has the next. */
static int
find_next(struct sink *s)
{
	struct packer k = { .p = NULL };
	bool is_found = false;
	int rc = 0;

	while (rc == 0 && !is_found) {
		packer_clear(&k);
		rc =
		    ledger_next_notice(s->all->ledger, s->mark, &k, &s->number);
		if (rc == 0)
			is_found = dress(s, &k);
		if (rc == 0 && !is_found)
			s->mark = s->number;
	}
	packer_free(&k);
	return rc;
}

/* Whoever has failed before is not tried before its time. */
static void
begin(struct sink *s)
{
	if (s->streak == 0) {
		send_notice(s);
		return;
	}
	log_debug("sink", "op=wait sink=%s notice=%ju", s->config.name,
	    (uintmax_t)s->number);
	wait_for(s, SINK_WAITING, back_off(s, 0));
}

static void
go_on(struct sink *s)
{
	int rc = s->is_marked ? 0 : read_mark(s);

	if (rc == 0)
		rc = find_next(s);
	if (rc == 0)
		begin(s);
	else if (rc != STORE_NOTFOUND)
		wait_for(s, SINK_RESTING, STORE_WAIT_MS);
	else if (s->mark != s->saved)
		save(s);
}

static void
on_due(struct due *d)
{
	struct sink *s =
	    (struct sink *)((char *)d - offsetof(struct sink, due));

	if (s->state == SINK_WAITING) {
		send_notice(s);
		return;
	}
	s->state = SINK_IDLE;
	if (s->is_marked && s->mark != s->saved)
		save(s);
	else
		go_on(s);
}

/* --- All of them -----------------------------------------------------------
 */

void
sinks_init(struct sinks *all, uv_loop_t *loop, struct http *http,
    struct timers *timers, struct batch *batch, struct ledger *ledger,
    const char *const *zh)
{
	*all = (struct sinks){ .loop = loop,
		.http = http,
		.timers = timers,
		.batch = batch,
		.ledger = ledger,
		.zh = zh };
}

static void
retire(struct sink *s)
{
	if (s->is_retired)
		return;
	s->is_retired = true;
	timers_cancel(s->all->timers, &s->due);
	if (s->state == SINK_SENDING && s->config.url == NULL) {
		sink_command_kill(&s->command);
		return;
	}
	http_cancel(&s->request);
	if (s->state == SINK_SENDING)
		s->state = SINK_IDLE;
	free_if_over(s);
}

void
sinks_stop(struct sinks *all)
{
	struct sink *s, *next;

	for (s = all->first; s != NULL; s = next) {
		next = s->next;
		if (s->state == SINK_SENDING && s->config.url == NULL)
			sink_command_abandon(&s->command);
		retire(s);
	}
}

/* One of the same name goes on where the old one is: its mark may be on the
 * way to the ledger yet. */
static void
inherit(struct sink *s, const struct sink *old)
{
	while (old != NULL && strcmp(old->config.name, s->config.name) != 0)
		old = old->next;
	if (old == NULL)
		return;
	s->is_marked = old->is_marked;
	s->mark = old->mark;
	s->saved = old->saved;
}

static struct sink *
new_sink(struct sinks *all, const struct config_section *configured)
{
	struct sink *s = calloc(1, sizeof(*s));
	char why[160], quoted[340];

	if (s == NULL) {
		log_error("sink", "op=start err=\"no memory\"");
		return NULL;
	}
	if (sink_config_read(&s->config, configured, why, sizeof(why)) != 0) {
		/* It was good a moment ago: a file of its has changed. */
		log_error("sink", "op=start err=%s",
		    log_quote(quoted, sizeof(quoted), text_of(why)));
		free(s);
		return NULL;
	}
	s->all = all;
	s->due.fn = on_due;
	s->task =
	    (struct batch_task){ .data = s, .step = on_save, .done = on_saved };
	s->request.data = s;
	s->request.on_done = on_answer;
	s->command.on_done = on_command_done;
	return s;
}

void
sinks_configure(struct sinks *all, const struct config_sections *configured)
{
	struct sink *s, *next, *fresh = NULL, **last = &fresh;

	for (size_t i = 0; i < configured->n; i++) {
		s = new_sink(all, &configured->item[i]);
		if (s == NULL)
			continue;
		inherit(s, all->first);
		*last = s;
		last = &s->next;
	}
	for (s = all->first; s != NULL; s = next) {
		next = s->next;
		retire(s);
	}
	/* Those that something is under way of are behind the new ones. */
	*last = all->first;
	all->first = fresh;
	all->seen = ledger_last_notice(all->ledger);
	for (s = all->first; s != NULL; s = s->next)
		if (!s->is_retired)
			go_on(s);
}

void
sinks_poke(struct sinks *all)
{
	uint64_t last = ledger_last_notice(all->ledger);

	if (last == all->seen)
		return;
	all->seen = last;
	for (struct sink *s = all->first; s != NULL; s = s->next)
		if (s->state == SINK_IDLE && !s->is_retired)
			go_on(s);
}

void
sinks_dump(const struct sinks *all)
{
	for (const struct sink *s = all->first; s != NULL; s = s->next)
		log_info("sinks",
		    "op=dump sink=%s state=%s told=%ju tries=%u failed=%u%s",
		    s->config.name, state_names[s->state], (uintmax_t)s->mark,
		    s->tries, s->streak, s->is_retired ? " retired=1" : "");
}
