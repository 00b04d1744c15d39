#include "clients/send/send.h"

#include <stdlib.h>
#include <string.h>

#include "proto/calendar.h"

#define LINE_BYTES_MAX (1u << 20)

struct input {
	char *buf; /* room for the longest line and its end */
	size_t len, cap;
	size_t pos;     /* where the next line begins */
	size_t scanned; /* no line end between pos and here */
	uint64_t line;  /* number of the last line given out */
	bool is_over, skipping;
};

struct stream {
	struct intake intake;
	struct input in;
	struct json json;
};

static void
reject_line(struct stream *st, const struct error *err)
{
	intake_reject(&st->intake, st->in.line, err);
}

static void
take_line(struct stream *st, const char *line, size_t len)
{
	struct batch *b = &st->intake.b;
	size_t texts = b->texts.len;
	struct error err;

	if (ndjson_read(
		&st->json, line, len, &b->texts, &b->events[b->n], &err) == 0) {
		intake_take(&st->intake, st->in.line, texts);
	} else {
		b->texts.len = texts;
		reject_line(st, &err);
	}
}

static bool
is_blank(const char *line, size_t len)
{
	while (len > 0 && strchr(" \t\r", *line) != NULL && *line != '\0')
		line++, len--;
	return len == 0;
}

/* A line that outgrew the buffer is told once and passed over to its end. */
static void
drop_long_line(struct stream *st)
{
	struct input *in = &st->in;
	struct error err;

	if (!in->skipping) {
		in->line++;
		error_set(&err, ERR_TOO_LARGE, NULL, "longer than %u bytes",
		    LINE_BYTES_MAX);
		reject_line(st, &err);
	}
	in->skipping = true;
	in->pos = in->scanned = in->len = 0;
}

/* The next whole line without its end; false when more must be read. */
static bool
next_line(struct input *in, const char **line, size_t *len)
{
	char *end = memchr(in->buf + in->scanned, '\n', in->len - in->scanned);

	if (end == NULL && (!in->is_over || in->pos == in->len)) {
		in->scanned = in->len;
		return false;
	}
	*line = in->buf + in->pos;
	*len = end != NULL ? (size_t)(end - *line) : in->len - in->pos;
	in->pos += *len + (end != NULL);
	in->scanned = in->pos;
	if (!in->skipping)
		in->line++;
	else
		*len = 0; /* the rest of a line that was refused */
	in->skipping = false;
	return true;
}

static void
take_lines(struct stream *st)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *line;
	size_t len;

	while (st->intake.rc == EXIT_OK && next_line(&st->in, &line, &len)) {
		if (st->in.line == 1 && len >= 3 && memcmp(line, mark, 3) == 0)
			line += 3, len -= 3;
		if (!is_blank(line, len))
			take_line(st, line, len);
	}
}

static void
read_input(struct stream *st)
{
	struct input *in = &st->in;
	size_t n;

	memmove(in->buf, in->buf + in->pos, in->len - in->pos);
	in->len -= in->pos;
	in->scanned -= in->pos;
	in->pos = 0;
	if (in->len == in->cap)
		drop_long_line(st);
	n = intake_read(&st->intake, in->buf + in->len, in->cap - in->len);
	in->is_over = n == 0;
	in->len += n;
}

static int
stream_alloc(struct stream *st)
{
	st->in.cap = LINE_BYTES_MAX + 1;
	st->in.buf = malloc(st->in.cap);
	if (st->in.buf != NULL)
		return intake_alloc(&st->intake);
	complain(NAME, _("no memory"));
	return -1;
}

int
send_stream(struct sender *s, const struct event *defaults)
{
	struct stream st = { .intake = { .s = s, .defaults = defaults } };
	struct intake *in = &st.intake;
	int rc;

	s->reads_lines = true;
	calendar_use_zone(NULL);
	if (stream_alloc(&st) != 0)
		in->rc = EXIT_SYSTEM;
	while (in->rc == EXIT_OK) {
		take_lines(&st);
		if (in->rc != EXIT_OK || st.in.is_over)
			break;
		intake_flush_if_idle(in);
		if (in->rc == EXIT_OK)
			read_input(&st);
	}
	/* Strict or not: what was good before the end is sent. */
	rc = intake_finish(in);
	intake_release(in);
	free(st.in.buf);
	json_release(&st.json);
	return rc;
}
