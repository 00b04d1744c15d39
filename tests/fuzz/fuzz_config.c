/*
 * Any bytes as a configuration file: what is accepted is within its bounds,
 * what is refused names a line that is there.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/config.h"
#include "tests/fuzz/fuzz.h"

static void
hold(bool fact)
{
	if (!fact)
		abort();
}

static void
check_bounds(const struct config *c)
{
	hold(memchr(c->machine, '\0', sizeof(c->machine)) != NULL);
	hold(memchr(c->tz, '\0', sizeof(c->tz)) != NULL);
	hold(strcmp(c->log_level, "error") == 0 ||
	     strcmp(c->log_level, "warn") == 0 ||
	     strcmp(c->log_level, "info") == 0 ||
	     strcmp(c->log_level, "debug") == 0);
	hold(c->week_start >= 1 && c->week_start <= 7);
	hold(c->day_start >= 0 && c->day_start <= 23);
	hold(c->max_connections >= 16 && c->max_connections <= 65536);
	hold(c->idle_timeout_s >= 1 && c->idle_timeout_s <= 86400);
	hold(c->request_timeout_s >= 1 && c->request_timeout_s <= 600);
}

static int
count_lines(const char *text)
{
	int n = 1;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), why[40] = "";
	struct config c;
	int line;

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	config_init(&c);
	c.keeps_sections = true;
	line = config_parse(&c, text, why, sizeof(why));
	hold(line >= 0 && line <= count_lines(text));
	hold((line == 0) == (why[0] == '\0'));
	check_bounds(&c);
	config_release(&c);
	free(text);
	return 0;
}
