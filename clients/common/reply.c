#include "clients/common/reply.h"

#include <string.h>

#include "proto/money.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* One value of a reply and how it came. */
struct part {
	const struct json_node *root;
	bool is_part;
};

static bool
is_set(const struct json_node *n)
{
	return n != NULL && n->type != JSON_NULL && n->type != JSON_FALSE;
}

static bool
string_is(const struct json *j, const struct json_node *n, const char *s)
{
	return n != NULL && n->type == JSON_STRING && n->len == strlen(s) &&
	       memcmp(json_raw(j, n), s, n->len) == 0;
}

static const struct json_node *
get(const struct api_reply *r, const struct json_node *obj, const char *key)
{
	return json_path(&r->json, obj, key);
}

/* --- The end of a reply --------------------------------------------------- */

static void
tell(struct api_reply *r, const struct event *ev, const struct error *err)
{
	r->told++;
	r->fn(r->arg, ev, err);
}

static void
tell_no_usage(struct api_reply *r)
{
	struct error err;

	if (r->problem[0] != '\0')
		error_set(&err, ERR_MISSING, NULL, "the reply is an error: %s",
		    r->problem);
	else
		error_set(&err, ERR_MISSING, NULL, "no usage in the reply");
	tell(r, NULL, &err);
}

static struct text
provider_of(const struct api_reply *r)
{
	static const char *const names[] = {
		[REPLY_CHAT] = "openai",
		[REPLY_RESPONSES] = "openai",
		[REPLY_MESSAGES] = "anthropic",
		[REPLY_GEMINI] = "google",
	};

	return text_of(r->is_openrouter ? "openrouter" : names[r->shape]);
}

/* What a stream said before it broke off is an estimate. */
static void
tell_event(struct api_reply *r)
{
	struct event ev;

	event_init(&ev);
	ev.text[EV_CALL] = text_of(r->text[REPLY_ID]);
	ev.text[EV_MODEL] = text_of(r->text[REPLY_MODEL]);
	ev.text[EV_TIER] = text_of(r->text[REPLY_TIER]);
	ev.text[EV_GEO] = text_of(r->text[REPLY_GEO]);
	ev.text[EV_PROVIDER] = provider_of(r);
	usage_counts(&r->usage, ev.count);
	ev.has_cost = r->has_cost;
	ev.cost_pico = r->cost_pico;
	ev.rank = r->is_whole ? EVENT_RANK_DEFAULT : 0;
	if (r->is_failed)
		ev.count[EV_OUTCOME] = OUTCOME_FAILED;
	else if (r->is_whole)
		ev.count[EV_OUTCOME] = OUTCOME_OK;
	tell(r, &ev, NULL);
}

static void
forget(struct api_reply *r)
{
	*r = (struct api_reply){
		.fn = r->fn, .arg = r->arg, .told = r->told, .json = r->json
	};
}

void
reply_finish(struct api_reply *r, bool is_whole)
{
	if (r->shape == REPLY_NONE)
		return;
	r->is_whole = r->is_whole || is_whole;
	if (r->bad.code != ERR_NONE)
		tell(r, NULL, &r->bad);
	else if (r->usage.seen == 0)
		tell_no_usage(r);
	else
		tell_event(r);
	forget(r);
}

void
reply_release(struct api_reply *r)
{
	json_release(&r->json);
}

/* --- What a value says ---------------------------------------------------- */

/* Other types are passed over; a text that is too long cannot be recorded. */
static void
take_text(struct api_reply *r, enum reply_text which, const struct json_node *n)
{
	static const char *const names[] = { "id", "model", "tier", "geo" };
	char out[LIMIT_TEXT + 1];

	if (n == NULL || n->type != JSON_STRING || n->len == 0)
		return;
	if (json_string(&r->json, n, out, sizeof(out)) < 0)
		error_set(&r->bad, ERR_BAD_TEXT, names[which],
		    "longer than %u bytes", LIMIT_TEXT);
	else
		memcpy(r->text[which], out, sizeof(out));
}

static void
take_first_text(
    struct api_reply *r, enum reply_text which, const struct json_node *n)
{
	if (r->text[which][0] == '\0')
		take_text(r, which, n);
}

static void
take_tier(struct api_reply *r, const struct json_node *n)
{
	char out[LIMIT_TEXT + 1];
	struct text t = { out, 0 };
	int len = json_string(&r->json, n, out, sizeof(out));

	t.len = len < 0 ? 0 : (uint32_t)len;
	if (!usage_is_tier(&t))
		return;
	memcpy(r->text[REPLY_TIER], t.p, t.len);
	r->text[REPLY_TIER][t.len] = '\0';
}

static int
read_money(const struct api_reply *r, const struct json_node *n, int64_t *pico)
{
	if (n == NULL || n->escaped ||
	    (n->type != JSON_NUMBER && n->type != JSON_STRING))
		return -1;
	return money_parse(json_raw(&r->json, n), n->len, pico);
}

/*
 * OpenRouter charges for a call with the user's own key only its fee, which may
 * be 0: the provider's part belongs to it, and without that it is unknown.
 */
