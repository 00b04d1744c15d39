#include "clients/import/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/import/agent.h"
#include "clients/import/find.h"
#include "proto/lang.h"

/* Nearly all lines fit it. */
#define BUFFER (512u << 10)
/* What is read at once is still in a processor's cache when it is looked at. */
#define PIECE (128u << 10)

/* One run over a file. */
struct reading {
	struct lines *l;
	struct lines_job *job;
	struct needle needle;
	size_t len;      /* bytes in the buffer, from job->offset on */
	bool is_over;    /* no more bytes for now */
	bool is_stopped; /* somebody does not want any more */
};

/* -1 with errno; 0 and is_over at the end. */
static int
read_more(struct reading *r)
{
	struct lines_job *job = r->job;
	size_t room = BUFFER - r->len;
	ssize_t n;

	if (room > PIECE)
		room = PIECE;
	do {
		n = pread(job->fd, r->l->buf + r->len, room,
		    (off_t)(job->offset + r->len));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	r->is_over = n == 0;
	r->len += (size_t)n;
	if (n > 0 && job->on_read != NULL && job->on_read(job, (size_t)n) != 0)
		r->is_stopped = true;
	return 0;
}

/* The line before `next` is the agent's; offset and line go past it. */
static void
take(struct reading *r, const char *line, size_t len, uint64_t offset)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct lines_job *job = r->job;
	struct source *s = job->s;

	s->line = ++job->line;
	if (s->line == 1 && len >= 3 && memcmp(line, mark, 3) == 0)
		line += 3, len -= 3;
	if (s->agent->wants_line == NULL || s->agent->wants_line(line, len)) {
		source_forget(s);
		if (s->agent->take_line(s, line, len) != 0) {
			job->line--;
			r->is_stopped = true;
			return;
		}
	}
	job->offset = offset;
	if (job->on_line != NULL && job->on_line(job) != 0)
		r->is_stopped = true;
}

/* The next line that may matter, at p or after it; NULL: none before end. */
static const char *
next_wanted(struct reading *r, const char *p, const char *end)
{
	const char *hit, *before;

	if (r->needle.p == NULL)
		return p < end ? p : NULL;
	hit = needle_find(&r->needle, p, end);
	if (hit == NULL)
		return NULL;
	before = memrchr(p, '\n', (size_t)(hit - p));
	return before != NULL ? before + 1 : p;
}

/* Whole lines only: end is behind the last one's end. */
static void
take_lines(struct reading *r, const char *end)
{
	struct lines_job *job = r->job;
	uint64_t base = job->offset;
	const char *p = r->l->buf, *line, *stop;

	while (!r->is_stopped && (line = next_wanted(r, p, end)) != NULL) {
		job->line += count_lines(p, line);
		job->offset = base + (uint64_t)(line - r->l->buf);
		stop = memchr(line, '\n', (size_t)(end - line));
		take(r, line, (size_t)(stop - line),
		    base + (uint64_t)(stop + 1 - r->l->buf));
		p = stop + 1;
	}
	if (r->is_stopped)
		return;
	job->line += count_lines(p, end);
	job->offset = base + (uint64_t)(end - r->l->buf);
}

/* The line is cut down to what may matter, and that is taken. */
static void
take_slim(struct reading *r, uint64_t start, uint64_t offset)
{
	struct slim *slim = &r->l->slim;
	struct source *s = r->job->s;

	r->job->offset = start;
	if (slim->state == SLIM_DONE &&
	    (r->needle.p == NULL || needle_find(&r->needle, slim->p,
					slim->p + slim->len) != NULL)) {
		take(r, slim->p, slim->len, offset);
		return;
	}
	s->line = ++r->job->line;
	if (slim->state != SLIM_DONE)
		source_odd(s, N_("a very long line that is not JSON"));
	r->job->offset = offset;
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

/* More bytes of a long line. Nothing but blanks may be around its object. */
static void
feed(struct slim *slim, const char *p, const char *end)
{
	if (slim->state == SLIM_MORE && slim->depth == 0)
		p = skip_blanks(p, end);
	if (slim->state == SLIM_MORE && p < end)
		p += slim_feed(slim, p, (size_t)(end - p));
	if (slim->state == SLIM_DONE && skip_blanks(p, end) != end)
		slim->state = SLIM_BAD;
}

/*
 * The buffer is full and has no line end. The bytes go through the filter one
 * buffer after the other; a line that has no end yet is left for another time.
 * The buffer is empty then.
 */
static int
take_long_line(struct reading *r)
{
	struct lines_job *job = r->job;
	uint64_t start = job->offset;
	const char *p = r->l->buf, *end = NULL;
	int rc = 0;

	slim_reset(&r->l->slim);
	while (rc == 0 && !r->is_over && !r->is_stopped) {
		end = memchr(p, '\n', r->len);
		feed(&r->l->slim, p, end != NULL ? end : p + r->len);
		job->offset += end != NULL ? (uint64_t)(end + 1 - p) : r->len;
		r->len = 0;
		if (end != NULL)
			break;
		rc = read_more(r);
	}
	if (end != NULL)
		take_slim(r, start, job->offset);
	else
		job->offset = start;
	return rc;
}

/*
 * The log may be over without a line end, or that is still to come: an object
 * that is whole is a line. The end, should it come, counts it.
 */
static void
take_unended(struct reading *r)
{
	struct lines_job *job = r->job;
	struct json *json = &job->s->json;
	const char *p = r->l->buf, *end = p + r->len;

	if (r->is_stopped || r->len == 0 || next_wanted(r, p, end) == NULL ||
	    json_parse(json, p, r->len) != 0 ||
	    json->nodes[0].type != JSON_OBJECT)
		return;
	take(r, p, r->len, job->offset + r->len);
	if (!r->is_stopped)
		job->line--;
}

/* The lines that end in the buffer's fresh bytes; how many bytes they are. */
static size_t
take_ended(struct reading *r, size_t fresh)
{
	const char *buf = r->l->buf;
	const char *last = memrchr(buf + fresh, '\n', r->len - fresh);

	if (last == NULL)
		return 0;
	take_lines(r, last + 1);
	return (size_t)(last + 1 - buf);
}

static int
run(struct reading *r)
{
	size_t taken, fresh;
	int rc = 0;

	while (rc == 0) {
		fresh = r->len;
		rc = read_more(r);
		if (rc != 0 || r->is_over || r->is_stopped)
			break;
		taken = take_ended(r, fresh);
		if (taken == 0 && r->len == BUFFER)
			rc = take_long_line(r);
		if (rc != 0 || r->is_over || r->is_stopped)
			break;
		r->len -= taken;
		memmove(r->l->buf, r->l->buf + taken, r->len);
	}
	if (rc == 0 && r->is_over)
		take_unended(r);
	return rc != 0 ? rc : r->is_stopped;
}

int
lines_run(struct lines *l, struct lines_job *job)
{
	struct reading r = { .l = l, .job = job };

	if (l->buf == NULL)
		l->buf = malloc(BUFFER);
	if (l->buf == NULL)
		return -1;
	if (job->s->agent->needle != NULL)
		needle_init(&r.needle, job->s->agent->needle);
	return run(&r);
}

void
lines_release(struct lines *l)
{
	free(l->buf);
	slim_release(&l->slim);
	*l = (struct lines){ 0 };
}
