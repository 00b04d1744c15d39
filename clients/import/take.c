#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients/import/import.h"
#include "proto/lang.h"

#define DOCUMENT_MAX (4u << 20) /* larger ones are cut down first */
#define PIECE (256u << 10)
/* A log of so many bytes should have had something to say. */
#define SILENT_MAX (64u << 10)

/* One log while it is read. */
struct taking {
	struct import *im;
	struct agent_run *ar;
	const struct log *log;
	struct source *s;
	struct mark mark;
	int fd;
	uint64_t first;  /* the put with its first event; 0: none yet */
	uint64_t wanted; /* lines that the agent looked at */
	bool from_start;
	bool has_failed; /* the rest could not be read */
	_Alignas(max_align_t) char state[IMPORT_STATE_MAX];
};

static bool
has_wal_changed(const struct log *l, const struct mark *m)
{
	return l->kind == IMPORT_DATABASE &&
	       (m->offset != (uint64_t)l->wal_size ||
		   m->line != (uint64_t)l->wal_mtime_ns);
}

bool
take_is_new(const struct agent_run *ar, const struct log *l)
{
	const struct mark *m = marks_find(&ar->marks, l->key);

	return m == NULL || m->version != ar->agent->version ||
	       m->dev != l->dev || m->ino != l->ino ||
	       m->size != (uint64_t)l->size || m->mtime_ns != l->mtime_ns ||
	       has_wal_changed(l, m);
}

static int
give(struct source *s, const struct event *ev)
{
	struct taking *t = s->give_arg;
	struct import *im = t->im;

	im->progress.events++;
	if (im->o->dry_run)
		return 0;
	if (t->first == 0)
		t->first = im->link.number;
	return batch_event(&im->batch, ev, t->log->path, s->line);
}

static bool
is_over(const struct import *im)
{
	return im->is_over != NULL && im->is_over(im->arg);
}

/* All events so far are the mark's; it is of the file as a whole or not. */
static int
settle(struct taking *t, bool is_whole)
{
	struct import *im = t->im;
	struct mark m;

	if (im->o->dry_run)
		return 0;
	if (batch_push(&im->batch) != 0)
		return -1;
	if (t->log->kind == IMPORT_LINES &&
	    mark_digest(t->fd, t->mark.offset, &t->mark.digest) != 0)
		t->mark.offset = t->mark.line = 0; /* it shrinks */
	m = t->mark;
	if (!is_whole)
		m.mtime_ns = 0; /* it has changed since, and is read on */
	/* Without memory for it, it is only read once more. */
	marks_set(&t->ar->marks, t->log->key, &m);
	return link_cursor(
	    &im->link, t->ar->agent, t->log->key, &m, t->state, t->first);
}

/* --- Lines ---------------------------------------------------------------- */

static int
on_line(struct lines_job *job)
{
	struct taking *t = job->arg;
	struct import *im = t->im;

	t->wanted++;
	if (im->o->dry_run || !link_is_full(&im->link))
		return 0;
	t->mark.offset = job->offset;
	t->mark.line = job->line;
	if (settle(t, false) != 0)
		return -1;
	/* Its cursor has sent it, unless that has to wait. */
	return link_is_full(&im->link) ? link_flush(&im->link) : 0;
}

static int
on_read(struct lines_job *job, size_t bytes)
{
	struct taking *t = job->arg;

	t->ar->counts.bytes += bytes;
	t->im->progress.bytes += bytes;
	progress_tick(&t->im->progress);
	return is_over(t->im);
}

/* What the mark says is in the file is still there. */
static bool
is_continued(const struct taking *t, const struct mark *old)
{
	uint64_t digest;

	return old->version == t->mark.version && old->dev == t->mark.dev &&
	       old->ino == t->mark.ino && old->offset <= t->mark.size &&
	       mark_digest(t->fd, old->offset, &digest) == 0 &&
	       digest == old->digest;
}

/* Goes on where the file was left, where that can be. -1: see link.rc. */
static int
go_on(struct taking *t)
{
	const struct import_agent *a = t->ar->agent;
	const struct mark *known = marks_find(&t->ar->marks, t->log->key);
	struct mark old;
	int rc = 1;

	if (known == NULL)
		return 0;
	old = *known;
	if (a->state_size > 0)
		rc = link_mark(&t->im->link, a, t->log->key, &old, t->state);
	if (rc == 1 && is_continued(t, &old)) {
		t->mark.offset = old.offset;
		t->mark.line = old.line;
		t->from_start = old.offset == 0;
		return 0;
	}
	memset(t->state, 0, sizeof(t->state));
	return rc < 0 ? -1 : 0;
}

static int
take_lines(struct taking *t)
{
	struct lines_job job = { .s = t->s,
		.fd = t->fd,
		.on_line = on_line,
		.on_read = on_read,
		.arg = t };
	int rc;

	if (go_on(t) != 0)
		return -1;
	job.offset = t->mark.offset;
	job.line = t->mark.line;
	rc = lines_run(&t->im->lines, &job);
	if (rc < 0)
		import_warn(t->im, t->log->path, 0, strerror(errno));
	t->has_failed = rc < 0;
	t->mark.offset = job.offset;
	t->mark.line = job.line;
	return t->im->link.rc != 0 ? -1 : rc > 0;
}

/* --- Documents and databases ---------------------------------------------- */

