#include "clients/import/link.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/common/launch.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "clients/import/import.h"

#define ANSWER_MS 60000      /* a disk may be slow */
#define PUT_BYTES (2u << 20) /* soft bounds of a put: */
#define PUT_ENOUGH 1500u     /* what one line may add still fits */
#define PUT_BYTES_MAX (3u << 20)
#define TRIES 50
#define PAUSE_MS 20

static int
fail(struct link *l, int rc, const char *why)
{
	if (l->rc == 0 && !l->is_quiet)
		complain(NAME, "%s", why);
	if (l->rc == 0)
		l->rc = rc;
	return -1;
}

static int
fail_client(struct link *l, enum client_result r)
{
	return fail(l, client_exit_code(r), l->client.why);
}

static int
fail_memory(struct link *l)
{
	return fail(l, EXIT_SYSTEM, _("no memory"));
}

int
link_init(struct link *l)
{
	char why[256];
	size_t i;

	client_init(&l->client);
	l->number = 1;
	l->held = calloc(LINK_HELD, sizeof(*l->held));
	l->made.origins = calloc(PUT_EVENTS, sizeof(*l->made.origins));
	if (l->held == NULL || l->made.origins == NULL) {
		fail_memory(l);
		return l->rc;
	}
	for (i = 0; i < LINK_FLYING; i++) {
		l->flying[i].origins =
		    calloc(PUT_EVENTS, sizeof(*l->made.origins));
		if (l->flying[i].origins == NULL) {
			fail_memory(l);
			return l->rc;
		}
	}
	if (places_find(&l->places, why, sizeof(why)) != 0 ||
	    client_config(&l->places, &l->config, why, sizeof(why)) != 0)
		fail(l, EXIT_SYSTEM, why);
	else
		lang_configure(l->config.lang);
	return l->rc;
}

static void
put_release(struct put_made *p)
{
	packer_free(&p->request);
	free(p->origins);
	free(p->paths);
}

void
link_release(struct link *l)
{
	size_t i;

	for (i = 0; i < LINK_FLYING; i++)
		put_release(&l->flying[i]);
	put_release(&l->made);
	packer_free(&l->events);
	packer_free(&l->cursors);
	free(l->held);
	client_close(&l->client);
}

static void
begin_put(struct link *l)
{
	packer_clear(&l->events);
	packer_clear(&l->cursors);
	l->nevents = l->ncursors = 0;
	l->made.paths_len = 0;
	l->made.number = ++l->number;
}

void
link_reset(struct link *l)
{
	size_t i;

	client_close(&l->client);
	for (i = 0; i < LINK_FLYING; i++)
		l->flying[i].number = 0;
	for (i = 0; i < LINK_HELD; i++)
		l->held[i].number = 0;
	l->nasking = 0;
	begin_put(l);
	l->rc = EXIT_OK;
}

int
link_connect(struct link *l, int64_t deadline_ms)
{
	enum client_result r;

	if (l->client.fd >= 0)
		return EXIT_OK;
	r = launch_connect(&l->client, &l->places, &l->config, deadline_ms);
	return r == CLIENT_OK ? EXIT_OK : client_exit_code(r);
}

static int64_t
answer_by(const struct link *l)
{
	int64_t by_ms = client_now_ms() + ANSWER_MS;

	return l->deadline_ms > 0 && l->deadline_ms < by_ms ? l->deadline_ms
							    : by_ms;
}

/* --- Answers -------------------------------------------------------------- */

struct rejects {
	struct link *l;
	const struct put_made *p;
};

static void
on_reject(void *arg, uint32_t index, const struct error *e)
{
	const struct rejects *rj = arg;
	const struct origin *o;
	const char *message =
	    e->message[0] != '\0' ? e->message : error_name(e->code);
	char buf[400];

	if (index >= PUT_EVENTS || rj->l->is_quiet)
		return;
	o = &rj->p->origins[index];
	message = lang_said(message, buf, sizeof(buf));
	if (o->line > 0)
		complain(NAME, _("%s: line %" PRIu64 ": refused: %s%s%s"),
		    rj->p->paths + o->path, o->line,
		    e->field != NULL ? e->field : "",
		    e->field != NULL ? ": " : "", message);
	else
		complain(NAME, _("%s: refused: %s%s%s"), rj->p->paths + o->path,
		    e->field != NULL ? e->field : "",
		    e->field != NULL ? ": " : "", message);
}

static int
send_put(struct link *l, struct put_made *p)
{
	enum client_result r =
	    client_send(&l->client, &p->request, answer_by(l));

	return r == CLIENT_OK ? 0 : fail_client(l, r);
}

