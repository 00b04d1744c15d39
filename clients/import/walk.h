/*
 * The files below a root that an agent wants.
 */
#ifndef IMPORT_WALK_H
#define IMPORT_WALK_H

#include <sys/stat.h>

#include "clients/import/agent.h"

struct log {
	char *path;   /* absolute */
	uint32_t rel; /* where in path that below the root begins */
	uint32_t root_len;
	int kind;
	uint64_t key; /* the path's hash */
	dev_t dev;
	ino_t ino;
	off_t size;
	int64_t mtime_ns;
	/* Of a database: its write-ahead log. */
	off_t wal_size;
	int64_t wal_mtime_ns;
};

struct logs {
	struct log *list;
	size_t n, cap;
	struct seen *seen; /* what has been met on this walk */
	bool failed;       /* no memory: some are missing */
};

struct walk {
	const struct import_agent *agent;
	struct logs *logs;
	/* All may be NULL. path is absolute; on_log: the newest of logs. */
	void (*on_dir)(void *arg, const char *path, size_t root_len);
	void (*on_log)(void *arg);
	void (*on_error)(void *arg, const char *path, int err);
	void *arg;
};

/*
 * Adds what is below a directory, or a single file. Links are followed, each
 * directory and each file is met once. A root that is not there is no error.
 */
void walk_root(struct walk *w, const char *root);
/* What is at path, which lies below the root of that length. */
void walk_path(struct walk *w, const char *path, size_t root_len);
/* After the walk: what was met is forgotten. */
void logs_settle(struct logs *logs);
/* The newest first. */
void logs_sort(struct logs *logs);
void logs_release(struct logs *logs);

#endif
