#include "clients/report/heard.h"

void
heard_pack(
    struct packer *k, uint32_t msgid, const char *session, const char *machine)
{
	pack_request(k, msgid, "session");
	pack_map(k, 1u + (machine != NULL));
	pack_str(k, "session");
	pack_str(k, session);
	if (machine == NULL)
		return;
	pack_str(k, "machine");
	pack_str(k, machine);
}

int
heard_read(struct wire_cursor result, struct heard *h)
{
	struct value all = fetch_value(result), v;

	*h = (struct heard){ .windows = { .type = VALUE_NIL } };
	if (all.type != VALUE_MAP)
		return -1;
	h->machine = fetch_text(&all, "machine");
	h->session = fetch_text(&all, "session");
	h->parent = fetch_text(&all, "parent_session");
	h->agent = fetch_text(&all, "agent");
	h->project = fetch_text(&all, "project");
	h->first_ms = (int64_t)fetch_u64(&all, "first");
	h->last_ms = (int64_t)fetch_u64(&all, "last");
	h->has_context = fetch_member(&all, "context", &v) &&
			 v.type == VALUE_MAP && fetch_u64(&v, "size") > 0;
	h->context_used = fetch_u64(&v, "used");
	h->context_size = fetch_u64(&v, "size");
	h->context_at_ms = (int64_t)fetch_u64(&v, "at");
	fetch_member(&all, "windows", &h->windows);
	if (!fetch_member(&all, "report", &v))
		return -1;
	h->report = v.at;
	return 0;
}

bool
heard_next_window(struct value *list, struct heard_window *w)
{
	struct value v;

	if (!fetch_next(list, &v))
		return false;
	w->name = fetch_text(&v, "name");
	w->percent = fetch_money(&v, "used_percent");
	w->resets_ms = (int64_t)fetch_u64(&v, "resets");
	w->at_ms = (int64_t)fetch_u64(&v, "at");
	return true;
}

void
heard_cache(const struct sums *s, uint64_t *part, uint64_t *whole)
{
	*part = s->n[SUM_CACHE_READ];
	*whole = s->n[SUM_INPUT] + s->n[SUM_CACHE_READ] + s->n[SUM_CACHE_WRITE];
}
