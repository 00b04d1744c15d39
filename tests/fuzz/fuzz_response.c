/*
 * Replies of APIs: how the bytes are cut into pieces changes nothing, something
 * is always said of them, and an event that is made of them can be printed. The
 * first byte of the input says how it is cut.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/ndjson.h"
#include "clients/common/response.h"

static void
fail(const char *what)
{
	fprintf(stderr, "fuzz_response: %s\n", what);
	abort();
}

static void
check_event(const struct event *ev)
{
	int i;

	for (i = 0; i < EV_TEXTS; i++)
		if (ev->text[i].len > LIMIT_TEXT)
			fail("a text is too long");
	if (ev->count[EV_CACHE_WRITE_1H] > ev->count[EV_CACHE_WRITE])
		fail("a part of the cache writes is more than they are");
	if (ev->rank > EVENT_RANK_DEFAULT)
		fail("a reply is no correction");
}

static void
on_reply(void *arg, const struct event *ev, const struct error *err)
{
	FILE *f = arg;

	if ((ev == NULL) == (err == NULL))
		fail("an event or why there is none");
	if (ev != NULL) {
		check_event(ev);
		ndjson_write(f, ev);
	} else {
		if (err->code == ERR_NONE || err->message[0] == '\0')
			fail("a refusal without a reason");
		fprintf(f, "! %s %s\n", err->field != NULL ? err->field : "",
		    err->message);
	}
}

/* Pieces of 1 to `most` bytes, of their own memory for the sanitizers. */
static void
feed_pieces(struct response *r, const uint8_t *data, size_t size, unsigned most)
{
	unsigned seed = most;
	size_t n;
	char *piece;

	while (size > 0) {
		seed = seed * 1103515245u + 12345u;
		n = 1 + (seed >> 16) % most;
		n = n < size ? n : size;
		piece = malloc(n);
		if (piece == NULL)
			fail("no memory");
		memcpy(piece, data, n);
		response_feed(r, piece, n);
		free(piece);
		data += n;
		size -= n;
	}
}

static char *
read_replies(const uint8_t *data, size_t size, unsigned most)
{
	struct response r;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	if (f == NULL)
		fail("no memory");
	response_init(&r, on_reply, f);
	if (most == 0)
		response_feed(&r, (const char *)data, size);
	else
		feed_pieces(&r, data, size, most);
	response_end(&r);
	if (r.reply.told == 0)
		fail("nothing is said");
	if (r.value.len > SLIM_KEPT_MAX)
		fail("too much is kept");
	response_release(&r);
	fclose(f);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole, *cut;

	if (size == 0)
		return 0;
	whole = read_replies(data + 1, size - 1, 0);
	cut = read_replies(data + 1, size - 1, 1 + data[0] % 64u);
	if (strcmp(whole, cut) != 0)
		fail("the pieces change what is read");
	free(whole);
	free(cut);
	return 0;
}
