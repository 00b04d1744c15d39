#include "clients/send/send.h"

#include <string.h>
#include <unistd.h>

#include "clients/common/response.h"

#define READ_BYTES (64u << 10)

/* What options say of one call cannot be true of two. */
static bool
is_for_one(const struct event *ev)
{
	return ev->text[EV_MESSAGE].len > 0 || ev->text[EV_CALL].len > 0 ||
	       ev->text[EV_REQUEST].len > 0 || ev->ts_ms != 0 ||
	       ev->count[EV_LATENCY_MS] != 0;
}

/* The reply's texts go with it. */
static void
keep_texts(struct event *ev, struct ndjson_arena *a)
{
	char *to;
	int i;

	for (i = 0; i < EV_TEXTS; i++) {
		if (ev->text[i].len == 0)
			continue;
		to = a->p + a->len;
		memcpy(to, ev->text[i].p, ev->text[i].len);
		ev->text[i].p = to;
		a->len += ev->text[i].len;
	}
}

/*
 * Ids and model are the reply's. Its provider is only guessed from its shape,
 * which many providers share.
 */
static void
take_options(struct event *ev, const struct event *options)
{
	if (options->text[EV_PROVIDER].len > 0)
		ev->text[EV_PROVIDER] = options->text[EV_PROVIDER];
	ev->text[EV_AGENT] = options->text[EV_AGENT].len > 0
				 ? options->text[EV_AGENT]
				 : TEXT("api");
	ev->ts_ms = options->ts_ms;
	ev->count[EV_LATENCY_MS] = options->count[EV_LATENCY_MS];
}

static void
on_reply(void *arg, const struct event *ev, const struct error *err)
{
	struct intake *in = arg;
	struct batch *b = &in->b;
	uint64_t number = in->taken + in->s->sum.rejected + 1;
	size_t texts = b->texts.len;
	struct error second;

	if (in->rc != EXIT_OK)
		return;
	if (ev != NULL && in->taken > 0 && is_for_one(in->defaults)) {
		error_set(&second, ERR_INCONSISTENT, NULL,
		    "a second reply, and the options are those of one call");
		err = &second;
	}
	if (err != NULL) {
		intake_reject(in, number, err);
		return;
	}
	b->events[b->n] = *ev;
	keep_texts(&b->events[b->n], &b->texts);
	take_options(&b->events[b->n], in->defaults);
	intake_take(in, number, texts);
}

void
drain_stdin(void)
{
	char buf[4096];

	if (isatty(STDIN_FILENO))
		return;
	while (read(STDIN_FILENO, buf, sizeof(buf)) > 0)
		;
}

static void
read_replies(struct intake *in)
{
	static char buf[READ_BYTES];
	struct response r;
	size_t n = 1;

	response_init(&r, on_reply, in);
	while (in->rc == EXIT_OK && n > 0) {
		n = intake_read(in, buf, sizeof(buf));
		response_feed(&r, buf, n);
		intake_flush_if_idle(in);
	}
	response_end(&r);
	response_release(&r);
}

int
send_response(struct sender *s, const struct event *defaults)
{
	struct intake in = { .s = s, .defaults = defaults };
	int rc;

	if (defaults->text[EV_SESSION].len == 0) {
		complain(NAME, _("--session is required, or TT_SESSION"));
		return EXIT_USAGE;
	}
	if (intake_alloc(&in) != 0)
		in.rc = EXIT_SYSTEM;
	else
		read_replies(&in);
	rc = intake_finish(&in);
	intake_release(&in);
	return rc;
}
