#include "clients/send/send.h"

#include <stddef.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define TIMEOUT_MAX_MS 600000u

#define AT(field) offsetof(struct send_options, field)
#define HEAD(title) OPTION_ROW_HEAD(title)
#define FLAG(n, field, h) OPTION_ROW_FLAG(struct send_options, n, field, h)
#define WORD(n, field, a, h)                                                   \
	OPTION_ROW_TEXT(struct send_options, n, field, a, h)
#define NUMBER(n, field, m, h)                                                 \
	{                                                                      \
		.name = n, .kind = OPTION_U64, .offset = AT(field),            \
		.arg = "N", .help = h, .max = m                                \
	}
#define TOKENS(n, c, h) NUMBER(n, count[c], LIMIT_TOKENS, h)

static const struct option_spec specs[] = {
	HEAD("Which call"),
	WORD("session", text[EV_SESSION], "ID",
	    "its session; required (default: $TT_SESSION)"),
	WORD("message", text[EV_MESSAGE], "ID",
	    "its id in the session (default: the call, else a new one)"),
	WORD("call", text[EV_CALL], "ID", "the provider's response id"),
	WORD("request", text[EV_REQUEST], "ID", "the provider's request id"),
	WORD("ts", ts, "TIME",
	    "when it finished: RFC 3339, seconds or ms since 1970 (default: "
	    "now)"),
	HEAD("Who made it"),
	WORD("provider", text[EV_PROVIDER], "NAME", "anthropic, openai, ..."),
	WORD("model", text[EV_MODEL], "NAME", "claude-sonnet-4-5, ..."),
	WORD("agent", text[EV_AGENT], "NAME", "claude-code, codex, ..."),
	WORD("project", text[EV_PROJECT], "NAME", "the project it was for"),
	WORD("branch", text[EV_BRANCH], "NAME", "the branch of that project"),
	WORD("account", text[EV_ACCOUNT], "NAME", "the account that pays"),
	WORD("parent-session", text[EV_PARENT_SESSION], "ID",
	    "the session that started this one"),
	WORD("kind", text[EV_KIND], "KIND", "main, subagent or tool"),
	WORD("machine", text[EV_MACHINE], "ID",
	    "the machine's id (default: the daemon's)"),
	FLAG("copied", copied, "known to be a copy of another session's call"),
	HEAD("What it used"),
	TOKENS("input", EV_INPUT, "uncached prompt tokens"),
	TOKENS("output", EV_OUTPUT, "output tokens, reasoning included"),
	TOKENS("cache-read", EV_CACHE_READ, "prompt tokens read from a cache"),
	TOKENS(
	    "cache-write", EV_CACHE_WRITE, "prompt tokens written to a cache"),
	TOKENS("cache-write-1h", EV_CACHE_WRITE_1H,
	    "the part of them that is kept for an hour"),
	TOKENS("reasoning", EV_REASONING, "the part of output that is that"),
	TOKENS("total", EV_TOTAL, "all tokens, as the source states it"),
	TOKENS("web-searches", EV_WEB_SEARCHES, "paid web searches"),
	WORD("cost", cost, "USD", "what the source says it cost"),
	FLAG("session-total", running,
	    "the counts are the session's totals so far: what rose since the "
	    "last ones is counted"),
	WORD("tier", text[EV_TIER], "TIER",
	    "standard, batch, flex, priority or fast"),
	WORD("geo", text[EV_GEO], "REGION", "the region it ran in"),
	WORD("billing", text[EV_BILLING], "HOW", "metered or plan"),
	NUMBER("latency-ms", count[EV_LATENCY_MS], LIMIT_LATENCY_MS,
	    "how long it took"),
	FLAG("failed", failed, "the call failed"),
	HEAD("What kind of news"),
	WORD("source", text[EV_SOURCE], "NAME",
	    "hook, log, otel or manual (default: manual)"),
	NUMBER("rank", rank, UINT8_MAX,
	    "0: an estimate, 1: usual, more: a correction that replaces "
	    "(default: 1)"),
	FLAG("void", is_void,
	    "this call counts nothing, for ever; with --session alone all "
	    "calls of that session"),
	HEAD("How to send"),
	FLAG("response", response,
	    "read replies of an API on stdin, JSON or event streams"),
	FLAG("dry-run", dry_run, "print the event and send nothing"),
	FLAG("no-spool", no_spool, "without a daemon fail with 3"),
	FLAG("strict", strict, "with -: stop at the first bad line"),
	NUMBER("connect-timeout", connect_ms, TIMEOUT_MAX_MS,
	    "ms to wait for the daemon (default: 50)"),
	NUMBER("ack-timeout", ack_ms, TIMEOUT_MAX_MS,
	    "ms to wait for its answer (default: 2000)"),
	FLAG("json", json, "print what became of the events as JSON"),
	FLAG("quiet", quiet, "say nothing on stderr but errors"),
};

const struct option_program send_program = {
	.name = NAME,
	.synopsis = N_("--session ID [OPTION]... | [OPTION]... - | "
		       "--response [OPTION]..."),
	.summary = N_("Records one LLM call from options, or with - one for "
		      "each line of JSON on stdin, or with --response one for "
		      "each raw reply of an API there."),
	.specs = specs,
	.nspecs = LENGTH(specs),
};
