/*
 * Amp: threads/T-<id>.json, rewritten as the thread grows. A call may be told
 * twice in it, by the answer's message and by an event of the usage ledger that
 * names the message. The ledger's event has the tokens, and only the message
 * what came from and went to the cache, so they are joined. What is told in
 * credits is not money.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "clients/import/agents.h"
#include "clients/import/agents/beside.h"
#include "proto/lang.h"

static void
find_roots(struct roots *r)
{
	if (!roots_add_env(r, "AMP_DATA_DIR", "threads"))
		roots_add_below(r,
		    roots_base(r, "XDG_DATA_HOME", ".local/share"),
		    "amp/threads");
}

static int
kind_of(const char *rel)
{
	struct text name = path_base(text_of(rel));

	return name.len > 7 && memcmp(name.p, "T-", 2) == 0 &&
		       path_ends(name, ".json")
		   ? IMPORT_DOCUMENT
		   : -1;
}

/* A message or an event of the ledger, to be found by the message's id. */
struct entry {
	uint64_t id; /* source_hash of its text */
	const struct json_node *node;
};

struct list {
	const struct json_node *array; /* NULL: none */
	struct entry *entries;         /* by id, then by place */
	size_t n;
};

struct thread {
	struct text id;
	struct list messages; /* those with usage */
	struct list ledger;
	int64_t created_ms;
};

static const struct json_node *
usage_of(const struct source *s, const struct json_node *message)
{
	const struct json_node *usage = json_get(&s->json, message, "usage");

	return usage != NULL && usage->type == JSON_OBJECT ? usage : NULL;
}

static int
by_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* An id is a number or a string; without one it is in no list. */
static bool
hash_id(const struct source *s, const struct json_node *id, uint64_t *hash)
{
	if (id == NULL || id->len == 0 ||
	    (id->type != JSON_NUMBER && id->type != JSON_STRING))
		return false;
	*hash = source_hash(json_raw(&s->json, id), id->len);
	return true;
}

/* -1: no memory. */
static int
list_init(const struct source *s, struct list *l, const struct json_node *array,
    const char *id, bool with_usage)
{
	const struct json_node *node;
	size_t n = 0;

	*l = (struct list){ 0 };
	if (array == NULL || array->type != JSON_ARRAY)
		return 0;
	l->array = array;
	for (node = json_first(&s->json, array); node != NULL;
	     node = json_next(&s->json, array, node))
		n++;
	l->entries = calloc(n + 1, sizeof(*l->entries));
	if (l->entries == NULL)
		return -1;
	for (node = json_first(&s->json, array); node != NULL;
	     node = json_next(&s->json, array, node)) {
		if (with_usage && usage_of(s, node) == NULL)
			continue;
		l->entries[l->n].node = node;
		if (hash_id(
			s, json_get(&s->json, node, id), &l->entries[l->n].id))
			l->n++;
	}
	qsort(l->entries, l->n, sizeof(*l->entries), by_id);
	return 0;
}

