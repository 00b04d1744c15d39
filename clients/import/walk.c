#include "clients/import/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEPTH_MAX 32
#define ENTRIES (16u << 10) /* bytes of them that are read at once */

/* Files and directories by device and inode. */
struct seen {
	struct seen_id {
		dev_t dev;
		ino_t ino; /* 0: empty */
	} * ids;
	size_t n, cap;
};

/* One walk: the path is built up and cut again. */
struct step {
	struct walk *w;
	char path[PATH_MAX];
	size_t len, root_len;
	uint64_t hash; /* of the path */
	int depth;
};

static bool
is_new(struct seen *s, struct seen_id id)
{
	size_t i = (size_t)(id.ino * 31 + id.dev) & (s->cap - 1);

	while (s->ids[i].ino != 0) {
		if (s->ids[i].ino == id.ino && s->ids[i].dev == id.dev)
			return false;
		i = (i + 1) & (s->cap - 1);
	}
	s->ids[i] = id;
	s->n++;
	return true;
}

static int
grow_seen(struct seen *s)
{
	struct seen more = { .cap = s->cap == 0 ? 512 : 2 * s->cap };
	size_t i;

	more.ids = calloc(more.cap, sizeof(*more.ids));
	if (more.ids == NULL)
		return -1;
	for (i = 0; i < s->cap; i++)
		if (s->ids[i].ino != 0)
			is_new(&more, s->ids[i]);
	free(s->ids);
	*s = more;
	return 0;
}

/* Is it met for the first time? */
static bool
see(struct logs *logs, const struct stat *st)
{
	struct seen_id id = { st->st_dev, st->st_ino };

	if (logs->seen == NULL)
		logs->seen = calloc(1, sizeof(*logs->seen));
	if (logs->seen == NULL || (logs->seen->n >= logs->seen->cap / 2 &&
				      grow_seen(logs->seen) != 0)) {
		logs->failed = true;
		return false;
	}
	return is_new(logs->seen, id);
}

static void
tell(struct step *s, int err)
{
	if (s->w->on_error != NULL)
		s->w->on_error(s->w->arg, s->path, err);
}

static struct log *
next_log(struct logs *logs)
{
	size_t cap = logs->cap == 0 ? 256 : 2 * logs->cap;
	struct log *grown;

	if (logs->n == logs->cap) {
		grown = realloc(logs->list, cap * sizeof(*grown));
		if (grown == NULL)
			return NULL;
		logs->list = grown;
		logs->cap = cap;
	}
	return &logs->list[logs->n];
}

