#include "clients/provider/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/common/table.h"
#include "proto/lang.h"

#define COUNT_MAX 60

/* As many whole characters as fit. */
static size_t
clip(const char *s, size_t width)
{
	size_t len = 0, next = 0;

	while (s[next] != '\0') {
		for (next++; ((unsigned char)s[next] & 0xc0) == 0x80;)
			next++;
		if (lang_width(s, next) > width)
			break;
		len = next;
	}
	return len;
}

/* A line as wide as the terminal would go on in the next one. */
void
progress_line(const struct progress *p, size_t width, char buf[PROGRESS_MAX])
{
	char name[80], feed[60], pages[COUNT_MAX], rows[COUNT_MAX];

	table_clean(p->name, name, sizeof(name));
	table_clean(p->feed, feed, sizeof(feed));
	snprintf(pages, sizeof(pages),
	    P_("%" PRIu64 " page", "%" PRIu64 " pages",
		(unsigned long)p->pages),
	    p->pages);
	snprintf(rows, sizeof(rows),
	    P_("%" PRIu64 " row", "%" PRIu64 " rows", (unsigned long)p->rows),
	    p->rows);
	snprintf(
	    buf, PROGRESS_MAX, _("%s %s: %s, %s"), name, feed, pages, rows);
	if (width > 0)
		buf[clip(buf, width - 1)] = '\0';
}

void
progress_show(const struct progress *p)
{
	char line[PROGRESS_MAX];

	progress_line(p, table_output_width(stderr), line);
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
}
