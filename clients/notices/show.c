#include <stdio.h>

#include "clients/common/output.h"
#include "clients/common/safe_name.h"
#include "clients/notices/notices.h"

void
notices_put_text(const struct notices *list)
{
	for (size_t i = 0; i < list->n; i++)
		puts(list->text[i]);
}

/* Ids have names of others in them. */
static void
put_id(struct text id)
{
	putchar('"');
	for (uint32_t i = 0; i < id.len; i++)
		putchar(
		    safe_name_has(id.p[i]) || id.p[i] == '+' ? id.p[i] : '?');
	putchar('"');
}

static void
put_name(const char *key, struct text name)
{
	char buf[SAFE_NAME_MAX + 1];

	printf(",\"%s\":", key);
	if (name.len > 0)
		json_put_str(stdout, safe_name(name, buf));
	else
		fputs("null", stdout);
}

static void
put_notice(const struct notice *n, const char *text)
{
	char made[CALENDAR_TEXT_MAX];
	struct text none = { NULL, 0 };

	fputs("{\"id\":", stdout);
	put_id(n->id);
	printf(",\"kind\":\"%s\",\"level\":\"%s\"", notice_kind_names[n->kind],
	    notice_level_names[n->level]);
	put_name("budget", n->kind == NOTICE_BUDGET ? n->subject : none);
	put_name("subject", n->subject);
	if (n->to_ms != 0 && n->period.len > 0) {
		fputs(",\"period\":", stdout);
		json_put_text(stdout, n->period);
	} else {
		put_name("period", n->period);
	}
	if (n->why.len > 0) {
		fputs(",\"why\":", stdout);
		json_put_text(stdout, n->why);
	}
	calendar_format_time(n->made_ms, made);
	printf(",\"made\":\"%s\",\"text\":", made);
	json_put_str(stdout, text);
	putchar('}');
}

void
notices_put_json(const struct notices *list)
{
	fputs("{\"schema_version\":1,\"notices\":[", stdout);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i > 0 ? ",\n " : "\n ", stdout);
		put_notice(&list->item[i], list->text[i]);
	}
	fputs("]}\n", stdout);
}
