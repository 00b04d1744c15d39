#include <stdio.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

#define MSGID 1

static void
fetch_remains(const struct setup *s, struct value *list)
{
	struct value all = fetch_value(s->client.reply.result);

	fetch_member(&all, "remains", list);
}

void
provider_put_remains(const struct setup *s)
{
	struct value list, row;
	char name[200];

	for (fetch_remains(s, &list); fetch_next(&list, &row);) {
		table_clean(row.text, name, sizeof(name));
		printf(_("%s: removed; what it said is kept and counted, and "
			 "tt-provider rm %s drops it"),
		    name, name);
		putchar('\n');
	}
}

void
provider_json_remains(const struct setup *s)
{
	struct value list, row;
	bool first = true;

	fetch_remains(s, &list);
	fputs("\"remains\":[", stdout);
	for (; fetch_next(&list, &row); first = false) {
		if (!first)
			putchar(',');
		json_put_text(stdout, row.text);
	}
	putchar(']');
}

bool
provider_is_remains(struct setup *s, const char *name)
{
	struct packer k = { 0 };
	struct value result, list, row;

	pack_request(&k, MSGID, "providers");
	pack_map(&k, 0);
	if (provider_ask(s, &k, &result) != CLIENT_OK)
		return false;
	for (fetch_remains(s, &list); fetch_next(&list, &row);)
		if (text_is(row.text, name))
			return true;
	return false;
}
