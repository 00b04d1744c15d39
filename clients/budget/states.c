#include <stdio.h>
#include <stdlib.h>

#include "clients/budget/budget.h"
#include "clients/common/output.h"

#define MSGID 1

int
budget_take_name(int nargs, char **args, const char **name)
{
	*name = nargs > 0 ? args[0] : NULL;
	if (nargs > 1)
		return budget_misused(
		    _("one budget only: what is \"%.60s\"?"), args[1]);
	return EXIT_OK;
}

void
budget_states_pack(struct packer *k, const char *name, const char *session)
{
	pack_request(k, MSGID, "budgets");
	pack_map(k, (name != NULL) + (uint32_t)(session != NULL));
	if (name != NULL) {
		pack_str(k, "name");
		pack_str(k, name);
	}
	if (session != NULL) {
		pack_str(k, "session");
		pack_str(k, session);
	}
}

int
budget_states_read(struct budget_states *list, struct wire_cursor result)
{
	struct value all, now, budgets;

	list->n = 0;
	list->kept = fetch_keep(&result);
	if (list->kept == NULL)
		return -1;
	all = fetch_value(result);
	if (!fetch_member(&all, "now", &now) ||
	    !fetch_member(&all, "budgets", &budgets) ||
	    budgets.type != VALUE_ARRAY || budgets.n > BUDGETS_MAX)
		return -1;
	list->now_ms = now.i64;
	for (; list->n < budgets.n; list->n++)
		if (unpack_budget_state(&budgets.rest, &list->item[list->n]) !=
		    0)
			return -1;
	return 0;
}

void
budget_states_release(struct budget_states *list)
{
	free(list->kept);
	list->kept = NULL;
	list->n = 0;
}

int
budget_states_fetch(
    struct setup *s, const char *name, struct budget_states *list)
{
	struct packer k = { 0 };
	enum client_result r;
	int rc = setup_connect(s);

	if (rc != EXIT_OK)
		return rc;
	budget_states_pack(&k, name, NULL);
	r = fetch_call(&s->client, &k, MSGID, s->deadline_ms);
	if (r != CLIENT_OK)
		return setup_failed(s, r);
	if (budget_states_read(list, s->client.reply.result) == 0)
		return EXIT_OK;
	complain(s->program, "%s", _("collectord's budgets make no sense"));
	return EXIT_UNREACHABLE;
}
