/*
 * NDJSON lines: whatever is accepted comes back the same from what tt-send
 * prints of it, and a refusal names its reason.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/ndjson.h"

/* Years 1970 to 9999: the only ones that have a text. */
#define MS_MAX 253402300799999

static void
fail(const char *what)
{
	fprintf(stderr, "fuzz_ndjson: %s\n", what);
	abort();
}

static int
read_event(const char *line, size_t len, char *room, struct event *ev,
    struct error *err)
{
	struct ndjson_arena a = { room, 0, NDJSON_TEXTS_MAX };
	struct json j = { 0 };
	int rc = ndjson_read(&j, line, len, &a, ev, err);

	if (a.len > a.cap)
		fail("the arena overflows");
	json_release(&j);
	return rc;
}

static bool
is_same(const struct event *a, const struct event *b)
{
	int i;

	for (i = 0; i < EV_TEXTS; i++)
		if (!text_eq(a->text[i], b->text[i]))
			return false;
	return memcmp(a->count, b->count, sizeof(a->count)) == 0 &&
	       a->ts_ms == b->ts_ms && a->has_cost == b->has_cost &&
	       a->cost_pico == b->cost_pico && a->copied == b->copied &&
	       a->is_void == b->is_void && a->rank == b->rank &&
	       a->running == b->running;
}

/* Texts that are no UTF-8 are refused later, and printed as U+FFFD. */
static bool
has_clean_texts(const struct event *ev)
{
	int i;

	for (i = 0; i < EV_TEXTS; i++)
		if (!text_is_clean(ev->text[i]))
			return false;
	return true;
}

static void
check_round_trip(const struct event *ev)
{
	char *line = NULL, *room = malloc(NDJSON_TEXTS_MAX);
	struct event again;
	struct error err;
	size_t len;
	FILE *f = open_memstream(&line, &len);

	if (f == NULL || room == NULL)
		fail("no memory");
	ndjson_write(f, ev);
	fclose(f);
	if (read_event(line, len, room, &again, &err) != 0)
		fail("our own line is refused");
	if (!is_same(ev, &again))
		fail("our own line means something else");
	free(line);
	free(room);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *room = malloc(NDJSON_TEXTS_MAX);
	struct error err = { ERR_NONE, NULL, "" };
	struct event ev;

	if (room == NULL)
		fail("no memory");
	if (read_event((const char *)data, size, room, &ev, &err) != 0) {
		if (err.code == ERR_NONE || err.message[0] == '\0')
			fail("a refusal without a reason");
	} else if (has_clean_texts(&ev) && ev.ts_ms >= 0 &&
		   ev.ts_ms <= MS_MAX) {
		check_round_trip(&ev);
	}
	free(room);
	return 0;
}
