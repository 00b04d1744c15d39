#include "collectord/jobs/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collectord/clock.h"
#include "collectord/log.h"
#include "collectord/sys.h"

#define NAMES_MAX 10000 /* of one pass; another follows */
#define READ_BYTES (64u << 10)
#define RETRY_MS 60000
#define TMP_MAX_AGE_S 3600
#define REJECTS_TOLD 3 /* of one put, in the log */
#define PATH_BYTES 4096
#define QUOTED 600

static void take_files(struct spool *sp);

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcmp(name + n - m, end) == 0;
}

static bool
is_spooled(const char *name)
{
	return name[0] != '.' && ends_in(name, ".tt");
}

static void
tell(struct spool *sp, const char *name, const char *what)
{
	char quoted[QUOTED];

	log_warn("spool", "op=refuse file=%s err=\"%s\"",
	    log_quote(quoted, sizeof(quoted), text_of(name)), what);
	sp->is_bad = true;
}

static void
tell_rejects(struct spool *sp, const struct put *put)
{
	char quoted[QUOTED];
	const struct put_reject *r;

	for (size_t i = 0; i < put->nrejects && i < REJECTS_TOLD; i++) {
		r = &put->rejects[i];
		log_warn("spool",
		    "op=refuse file=%s request=%zu index=%u field=%s code=%s",
		    log_quote(
			quoted, sizeof(quoted), text_of(sp->names[sp->at])),
		    sp->nputs, r->index,
		    r->error.field == NULL ? "-" : r->error.field,
		    error_name(r->error.code));
	}
	sp->is_bad = sp->is_bad || put->nrejects > 0;
}

static void
tell_errno(struct spool *sp, const char *op, const char *name)
{
	char quoted[QUOTED];
	int saved = errno;

	if (log_once_a_minute(&sp->told_ms, clock_mono_ms()))
		log_warn("spool", "op=%s file=%s err=\"%s\"", op,
		    log_quote(quoted, sizeof(quoted), text_of(name)),
		    strerror(saved));
}

