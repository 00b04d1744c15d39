/*
 * --follow. Directories are watched; what changes in them is looked at a moment
 * later, for agents write often. Now and then everything is looked at, as
 * watches are neither sure nor without limit. The loop only notes what
 * happened: work is done between its turns, and asks it for signals meanwhile.
 */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "clients/common/output.h"
#include "clients/import/import.h"
#include "proto/lang.h"

#define PAUSE_MS 150    /* between a write and a look at it */
#define RESCAN_MS 30000 /* everything */
#define POLL_MS 3000    /* the same where not all can be watched */
#define RETRY_MS 1000   /* for a daemon that is away */
#define IDLE_MS 60000   /* a connection is not kept for longer */
#define MEET_MS 15000
#define CHANGED_MAX 64
#define BUCKETS 1024

struct watch {
	uv_fs_event_t handle;
	struct follow *f;
	struct agent_run *ar;
	struct watch *next;
	uint64_t key;
	unsigned round;    /* the last walk that met it */
	uint32_t root_len; /* 0: for the roots in it that are single files */
	char path[];
};

struct changed {
	struct agent_run *ar;
	size_t root_len;
	char *path;
};

struct follow {
	struct import *im;
	uv_loop_t loop;
	uv_signal_t signals[2];
	uv_timer_t pause, rescan;
	struct watch *watches[BUCKETS];
	unsigned round;
	struct changed changed[CHANGED_MAX];
	size_t nchanged;
	bool is_stopped;
	bool is_due;     /* the pause after the first change is over */
	bool wants_all;  /* everything is to be looked at */
	bool is_partial; /* some directories could not be watched */
	bool is_lost;    /* the daemon was away: see where all was left */
	int64_t used_ms; /* when the daemon was spoken to last */
};

/* --- What the loop notes -------------------------------------------------- */

static void
on_signal(uv_signal_t *h, int number)
{
	struct follow *f = h->data;

	(void)number;
	f->is_stopped = true;
}

static void
on_pause(uv_timer_t *h)
{
	struct follow *f = h->data;

	f->is_due = true;
}

static void
on_rescan(uv_timer_t *h)
{
	struct follow *f = h->data;

	f->wants_all = true;
}

static bool
is_noted(const struct follow *f, const struct agent_run *ar, const char *path)
{
	size_t i;

	for (i = 0; i < f->nchanged; i++)
		if (f->changed[i].ar == ar &&
		    strcmp(f->changed[i].path, path) == 0)
			return true;
	return false;
}

/* What is written to a database may be in the log beside it. */
static void
drop_wal(char *path)
{
	static const char wal[] = "-wal";
	size_t len = strlen(path), n = sizeof(wal) - 1;

	if (len > n && strcmp(path + len - n, wal) == 0)
		path[len - n] = '\0';
}

static bool
is_root(const struct agent_run *ar, const char *path)
{
	char real[PATH_MAX];
	size_t i;

	for (i = 0; i < ar->roots.n; i++)
		if (realpath(ar->roots.paths[i], real) != NULL &&
		    strcmp(real, path) == 0)
			return true;
	return false;
}

static void
note_change(struct follow *f, const struct watch *w, const char *name)
{
	struct changed c = { .ar = w->ar, .root_len = w->root_len };
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", w->path, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return;
	drop_wal(path);
	if (c.root_len == 0 && is_root(w->ar, path))
		c.root_len = strlen(path);
	if (c.root_len == 0 || is_noted(f, w->ar, path))
		return;
	if (f->nchanged < CHANGED_MAX)
		c.path = strdup(path);
	if (c.path == NULL)
		f->wants_all = true;
	else
		f->changed[f->nchanged++] = c;
	if (!uv_is_active((uv_handle_t *)&f->pause))
		uv_timer_start(&f->pause, on_pause, PAUSE_MS, 0);
}

static void
on_event(uv_fs_event_t *h, const char *name, int events, int status)
{
	struct watch *w = h->data;

	(void)events;
	if (status < 0 || name == NULL)
		w->f->wants_all = true;
	else
		note_change(w->f, w, name);
}

/* --- Watches -------------------------------------------------------------- */

static void
on_watch_closed(uv_handle_t *h)
{
	free(h->data);
}