/* As much of the file as there is up to cap; -1 with errno. */
static ssize_t
read_piece(struct taking *t, char *buf, size_t cap, size_t offset)
{
	ssize_t n;

	do {
		n = pread(t->fd, buf, cap, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		t->ar->counts.bytes += (uint64_t)n;
		t->im->progress.bytes += (uint64_t)n;
	}
	return n;
}

static char *
read_whole(struct taking *t, size_t *len)
{
	char *text = malloc(DOCUMENT_MAX);
	ssize_t n = 1;

	for (*len = 0; text != NULL && n > 0 && *len < DOCUMENT_MAX;) {
		n = read_piece(t, text + *len, DOCUMENT_MAX - *len, *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	if (text != NULL && n < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Only what may matter of it, in l->slim. */
static int
read_slim(struct taking *t, struct slim *slim)
{
	char *buf = malloc(PIECE);
	size_t offset = 0;
	ssize_t n = 1;

	slim_reset(slim);
	while (buf != NULL && n > 0 && slim->state == SLIM_MORE) {
		n = read_piece(t, buf, PIECE, offset);
		if (n > 0)
			slim_feed(slim, buf, (size_t)n);
		offset += n > 0 ? (size_t)n : 0;
	}
	free(buf);
	return buf == NULL || n < 0 ? -1 : 0;
}

static int
take_document(struct taking *t)
{
	const struct import_agent *a = t->ar->agent;
	struct slim *slim = &t->im->lines.slim;
	size_t len;
	char *text;
	int rc = 0;

	if (t->mark.size <= DOCUMENT_MAX) {
		text = read_whole(t, &len);
		if (text != NULL)
			rc = a->take_document(t->s, text, len);
		free(text);
		if (text != NULL)
			return rc;
	} else if (read_slim(t, slim) == 0) {
		if (slim->state == SLIM_DONE)
			return a->take_document(t->s, slim->p, slim->len);
		source_odd(t->s, N_("too large, or not JSON"));
		return 0;
	}
	import_warn(t->im, t->log->path, 0, strerror(errno));
	t->has_failed = true;
	return 0;
}

/* What the reader kept of the same database. -1: see link.rc. */
static int
recall_state(struct taking *t)
{
	const struct import_agent *a = t->ar->agent;
	struct mark old;
	int rc;

	if (a->state_size == 0 ||
	    marks_find(&t->ar->marks, t->log->key) == NULL)
		return 0;
	rc = link_mark(&t->im->link, a, t->log->key, &old, t->state);
	if (rc < 0)
		return -1;
	if (rc == 0 || old.version != a->version || old.dev != t->mark.dev ||
	    old.ino != t->mark.ino)
		memset(t->state, 0, sizeof(t->state));
	return 0;
}

static int
take_database(struct taking *t)
{
	t->mark.offset = (uint64_t)t->log->wal_size;
	t->mark.line = (uint64_t)t->log->wal_mtime_ns;
	if (recall_state(t) != 0)
		return -1;
	t->ar->counts.bytes += t->mark.size;
	t->im->progress.bytes += t->mark.size;
	return t->ar->agent->take_database(t->s);
}

/* --- Any ------------------------------------------------------------------ */

/* The file may have been replaced since it was found. -1 with errno. */
static int
open_log(struct taking *t)
{
	struct stat st;

	t->fd = open(t->log->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (t->fd < 0 || fstat(t->fd, &st) != 0)
		return -1;
	mark_of_stat(t->ar->agent, &st, &t->mark);
	if (S_ISREG(st.st_mode))
		return 0;
	errno = EINVAL;
	return -1;
}

static void
begin_source(struct taking *t, const char *root)
{
	struct source *s = t->s;
	struct source fresh = {
		.agent = t->ar->agent,
		.root = root,
		.path = t->log->path,
		.rel = t->log->path + t->log->rel,
		.mtime_ms = t->mark.mtime_ns / 1000000,
		.state = t->state,
		.json = s->json,
		.arena = s->arena,
		.arena_len = s->arena_len,
		.arena_cap = s->arena_cap,
		.give = give,
		.give_arg = t,
	};

	*s = fresh;
	source_forget(s);
}

static int
take_kind(struct taking *t)
{
	switch (t->log->kind) {
	case IMPORT_LINES:
		return take_lines(t);
	case IMPORT_DOCUMENT:
		return take_document(t);
	default:
		return take_database(t);
	}
}

/* A log that should have held usage, and what of it could not be used. */
static void
judge(struct taking *t)
{
	const struct source *s = t->s;

	if (s->odd > 0)
		import_warn(t->im, t->log->path, s->odd_line, _(s->odd_why));
	else if (t->log->kind == IMPORT_LINES && t->from_start &&
		 t->wanted == 0 && t->mark.offset >= SILENT_MAX)
		import_warn(t->im, t->log->path, 0, _("no usage in it"));
}

static int
take_opened(struct taking *t)
{
	struct import_counts *n = &t->ar->counts;
	int rc = take_kind(t);

	n->read++;
	n->events += t->s->events;
	n->odd += t->s->odd;
	if (rc < 0 || t->im->link.rc != 0)
		return -1;
	judge(t);
	t->has_failed |= t->s->is_unread;
	/* What was stopped half-way through is only left right in lines. */
	if (rc > 0 && t->log->kind != IMPORT_LINES)
		return rc;
	if (settle(t, rc == 0 && !t->has_failed) != 0)
		return -1;
	return rc;
}

int
take_log(struct import *im, struct agent_run *ar, const struct log *l)
{
	struct taking t = { .im = im,
		.ar = ar,
		.log = l,
		.s = &im->source,
		.fd = -1,
		.from_start = true };
	char *root = strndup(l->path, l->root_len);
	int rc = 0;

	if (root != NULL && open_log(&t) == 0) {
		begin_source(&t, root);
		rc = take_opened(&t);
	} else if (errno != ENOENT) {
		import_warn(im, l->path, 0, strerror(errno));
	}
	if (t.fd >= 0)
		close(t.fd);
	free(root);
	if (rc == 0 && is_over(im))
		rc = 1;
	return rc;
}
