/*
 * The parts of tt-import: which logs there are and which of them have something
 * new (run.c), what is in one of them (take.c), and what is said of it all.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "clients/common/options.h"
#include "clients/import/batch.h"
#include "clients/import/lines.h"
#include "clients/import/progress.h"
#include "clients/import/roots.h"
#include "clients/import/walk.h"

#define NAME "tt-import"
#define IMPORT_AGENTS_MAX 32
#define IMPORT_MEET_MS 15000 /* a daemon may have to be started */

struct import_options {
	struct option_list roots;
	bool dry_run, follow, json, quiet;
};

struct import_counts {
	uint64_t files;  /* found */
	uint64_t read;   /* had something new */
	uint64_t bytes;  /* read */
	uint64_t events; /* in them, before any merging */
	uint64_t odd;    /* usage that could not be used */
};

/* One agent's part of a run. */
struct agent_run {
	const struct import_agent *agent;
	struct roots roots;
	struct logs logs;
	struct marks marks;
	struct import_counts counts;
	bool is_asked; /* its marks are under way */
};

struct import {
	const struct import_options *o;
	struct link link;
	struct batch batch;
	struct lines lines;
	struct source source; /* its scratch memory is kept from log to log */
	struct agent_run runs[IMPORT_AGENTS_MAX];
	size_t nruns;
	/*
	 * Has the daemon been met while logs were looked for, and what came of
	 * it and of the asking?
	 */
	bool is_met;
	int met_rc;
	struct progress progress;
	uint64_t warnings;
	/* Asked now and then: is it to end before its end? May be NULL. */
	bool (*is_over)(void *arg);
	/* Of directories, while looking for logs; may be NULL. */
	void (*on_dir)(
	    void *arg, struct agent_run *ar, const char *path, size_t root_len);
	void *arg; /* of both */
};

/* The wanted agents, all where n is 0. 0, or an EXIT_ code after one line. */
int import_init(struct import *im, const struct import_options *o,
    char *const *names, size_t n);
/* Of that one agent, for somebody who is not to be told anything. */
int import_init_quiet(struct import *im, const struct import_options *o,
    const struct import_agent *a);
void import_release(struct import *im);

/* run.c: each 0, or an EXIT_ code after one line. */

/* Where logs may be now, unless --root says it. */
void import_find_roots(struct import *im);
/* Looks for logs, forgetting those that were found before. */
void import_search(struct import *im);
/* What struct walk is to call for directories, with a struct walking. */
struct walking {
	struct import *im;
	struct agent_run *ar;
};
void import_on_dir(void *walking, const char *path, size_t root_len);
/* The same, asking the daemon for an agent's marks as soon as that has a log,
 * so that it looks them up meanwhile. import_meet comes next and takes them. */
void import_search_asking(struct import *im);
/* Connects and reads where the logs were left; nothing in a dry run. */
int import_meet(struct import *im, int64_t deadline_ms);
/* Is anything that was found new? */
bool import_has_news(const struct import *im);
/* Reads what is new in all that was found, until the daemon has it. */
int import_all(struct import *im);
/* Warns of a log; after a number of them only counts. Without a line: 0. */
void import_warn(
    struct import *im, const char *path, uint64_t line, const char *why);

/* take.c: what is new in one log. 0; 1: is_over said so; -1: see link.rc. */
int take_log(struct import *im, struct agent_run *ar, const struct log *l);
/* Has it changed since it was left? */
bool take_is_new(const struct agent_run *ar, const struct log *l);

/* tell.c: what came of it. */
void tell_summary(const struct import *im);

/* follow.c: reads all, and then whatever is written, until a signal. */
int import_follow(struct import *im);

#endif