static struct watch **
bucket(struct follow *f, uint64_t key)
{
	return &f->watches[key % BUCKETS];
}

static struct watch *
find_watch(struct follow *f, const struct agent_run *ar, const char *path,
    uint64_t key)
{
	struct watch *w = *bucket(f, key);

	while (w != NULL &&
	       (w->key != key || w->ar != ar || strcmp(w->path, path) != 0))
		w = w->next;
	return w;
}

static void
tell_partial(struct follow *f, const char *path, int err)
{
	if (!f->is_partial)
		complain(NAME,
		    _("%s cannot be watched (%s): looking at everything every "
		      "%d s instead"),
		    path, uv_strerror(err), POLL_MS / 1000);
	f->is_partial = true;
}

static struct watch *
new_watch(struct follow *f, struct agent_run *ar, const char *path,
    size_t root_len, uint64_t key)
{
	size_t len = strlen(path) + 1;
	struct watch *w = calloc(1, sizeof(*w) + len);

	if (w == NULL)
		return NULL;
	w->f = f;
	w->ar = ar;
	w->key = key;
	w->root_len = (uint32_t)root_len;
	memcpy(w->path, path, len);
	if (uv_fs_event_init(&f->loop, &w->handle) != 0) {
		free(w);
		return NULL;
	}
	w->handle.data = w;
	return w;
}

static void
on_dir(void *arg, struct agent_run *ar, const char *path, size_t root_len)
{
	struct follow *f = arg;
	uint64_t key = source_hash(path, strlen(path));
	struct watch *w = find_watch(f, ar, path, key);
	int rc;

	if (w == NULL) {
		w = new_watch(f, ar, path, root_len, key);
		if (w == NULL)
			return;
		rc = uv_fs_event_start(&w->handle, on_event, path, 0);
		if (rc != 0) {
			if (rc != UV_ENOENT)
				tell_partial(f, path, rc);
			uv_close((uv_handle_t *)&w->handle, on_watch_closed);
			return;
		}
		w->next = *bucket(f, key);
		*bucket(f, key) = w;
	}
	w->round = f->round;
}

/* Of directories that the last walk did not meet, or of all. */
static void
drop_watches(struct follow *f, bool all)
{
	struct watch **at, *w;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		for (at = &f->watches[i]; (w = *at) != NULL;) {
			if (!all && w->round == f->round) {
				at = &w->next;
				continue;
			}
			*at = w->next;
			uv_close((uv_handle_t *)&w->handle, on_watch_closed);
		}
	}
}

/* --- Work ----------------------------------------------------------------- */

static bool
is_over(void *arg)
{
	struct follow *f = arg;

	uv_run(&f->loop, UV_RUN_NOWAIT);
	return f->is_stopped;
}

static void
forget_logs(struct import *im)
{
	size_t i;

	for (i = 0; i < im->nruns; i++)
		logs_release(&im->runs[i].logs);
}

/* Everything that has been found; the daemon may be gone, for a while. */
static int
import_found(struct follow *f)
{
	struct import *im = f->im;
	int rc;

	if (!import_has_news(im)) {
		forget_logs(im);
		f->is_lost = false;
		return EXIT_OK;
	}
	/* All is acknowledged: only the connection is given up. */
	if (client_now_ms() - f->used_ms > IDLE_MS)
		link_reset(&im->link);
	rc = link_connect(&im->link, client_now_ms() + MEET_MS);
	if (rc == EXIT_OK)
		rc = import_all(im);
	else if (!f->is_lost)
		complain(NAME, "%s", im->link.client.why);
	f->used_ms = client_now_ms();
	forget_logs(im);
	f->is_lost = rc != EXIT_OK;
	return rc;
}

/* A root that is a file: its directory, unless that is watched anyway. */
static void
watch_file_roots(struct follow *f, struct agent_run *ar)
{
	char real[PATH_MAX], *slash;
	struct stat st;
	size_t i;

	for (i = 0; i < ar->roots.n; i++) {
		if (realpath(ar->roots.paths[i], real) == NULL ||
		    stat(real, &st) != 0 || S_ISDIR(st.st_mode))
			continue;
		slash = strrchr(real, '/');
		if (slash == NULL || slash == real)
			continue;
		*slash = '\0';
		on_dir(f, ar, real, 0);
	}
}

