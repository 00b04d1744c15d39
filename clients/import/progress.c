#include "clients/import/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/client.h"
#include "proto/lang.h"

#define EVERY_MS 200
#define FIRST_MS 300 /* shorter ones show nothing */
#define MIB (1u << 20)

void
progress_start(struct progress *p, bool is_wanted)
{
	const char *term = getenv("TERM");

	*p = (struct progress){ .is_on = is_wanted && isatty(STDERR_FILENO) &&
					 term != NULL &&
					 strcmp(term, "dumb") != 0 };
	p->start_ms = client_now_ms();
	p->next_ms = p->start_ms + FIRST_MS;
}

static void
show(struct progress *p, int64_t took_ms)
{
	uint64_t ms = took_ms > 0 ? (uint64_t)took_ms : 1;
	uint64_t per_s = p->bytes * 1000 / ms;
	uint64_t left = p->all_bytes > p->bytes ? p->all_bytes - p->bytes : 0;

	fputc('\r', stderr);
	fprintf(stderr,
	    _("%" PRIu64 " of %" PRIu64 " files, %" PRIu64 " MiB/s, %" PRIu64
	      " events, %" PRIu64 " s left"),
	    p->files, p->all_files, per_s / MIB, p->events,
	    per_s > 0 ? left / per_s : 0);
	fputs("\033[K", stderr);
	fflush(stderr);
	p->is_shown = true;
}

void
progress_tick(struct progress *p)
{
	int64_t now_ms;

	if (!p->is_on)
		return;
	now_ms = client_now_ms();
	if (now_ms < p->next_ms)
		return;
	p->next_ms = now_ms + EVERY_MS;
	show(p, now_ms - p->start_ms);
}

void
progress_clear(struct progress *p)
{
	if (p->is_shown)
		fputs("\r\033[K", stderr);
	p->is_shown = false;
}
