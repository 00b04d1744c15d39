#include "collectord/peers/services.h"

#include <stdio.h>
#include <string.h>

#include "collectord/jobs/sync/definitions.h"
#include "collectord/peers/reply.h"
#include "collectord/peers/server.h"

#define NAME_BYTES 256 /* of a file's, with what ends it */

static const struct {
	uint32_t bit;
	const char *name;
} gives_names[] = {
	{ FEED_COST, "cost" },
	{ FEED_USAGE, "usage" },
	{ FEED_BALANCE, "balance" },
	{ FEED_WINDOWS, "windows" },
};

#define GIVES (sizeof(gives_names) / sizeof(gives_names[0]))

void
services_pack_gives(struct packer *k, uint32_t gives)
{
	uint32_t n = 0;

	for (size_t i = 0; i < GIVES; i++)
		n += (gives & gives_names[i].bit) != 0;
	pack_str(k, "gives");
	pack_array(k, n);
	for (size_t i = 0; i < GIVES; i++)
		if (gives & gives_names[i].bit)
			pack_str(k, gives_names[i].name);
}

struct listing {
	struct definitions *definitions;
	struct packer rows;
	uint32_t n;
};

static void
pack_regions(struct packer *k, const struct provider *p)
{
	pack_str(k, "regions");
	pack_array(k, p->n_regions);
	for (uint32_t i = 0; i < p->n_regions; i++) {
		pack_map(k, 2);
		pack_str(k, "name");
		pack_str(k, p->regions[i].name);
		pack_str(k, "base_url");
		pack_str(k, p->regions[i].base_url);
	}
}

static void
pack_feeds(struct packer *k, const struct provider *p)
{
	pack_str(k, "feeds");
	pack_array(k, p->n_feeds);
	for (uint32_t i = 0; i < p->n_feeds; i++) {
		pack_map(k, 3);
		pack_str(k, "name");
		pack_str(k, p->feeds[i].name);
		services_pack_gives(k, p->feeds[i].gives);
		pack_str(k, "key");
		pack_str(k, p->feeds[i].key);
	}
}

/* Files may have names that are no text. */
static void
clean_name(const char *name, char clean[NAME_BYTES])
{
	snprintf(clean, NAME_BYTES, "%s", name);
	if (!text_is_clean(text_of(clean)))
		for (char *p = clean; *p != '\0'; p++)
			if (*p < 0x20 || *p > 0x7e)
				*p = '?';
}

static const struct provider *
take(struct listing *l, const char *name, bool is_file, char *why, size_t cap)
{
	const char *said = is_file ? definitions_judge_name(name) : NULL;
	char clean[NAME_BYTES];

	if (said == NULL)
		return definitions_take(l->definitions, name, why, cap);
	clean_name(name, clean);
	snprintf(why, cap, "%s/%s.ini: %s", l->definitions->dir, clean, said);
	return NULL;
}

static int
pack_service(void *arg, const char *name, bool is_file)
{
	struct listing *l = arg;
	struct packer *k = &l->rows;
	struct error e;
	char why[PLACES_PATH_MAX + NAME_BYTES + ERROR_MESSAGE_MAX];
	char clean[NAME_BYTES];
	const struct provider *p = take(l, name, is_file, why, sizeof(why));

	l->n++;
	pack_map(k, p == NULL ? 3 : 4);
	clean_name(name, clean);
	pack_str(k, "name");
	pack_str(k, clean);
	pack_str(k, "builtin");
	pack_bool(k, !is_file);
	if (p == NULL) {
		error_set(&e, ERR_BAD_PARAMS, NULL, "%s", why);
		pack_str(k, "error");
		pack_str(k, e.message);
		return 0;
	}
	pack_regions(k, p);
	pack_feeds(k, p);
	definitions_drop(l->definitions, p);
	return 0;
}

int
services_list(struct conn *c, const struct request *rq, struct packer *k,
    struct error *err)
{
	struct definitions *d = &c->server->sync.definitions;
	struct listing l = { .definitions = d };

	(void)rq;
	definitions_each(d, pack_service, &l);
	if (l.rows.failed) {
		packer_free(&l.rows);
		return error_set(err, ERR_BUSY, NULL, "out of memory");
	}
	pack_map(k, 2);
	pack_str(k, "dir");
	pack_str(k, d->dir);
	pack_str(k, "services");
	pack_array(k, l.n);
	if (l.n > 0)
		pack_packed(k, &l.rows);
	packer_free(&l.rows);
	return REPLY_NOW;
}