/* The first of that id, or NULL. */
static const struct json_node *
list_find(
    const struct source *s, const struct list *l, const struct json_node *id)
{
	size_t low = 0, high = l->n, mid;
	uint64_t hash;

	if (!hash_id(s, id, &hash))
		return NULL;
	while (low < high) {
		mid = low + (high - low) / 2;
		if (l->entries[mid].id < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n && l->entries[low].id == hash ? l->entries[low].node
							: NULL;
}

static void
raise_to(uint64_t *n, uint64_t v)
{
	if (*n < v)
		*n = v;
}

struct field {
	const char *name;
	enum event_count count;
};

static const struct field ledger_fields[] = {
	{ "input", EV_INPUT },
	{ "output", EV_OUTPUT },
	{ "cacheRead", EV_CACHE_READ },
	{ "cacheReadInputTokens", EV_CACHE_READ },
	{ "cacheWrite", EV_CACHE_WRITE },
	{ "cacheCreation", EV_CACHE_WRITE },
	{ "cacheCreationInputTokens", EV_CACHE_WRITE },
	{ "total", EV_TOTAL },
	{ NULL, 0 },
};

static const struct field message_fields[] = {
	{ "inputTokens", EV_INPUT },
	{ "outputTokens", EV_OUTPUT },
	{ "cacheReadInputTokens", EV_CACHE_READ },
	{ "cacheCreationInputTokens", EV_CACHE_WRITE },
	{ "totalTokens", EV_TOTAL },
	{ NULL, 0 },
};

/* Fields of the cache alone: what a message adds to its ledger's event. */
static const struct field cache_fields[] = {
	{ "cacheReadInputTokens", EV_CACHE_READ },
	{ "cacheCreationInputTokens", EV_CACHE_WRITE },
	{ NULL, 0 },
};

static void
count_fields(const struct source *s, const struct json_node *obj,
    const struct field *f, struct event *ev)
{
	for (; f->name != NULL; f++)
		raise_to(
		    &ev->count[f->count], source_member_count(s, obj, f->name));
}

static void
begin_event(struct source *s, const struct thread *t, struct event *ev)
{
	source_event_init(s, ev);
	ev->text[EV_SESSION] = t->id;
}

/* The first of the times that is one, else that of the thread. */
static void
stamp(const struct source *s, const struct thread *t,
    const struct json_node *first, const struct json_node *second,
    struct event *ev)
{
	ev->ts_ms = source_time(s, json_get(&s->json, first, "timestamp"));
	if (ev->ts_ms == 0)
		ev->ts_ms =
		    source_time(s, json_get(&s->json, second, "timestamp"));
	if (ev->ts_ms == 0)
		ev->ts_ms = t->created_ms;
}

static struct text
model_of(struct source *s, const struct json_node *first,
    const struct json_node *second)
{
	struct text model = source_member(s, first, "model");

	return model.len > 0 ? model : source_member(s, second, "model");
}

/* index: of the message in its thread, for one without an id. */
static int
give_message(struct source *s, const struct thread *t,
    const struct json_node *m, unsigned index)
{
	const struct json_node *usage = usage_of(s, m);
	struct text id = source_member(s, m, "messageId");
	struct event ev;

	begin_event(s, t, &ev);
	ev.text[EV_MESSAGE] =
	    id.len > 0 ? source_textf(s, "message-%.*s", (int)id.len, id.p)
		       : source_textf(s, "index-%u", index);
	ev.text[EV_MODEL] = model_of(s, usage, m);
	count_fields(s, usage, message_fields, &ev);
	stamp(s, t, usage, m, &ev);
	return source_event(s, &ev);
}

/* Is it the event that is joined with the message it names? */
static bool
is_joined(struct source *s, const struct thread *t, const struct json_node *e)
{
	return list_find(s, &t->ledger, json_get(&s->json, e, "toMessageId")) ==
	       e;
}

/* A further event for the same message is a call of its own. */
static struct text
name_entry(struct source *s, const struct thread *t, const struct json_node *e)
{
	struct text id = source_member(s, e, "id");

	if (is_joined(s, t, e)) {
		id = source_member(s, e, "toMessageId");
		return source_textf(s, "message-%.*s", (int)id.len, id.p);
	}
	if (id.len > 0)
		return source_textf(s, "ledger-%.*s", (int)id.len, id.p);
	return source_textf(s, "ledger-%016" PRIx64,
	    source_hash(json_raw(&s->json, e), e->len));
}

static int
give_entry(struct source *s, const struct thread *t, const struct json_node *e)
{
	const struct json_node *m = NULL, *usage;
	struct event ev;

	if (is_joined(s, t, e))
		m = list_find(
		    s, &t->messages, json_get(&s->json, e, "toMessageId"));
	usage = usage_of(s, m);
	begin_event(s, t, &ev);
	ev.text[EV_MESSAGE] = name_entry(s, t, e);
	ev.text[EV_MODEL] = model_of(s, e, usage);
	count_fields(s, json_get(&s->json, e, "tokens"), ledger_fields, &ev);
	count_fields(s, usage, cache_fields, &ev);
	stamp(s, t, e, usage, &ev);
	return source_event(s, &ev);
}

/* *can_join: every event of the ledger names the message that it is of. */
static int
give_ledger(struct source *s, const struct thread *t, bool *can_join)
{
	const struct json_node *e = NULL;
	uint64_t id;

	*can_join = true;
	if (t->ledger.array != NULL)
		e = json_first(&s->json, t->ledger.array);
	for (; e != NULL; e = json_next(&s->json, t->ledger.array, e)) {
		if (e->type != JSON_OBJECT)
			continue;
		if (!hash_id(s, json_get(&s->json, e, "toMessageId"), &id))
			*can_join = false;
		if (give_entry(s, t, e) != 0)
			return -1;
	}
	return 0;
}

/*
 * Messages that no event of the ledger is of. Where that cannot be known, the
 * ledger, if there is one, is taken to be whole.
 */
static int
give_messages(struct source *s, const struct thread *t, bool can_join)
{
	const struct json_node *all = t->messages.array, *m = NULL, *id;
	bool has_ledger = t->ledger.array != NULL &&
			  json_first(&s->json, t->ledger.array) != NULL;
	unsigned index = 0;
	uint64_t hash;

	if (all != NULL && can_join)
		m = json_first(&s->json, all);
	for (; m != NULL; m = json_next(&s->json, all, m), index++) {
		if (usage_of(s, m) == NULL ||
		    text_is(source_member(s, m, "role"), "user"))
			continue;
		id = json_get(&s->json, m, "messageId");
		if (has_ledger && (!hash_id(s, id, &hash) ||
				      list_find(s, &t->ledger, id) != NULL))
			continue;
		if (give_message(s, t, m, index) != 0)
			return -1;
	}
	return 0;
}

static int
give_thread(struct source *s, const struct json_node *root, struct thread *t)
{
	bool can_join;

	if (list_init(s, &t->messages, json_get(&s->json, root, "messages"),
		"messageId", true) != 0 ||
	    list_init(s, &t->ledger,
		json_path(&s->json, root, "usageLedger.events"), "toMessageId",
		false) != 0)
		return -1;
	if (give_ledger(s, t, &can_join) != 0)
		return -1;
	return give_messages(s, t, can_join);
}

static int
take_document(struct source *s, const char *text, size_t len)
{
	const struct json_node *root;
	struct thread t = { 0 };
	int rc;

	if (json_parse(&s->json, text, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	root = s->json.nodes;
	t.id = source_member(s, root, "id");
	if (t.id.len == 0)
		t.id = path_stem(text_of(s->path), ".json");
	t.created_ms = source_time(s, json_get(&s->json, root, "created"));
	if (t.created_ms == 0)
		t.created_ms = s->mtime_ms;
	rc = give_thread(s, root, &t);
	free(t.messages.entries);
	free(t.ledger.entries);
	return rc;
}

const struct import_agent import_amp = {
	.name = "amp",
	.agent = "amp",
	.version = 1,
	.find_roots = find_roots,
	.kind_of = kind_of,
	.take_document = take_document,
};