static int
path_of(const struct spool *sp, const char *sub, const char *name,
    char path[PATH_BYTES])
{
	int n = snprintf(path, PATH_BYTES, "%s/%s%s", sp->dir, sub, name);

	if (n >= 0 && n < PATH_BYTES)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Only a plain file of ours is read. 0, or -1: it is passed over. */
static int
open_file(struct spool *sp)
{
	const char *name = sp->names[sp->at];
	char path[PATH_BYTES];
	struct stat st;

	sp->is_bad = false;
	sp->rc = 0;
	sp->nputs = 0;
	if (path_of(sp, "", name, path) != 0)
		return -1;
	sp->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (sp->fd >= 0 && fstat(sp->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid())
		return 0;
	if (sp->fd >= 0) {
		close(sp->fd);
		sp->fd = -1;
		errno = EPERM;
	}
	if (errno != ENOENT)
		tell_errno(sp, "open", name);
	return -1;
}

static void
close_file(struct spool *sp)
{
	if (sp->fd >= 0)
		close(sp->fd);
	sp->fd = -1;
	free(sp->in);
	sp->in = NULL;
	sp->in_len = sp->in_cap = 0;
}

static int
move_to_bad(struct spool *sp, const char *name)
{
	char from[PATH_BYTES], to[PATH_BYTES];

	if (path_of(sp, "bad", "", to) != 0 ||
	    (mkdir(to, 0700) != 0 && errno != EEXIST))
		return -1;
	if (path_of(sp, "", name, from) != 0 ||
	    path_of(sp, "bad/", name, to) != 0)
		return -1;
	return rename(from, to);
}

/* All of it is committed or refused: it goes. */
static void
end_file(struct spool *sp)
{
	const char *name = sp->names[sp->at];
	char path[PATH_BYTES];
	int rc;

	if (sp->is_bad)
		rc = move_to_bad(sp, name);
	else if (path_of(sp, "", name, path) == 0)
		rc = unlink(path);
	else
		rc = -1;
	if (rc != 0 && errno != ENOENT)
		tell_errno(sp, sp->is_bad ? "move" : "unlink", name);
	if (sp->is_bad)
		sp->bad++;
	else
		sp->taken++;
	close_file(sp);
}

/* More of the file behind what is there. The bytes, 0 at its end, or -1. */
static ssize_t
read_more(struct spool *sp)
{
	size_t cap = sp->in_cap * 2;
	char *in;
	ssize_t n;

	if (sp->in_cap - sp->in_len < READ_BYTES) {
		if (cap < sp->in_len + READ_BYTES)
			cap = sp->in_len + READ_BYTES;
		in = realloc(sp->in, cap);
		if (in == NULL)
			return -1;
		sp->in = in;
		sp->in_cap = cap;
	}
	do
		n = read(sp->fd, sp->in + sp->in_len, READ_BYTES);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		sp->in_len += (size_t)n;
	return n;
}

enum found { FOUND_MESSAGE, FOUND_END, FOUND_GARBAGE, FOUND_ERROR };

/* The next whole message stands in sp->in, *len bytes of it. */
static enum found
find_message(struct spool *sp, size_t *len)
{
	size_t seen = 0, used;
	enum wire_result r = WIRE_MORE;
	struct wire_scan scan;
	ssize_t n = 1;

	wire_scan_init(&scan);
	for (;;) {
		if (seen < sp->in_len)
			r = wire_scan_feed(
			    &scan, sp->in + seen, sp->in_len - seen, &used);
		else
			used = 0;
		seen += used;
		if (r != WIRE_MORE)
			break;
		n = read_more(sp);
		if (n <= 0)
			break;
	}
	*len = seen;
	if (r == WIRE_DONE)
		return FOUND_MESSAGE;
	if (r < 0)
		return FOUND_GARBAGE;
	if (n < 0)
		return FOUND_ERROR;
	return seen == 0 && sp->nputs > 0 ? FOUND_END : FOUND_GARBAGE;
}

static void
submit(struct spool *sp, const char *msg, size_t len)
{
	struct request rq;
	struct error err;
	struct put *put;

	sp->nputs++;
	if (unpack_request(msg, len, &rq, &err) != 0) {
		tell(sp, sp->names[sp->at], "not a request");
	} else if (!text_is(rq.method, "put")) {
		tell(sp, sp->names[sp->at], "not a put");
	} else if (unpack_put(rq.params, clock_now_ms(), &put, &err) != 0) {
		tell(sp, sp->names[sp->at], error_name(err.code));
	} else if (batch_submit(sp->batch, &sp->source, put,
		       batch_weight(put, len), 0, true) != 0) {
		sp->rc = ERR_STORE;
	} else {
		sp->is_waiting = true;
	}
}

/* Goes on with the file. True: it has ended, one way or the other. */
static bool
take_file(struct spool *sp)
{
	enum found found;
	size_t len;

	while (!sp->is_waiting && sp->rc == 0) {
		found = find_message(sp, &len);
		if (found == FOUND_ERROR) {
			tell_errno(sp, "read", sp->names[sp->at]);
			sp->rc = ERR_STORE;
			break;
		}
		if (found == FOUND_GARBAGE)
			tell(sp, sp->names[sp->at], "not whole requests");
		if (found != FOUND_MESSAGE) {
			end_file(sp);
			return true;
		}
		submit(sp, sp->in, len);
		sp->in_len -= len;
		memmove(sp->in, sp->in + len, sp->in_len);
	}
	if (sp->rc != 0)
		close_file(sp);
	return sp->rc != 0;
}

/* A client that died while it wrote leaves one; nobody will finish it. */
static void
remove_old(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    time(NULL) - st.st_mtime < TMP_MAX_AGE_S)
		return;
	if (unlinkat(dir, name, 0) == 0)
		log_info("spool", "op=remove why=\"an old temporary file\"");
}

static int
add_name(struct spool *sp, const char *name)
{
	char *copy = strdup(name);

	if (copy == NULL)
		return -1;
	sp->names[sp->nnames++] = copy;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
free_names(struct spool *sp)
{
	for (size_t i = 0; i < sp->nnames; i++)
		free(sp->names[i]);
	free(sp->names);
	sp->names = NULL;
	sp->nnames = sp->at = 0;
}

static void
read_names(struct spool *sp, DIR *d)
{
	struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		if (is_spooled(e->d_name)) {
			if (sp->nnames == NAMES_MAX ||
			    add_name(sp, e->d_name) != 0) {
				sp->is_asked = true;
				break;
			}
		} else if (e->d_name[0] == '.' || ends_in(e->d_name, ".tmp")) {
			remove_old(dirfd(d), e->d_name);
		}
	}
	if (sp->nnames > 1)
		qsort(sp->names, sp->nnames, sizeof(sp->names[0]), by_name);
}

/* Begins a pass. -1: there is nothing to do. */
static int
begin_pass(struct spool *sp)
{
	DIR *d = opendir(sp->dir);

	sp->is_asked = sp->has_left = false;
	if (d == NULL) {
		tell_errno(sp, "opendir", sp->dir);
		return -1;
	}
	sp->names = malloc(NAMES_MAX * sizeof(sp->names[0]));
	if (sp->names != NULL)
		read_names(sp, d);
	closedir(d);
	if (sp->nnames == 0)
		free_names(sp);
	return sp->names == NULL ? -1 : 0;
}

static void
on_retry(uv_timer_t *h)
{
	spool_scan(h->data);
}

static void
retry_later(struct spool *sp, uint64_t repeat_ms)
{
	if (sp->is_blind && repeat_ms == 0)
		return;
	BUG_ON(uv_timer_start(&sp->retry, on_retry, RETRY_MS, repeat_ms) != 0);
}

/* True: another pass has begun. Files left behind wait for a change or a
 * minute. */
static bool
end_pass(struct spool *sp)
{
	free_names(sp);
	if (sp->is_stopping)
		return false;
	if (sp->has_left) {
		retry_later(sp, 0);
		return false;
	}
	return sp->is_asked && begin_pass(sp) == 0;
}

/* One file after the other until one has to wait for its commit. */
static void
take_files(struct spool *sp)
{
	for (;;) {
		if (sp->fd < 0 && (sp->is_stopping || sp->at == sp->nnames)) {
			if (!end_pass(sp))
				return;
			continue;
		}
		if (sp->fd < 0 && open_file(sp) != 0) {
			sp->at++;
			continue;
		}
		if (!take_file(sp))
			return;
		sp->has_left = sp->has_left || sp->rc != 0;
		/* With no space for one there is none for the next. */
		sp->at = sp->rc == ERR_STORE_FULL ? sp->nnames : sp->at + 1;
	}
}

void
spool_scan(struct spool *sp)
{
	if (sp->is_stopping)
		return;
	if (sp->names != NULL) {
		sp->is_asked = true;
		return;
	}
	if (!sp->is_blind)
		uv_timer_stop(&sp->retry);
	if (begin_pass(sp) == 0)
		take_files(sp);
}

static void
on_done(struct batch_source *src, const struct batch_item *item)
{
	struct spool *sp =
	    (struct spool *)((char *)src - offsetof(struct spool, source));

	sp->is_waiting = false;
	sp->rc = item->rc;
	if (item->rc == 0)
		tell_rejects(sp, item->put);
}

static void
on_settle(struct batch_source *src, unsigned n)
{
	struct spool *sp =
	    (struct spool *)((char *)src - offsetof(struct spool, source));

	(void)n;
	/* Stopping leaves the rest of a file: it is taken again, at no harm. */
	if (!sp->is_stopping)
		take_files(sp);
}

static const struct batch_ops ops = { on_done, on_settle };

static void
on_change(uv_fs_event_t *h, const char *name, int events, int status)
{
	(void)events;
	if (status == 0 && (name == NULL || is_spooled(name)))
		spool_scan(h->data);
}

int
spool_init(
    struct spool *sp, uv_loop_t *loop, struct batch *batch, const char *dir)
{
	int rc;

	*sp = (struct spool){ .dir = dir, .batch = batch, .fd = -1 };
	sp->source.ops = &ops;
	rc = uv_timer_init(loop, &sp->retry);
	rc = rc != 0 ? rc : uv_fs_event_init(loop, &sp->watch);
	sp->retry.data = sp->watch.data = sp;
	if (rc != 0)
		return rc;
	/* A user has only so many watches. */
	rc = uv_fs_event_start(&sp->watch, on_change, dir, 0);
	if (rc != 0) {
		log_warn("spool", "op=watch err=\"%s\"", uv_strerror(rc));
		sp->is_blind = true;
		retry_later(sp, RETRY_MS);
	}
	return 0;
}

void
spool_stop(struct spool *sp)
{
	sp->is_stopping = true;
	uv_timer_stop(&sp->retry);
	uv_fs_event_stop(&sp->watch);
}

void
spool_release(struct spool *sp)
{
	close_file(sp);
	free_names(sp);
}