/* The daemon has too much to do: the same again, in a while. */
static int
send_again(struct link *l, struct put_made *p)
{
	if (++p->tries > TRIES)
		return fail(l, EXIT_REFUSED, _("collectord stays busy"));
	poll(NULL, 0, PAUSE_MS);
	return send_put(l, p);
}

static int
on_put_reply(struct link *l, struct put_made *p, const struct reply *reply)
{
	struct rejects rj = { l, p };
	struct put_counts n = { 0 };
	char why[400];

	if (reply->is_error && reply->error.code == ERR_BUSY)
		return send_again(l, p);
	if (reply->is_error) {
		snprintf(l->client.why, sizeof(l->client.why),
		    "collectord: %s: %s", error_name(reply->error.code),
		    lang_said(reply->error.message, why, sizeof(why)));
		return fail(l,
		    reply->error.code == ERR_STOPPING ? EXIT_UNREACHABLE
						      : EXIT_REFUSED,
		    l->client.why);
	}
	if (unpack_put_result(reply->result, &n, on_reject, &rj) != 0)
		return fail(l, EXIT_UNREACHABLE,
		    _("collectord's answer makes no sense"));
	l->sum.stored += n.stored;
	l->sum.merged += n.merged;
	l->sum.unchanged += n.unchanged;
	l->sum.rejected += n.rejected;
	p->number = 0;
	return 0;
}

static struct put_made *
flying_put(struct link *l, uint32_t msgid)
{
	size_t i;

	for (i = 0; i < LINK_FLYING; i++)
		if (l->flying[i].number != 0 && l->flying[i].msgid == msgid)
			return &l->flying[i];
	return NULL;
}

/* Takes the next message. 1: it answers what is no put; 0: it was a put's. */
static int
take_any(struct link *l)
{
	struct client *c = &l->client;
	struct put_made *p;
	enum client_result r;

	r = client_message(c, answer_by(l));
	if (r != CLIENT_OK)
		return fail_client(l, r);
	if (unpack_reply(c->in, c->taken, &c->reply) != 0)
		return fail(l, EXIT_UNREACHABLE,
		    _("collectord's answer makes no sense"));
	p = flying_put(l, c->reply.msgid);
	if (p != NULL)
		return on_put_reply(l, p, &c->reply);
	if (c->reply.is_error) {
		snprintf(c->why, sizeof(c->why), "collectord: %s: %s",
		    error_name(c->reply.error.code), c->reply.error.message);
		return fail(l, EXIT_REFUSED, c->why);
	}
	return 1;
}

/* The same. 1: it answers the request `msgid`. */
static int
take_reply(struct link *l, uint32_t msgid)
{
	int rc = take_any(l);

	return rc == 1 ? l->client.reply.msgid == msgid : rc;
}

/* --- Cursors -------------------------------------------------------------- */

/* Asks for cursors whose names begin so and come after that one. */
static int
ask_cursors(struct link *l, const char *prefix, struct text after)
{
	struct packer k = { 0 };
	enum client_result r;

	pack_request(&k, ++l->msgid, "cursors");
	pack_map(&k, 1u + (after.len > 0));
	pack_str(&k, "prefix");
	pack_str(&k, prefix);
	if (after.len > 0) {
		pack_str(&k, "after");
		pack_text(&k, after);
	}
	r = client_send(&l->client, &k, answer_by(l));
	packer_free(&k);
	return r == CLIENT_OK ? 0 : fail_client(l, r);
}

static int
await_cursors(struct link *l)
{
	int rc = 0;

	while (rc == 0)
		rc = take_reply(l, l->msgid);
	return rc < 0 ? -1 : 0;
}

/* The reply's list: its length and the cursor before its first, or -1. */
static int
cursor_list(struct link *l, struct wire_cursor *c, uint32_t *n)
{
	*c = l->client.reply.result;
	if (wire_read_array(c, n) != 0)
		return fail(l, EXIT_UNREACHABLE,
		    _("collectord's answer makes no sense"));
	return 0;
}

/* A list of a thousand: its entries are read in one pass. */
static bool
next_cursor(struct wire_cursor *c, struct text *name, struct text *value)
{
	struct text key;
	uint32_t n;

	*name = *value = (struct text){ NULL, 0 };
	if (wire_read_map(c, &n) != 0)
		return false;
	for (; n > 0; n--) {
		if (unpack_key(c, &key) != 0)
			return false;
		if (text_eq(key, TEXT("name"))) {
			if (wire_read_text(c, name) != 0)
				return false;
		} else if (text_eq(key, TEXT("value"))) {
			if (wire_read_text(c, value) != 0)
				return false;
		} else if (wire_skip(c) != 0) {
			return false;
		}
	}
	return name->p != NULL && value->p != NULL;
}

