#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"
#include "clients/provider/provider.h"

#define MSGID 1
#define AGAIN_MS 50
/* A key of SECRET_MAX, addresses, and the words around them. */
#define REQUEST_ROOM (SECRET_MAX + 12288)

int
provider_take_name(int nargs, char **args, const char **name)
{
	*name = nargs > 0 ? args[0] : NULL;
	if (nargs > 1)
		return provider_misused(
		    _("one account only: what is \"%.60s\"?"), args[1]);
	if (nargs == 1 && (args[0][0] == '\0' || strlen(args[0]) > LIMIT_TEXT ||
			      !text_is_clean(text_of(args[0]))))
		return provider_misused(
		    _("\"%.60s\" is not the name of an account"), args[0]);
	return EXIT_OK;
}

int
provider_refuse_more(int nargs)
{
	if (nargs <= 1)
		return EXIT_OK;
	return provider_misused("%s",
	    _("one account only, and no key: others could see an argument; "
	      "--key-stdin, --key-file, --key-command or --key-env takes it"));
}

int
provider_need_name(int nargs, char **args, const char **name)
{
	if (nargs == 0)
		return provider_misused("%s",
		    _("which account? tt-provider list shows their names"));
	return provider_take_name(nargs, args, name);
}

/* The packer's own growth would leave bytes of the key on the heap. */
void
provider_make_room(struct packer *k)
{
	k->p = malloc(REQUEST_ROOM);
	k->cap = k->p != NULL ? REQUEST_ROOM : 0;
	k->max = REQUEST_ROOM;
}

/*
 * An account is busy for a moment whenever something of it is being written:
 * it is fine to try again then. Where a field is named, its service could not
 * be asked, and is not to be with a key over and over.
 */
static bool
is_free_soon(const struct client *c)
{
	return c->reply.error.code == ERR_BUSY && c->reply.error.field == NULL;
}

static enum client_result
call_until_free(struct setup *s, const struct packer *k)
{
	struct client *c = &s->client;
	enum client_result r;

	for (;;) {
		r = client_send(c, k, s->deadline_ms);
		if (r == CLIENT_OK)
			r = client_wait(c, MSGID, s->deadline_ms);
		if (r != CLIENT_EREFUSED || !is_free_soon(c) ||
		    client_now_ms() + AGAIN_MS >= s->deadline_ms)
			return r;
		(void)poll(NULL, 0, AGAIN_MS);
	}
}

enum client_result
provider_ask(struct setup *s, struct packer *k, struct value *result)
{
	enum client_result r = call_until_free(s, k);

	if (k->p != NULL)
		explicit_bzero(k->p, k->cap);
	packer_free(k);
	if (r == CLIENT_OK)
		*result = fetch_value(s->client.reply.result);
	return r;
}

int
provider_failed(struct setup *s, enum client_result r, const char *name)
{
	enum error_code code =
	    r == CLIENT_EREFUSED ? s->client.reply.error.code : ERR_NONE;

	if (name == NULL || code != ERR_NOT_FOUND)
		return setup_failed(s, r);
	complain(PROVIDER_NAME,
	    provider_is_remains(s, name)
		? _("\"%.80s\" was removed; what it said is kept, and "
		    "tt-provider rm drops it")
		: _("there is no account \"%.80s\": tt-provider list shows "
		    "them"),
	    name);
	return EXIT_REFUSED;
}

int
provider_call(
    struct setup *s, struct packer *k, const char *name, struct value *result)
{
	enum client_result r = provider_ask(s, k, result);

	return r == CLIENT_OK ? EXIT_OK : provider_failed(s, r, name);
}

int
provider_fetch(struct setup *s, const char *name, struct value *list)
{
	struct packer k = { 0 };
	struct value all;
	int rc = setup_connect(s);

	if (rc != EXIT_OK)
		return rc;
	pack_request(&k, MSGID, "providers");
	pack_map(&k, name != NULL);
	if (name != NULL) {
		pack_str(&k, "name");
		pack_str(&k, name);
	}
	rc = provider_call(s, &k, name, &all);
	if (rc == EXIT_OK)
		fetch_member(&all, "providers", list);
	return rc;
}

static void
put_json(const struct setup *s, struct value list,
    void (*json)(const struct setup *s, const struct value *account))
{
	struct value account;
	bool first = true;

	fputs("{\"schema_version\":1,\n \"providers\":[", stdout);
	for (; fetch_next(&list, &account); first = false) {
		fputs(first ? "\n  " : ",\n  ", stdout);
		json(s, &account);
	}
	fputs("],\n ", stdout);
	provider_json_remains(s);
	fputs("}\n", stdout);
}

int
provider_show(struct setup *s, int nargs, char **args,
    int (*table)(const struct setup *s, struct value list),
    void (*json)(const struct setup *s, const struct value *account))
{
	struct value list;
	const char *name;
	int rc = provider_take_name(nargs, args, &name);

	if (rc == EXIT_OK)
		rc = provider_fetch(s, name, &list);
	if (rc != EXIT_OK)
		return rc;
	if (!s->opts->json)
		return table(s, list);
	put_json(s, list, json);
	return EXIT_OK;
}

enum provider_fate
provider_fate(const struct value *result)
{
	struct value v;

	if (!fetch_member(result, "verified", &v))
		return PROVIDER_KEY_NOT_TRIED;
	return fetch_bool(result, "verified") ? PROVIDER_KEY_TAKEN
					      : PROVIDER_KEY_UNTRIABLE;
}

/* With what the service said of the key, where it said something. */
static void
put_changed(const struct value *result, const char *line)
{
	struct text why = fetch_text(result, "why");
	char name[200], said[PROVIDER_SAID_MAX];

	table_clean(fetch_text(result, "name"), name, sizeof(name));
	provider_said(why, said);
	if (why.len > 0 && !fetch_bool(result, "verified"))
		printf(_("%s: %s: %s"), name, line, said);
	else
		printf(_("%s: %s"), name, line);
	putchar('\n');
	if (why.len == 0 || !fetch_bool(result, "verified"))
		return;
	printf(_("%s: this key does not see all: %s"), name, said);
	putchar('\n');
}

void
provider_tell_remedy(const char *name)
{
	printf(_("`tt-provider set %s --new-key` takes another key."), name);
	putchar('\n');
}

void
provider_tell(
    const struct setup *s, const struct value *result, const char *line)
{
	struct value verified;

	if (!s->opts->json) {
		put_changed(result, line);
		return;
	}
	fputs("{\"schema_version\":1,\"name\":", stdout);
	json_put_text(stdout, fetch_text(result, "name"));
	fputs(",\"state\":", stdout);
	json_put_text(stdout, fetch_text(result, "state"));
	if (fetch_member(result, "verified", &verified)) {
		printf(",\"verified\":%s,",
		    fetch_bool(result, "verified") ? "true" : "false");
		provider_json_text(result, "why");
	}
	fputs("}\n", stdout);
}