static void
find_all(struct follow *f)
{
	struct import *im = f->im;
	size_t i;

	f->round++;
	f->wants_all = false;
	import_find_roots(im);
	import_search(im);
	for (i = 0; i < im->nruns; i++)
		watch_file_roots(f, &im->runs[i]);
	drop_watches(f, false);
	uv_timer_start(
	    &f->rescan, on_rescan, f->is_partial ? POLL_MS : RESCAN_MS, 0);
}

static void
find_changed(struct follow *f)
{
	struct changed c;

	while (f->nchanged > 0) {
		c = f->changed[--f->nchanged];
		struct walk w = { .agent = c.ar->agent,
			.logs = &c.ar->logs,
			.on_dir = import_on_dir,
			.arg = &(struct walking){ f->im, c.ar } };

		walk_path(&w, c.path, c.root_len);
		free(c.path);
	}
}

/* After a failure nobody knows what the daemon has: it is asked again. */
static void
begin_again(struct follow *f)
{
	struct import *im = f->im;

	link_reset(&im->link);
	im->batch.is_waiting = false;
	find_all(f);
	if (import_meet(im, client_now_ms() + MEET_MS) == EXIT_OK)
		import_found(f);
	forget_logs(im);
	if (f->is_lost)
		uv_timer_start(&f->pause, on_pause, RETRY_MS, 0);
}

static void
look_at_changes(struct follow *f)
{
	f->is_due = false;
	if (f->wants_all)
		find_all(f);
	find_changed(f);
	import_found(f);
	if (f->is_lost)
		uv_timer_start(&f->pause, on_pause, RETRY_MS, 0);
}

static void
work(struct follow *f)
{
	while (!f->is_stopped) {
		if (f->is_lost && f->is_due) {
			f->is_due = false;
			begin_again(f);
		} else if (!f->is_lost && (f->wants_all || f->is_due)) {
			look_at_changes(f);
		} else {
			uv_run(&f->loop, UV_RUN_ONCE);
		}
	}
}

static int
begin(struct follow *f)
{
	struct import *im = f->im;
	int rc;

	im->on_dir = on_dir;
	im->is_over = is_over;
	im->arg = f;
	find_all(f);
	rc = link_connect(&im->link, client_now_ms() + MEET_MS);
	if (rc == EXIT_OK)
		rc = import_meet(im, client_now_ms() + MEET_MS);
	else
		complain(NAME, "%s", im->link.client.why);
	if (rc != EXIT_OK)
		return rc;
	rc = import_all(im);
	f->used_ms = client_now_ms();
	forget_logs(im);
	if (rc == EXIT_OK)
		tell_summary(im);
	fflush(stdout);
	return rc;
}

static int
start_loop(struct follow *f)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	size_t i;

	if (uv_loop_init(&f->loop) != 0)
		return -1;
	for (i = 0; i < 2; i++) {
		uv_signal_init(&f->loop, &f->signals[i]);
		f->signals[i].data = f;
		uv_signal_start(&f->signals[i], on_signal, numbers[i]);
	}
	uv_timer_init(&f->loop, &f->pause);
	uv_timer_init(&f->loop, &f->rescan);
	f->pause.data = f->rescan.data = f;
	return 0;
}

static void
end_loop(struct follow *f)
{
	size_t i;

	drop_watches(f, true);
	for (i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&f->signals[i], NULL);
	uv_close((uv_handle_t *)&f->pause, NULL);
	uv_close((uv_handle_t *)&f->rescan, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	uv_loop_close(&f->loop);
	while (f->nchanged > 0)
		free(f->changed[--f->nchanged].path);
}

int
import_follow(struct import *im)
{
	struct follow *f = calloc(1, sizeof(*f));
	int rc;

	if (f == NULL || start_loop(f) != 0) {
		free(f);
		complain(NAME, "%s", _("no memory"));
		return EXIT_SYSTEM;
	}
	f->im = im;
	rc = begin(f);
	if (rc == EXIT_OK)
		work(f);
	end_loop(f);
	free(f);
	return rc;
}