/* One page into marks; `last` is the name of its last. */
static int
take_page(struct link *l, const struct asking *as, char last[LIMIT_TEXT + 1],
    uint32_t *n)
{
	char prefix[MARK_NAME_MAX];
	struct text name = { NULL, 0 }, value;
	struct wire_cursor c;
	struct mark m;
	uint64_t key;
	uint32_t i;

	mark_prefix(as->agent, prefix);
	if (cursor_list(l, &c, n) != 0)
		return -1;
	if (marks_reserve(as->marks, as->marks->n + *n) != 0)
		return fail_memory(l);
	for (i = 0; i < *n && next_cursor(&c, &name, &value); i++)
		if (mark_key(name, prefix, &key) &&
		    mark_decode(value, &m, NULL, 0) == 0 &&
		    marks_set(as->marks, key, &m) != 0)
			return fail_memory(l);
	if (name.len > 0 && name.len <= LIMIT_TEXT)
		memcpy(last, name.p, name.len);
	last[name.len <= LIMIT_TEXT ? name.len : 0] = '\0';
	return 0;
}

static int
ask_page(struct link *l, struct asking *as, struct text after)
{
	char prefix[MARK_NAME_MAX];

	mark_prefix(as->agent, prefix);
	if (ask_cursors(l, prefix, after) != 0)
		return -1;
	as->msgid = l->msgid;
	return 0;
}

int
link_ask_marks(
    struct link *l, const struct import_agent *a, struct marks *marks)
{
	struct asking as = { a, marks, 0 };

	if (l->nasking == LINK_ASKING && link_take_marks(l) != EXIT_OK)
		return l->rc;
	if (ask_page(l, &as, (struct text){ NULL, 0 }) == 0)
		l->asking[l->nasking++] = as;
	return l->rc;
}

/* The next answer: a page of somebody's marks. A full one is not the last. */
static int
take_marks(struct link *l)
{
	struct asking *as = l->asking, *end = l->asking + l->nasking;
	char last[LIMIT_TEXT + 1];
	int rc = take_any(l);
	uint32_t n;

	while (as < end && as->msgid != l->client.reply.msgid)
		as++;
	if (rc != 1 || as == end)
		return rc < 0 ? -1 : 0;
	if (take_page(l, as, last, &n) != 0)
		return -1;
	if (n >= LIMIT_PUT_CURSORS)
		return ask_page(l, as, text_of(last));
	*as = end[-1];
	l->nasking--;
	return 0;
}

int
link_take_marks(struct link *l)
{
	while (l->nasking > 0)
		if (take_marks(l) != 0)
			break;
	return l->rc;
}

int
link_mark(struct link *l, const struct import_agent *a, uint64_t key,
    struct mark *m, void *state)
{
	char name[MARK_NAME_MAX];
	struct text found, value;
	struct wire_cursor c;
	uint32_t n;

	mark_name(a, key, name);
	if (ask_cursors(l, name, (struct text){ NULL, 0 }) != 0 ||
	    await_cursors(l) != 0 || cursor_list(l, &c, &n) != 0)
		return -1;
	return n == 1 && next_cursor(&c, &found, &value) &&
	       text_is(found, name) &&
	       mark_decode(value, m, state, a->state_size) == 0;
}

static void
pack_cursor(struct link *l, const char *name, const char *value, size_t len)
{
	pack_map(&l->cursors, 2);
	pack_str(&l->cursors, "name");
	pack_str(&l->cursors, name);
	pack_str(&l->cursors, "value");
	pack_bytes(&l->cursors, value, len);
	l->ncursors++;
}

/* Are all puts up to that one acknowledged? */
static bool
is_acked(const struct link *l, uint64_t number)
{
	size_t i;

	for (i = 0; i < LINK_FLYING; i++)
		if (l->flying[i].number != 0 && l->flying[i].number <= number)
			return false;
	return number < l->number;
}

static void
pack_held(struct link *l)
{
	struct held *h;

	for (h = l->held; h < l->held + LINK_HELD; h++) {
		if (h->number == 0 || !is_acked(l, h->number) ||
		    l->ncursors >= LIMIT_PUT_CURSORS)
			continue;
		pack_cursor(l, h->name, h->value, h->len);
		h->number = 0;
	}
}

