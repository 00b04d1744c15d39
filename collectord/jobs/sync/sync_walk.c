#include "collectord/jobs/sync/sync_walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectord/jobs/http_memory.h"
#include "collectord/jobs/sync/key_file.h"
#include "collectord/jobs/sync/sync_plan.h"
#include "collectord/ledger/digest.h"
#include "collectord/log.h"
#include "collectord/sys.h"
#include "proto/error.h"

#define DEADLINE_MS 60000 /* of one page, whole */
#define RETRY_MS 1000     /* doubled each time */
/* What it is read to is some times as large: one at a time. */
#define LARGE_BODY (4u << 20)

static void ask(struct walk *w);
static void start_reading(struct walk *w);

static void
wipe(struct walk *w)
{
	explicit_bzero(w->header, sizeof(w->header));
}

static void
end(struct walk *w, enum provider_outcome outcome, const char *error)
{
	wipe(w);
	w->phase = WALK_IDLE;
	w->outcome = w->is_cancelled ? PROVIDER_ABORTED : outcome;
	if (error != NULL)
		snprintf(w->error, sizeof(w->error), "%s", error);
	w->on_end(w);
}

/* --- Reading, on the pool --------------------------------------------------
 */

static void
forget_body(struct walk *w)
{
	if (w->body != NULL)
		explicit_bzero(w->body, w->body_cap < HTTP_MEMORY_SHORT
					    ? w->body_cap
					    : HTTP_MEMORY_SHORT);
	free(w->body);
	w->body = NULL;
	w->body_cap = 0;
}

static void
read_page(void *arg)
{
	struct walk *w = arg;
	struct provider_sink sink = { 0 };

	if (!w->is_probe)
		sink = sync_rows_sink(&w->rows);
	provider_read(
	    &w->query, w->http.status, w->body, w->body_len, &sink, &w->answer);
}

/* A page is many milliseconds of work: puts are not to wait for a processor. */
static void
on_work(uv_work_t *work)
{
	sys_run_aside(read_page, work->data);
}

/* --- After a page ----------------------------------------------------------
 */

/* A cursor that comes again would lead around for ever. */
static const char *
take_cursor(struct walk *w)
{
	static const struct digest_key key = { 5, 6 };
	size_t len = strlen(w->answer.cursor);
	uint64_t digest = digest64(&key, w->answer.cursor, len);

	if (len == 0)
		return "there are more pages, but no cursor to them";
	for (uint32_t i = 0; i + 1 < w->pages; i++)
		if (w->seen[i] == digest)
			return "a cursor came again";
	if (w->pages >= WALK_PAGES_MAX)
		return "there are more than 1000 pages";
	w->seen[w->pages - 1] = digest;
	memcpy(w->cursor, w->answer.cursor, len + 1);
	w->query.cursor = (struct text){ w->cursor, (uint32_t)len };
	return NULL;
}

static void
page_done(struct walk *w)
{
	const char *why;

	w->pages++;
	sync_rows_keep_page(&w->rows);
	if (w->on_page != NULL)
		w->on_page(w);
	if (!w->answer.has_more || w->is_probe) {
		sync_rows_pack_state(&w->rows, &w->state);
		end(w, w->state.failed ? PROVIDER_BROKEN : PROVIDER_OK,
		    w->state.failed ? "no memory" : NULL);
		return;
	}
	why = take_cursor(w);
	if (why != NULL)
		end(w, PROVIDER_BROKEN, why);
	else
		ask(w);
}

static bool
on_step(struct batch_task *task)
{
	struct walk *w = task->data;
	struct sync_rows *r = &w->rows;
	struct span rows = { r->packed, r->len };

	if (w->generation == 0)
		w->rc = ledger_bill_begin(w->place->ledger, &w->generation);
	else
		w->rc = ledger_bill_rows(w->place->ledger, w->generation, rows,
		    &r->at, &r->n_written);
	return w->rc == 0 && r->at < r->len;
}

static void
on_written(struct batch_task *task)
{
	struct walk *w = task->data;

	if (w->is_cancelled)
		end(w, PROVIDER_ABORTED, NULL);
	else if (w->rc != 0)
		end(w, PROVIDER_BROKEN, "the ledger could not take it");
	else
		page_done(w);
}

static void
write_rows(struct walk *w)
{
	w->phase = WALK_WRITING;
	w->task = (struct batch_task){ .step = on_step, .done = on_written };
	w->task.data = w;
	w->task.has_time = true;
	batch_run(w->place->batch, &w->task);
}

/*
 * Is the walk to begin again, with lists written the other way? Once where no
 * group is told, and back where the service does not take that: then there is
 * none to tell.
 */
