#include "clients/send/send.h"

#include <inttypes.h>
#include <unistd.h>

#define SAID_MAX 400 /* a message in another language */

/* {"schema_version":1,"rejected":[…], written as the rejects come. */
static void
json_reject(struct sender *s, uint64_t number, const struct error *e)
{
	fputs(
	    s->sum.rejected == 0 ? "{\"schema_version\":1,\"rejected\":[" : ",",
	    stdout);
	fputc('{', stdout);
	if (number > 0)
		printf("\"%s\":%" PRIu64 ",", s->reads_lines ? "line" : "reply",
		    number);
	printf("\"code\":\"%s\",", error_name(e->code));
	if (e->field != NULL) {
		fputs("\"field\":", stdout);
		json_put_str(stdout, e->field);
		fputc(',', stdout);
	}
	fputs("\"message\":", stdout);
	json_put_str(stdout, e->message);
	fputc('}', stdout);
}

void
tell_finish(const struct sender *s)
{
	if (s->sum.rejected == 0)
		fputs("{\"schema_version\":1,\"rejected\":[", stdout);
	printf("],\"stored\":%" PRIu64 ",\"merged\":%" PRIu64
	       ",\"unchanged\":%" PRIu64 ",\"spooled\":%" PRIu64 "}\n",
	    s->sum.stored, s->sum.merged, s->sum.unchanged, s->spooled);
}

void
tell_reject(struct sender *s, uint64_t number, const struct error *e)
{
	const char *message =
	    e->message[0] != '\0' ? e->message : error_name(e->code);
	const char *field = e->field != NULL ? e->field : "";
	const char *colon = e->field != NULL ? ": " : "";
	char buf[SAID_MAX];
	const char *said = lang_said(message, buf, sizeof(buf));

	if (number > 0)
		complain(NAME,
		    s->reads_lines ? _("line %" PRIu64 ": %s%s%s")
				   : _("reply %" PRIu64 ": %s%s%s"),
		    number, field, colon, said);
	else
		complain(NAME, "%s%s%s", field, colon, said);
	if (s->o->json)
		json_reject(s, number, e);
	s->sum.rejected++;
}

bool
may_chat(const struct sender *s)
{
	return !s->o->quiet && isatty(STDERR_FILENO);
}
