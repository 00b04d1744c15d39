#include <stdio.h>
#include <stdlib.h>

#include "clients/common/output.h"
#include "clients/notices/notices.h"

#define MSGID_LIST 1
#define MSGID_CONFIRM 2

static void
pack_question(const struct notices_options *o, struct packer *k)
{
	pack_request(k, MSGID_LIST, o->claim ? "notice_claim" : "notices");
	pack_map(k, o->delivered);
	if (o->delivered) {
		pack_str(k, "delivered");
		pack_bool(k, true);
	}
}

static int
read_list(struct notices *list, struct wire_cursor result)
{
	struct value all, items;

	list->kept = fetch_keep(&result);
	if (list->kept == NULL)
		return -1;
	all = fetch_value(result);
	if (!fetch_member(&all, "notices", &items) ||
	    items.type != VALUE_ARRAY || items.n > NOTICES_MAX)
		return -1;
	for (; list->n < items.n; list->n++)
		if (unpack_notice(&items.rest, &list->item[list->n]) != 0)
			return -1;
	return 0;
}

int
notices_fetch(
    struct setup *s, const struct notices_options *o, struct notices *list)
{
	struct packer k = { 0 };
	enum client_result r;
	int rc = setup_connect(s);

	if (rc != EXIT_OK)
		return rc;
	pack_question(o, &k);
	r = fetch_call(&s->client, &k, MSGID_LIST, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	if (read_list(list, s->client.reply.result) == 0)
		return EXIT_OK;
	complain(s->program, "%s", _("collectord's notices make no sense"));
	return EXIT_UNREACHABLE;
}

int
notices_confirm(struct setup *s, const struct notices *list)
{
	struct packer k = { 0 };
	enum client_result r;

	if (list->n == 0)
		return EXIT_OK;
	pack_request(&k, MSGID_CONFIRM, "notice_confirm");
	pack_map(&k, 1);
	pack_str(&k, "ids");
	pack_array(&k, (uint32_t)list->n);
	for (size_t i = 0; i < list->n; i++)
		pack_text(&k, list->item[i].id);
	r = fetch_call(&s->client, &k, MSGID_CONFIRM, s->deadline_ms);
	return r == CLIENT_OK ? EXIT_OK : setup_failed(s, r);
}

void
notices_release(struct notices *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->text[i]);
	free(list->kept);
	list->kept = NULL;
	list->n = 0;
}