static void
take_cost(struct api_reply *r, const struct json_node *usage)
{
	int64_t cost, upstream = 0;
	const struct json_node *byok = get(r, usage, "is_byok");

	if (!r->is_openrouter ||
	    read_money(r, get(r, usage, "cost"), &cost) != 0)
		return;
	if (byok != NULL && byok->type == JSON_TRUE &&
	    read_money(r, get(r, usage, "cost_details.upstream_inference_cost"),
		&upstream) != 0)
		return;
	if (__builtin_add_overflow(cost, upstream, &cost))
		return;
	r->has_cost = true;
	r->cost_pico = cost;
}

static void
take_usage(struct api_reply *r, const struct json_node *n,
    int (*read)(const struct json *, const struct json_node *, struct usage *,
	struct error *))
{
	struct usage u = { 0 };
	struct error err;

	if (n == NULL || n->type != JSON_OBJECT)
		return;
	if (read(&r->json, n, &u, &err) != 0)
		r->bad = err;
	else
		usage_merge(&r->usage, &u);
	take_cost(r, n);
}

/* A member, or an error itself, that names the kind of error. */
static void
take_problem(struct api_reply *r, const struct json_node *n)
{
	static const char *const members[] = { "type", "status", "code" };
	const struct json_node *kind = NULL;
	size_t i, len;

	for (i = 0; i < LENGTH(members) && !is_set(kind); i++)
		kind = get(r, n, members[i]);
	if (!is_set(kind))
		kind = n;
	len =
	    kind->len < sizeof(r->problem) ? kind->len : sizeof(r->problem) - 1;
	if (kind->type != JSON_STRING && kind->type != JSON_NUMBER)
		len = 0;
	memcpy(r->problem, json_raw(&r->json, kind), len);
	r->problem[len] = '\0';
	if (len == 0)
		memcpy(r->problem, "unknown", sizeof("unknown"));
	r->is_failed = true;
}

static bool
differs(const struct api_reply *r, const struct json_node *id)
{
	char out[LIMIT_TEXT + 1];

	return r->text[REPLY_ID][0] != '\0' &&
	       json_string(&r->json, id, out, sizeof(out)) > 0 &&
	       strcmp(out, r->text[REPLY_ID]) != 0;
}

/* Goes on with the open reply where this is more of it, else opens one. */
static void
open_reply(struct api_reply *r, enum reply_shape shape,
    const struct json_node *obj, const char *id, const char *model)
{
	const struct json_node *n = get(r, obj, id);

	if (r->shape != shape || differs(r, n))
		reply_finish(r, false);
	r->shape = shape;
	take_first_text(r, REPLY_ID, n);
	take_first_text(r, REPLY_MODEL, get(r, obj, model));
	if (strncmp(r->text[REPLY_ID], "gen-", 4) == 0 ||
	    is_set(get(r, obj, "provider")) ||
	    get(r, obj, "usage.is_byok") != NULL)
		r->is_openrouter = true;
}

/* Does any element of an array have this text? */
static bool
any_has(
    const struct api_reply *r, const struct json_node *array, const char *key)
{
	const struct json_node *n, *v;

	if (array == NULL || array->type != JSON_ARRAY)
		return false;
	for (n = json_first(&r->json, array); n != NULL;
	     n = json_next(&r->json, array, n)) {
		v = get(r, n, key);
		if (v != NULL && v->type == JSON_STRING)
			return true;
	}
	return false;
}

/* --- The shapes ----------------------------------------------------------- */

static bool
is_chat_chunk(const struct api_reply *r, const struct part *p)
{
	const struct json_node *n = get(r, p->root, "object");

	if (string_is(&r->json, n, "chat.completion.chunk"))
		return true;
	return p->is_part && !string_is(&r->json, n, "chat.completion") &&
	       !string_is(&r->json, n, "list");
}

static void
take_chat(struct api_reply *r, const struct part *p)
{
	const struct json_node *error = get(r, p->root, "error");
	bool is_chunk = is_chat_chunk(r, p);

	if (!is_chunk)
		reply_finish(r, false);
	open_reply(r, REPLY_CHAT, p->root, "id", "model");
	take_tier(r, get(r, p->root, "service_tier"));
	take_usage(r, get(r, p->root, "usage"), usage_read);
	if (any_has(r, get(r, p->root, "choices"), "finish_reason"))
		r->is_whole = true;
	if (is_set(error))
		take_problem(r, error);
	if (!is_chunk)
		reply_finish(r, true);
}

static void
take_response(struct api_reply *r, const struct json_node *obj)
{
	const struct json_node *error = get(r, obj, "error");
	const struct json_node *status = get(r, obj, "status");

	open_reply(r, REPLY_RESPONSES, obj, "id", "model");
	take_tier(r, get(r, obj, "service_tier"));
	take_usage(r, get(r, obj, "usage"), usage_read);
	if (is_set(error))
		take_problem(r, error);
	if (string_is(&r->json, status, "failed"))
		r->is_failed = true;
}

