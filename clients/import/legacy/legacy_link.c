#include "clients/import/legacy/legacy_link.h"

#include <stdio.h>

#include "clients/common/launch.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "proto/calendar.h"

/* A daemon may have to be started, and a commit waits for the disk. */
#define MEET_MS 15000
#define CALL_MS 60000

int
legacy_link_init(struct legacy_link *l, const char *tz)
{
	const char *zone;
	char why[512];

	*l = (struct legacy_link){ .msgid = 0 };
	client_init(&l->client);
	if (places_find(&l->places, why, sizeof(why)) != 0 ||
	    client_config(&l->places, &l->config, why, sizeof(why)) != 0) {
		complain(LEGACY_PROGRAM, "%s", why);
		return EXIT_USAGE;
	}
	lang_configure(l->config.lang);
	zone = tz != NULL ? tz : l->config.tz;
	if (calendar_use_zone(zone) == 0)
		return EXIT_OK;
	complain(LEGACY_PROGRAM, _("no time zone \"%.255s\""), zone);
	return EXIT_USAGE;
}

void
legacy_link_release(struct legacy_link *l)
{
	client_close(&l->client);
}

int
legacy_link_failed(struct legacy_link *l, enum client_result r)
{
	if (l->rc == EXIT_OK) {
		complain(LEGACY_PROGRAM, "%s", l->client.why);
		l->rc = client_exit_code(r);
	}
	return l->rc;
}

int
legacy_link_connect(struct legacy_link *l)
{
	enum client_result r = launch_connect(
	    &l->client, &l->places, &l->config, client_now_ms() + MEET_MS);

	return r == CLIENT_OK ? EXIT_OK : legacy_link_failed(l, r);
}

void
legacy_link_begin(struct legacy_link *l, struct packer *k, const char *method)
{
	packer_clear(k);
	pack_request(k, ++l->msgid, method);
}

enum client_result
legacy_link_call(struct legacy_link *l, struct packer *k)
{
	int64_t deadline = client_now_ms() + CALL_MS;
	enum client_result r = client_send(&l->client, k, deadline);

	packer_clear(k);
	return r == CLIENT_OK ? client_wait(&l->client, l->msgid, deadline) : r;
}

uint64_t
legacy_link_number(const struct legacy_link *l, const char *name)
{
	struct value v;

	if (unpack_member(l->client.reply.result, name, &v) &&
	    v.type == VALUE_U64)
		return v.u64;
	return 0;
}
