#include "clients/send/send.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_EVENTS 1000u
#define BATCH_TEXTS (512u << 10) /* bytes of texts in one request */

int
intake_alloc(struct intake *in)
{
	struct batch *b = &in->b;

	b->texts.cap = BATCH_TEXTS;
	b->texts.p = malloc(b->texts.cap);
	b->events = malloc(BATCH_EVENTS * sizeof(*b->events));
	b->numbers = malloc(BATCH_EVENTS * sizeof(*b->numbers));
	if (b->texts.p != NULL && b->events != NULL && b->numbers != NULL)
		return 0;
	complain(NAME, _("no memory"));
	return -1;
}

void
intake_release(struct intake *in)
{
	free(in->b.texts.p);
	free(in->b.events);
	free(in->b.numbers);
}

void
intake_reject(struct intake *in, uint64_t number, const struct error *err)
{
	tell_reject(in->s, number, err);
	if (in->s->o->strict && !in->s->o->response)
		in->rc = EXIT_USAGE;
}

void
intake_flush(struct intake *in)
{
	struct batch *b = &in->b;
	int rc = EXIT_OK;

	if (b->n == 0)
		return;
	if (in->s->o->dry_run)
		fflush(stdout);
	else
		rc = deliver(in->s, b);
	if (rc != EXIT_OK)
		complain(NAME,
		    in->s->reads_lines
			? _("stopped: nothing from line %" PRIu64 " on")
			: _("stopped: nothing from reply %" PRIu64 " on"),
		    b->numbers[0]);
	if (rc != EXIT_OK)
		in->rc = rc;
	b->n = 0;
	b->texts.len = 0;
}

void
intake_take(struct intake *in, uint64_t number, size_t texts)
{
	struct batch *b = &in->b;
	struct event *ev = &b->events[b->n];
	struct error err;

	event_defaults(ev, in->defaults);
	if (event_complete(ev, &b->texts) != 0) {
		in->rc = EXIT_SYSTEM;
		return;
	}
	if (event_judge(ev, &err) != 0) {
		b->texts.len = texts;
		intake_reject(in, number, &err);
		return;
	}
	if (in->s->o->dry_run)
		ndjson_write(stdout, ev);
	in->taken++;
	b->numbers[b->n++] = number;
	if (b->n == BATCH_EVENTS ||
	    b->texts.cap - b->texts.len < NDJSON_TEXTS_MAX)
		intake_flush(in);
}

static bool
would_block(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

void
intake_flush_if_idle(struct intake *in)
{
	if (in->b.n > 0 && would_block())
		intake_flush(in);
}

size_t
intake_read(struct intake *in, char *buf, size_t cap)
{
	ssize_t n;

	do {
		n = read(STDIN_FILENO, buf, cap);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return (size_t)n;
	complain(NAME, "stdin: %s", strerror(errno));
	in->rc = EXIT_SYSTEM;
	return 0;
}

static void
print_summary(const struct intake *in)
{
	const struct sender *s = in->s;

	if (s->o->quiet || s->o->dry_run || s->o->response ||
	    (s->sum.rejected == 0 && !isatty(STDERR_FILENO)))
		return;
	complain(NAME,
	    _("%" PRIu64 " events: %" PRIu64 " new, %" PRIu64
	      " changed, %" PRIu64 " known, %" PRIu64 " spooled; %" PRIu64
	      " lines refused"),
	    in->taken, s->sum.stored, s->sum.merged, s->sum.unchanged,
	    s->spooled, s->sum.rejected);
}

int
intake_finish(struct intake *in)
{
	intake_flush(in);
	print_summary(in);
	return in->rc == EXIT_OK && in->s->sum.rejected > 0 ? EXIT_REFUSED
							    : in->rc;
}
