#include "clients/import/unpack.h"

#include <stdlib.h>
#include <zstd.h>

#define ROOM_FIRST (64u << 10)
#define WINDOW_LOG_MAX 25 /* 32 MiB: a frame may ask for as much of memory */

/* At least one byte more room, at most max. */
static int
grow(ZSTD_outBuffer *out, size_t max)
{
	size_t size = out->size == 0 ? ROOM_FIRST : out->size * 2;
	void *grown;

	if (size > max)
		size = max;
	if (size <= out->size)
		return -1;
	grown = realloc(out->dst, size);
	if (grown == NULL)
		return -1;
	out->dst = grown;
	out->size = size;
	return 0;
}

/* 0 when the last frame ended where the input does. */
static int
unpack(ZSTD_DStream *stream, ZSTD_inBuffer *in, ZSTD_outBuffer *out, size_t max)
{
	size_t rc = 1, before;

	for (;;) {
		if (rc == 0 && in->pos == in->size)
			return 0;
		if (out->pos == out->size && grow(out, max) != 0)
			return -1;
		before = out->pos;
		rc = ZSTD_decompressStream(stream, out, in);
		if (ZSTD_isError(rc))
			return -1;
		if (rc != 0 && in->pos == in->size && out->pos == before &&
		    out->pos < out->size)
			return -1;
	}
}

int
unpack_zstd(
    const void *data, size_t len, size_t max, char **out, size_t *out_len)
{
	ZSTD_inBuffer in = { data, len, 0 };
	ZSTD_outBuffer room = { NULL, 0, 0 };
	ZSTD_DStream *stream = ZSTD_createDStream();
	int rc = -1;

	if (stream != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(
				  stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		rc = unpack(stream, &in, &room, max);
	ZSTD_freeDStream(stream);
	if (rc != 0) {
		free(room.dst);
		return -1;
	}
	*out = room.dst;
	*out_len = room.pos;
	return 0;
}
