#include "tests/bench/events.h"

#include <stdio.h>

#include "tests/bench/bench.h"

#define DAY_MS 86400000ll
#define PAUSE_MS 30000
#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *provider, *name;
} models[] = {
	{ "anthropic", "claude-sonnet-4-5-20250929" },
	{ "anthropic", "claude-opus-4-1-20250805" },
	{ "anthropic", "claude-haiku-4-5-20251001" },
	{ "anthropic", "claude-3-5-haiku-20241022" },
	{ "openai", "gpt-5" },
	{ "openai", "gpt-5-mini" },
	{ "openai", "gpt-5-codex" },
	{ "openai", "o4-mini" },
	{ "google", "gemini-2.5-pro" },
	{ "google", "gemini-2.5-flash" },
	{ "deepseek", "deepseek-chat" },
	{ "moonshot", "kimi-k2" },
};
static const char *const agents[] = { "claude-code", "codex", "gemini-cli",
	"opencode", "aider" };
static const char *const projects[] = { "api", "atlas", "billing", "blog",
	"compiler", "console", "docs", "editor", "fleet", "games", "infra",
	"kernel", "ledger", "mobile", "notebook", "parser", "search", "shop",
	"site", "tools" };

/* 8-4-4-4-12 digits of two mixed numbers. */
static void
format_uuid(char out[37], uint64_t v)
{
	uint64_t a = bench_mix(v), b = bench_mix(a);

	snprintf(out, 37, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)(a >> 32),
	    (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
	    (unsigned)(b >> 52), (unsigned long long)(b & 0xffffffffffff));
}

static int64_t
time_of(const struct event_plan *plan, uint64_t session, uint64_t index)
{
	int64_t now = bench_wall_ms(), span, ts;

	if (plan->days == 0)
		return now;
	span = (int64_t)plan->days * DAY_MS;
	ts = now - span;
	ts += (int64_t)((double)span * (double)session /
			(double)(plan->sessions + 1));
	ts += (int64_t)index * PAUSE_MS;
	return ts < now ? ts : now;
}

static void
fill_counts(struct event *ev, uint64_t r)
{
	ev->count[EV_INPUT] = r % 2000;
	ev->count[EV_CACHE_READ] = (r >> 11) % 150000;
	ev->count[EV_CACHE_WRITE] = (r >> 28) % 8000;
	ev->count[EV_OUTPUT] = 50 + (r >> 41) % 3000;
	ev->count[EV_REASONING] = (r >> 41) % 50;
	ev->has_cost = true;
	ev->cost_pico = (int64_t)(r >> 44) * 1000000;
}

void
events_make(const struct event_plan *plan, uint64_t session, uint64_t index,
    struct event_ids *ids, struct event *ev)
{
	uint64_t s = bench_mix(plan->seed ^ bench_mix(session));
	uint64_t r = bench_mix(s + index);
	size_t model = s % COUNT_OF(models);

	event_init(ev);
	format_uuid(ids->session, s);
	format_uuid(ids->message, r);
	ev->text[EV_SESSION] = (struct text){ ids->session, 36 };
	ev->text[EV_MESSAGE] = (struct text){ ids->message, 36 };
	ev->text[EV_PROVIDER] = text_of(models[model].provider);
	ev->text[EV_MODEL] = text_of(models[model].name);
	ev->text[EV_AGENT] = text_of(agents[(s >> 16) % COUNT_OF(agents)]);
	ev->text[EV_PROJECT] =
	    text_of(projects[(s >> 32) % COUNT_OF(projects)]);
	if (plan->with_call) {
		snprintf(ids->call, sizeof(ids->call), "msg_01%016llx%08x",
		    (unsigned long long)bench_mix(r), (unsigned)(r >> 32));
		ev->text[EV_CALL] = text_of(ids->call);
	}
	ev->ts_ms = time_of(plan, session, index);
	fill_counts(ev, r);
}