/* The place of that name, else a free one, else NULL. */
static struct held *
held_place(struct link *l, const char *name)
{
	struct held *h, *empty = NULL;

	for (h = l->held; h < l->held + LINK_HELD; h++) {
		if (h->number != 0 && strcmp(h->name, name) == 0)
			return h;
		if (h->number == 0)
			empty = h;
	}
	return empty;
}

int
link_cursor(struct link *l, const struct import_agent *a, uint64_t key,
    const struct mark *m, const void *state, uint64_t first)
{
	struct held *h;
	struct held now;
	size_t len;

	mark_name(a, key, now.name);
	len = mark_encode(m, state, a->state_size, now.value);
	h = held_place(l, now.name);
	if (first == 0 || first == l->number || is_acked(l, l->number - 1)) {
		/* What waits is older, and would come after this. */
		if (h != NULL && h->number != 0 &&
		    strcmp(h->name, now.name) == 0)
			h->number = 0;
		pack_cursor(l, now.name, now.value, len);
		if (l->ncursors < LIMIT_PUT_CURSORS && !link_is_full(l))
			return 0;
		return link_flush(l);
	}
	if (h == NULL) {
		if (link_finish(l) != 0)
			return -1;
		return link_cursor(l, a, key, m, state, 0);
	}
	now.number = l->number;
	now.len = (uint32_t)len;
	*h = now;
	return 0;
}

/* --- Puts ----------------------------------------------------------------- */

static int
add_path(struct put_made *p, const char *path, uint32_t *at)
{
	size_t len = strlen(path) + 1, cap;
	char *grown;

	if (p->paths_len + len > p->paths_cap) {
		cap = 2 * (p->paths_len + len);
		grown = realloc(p->paths, cap);
		if (grown == NULL)
			return -1;
		p->paths = grown;
		p->paths_cap = cap;
	}
	memcpy(p->paths + p->paths_len, path, len);
	*at = (uint32_t)p->paths_len;
	p->paths_len += len;
	return 0;
}

static int
note_origin(struct link *l, const char *path, uint64_t line)
{
	struct put_made *p = &l->made;
	struct origin *o = &p->origins[l->nevents];

	o->line = line;
	if (l->nevents > 0 && strcmp(p->paths + o[-1].path, path) == 0) {
		o->path = o[-1].path;
		return 0;
	}
	return add_path(p, path, &o->path);
}

int
link_event(
    struct link *l, const struct event *ev, const char *path, uint64_t line)
{
	if ((l->nevents == PUT_EVENTS || l->events.len >= PUT_BYTES_MAX) &&
	    link_flush(l) != 0)
		return -1;
	if (note_origin(l, path, line) != 0)
		return fail_memory(l);
	pack_event(&l->events, ev);
	l->nevents++;
	return 0;
}

bool
link_is_full(const struct link *l)
{
	return l->nevents >= PUT_ENOUGH ||
	       l->events.len + l->cursors.len >= PUT_BYTES;
}

static struct put_made *
free_place(struct link *l)
{
	size_t i;

	for (i = 0; i < LINK_FLYING; i++)
		if (l->flying[i].number == 0)
			return &l->flying[i];
	return NULL;
}

static int
pack_made(struct link *l)
{
	struct packer *k = &l->made.request;

	packer_clear(k);
	pack_request(k, ++l->msgid, "put");
	pack_map(k, 2);
	pack_str(k, "events");
	pack_array(k, l->nevents);
	pack_packed(k, &l->events);
	pack_str(k, "cursors");
	pack_array(k, l->ncursors);
	pack_packed(k, &l->cursors);
	l->made.msgid = l->msgid;
	l->made.number = l->number;
	l->made.tries = 0;
	return k->failed || l->events.failed || l->cursors.failed ? -1 : 0;
}

int
link_flush(struct link *l)
{
	struct put_made *place, swap;

	if (l->rc != 0)
		return -1;
	while ((place = free_place(l)) == NULL)
		if (take_reply(l, 0) < 0)
			return -1;
	pack_held(l);
	if (l->nevents == 0 && l->ncursors == 0)
		return 0;
	if (pack_made(l) != 0)
		return fail_memory(l);
	swap = *place;
	*place = l->made;
	l->made = swap;
	begin_put(l);
	return send_put(l, place);
}

static bool
is_any_flying(const struct link *l)
{
	return !is_acked(l, l->number - 1);
}

int
link_finish(struct link *l)
{
	size_t i;

	/* The second time with the cursors that had to wait for the first. */
	for (i = 0; i < 2; i++) {
		if (link_flush(l) != 0)
			return -1;
		while (is_any_flying(l))
			if (take_reply(l, 0) < 0)
				return -1;
	}
	return 0;
}
