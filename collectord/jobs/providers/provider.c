#include "collectord/jobs/providers/provider.h"

#include <stdio.h>

#include "collectord/jobs/providers/reader.h"
#include "proto/lang.h"

/* Many more than services tell, and few bytes for each beyond these. */
#define VALUES_LEAST (2u << 20)
#define VALUE_BYTES_LEAST 6

const struct provider *const providers[] = {
	&provider_openai,
	&provider_anthropic,
	&provider_openrouter,
	&provider_deepseek,
	&provider_kimi,
	&provider_minimax,
	NULL,
};

const struct provider *
provider_find(const char *name)
{
	for (size_t i = 0; providers[i] != NULL; i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	return NULL;
}

int
provider_find_region(const struct provider *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_regions; i++)
		if (strcmp(p->regions[i].name, name) == 0)
			return (int)i;
	return -1;
}

int
provider_ask(const struct provider_query *q, struct provider_request *out)
{
	return q->feed->build(q, out);
}

/* What a status means; the first range that has it. */
static const struct verdict {
	int from, to;
	enum provider_outcome outcome;
	const char *why;
} verdicts[] = {
	{ 200, 299, PROVIDER_OK, NULL },
	{ 300, 399, PROVIDER_BROKEN,
	    N_("a redirect, which is not followed with a key") },
	{ 401, 401, PROVIDER_BAD_KEY, N_("the key is not accepted") },
	{ 402, 402, PROVIDER_BROKEN, N_("the service wants a payment first") },
	{ 403, 403, PROVIDER_BAD_KEY, N_("the key may not do this") },
	{ 404, 404, PROVIDER_ABSENT,
	    N_("there is no such thing for this account") },
	{ 408, 408, PROVIDER_FAILING, N_("the service timed out") },
	{ 429, 429, PROVIDER_LIMITED, N_("too many requests for the service") },
	{ 529, 529, PROVIDER_FAILING, N_("the service is overloaded") },
	{ 500, 599, PROVIDER_FAILING, N_("the service fails") },
	{ 0, 999, PROVIDER_BROKEN, N_("the service refuses the request") },
};

static const struct verdict *
judge(int status)
{
	const struct verdict *v = verdicts;

	while ((status < v->from || status > v->to) && v->to != 999)
		v++;
	return v;
}

/* An error in an answer that calls itself a success. */
static int
check_error(struct reader *r, const struct json_node *root)
{
	const struct json_node *error = json_get(r->j, root, "error");
	const struct verdict *v;
	uint64_t code;

	if (root->type != JSON_OBJECT)
		return reader_fail(
		    r, root, NULL, N_("it is not a JSON object"));
	if (reader_is_missing(error))
		return 0;
	if (json_u64(r->j, json_get(r->j, error, "code"), &code) == 0 &&
	    code >= 400 && code <= 599) {
		v = judge((int)code);
		r->a->status = (int)code;
		return reader_refuse(r, v->outcome, v->why);
	}
	return reader_refuse(
	    r, PROVIDER_BROKEN, N_("the service answers with an error"));
}

static int
walk(struct reader *r)
{
	struct provider_answer *a = r->a;

	a->n_rows = a->n_outside = 0;
	a->has_more = false;
	a->cursor[0] = '\0';
	reader_row(r);
	return r->q->feed->walk(r);
}

static void
read_json(struct reader *r, const struct provider_sink *sink)
{
	/* A page that is not whole must not leave half of its rows. */
	if (check_error(r, r->j->nodes) != 0 || walk(r) != 0)
		return;
	r->sink = sink;
	walk(r);
}

/*
 * A value takes 8 bytes of an answer or more, and 16 of memory. One of bare
 * brackets and commas would take eight times as much as its text.
 */
static uint32_t
most_values(size_t len)
{
	return VALUES_LEAST + (uint32_t)(len / VALUE_BYTES_LEAST);
}

static void
read_page(const struct provider_query *q, const char *body, size_t len,
    const struct provider_sink *sink, struct provider_answer *a)
{
	struct json j = { .most = most_values(len) };
	struct reader r = { .j = &j, .q = q, .a = a };

	if (json_parse(&j, body, len) == 0) {
		read_json(&r, sink);
	} else {
		a->outcome = PROVIDER_BROKEN;
		a->why = j.error == json_too_many
			     ? N_("not an answer that can be used")
			     : N_("the answer is not JSON");
		a->detail = j.error;
		a->at = j.error_at;
	}
	json_release(&j);
}

/* What a page that is refused had to say does not count. */
static void
forget_page(struct provider_answer *a)
{
	a->has_more = a->is_ungrouped = false;
	a->cursor[0] = '\0';
	if (a->outcome != PROVIDER_ABORTED)
		a->n_rows = a->n_outside = 0;
}

enum provider_outcome
provider_read(const struct provider_query *q, int status, const char *body,
    size_t len, const struct provider_sink *sink, struct provider_answer *a)
{
	const struct verdict *v = judge(status);

	*a = (struct provider_answer){
		.outcome = v->outcome, .status = status, .why = v->why
	};
	if (v->outcome == PROVIDER_OK)
		read_page(q, body, len, sink, a);
	if (a->outcome != PROVIDER_OK)
		forget_page(a);
	return a->outcome;
}

void
provider_describe(const struct provider_query *q,
    const struct provider_answer *a, char *buf, size_t cap)
{
	const char *why = a->why == NULL ? "" : _(a->why);
	const char *detail = a->detail == NULL ? "" : _(a->detail);

	if (a->outcome == PROVIDER_BAD_KEY)
		snprintf(buf, cap, _("%s (HTTP %d): it takes %s"), why,
		    a->status, _(q->feed->key));
	else if (a->outcome == PROVIDER_ABSENT && q->account->base_url != NULL)
		snprintf(buf, cap,
		    _("%s (HTTP %d): is the path of its base URL right?"), why,
		    a->status);
	else if (a->field != NULL)
		snprintf(buf, cap, _("%s: \"%s\" at byte %zu: %s"), why,
		    a->field, a->at, detail);
	else if (a->detail != NULL)
		snprintf(
		    buf, cap, _("%s, at byte %zu: %s"), why, a->at, detail);
	else
		snprintf(buf, cap, _("%s (HTTP %d)"), why, a->status);
}