static int64_t
ns_of(const struct timespec *t)
{
	return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* What a database was told last is in the log beside it. */
static void
look_at_wal(struct log *l)
{
	char path[PATH_MAX + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", l->path);
	if (stat(path, &st) != 0)
		return;
	l->wal_size = st.st_size;
	l->wal_mtime_ns = ns_of(&st.st_mtim);
}

static void
add_file(struct step *s, const struct stat *st, int kind, size_t rel)
{
	struct logs *logs = s->w->logs;
	struct log *l;

	if (!see(logs, st))
		return;
	l = next_log(logs);
	if (l == NULL) {
		logs->failed = true;
		return;
	}
	*l = (struct log){
		.path = strdup(s->path),
		.rel = (uint32_t)rel,
		.root_len = (uint32_t)s->root_len,
		.kind = kind,
		.key = s->hash,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.mtime_ns = ns_of(&st->st_mtim),
	};
	if (l->path == NULL) {
		logs->failed = true;
		return;
	}
	if (kind == IMPORT_DATABASE)
		look_at_wal(l);
	logs->n++;
	if (s->w->on_log != NULL)
		s->w->on_log(s->w->arg);
}

static void walk_dir(struct step *s, int fd);

/* Where the path below the root begins; a file that is the root: its name. */
static size_t
rel_at(const struct step *s)
{
	const char *slash;

	if (s->len > s->root_len)
		return s->root_len + (s->path[s->root_len] == '/');
	slash = strrchr(s->path, '/');
	return slash != NULL ? (size_t)(slash + 1 - s->path) : 0;
}

static void
open_dir(struct step *s, int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		if (errno != ENOENT)
			tell(s, errno);
	} else if (see(s->w->logs, &st)) {
		walk_dir(s, fd);
	}
	if (fd >= 0)
		close(fd);
}

/* The directory `at` has that name, of that type, at s->path. */
static void
visit(struct step *s, int at, const char *name, unsigned char type)
{
	size_t rel = rel_at(s);
	struct stat st;
	int kind = -1;

	if (type != DT_DIR)
		kind = s->w->agent->kind_of(s->path + rel);
	if (type == DT_REG && kind < 0)
		return;
	if (type == DT_DIR) {
		open_dir(s, at, name);
		return;
	}
	if (fstatat(at, name, &st, 0) != 0) {
		/* A link to nothing, or to itself. */
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			tell(s, errno);
	} else if (S_ISDIR(st.st_mode)) {
		open_dir(s, at, name);
	} else if (S_ISREG(st.st_mode) && kind >= 0) {
		add_file(s, &st, kind, rel);
	}
}

static void
visit_entry(struct step *s, int at, const struct dirent64 *e)
{
	size_t len = s->len, n = strlen(e->d_name);
	uint64_t hash = s->hash;

	if (e->d_name[0] == '.' && (n == 1 || (n == 2 && e->d_name[1] == '.')))
		return;
	if (len + 1 + n >= sizeof(s->path)) {
		tell(s, ENAMETOOLONG);
		return;
	}
	s->path[len] = '/';
	memcpy(s->path + len + 1, e->d_name, n + 1);
	s->len = len + 1 + n;
	s->hash = source_hash_on(hash, s->path + len, 1 + n);
	visit(s, at, e->d_name, e->d_type);
	s->len = len;
	s->hash = hash;
	s->path[len] = '\0';
}

/* Entries of a directory, as the kernel gives them. */
struct entries {
	_Alignas(struct dirent64) char bytes[ENTRIES];
};

/* How many bytes of them; 0 at the end, -1 with errno. */
static ssize_t
read_entries(int fd, struct entries *es)
{
	ssize_t n;

	do {
		n = getdents64(fd, es->bytes, sizeof(es->bytes));
	} while (n < 0 && errno == EINTR);
	return n;
}

static void
visit_entries(struct step *s, int fd, const struct entries *es, size_t len)
{
	const struct dirent64 *e;
	size_t at;

	for (at = 0; at < len; at += e->d_reclen) {
		e = (const struct dirent64 *)(const void *)(es->bytes + at);
		visit_entry(s, fd, e);
	}
}

static void
walk_dir(struct step *s, int fd)
{
	struct entries es;
	ssize_t n;

	if (s->depth == DEPTH_MAX) {
		tell(s, ELOOP);
		return;
	}
	if (s->w->on_dir != NULL)
		s->w->on_dir(s->w->arg, s->path, s->root_len);
	s->depth++;
	while ((n = read_entries(fd, &es)) > 0)
		visit_entries(s, fd, &es, (size_t)n);
	s->depth--;
	/* One that is removed meanwhile has none. */
	if (n < 0 && errno != ENOENT)
		tell(s, errno);
}

void
walk_path(struct walk *w, const char *path, size_t root_len)
{
	struct step s = { .w = w, .root_len = root_len };

	s.len = strlen(path);
	if (s.len == 0 || s.len >= sizeof(s.path))
		return;
	memcpy(s.path, path, s.len + 1);
	s.hash = source_hash(path, s.len);
	visit(&s, AT_FDCWD, s.path, DT_UNKNOWN);
}

void
walk_root(struct walk *w, const char *root)
{
	char real[PATH_MAX];

	/* Few agents are there; each link of a path costs a look. */
	if (access(root, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	if (realpath(root, real) != NULL)
		walk_path(w, real, strlen(real));
	else if (errno != ENOENT && errno != ENOTDIR && w->on_error != NULL)
		w->on_error(w->arg, root, errno);
}

static int
newer_first(const void *a, const void *b)
{
	const struct log *x = a, *y = b;

	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns > y->mtime_ns ? -1 : 1;
	return strcmp(x->path, y->path);
}

void
logs_settle(struct logs *logs)
{
	if (logs->seen != NULL)
		free(logs->seen->ids);
	free(logs->seen);
	logs->seen = NULL;
}

void
logs_sort(struct logs *logs)
{
	if (logs->n > 0)
		qsort(logs->list, logs->n, sizeof(*logs->list), newer_first);
}

void
logs_release(struct logs *logs)
{
	logs_settle(logs);
	while (logs->n > 0)
		free(logs->list[--logs->n].path);
	free(logs->list);
	*logs = (struct logs){ 0 };
}