static bool
wants_other_brackets(const struct walk *w)
{
	const struct provider_answer *a = &w->answer;

	if (w->rows.n > 0)
		return false;
	if (w->turns == 0)
		return a->outcome == PROVIDER_OK && a->is_ungrouped;
	return w->turns == 1 &&
	       (a->outcome == PROVIDER_BROKEN || a->outcome == PROVIDER_ABSENT);
}

static void
ask_in_other_brackets(struct walk *w)
{
	w->turns++;
	w->pages = w->tries = 0;
	w->account.brackets_arrays = !w->account.brackets_arrays;
	sync_rows_drop_page(&w->rows);
	w->query.cursor = (struct text){ 0 };
	ask(w);
}

/* Again in a while, or no more. */
static void
try_again(struct walk *w, enum provider_outcome outcome, const char *why)
{
	int64_t wait_ms = RETRY_MS << w->tries;

	if (w->is_probe || w->tries >= WALK_TRIES_MAX) {
		end(w, outcome, why);
		return;
	}
	w->tries++;
	w->phase = WALK_WAITING;
	wait_ms =
	    plan_jitter(wait_ms, w->name, w->feed->name, (uint64_t)w->tries);
	log_debug("sync", "op=retry name=%s feed=%s tries=%u wait_ms=%lld",
	    w->name, w->feed->name, w->tries, (long long)wait_ms);
	timers_in(w->place->timers, &w->due, wait_ms);
}

/* The answer does not end, or it is time to ask once more. */
static void
on_due(struct due *d)
{
	struct walk *w =
	    (struct walk *)((char *)d - offsetof(struct walk, due));

	if (w->phase != WALK_ASKING) {
		ask(w);
		return;
	}
	http_cancel(&w->http);
	wipe(w);
	try_again(w, PROVIDER_FAILING,
	    "the service could not be asked: its answer does not end in time");
}

static void
judge_page(struct walk *w)
{
	char why[WALK_ERROR_MAX];

	if (wants_other_brackets(w)) {
		ask_in_other_brackets(w);
		return;
	}
	if (w->answer.outcome == PROVIDER_OK) {
		w->tries = 0;
		if (w->rows.len > 0)
			write_rows(w);
		else
			page_done(w);
		return;
	}
	provider_describe(&w->query, &w->answer, why, sizeof(why));
	if (w->answer.outcome == PROVIDER_FAILING)
		try_again(w, PROVIDER_FAILING, why);
	else if (w->answer.outcome == PROVIDER_ABORTED)
		end(w, PROVIDER_BROKEN, "there is more of it than we can keep");
	else
		end(w, w->answer.outcome, why);
}

static void
leave_line(struct walk *w)
{
	struct walk **link = &w->place->line, *first;

	while (*link != NULL && *link != w)
		link = &(*link)->behind;
	if (*link == NULL)
		return;
	*link = w->behind;
	w->behind = NULL;
	first = w->place->line;
	if (first != NULL && first->phase == WALK_IN_LINE)
		start_reading(first);
}

static void
on_read(uv_work_t *work, int status)
{
	struct walk *w = work->data;

	BUG_ON(status != 0);
	leave_line(w);
	if (w->body_cap > LARGE_BODY)
		forget_body(w);
	if (w->is_cancelled)
		end(w, PROVIDER_ABORTED, NULL);
	else
		judge_page(w);
}

static void
start_reading(struct walk *w)
{
	w->phase = WALK_READING;
	w->work.data = w;
	BUG_ON(uv_queue_work(w->place->loop, &w->work, on_work, on_read) != 0);
}

static void
read_in_turn(struct walk *w)
{
	struct walk **link = &w->place->line;

	if (w->body_len <= LARGE_BODY) {
		start_reading(w);
		return;
	}
	while (*link != NULL)
		link = &(*link)->behind;
	*link = w;
	w->phase = WALK_IN_LINE;
	if (w->place->line == w)
		start_reading(w);
}

/* --- Asking ----------------------------------------------------------------
 */

static bool
on_body(struct http_request *r, const char *p, size_t len)
{
	struct walk *w = r->data;

	if (!http_memory_reserve(
		(void **)&w->body, &w->body_cap, w->body_len + len + 1))
		return false;
	memcpy(w->body + w->body_len, p, len);
	w->body_len += len;
	return true;
}

static void
on_http_done(struct http_request *r)
{
	struct walk *w = r->data;
	char why[WALK_ERROR_MAX], said[80];

	timers_cancel(w->place->timers, &w->due);
	wipe(w);
	w->retry_after_ms = r->retry_after_ms;
	if (r->error == HTTP_OK || r->error == HTTP_REDIRECT) {
		read_in_turn(w);
		return;
	}
	http_describe(r, said, sizeof(said));
	snprintf(why, sizeof(why), "the service could not be asked: %s", said);
	if (r->error == HTTP_TOO_LARGE)
		end(w, PROVIDER_BROKEN,
		    "the answer is larger than 64 MiB, or its head is");
	else if (r->error == HTTP_TLS)
		end(w, PROVIDER_BROKEN,
		    "the service could not be asked: its certificate is "
		    "not for that host, or not trusted");
	else if (r->error == HTTP_BAD_REQUEST)
		end(w, PROVIDER_BROKEN, why);
	else
		try_again(w, PROVIDER_FAILING, why);
}

