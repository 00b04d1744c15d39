#include "clients/import/mark.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FORMAT 1
#define HEAD_MAX 1024
#define TAIL_MAX 256
#define KEY_DIGITS 16
#define FIELDS 7

void
mark_prefix(const struct import_agent *a, char name[MARK_NAME_MAX])
{
	snprintf(name, MARK_NAME_MAX, "import/%s/", a->name);
}

void
mark_name(const struct import_agent *a, uint64_t key, char name[MARK_NAME_MAX])
{
	snprintf(name, MARK_NAME_MAX, "import/%s/%016" PRIx64, a->name, key);
}

/* One more than the digit is; 0 for what is none. */
static const uint8_t digits[256] = {
	['0'] = 1,
	['1'] = 2,
	['2'] = 3,
	['3'] = 4,
	['4'] = 5,
	['5'] = 6,
	['6'] = 7,
	['7'] = 8,
	['8'] = 9,
	['9'] = 10,
	['a'] = 11,
	['b'] = 12,
	['c'] = 13,
	['d'] = 14,
	['e'] = 15,
	['f'] = 16,
};

bool
mark_key(struct text name, const char *prefix, uint64_t *key)
{
	size_t len = strlen(prefix), i;
	uint8_t d;

	if (name.len != len + KEY_DIGITS || memcmp(name.p, prefix, len) != 0)
		return false;
	for (*key = 0, i = len; i < name.len; i++) {
		d = digits[(uint8_t)name.p[i]];
		if (d == 0)
			return false;
		*key = *key << 4 | (d - 1u);
	}
	return true;
}

void
mark_of_stat(
    const struct import_agent *a, const struct stat *st, struct mark *m)
{
	*m = (struct mark){
		.version = a->version,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 +
			    st->st_mtim.tv_nsec,
	};
}

bool
mark_is_same(const struct mark *a, const struct mark *b)
{
	return a->version == b->version && a->dev == b->dev &&
	       a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns;
}

/* The numbers in the order in which they are stored, each in 8 bytes. */
static void
to_fields(const struct mark *m, uint64_t f[FIELDS])
{
	f[0] = m->dev;
	f[1] = m->ino;
	f[2] = m->size;
	f[3] = (uint64_t)m->mtime_ns;
	f[4] = m->offset;
	f[5] = m->line;
	f[6] = m->digest;
}

static void
from_fields(const uint64_t f[FIELDS], struct mark *m)
{
	m->dev = f[0];
	m->ino = f[1];
	m->size = f[2];
	m->mtime_ns = (int64_t)f[3];
	m->offset = f[4];
	m->line = f[5];
	m->digest = f[6];
}

static char *
put_number(char *p, uint64_t v, int bytes)
{
	while (bytes-- > 0) {
		*p++ = (char)(v & 0xff);
		v >>= 8;
	}
	return p;
}

static uint32_t
get_u32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t
get_u64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

#define FIXED (1 + 4 + FIELDS * 8)

size_t
mark_encode(const struct mark *m, const void *state, size_t state_size,
    char value[MARK_VALUE_MAX])
{
	uint64_t f[FIELDS];
	char *p = value;
	int i;

	to_fields(m, f);
	*p++ = FORMAT;
	p = put_number(p, m->version, 4);
	for (i = 0; i < FIELDS; i++)
		p = put_number(p, f[i], 8);
	if (state_size > 0)
		memcpy(p, state, state_size);
	return FIXED + state_size;
}

int
mark_decode(struct text value, struct mark *m, void *state, size_t state_size)
{
	uint64_t f[FIELDS];
	int i;

	if (value.len < FIXED || value.p[0] != FORMAT)
		return -1;
	if (state != NULL && value.len != FIXED + state_size)
		return -1;
	m->version = get_u32(value.p + 1);
	for (i = 0; i < FIELDS; i++)
		f[i] = get_u64(value.p + 5 + 8 * i);
	from_fields(f, m);
	if (state != NULL && state_size > 0)
		memcpy(state, value.p + FIXED, state_size);
	return 0;
}

/* As many bytes as that, or -1. */
static int
read_exactly(int fd, char *buf, size_t len, uint64_t offset)
{
	ssize_t n;

	do {
		n = pread(fd, buf, len, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	if (n >= 0 && (size_t)n != len)
		errno = ENODATA;
	return n >= 0 && (size_t)n == len ? 0 : -1;
}

int
mark_digest(int fd, uint64_t offset, uint64_t *digest)
{
	char buf[HEAD_MAX + TAIL_MAX];
	size_t head = offset < HEAD_MAX ? offset : HEAD_MAX;
	size_t tail = offset < TAIL_MAX ? offset : TAIL_MAX;

	if (read_exactly(fd, buf, head, 0) != 0 ||
	    read_exactly(fd, buf + head, tail, offset - tail) != 0)
		return -1;
	*digest = source_hash(buf, head + tail);
	return 0;
}

/* The slot where the key is or would go. */
static struct mark_slot *
slot_of(const struct marks *ms, uint64_t key)
{
	size_t i = (size_t)key & (ms->cap - 1);

	while (ms->slots[i].key != 0 && ms->slots[i].key != key)
		i = (i + 1) & (ms->cap - 1);
	return &ms->slots[i];
}

/* 0 stands for an empty slot. */
static uint64_t
key_of(uint64_t key)
{
	return key != 0 ? key : 1;
}

const struct mark *
marks_find(const struct marks *ms, uint64_t key)
{
	const struct mark_slot *slot;

	if (ms->cap == 0)
		return NULL;
	slot = slot_of(ms, key_of(key));
	return slot->key != 0 ? &slot->mark : NULL;
}

static int
grow(struct marks *ms, size_t cap)
{
	struct marks more = { .n = ms->n, .cap = cap };
	size_t i;

	more.slots = calloc(more.cap, sizeof(*more.slots));
	if (more.slots == NULL)
		return -1;
	for (i = 0; i < ms->cap; i++)
		if (ms->slots[i].key != 0)
			*slot_of(&more, ms->slots[i].key) = ms->slots[i];
	free(ms->slots);
	*ms = more;
	return 0;
}

int
marks_reserve(struct marks *ms, size_t n)
{
	size_t cap = ms->cap == 0 ? 256 : ms->cap;

	while (cap / 4 * 3 < n)
		cap *= 2;
	return cap > ms->cap ? grow(ms, cap) : 0;
}

int
marks_set(struct marks *ms, uint64_t key, const struct mark *m)
{
	struct mark_slot *slot;

	if (marks_reserve(ms, ms->n + 1) != 0)
		return -1;
	slot = slot_of(ms, key_of(key));
	ms->n += slot->key == 0;
	slot->key = key_of(key);
	slot->mark = *m;
	return 0;
}

void
marks_release(struct marks *ms)
{
	free(ms->slots);
	*ms = (struct marks){ 0 };
}
