/* How far asking a service is: one line that is written over again. */
#ifndef CLIENTS_PROVIDER_PROGRESS_H
#define CLIENTS_PROVIDER_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/text.h"

#define PROGRESS_MAX 320

struct progress {
	struct text name, feed;
	uint64_t pages, rows;
};

/* Pure. In less than width columns; 0: as wide as it is. */
void progress_line(
    const struct progress *p, size_t width, char buf[PROGRESS_MAX]);
/* On stderr, which is a terminal. */
void progress_show(const struct progress *p);

#endif