static bool
append(char *buf, size_t cap, size_t *len, const char *p, size_t n)
{
	if (n >= cap - *len)
		return false;
	memcpy(buf + *len, p, n);
	*len += n;
	buf[*len] = '\0';
	return true;
}

/* A header with the key where it belongs. False: it does not fit. */
static bool
fill_header(char *buf, size_t cap, const char *text, const char *key)
{
	const char *at = strstr(text, PROVIDER_KEY), *rest;
	size_t len = 0;

	if (at == NULL)
		return append(buf, cap, &len, text, strlen(text));
	rest = at + sizeof(PROVIDER_KEY) - 1;
	return append(buf, cap, &len, text, (size_t)(at - text)) &&
	       append(buf, cap, &len, key, strlen(key)) &&
	       append(buf, cap, &len, rest, strlen(rest));
}

static bool
put_key(struct walk *w, const char *key)
{
	for (uint32_t i = 0; i < w->request.n_headers; i++) {
		if (!fill_header(w->header[i], sizeof(w->header[i]),
			w->request.header[i].text, key))
			return false;
		w->http.headers[i] = w->header[i];
	}
	w->http.headers[w->request.n_headers] = NULL;
	return true;
}

/* The key, but for the origin that it is bound to. */
static int
take_key(struct walk *w, char *why, size_t cap)
{
	char key[PROVIDER_KEY_MAX], origin[PROVIDER_ORIGIN_MAX];
	int rc;

	if (provider_origin(w->request.url, origin) != 0 ||
	    strcmp(origin, w->origin) != 0) {
		snprintf(why, cap, "the key is for another host");
		return -1;
	}
	if (w->key != NULL)
		return put_key(w, w->key) ? 0 : -1;
	rc = key_file_read(w->place->keys, w->name, w->origin, key, why, cap);
	w->lacks_key = rc != 0;
	if (rc == 0 && !put_key(w, key)) {
		snprintf(why, cap, "the key is too long");
		rc = -1;
	}
	explicit_bzero(key, sizeof(key));
	return rc;
}

static void
ask(struct walk *w)
{
	char why[WALK_ERROR_MAX] = "the question does not fit";

	w->query.account = &w->account;
	w->body_len = 0;
	w->request = (struct provider_request){ 0 };
	if (provider_ask(&w->query, &w->request) != 0 ||
	    take_key(w, why, sizeof(why)) != 0) {
		end(w, PROVIDER_BROKEN, why);
		return;
	}
	w->phase = WALK_ASKING;
	w->http.url = w->request.url;
	w->http.method = NULL;
	w->http.body = (struct text){ 0 };
	w->http.deadline_ms = DEADLINE_MS;
	w->http.body_max = WALK_BODY_MAX;
	w->http.on_body = on_body;
	w->http.on_done = on_http_done;
	w->http.data = w;
	if (http_start(w->place->http, &w->http) != 0) {
		end(w, PROVIDER_BROKEN, http_error_names[w->http.error]);
		return;
	}
	/* libcurl's own deadline is of the machine's clock; this one is of the
	 * daemon's, which can be moved. */
	timers_in(w->place->timers, &w->due, DEADLINE_MS);
}

void
walk_start(struct walk *w)
{
	BUG_ON(w->phase != WALK_IDLE);
	w->due.fn = on_due;
	w->pages = w->tries = w->turns = 0;
	w->generation = 0;
	w->retry_after_ms = -1;
	w->is_cancelled = w->lacks_key = false;
	w->error[0] = '\0';
	sync_rows_begin(&w->rows, w->feed->name);
	w->query = (struct provider_query){ .provider = w->provider,
		.feed = w->feed,
		.from_ms = w->from_ms,
		.to_ms = w->to_ms };
	ask(w);
}

void
walk_cancel(struct walk *w)
{
	w->is_cancelled = true;
	if (w->phase == WALK_ASKING)
		http_cancel(&w->http);
	else if (w->phase == WALK_IN_LINE)
		leave_line(w);
	else if (w->phase != WALK_WAITING)
		return;
	timers_cancel(w->place->timers, &w->due);
	end(w, PROVIDER_ABORTED, NULL);
}

/* Also what came of the service, which may be large. */
void
walk_release(struct walk *w)
{
	forget_body(w);
	sync_rows_release(&w->rows);
	packer_free(&w->state);
}
