#include <inttypes.h>
#include <stdio.h>

#include "clients/common/figure.h"
#include "clients/common/output.h"
#include "clients/import/import.h"
#include "proto/lang.h"

static void
add(struct import_counts *sum, const struct import_counts *n)
{
	sum->files += n->files;
	sum->read += n->read;
	sum->bytes += n->bytes;
	sum->events += n->events;
	sum->odd += n->odd;
}

static void
json_counts(const struct import_counts *n)
{
	printf("\"files\":%" PRIu64 ",\"read\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"events\":%" PRIu64 ",\"odd\":%" PRIu64,
	    n->files, n->read, n->bytes, n->events, n->odd);
}

static void
tell_json(const struct import *im, const struct import_counts *all)
{
	const struct put_counts *put = &im->link.sum;
	const char *separator = "";
	size_t i;

	fputs("{\"schema_version\":1,\"agents\":[", stdout);
	for (i = 0; i < im->nruns; i++) {
		if (im->runs[i].counts.files == 0)
			continue;
		printf(
		    "%s{\"agent\":\"%s\",", separator, im->runs[i].agent->name);
		json_counts(&im->runs[i].counts);
		fputc('}', stdout);
		separator = ",";
	}
	fputs("],", stdout);
	json_counts(all);
	printf(",\"stored\":%" PRIu64 ",\"merged\":%" PRIu64
	       ",\"unchanged\":%" PRIu64 ",\"rejected\":%" PRIu64
	       ",\"warnings\":%" PRIu64 ",\"dry_run\":%s}\n",
	    put->stored, put->merged, put->unchanged, put->rejected,
	    im->warnings, im->o->dry_run ? "true" : "false");
}

/* The agents that have any logs, as "claude, codex". */
static void
name_agents(const struct import *im, char *buf, size_t cap)
{
	size_t len = 0, i;
	int n;

	buf[0] = '\0';
	for (i = 0; i < im->nruns; i++) {
		if (im->runs[i].counts.files == 0)
			continue;
		n = snprintf(buf + len, cap - len, "%s%s", len > 0 ? ", " : "",
		    im->runs[i].agent->name);
		if (n < 0 || (size_t)n >= cap - len)
			return;
		len += (size_t)n;
	}
}

static void
tell_people(const struct import *im, const struct import_counts *n)
{
	const struct put_counts *put = &im->link.sum;
	char agents[256], size[FIGURE_MAX];

	name_agents(im, agents, sizeof(agents));
	figure_bytes(n->bytes, size);
	if (n->files == 0)
		printf("%s\n", _("no logs found"));
	else if (im->o->dry_run)
		printf(_("%s: %" PRIu64 " files, %s, %" PRIu64
			 " events; nothing is sent\n"),
		    agents, n->files, size, n->events);
	else
		printf(
		    _("%s: %" PRIu64 " files, %" PRIu64
		      " of them with news, %s; %" PRIu64 " calls new, %" PRIu64
		      " changed, %" PRIu64 " known, %" PRIu64 " refused\n"),
		    agents, n->files, n->read, size, put->stored, put->merged,
		    put->unchanged, put->rejected);
}

void
tell_summary(const struct import *im)
{
	struct import_counts all = { 0 };
	size_t i;

	for (i = 0; i < im->nruns; i++)
		add(&all, &im->runs[i].counts);
	if (im->o->json)
		tell_json(im, &all);
	else if (!im->o->quiet)
		tell_people(im, &all);
}