static void
take_whole_response(struct api_reply *r, const struct part *p)
{
	reply_finish(r, false);
	take_response(r, p->root);
	reply_finish(r, true);
}

static void
take_response_begin(struct api_reply *r, const struct part *p)
{
	take_response(r, get(r, p->root, "response"));
}

static void
take_response_end(struct api_reply *r, const struct part *p)
{
	take_response(r, get(r, p->root, "response"));
	reply_finish(r, true);
}

static void
take_message_usage(struct api_reply *r, const struct json_node *usage)
{
	const struct json_node *geo = get(r, usage, "inference_geo");

	take_usage(r, usage, usage_read);
	take_tier(r, get(r, usage, "service_tier"));
	if (string_is(&r->json, get(r, usage, "speed"), "fast"))
		take_tier(r, get(r, usage, "speed"));
	if (!string_is(&r->json, geo, "not_available"))
		take_text(r, REPLY_GEO, geo);
}

static void
take_message(struct api_reply *r, const struct part *p)
{
	reply_finish(r, false);
	open_reply(r, REPLY_MESSAGES, p->root, "id", "model");
	take_message_usage(r, get(r, p->root, "usage"));
	reply_finish(r, true);
}

static void
take_message_start(struct api_reply *r, const struct part *p)
{
	reply_finish(r, false);
	open_reply(r, REPLY_MESSAGES, p->root, "message.id", "message.model");
	take_message_usage(r, get(r, p->root, "message.usage"));
}

static void
take_message_delta(struct api_reply *r, const struct part *p)
{
	const struct json_node *why = get(r, p->root, "delta.stop_reason");

	open_reply(r, REPLY_MESSAGES, p->root, "message.id", "message.model");
	take_message_usage(r, get(r, p->root, "usage"));
	if (why != NULL && why->type == JSON_STRING)
		r->is_whole = true;
}

static void
take_message_stop(struct api_reply *r, const struct part *p)
{
	(void)p;
	reply_finish(r, true);
}

static void
take_gemini(struct api_reply *r, const struct part *p)
{
	if (!p->is_part)
		reply_finish(r, false);
	open_reply(r, REPLY_GEMINI, p->root, "responseId", "modelVersion");
	take_usage(r, get(r, p->root, "usageMetadata"), usage_read_gemini);
	if (any_has(r, get(r, p->root, "candidates"), "finishReason") ||
	    is_set(get(r, p->root, "promptFeedback.blockReason")))
		r->is_whole = true;
	if (!p->is_part)
		reply_finish(r, true);
}

/*
 * Ends the reply that it comes in; nothing but the error may be known of it.
 * OpenAI's responses say the same once more at their end.
 */
static void
take_error(struct api_reply *r, const struct part *p)
{
	const struct json_node *error = get(r, p->root, "error");

	if (!p->is_part)
		reply_finish(r, false);
	if (r->shape == REPLY_NONE)
		open_reply(r, REPLY_CHAT, p->root, "id", "model");
	take_usage(r, get(r, p->root, "usage"), usage_read);
	if (!is_set(error))
		error = get(r, p->root, "code");
	take_problem(r, is_set(error) ? error : p->root);
	if (r->shape != REPLY_RESPONSES)
		reply_finish(r, !p->is_part);
}

/* The first that fits decides. value NULL: the member is there at all. */
static const struct rule {
	const char *member, *value;
	void (*take)(struct api_reply *r, const struct part *p);
} rules[] = {
	{ "type", "message_start", take_message_start },
	{ "type", "message_delta", take_message_delta },
	{ "type", "message_stop", take_message_stop },
	{ "type", "message", take_message },
	{ "type", "error", take_error },
	{ "type", "response.created", take_response_begin },
	{ "type", "response.in_progress", take_response_begin },
	{ "type", "response.completed", take_response_end },
	{ "type", "response.incomplete", take_response_end },
	{ "type", "response.failed", take_response_end },
	{ "type", "response.cancelled", take_response_end },
	{ "object", "response", take_whole_response },
	{ "object", "chat.completion.chunk", take_chat },
	{ "choices", NULL, take_chat },
	{ "error", NULL, take_error },
	{ "usageMetadata", NULL, take_gemini },
	{ "candidates", NULL, take_gemini },
	{ "promptFeedback", NULL, take_gemini },
	{ "usage", NULL, take_chat },
};

static bool
rule_fits(const struct api_reply *r, const struct rule *rule)
{
	const struct json_node *n = get(r, r->json.nodes, rule->member);

	return rule->value == NULL ? is_set(n)
				   : string_is(&r->json, n, rule->value);
}

int
reply_take(struct api_reply *r, const char *json, size_t len, bool is_part)
{
	struct part p = { NULL, is_part };
	size_t i;

	if (json_parse(&r->json, json, len) != 0)
		return -1;
	p.root = r->json.nodes;
	for (i = 0; i < LENGTH(rules); i++)
		if (rule_fits(r, &rules[i])) {
			rules[i].take(r, &p);
			return 0;
		}
	/* Streams have much that says nothing of usage. */
	if (!is_part && r->shape == REPLY_NONE)
		tell_no_usage(r);
	return 0;
}
