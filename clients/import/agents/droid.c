/*
 * Droid (Factory): sessions/<project>/<session>.settings.json, rewritten with
 * what the session has used so far. Its only date is that of the session's
 * start, so that the totals are of the time when the file was last written.
 *
 * BUG: the totals are of the session, whatever its models were, and the ledger
 * keeps a series for each model. A session whose model was changed counts again
 * under the new one what it used before.
 */
#include <ctype.h>

#include "clients/import/agents.h"
#include "clients/import/agents/beside.h"
#include "proto/lang.h"

static const char suffix[] = ".settings.json";

static void
find_roots(struct roots *r)
{
	if (!roots_add_env(r, "DROID_SESSIONS_DIR", NULL))
		roots_add(r, "~/.factory/sessions");
}

static int
kind_of(const char *rel)
{
	struct text name = path_base(text_of(rel));

	return name.len > sizeof(suffix) - 1 && path_ends(name, suffix)
		   ? IMPORT_DOCUMENT
		   : -1;
}

/* "[Anthropic]" and "[Anthropic]-0" are left out; spaces become dashes. */
static size_t
plain_name(const char *p, size_t len, char *out)
{
	size_t n = 0, i = 0;

	while (i < len) {
		if (p[i] == '[' && memchr(p + i, ']', len - i) != NULL) {
			while (p[i] != ']')
				i++;
			i++;
			if (i + 1 < len && p[i] == '-' &&
			    isdigit((unsigned char)p[i + 1]))
				for (i++;
				     i < len && isdigit((unsigned char)p[i]);)
					i++;
			continue;
		}
		out[n] = p[i] == ' ' ? '-' : (char)tolower((unsigned char)p[i]);
		if (out[n] != '-' || (n > 0 && out[n - 1] != '-'))
			n++;
		i++;
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	return n;
}

/*
 * Models of the user's own are called "custom:Claude-Opus-4.5-[Anthropic]-0";
 * Factory calls Anthropic's by their family: "opus-4.5".
 */
static struct text
model_of(struct source *s, const struct json_node *root)
{
	static const char custom[] = "custom:";
	static const char *const families[] = { "opus-", "sonnet-", "haiku-" };
	struct text t = source_member(s, root, "model");
	size_t skip = sizeof(custom) - 1, n, i;
	char name[LIMIT_TEXT + 1];

	if (t.len >= skip && memcmp(t.p, custom, skip) == 0) {
		t.p += skip;
		t.len -= (uint32_t)skip;
	}
	n = plain_name(t.p, t.len, name);
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (n > strlen(families[i]) &&
		    memcmp(name, families[i], strlen(families[i])) == 0)
			return source_textf(s, "claude-%.*s", (int)n, name);
	return source_text(s, name, n);
}

static bool
is_subagent(struct source *s, const struct json_node *root)
{
	const struct json_node *tags = json_get(&s->json, root, "tags"), *tag;
	struct text name;

	if (tags == NULL || tags->type != JSON_ARRAY)
		return false;
	for (tag = json_first(&s->json, tags); tag != NULL;
	     tag = json_next(&s->json, tags, tag)) {
		name = source_member(s, tag, "name");
		if (text_is(name, "subagent") ||
		    text_is(name, "mission-worker"))
			return true;
	}
	return false;
}

/* Thinking is told apart from the output, whose part it is for us. */
static void
count_usage(
    const struct source *s, const struct json_node *usage, struct event *ev)
{
	uint64_t thinking = source_member_count(s, usage, "thinkingTokens");

	ev->count[EV_INPUT] = source_member_count(s, usage, "inputTokens");
	ev->count[EV_OUTPUT] =
	    source_member_count(s, usage, "outputTokens") + thinking;
	ev->count[EV_REASONING] = thinking;
	ev->count[EV_CACHE_WRITE] =
	    source_member_count(s, usage, "cacheCreationTokens");
	ev->count[EV_CACHE_READ] =
	    source_member_count(s, usage, "cacheReadTokens");
	ev->count[EV_TOTAL] = source_member_count(s, usage, "totalTokens");
}

static int
take_document(struct source *s, const char *text, size_t len)
{
	struct text name = path_stem(text_of(s->path), suffix);
	const struct json_node *root;
	struct event ev;

	if (json_parse(&s->json, text, len) != 0) {
		source_odd(s, N_("not JSON"));
		return 0;
	}
	root = s->json.nodes;
	source_event_init(s, &ev);
	ev.running = true;
	ev.ts_ms = s->mtime_ms;
	ev.text[EV_SESSION] = source_text(s, name.p, name.len);
	ev.text[EV_MODEL] = model_of(s, root);
	ev.text[EV_PROVIDER] = source_member(s, root, "providerLock");
	if (is_subagent(s, root))
		ev.text[EV_KIND] = TEXT("subagent");
	count_usage(s, json_get(&s->json, root, "tokenUsage"), &ev);
	return source_event(s, &ev);
}

const struct import_agent import_droid = {
	.name = "droid",
	.agent = "droid",
	.version = 1,
	.find_roots = find_roots,
	.kind_of = kind_of,
	.take_document = take_document,
};
