/*
 * The lines of a file that grows, read in pieces of bounded size. A line is
 * there once its end is, or where it is a whole object; very long ones are cut
 * down before they are looked at (slim.h), so that no line is too long and
 * memory stays small.
 */
#ifndef IMPORT_LINES_H
#define IMPORT_LINES_H

#include "clients/common/slim.h"
#include "clients/import/source.h"

/* What is kept from file to file. Zero is a valid state. */
struct lines {
	char *buf;
	struct slim slim;
};

struct lines_job {
	struct source *s; /* its agent decides which lines matter */
	int fd;
	uint64_t offset; /* of the first line not taken yet; in and out */
	uint64_t line;   /* the number of the one before it; in and out */
	/* After each line that the agent took; offset and line are past it. */
	int (*on_line)(struct lines_job *job);
	/* After bytes were read. */
	int (*on_read)(struct lines_job *job, size_t bytes);
	void *arg;
};

/*
 * Gives the agent all whole lines from job->offset to the end. 0; 1 where one
 * of the functions, or the agent, wanted to stop; -1 with errno. offset and
 * line are right in any case, and hold what the agent has taken.
 */
int lines_run(struct lines *l, struct lines_job *job);
void lines_release(struct lines *l);

#endif
