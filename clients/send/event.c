#include "clients/send/send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/uuid.h"
#include "proto/calendar.h"

/* A call id that others may reuse is only good within the session. */
int
event_complete(struct event *ev, struct ndjson_arena *a)
{
	int64_t now_ms = client_wall_ms();
	struct text *t = ev->text;

	if (t[EV_SOURCE].len == 0)
		t[EV_SOURCE] = TEXT("manual");
	if (ev->ts_ms == 0)
		ev->ts_ms = now_ms;
	/* Their place is their id, and no call is theirs. */
	if (ev->running)
		return 0;
	if (t[EV_MESSAGE].len == 0)
		t[EV_MESSAGE] = t[EV_CALL];
	if (!event_call_is_global(t[EV_CALL]))
		t[EV_CALL] = (struct text){ NULL, 0 };
	if (t[EV_MESSAGE].len > 0)
		return 0;
	if (a->cap - a->len <= UUID_TEXT_LEN ||
	    uuid_make(now_ms, a->p + a->len) != 0) {
		complain(NAME, _("cannot make an id: %s"), strerror(errno));
		return -1;
	}
	t[EV_MESSAGE] = (struct text){ a->p + a->len, UUID_TEXT_LEN };
	a->len += UUID_TEXT_LEN + 1;
	return 0;
}

/* The daemon's clock may be moved where TT_NOW is set: times are its then. */
int
event_judge(const struct event *ev, struct error *err)
{
	bool is_test = getenv("TT_NOW") != NULL;

	return event_validate(ev,
	    is_test ? INT64_MAX - LIMIT_TS_AHEAD_MS : client_wall_ms(), err);
}

static int
parse_ts(const char *s, int64_t *ms)
{
	bool is_local;
	int rc = ndjson_time(s, strlen(s), ms, &is_local);

	if (rc == 0 && is_local) {
		calendar_use_zone(NULL);
		rc = ndjson_time(s, strlen(s), ms, &is_local);
	}
	if (rc != 0)
		complain(NAME,
		    _("--ts: not a time (RFC 3339, seconds or ms): \"%s\""), s);
	return rc;
}

static int
parse_cost(const char *s, struct event *ev)
{
	if (money_parse(s, strlen(s), &ev->cost_pico) != 0) {
		complain(NAME, _("--cost: not an amount: \"%s\""), s);
		return -1;
	}
	ev->has_cost = true;
	return 0;
}

/* Flags of one call, and what kind of news of it this is, are figures too;
 * that it is void is not. */
bool
has_no_figures(const struct event *ev, int spared)
{
	int i;

	for (i = 0; i < EV_COUNTS; i++)
		if (ev->count[i] != 0 && i != spared)
			return false;
	return !ev->has_cost && !ev->copied && !ev->running &&
	       ev->rank == EVENT_RANK_DEFAULT;
}

int
event_from_options(const struct send_options *o, struct event *ev)
{
	int i;

	event_init(ev);
	for (i = 0; i < EV_TEXTS; i++)
		if (o->text[i] != NULL && o->text[i][0] != '\0')
			ev->text[i] = text_of(o->text[i]);
	if (ev->text[EV_SESSION].len == 0)
		ev->text[EV_SESSION] = text_of(getenv("TT_SESSION"));
	memcpy(ev->count, o->count, sizeof(ev->count));
	if (o->failed)
		ev->count[EV_OUTCOME] = OUTCOME_FAILED;
	ev->rank = (uint8_t)o->rank;
	ev->copied = o->copied;
	ev->is_void = o->is_void;
	ev->running = o->running;
	if (o->ts != NULL && parse_ts(o->ts, &ev->ts_ms) != 0)
		return -1;
	return o->cost != NULL ? parse_cost(o->cost, ev) : 0;
}

void
event_defaults(struct event *ev, const struct event *defaults)
{
	int i;

	for (i = 0; i < EV_TEXTS; i++)
		if (ev->text[i].len == 0)
			ev->text[i] = defaults->text[i];
}

int
send_one(struct sender *s, struct event *ev)
{
	char id[UUID_TEXT_LEN + 1];
	uint64_t no_number = 0;
	struct batch b = { ev, &no_number, 1, { id, 0, sizeof(id) } };
	struct error err;
	int rc;

	if (ev->text[EV_SESSION].len == 0) {
		complain(NAME, _("--session is required, or TT_SESSION"));
		return EXIT_USAGE;
	}
	if (event_complete(ev, &b.texts) != 0)
		return EXIT_SYSTEM;
	if (event_judge(ev, &err) != 0) {
		tell_reject(s, 0, &err);
		return EXIT_REFUSED;
	}
	if (s->o->dry_run) {
		ndjson_write(stdout, ev);
		return EXIT_OK;
	}
	rc = deliver(s, &b);
	return rc == EXIT_OK && s->sum.rejected > 0 ? EXIT_REFUSED : rc;
}
