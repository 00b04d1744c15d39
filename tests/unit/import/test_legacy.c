/*
 * Other tools' files: what is told of calls, what of days, and what of neither.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/import/legacy/legacy.h"
#include "proto/calendar.h"

#define TEXT_CAP 64
#define MAX 64

struct seen_event {
	char session[TEXT_CAP], message[TEXT_CAP], agent[TEXT_CAP],
	    provider[TEXT_CAP], model[TEXT_CAP];
	uint64_t count[EV_COUNTS];
	int64_t ts_ms, cost_pico;
	bool has_cost, running;
};

struct seen_day {
	char origin[TEXT_CAP], agent[TEXT_CAP], provider[TEXT_CAP],
	    model[TEXT_CAP];
	struct aggregate a;
};

static struct {
	struct seen_event events[MAX];
	struct seen_day days[MAX];
	size_t nevents, ndays;
	struct legacy_told told;
	char why[256];
} seen;

static char path[] = "/tmp/tt-legacy-XXXXXX";

static void
setup(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0, "mkstemp failed");
	close(fd);
	cr_assert_eq(calendar_use_zone("Europe/Berlin"), 0, "no zone");
}

static void
teardown(void)
{
	unlink(path);
}

TestSuite(legacy, .init = setup, .fini = teardown, .timeout = 30);

static void
copy(char out[TEXT_CAP], struct text t)
{
	snprintf(out, TEXT_CAP, "%.*s", (int)t.len, t.p);
}

static int
take_event(void *arg, const struct event *ev)
{
	struct seen_event *e = &seen.events[seen.nevents];

	(void)arg;
	cr_assert_lt(seen.nevents, MAX, "too many events");
	seen.nevents++;
	copy(e->session, ev->text[EV_SESSION]);
	copy(e->message, ev->text[EV_MESSAGE]);
	copy(e->agent, ev->text[EV_AGENT]);
	copy(e->provider, ev->text[EV_PROVIDER]);
	copy(e->model, ev->text[EV_MODEL]);
	memcpy(e->count, ev->count, sizeof(e->count));
	e->ts_ms = ev->ts_ms;
	e->cost_pico = ev->cost_pico;
	e->has_cost = ev->has_cost;
	e->running = ev->running;
	return 0;
}

static int
take_day(void *arg, const struct aggregate *a)
{
	struct seen_day *d = &seen.days[seen.ndays];

	(void)arg;
	cr_assert_lt(seen.ndays, MAX, "too many days");
	seen.ndays++;
	d->a = *a;
	copy(d->origin, a->origin);
	copy(d->agent, a->agent);
	copy(d->provider, a->provider);
	copy(d->model, a->model);
	return 0;
}

static enum legacy_result
read_again(const char *agent)
{
	const struct legacy_sink sink = { take_event, take_day, NULL, agent };

	memset(&seen, 0, sizeof(seen));
	return legacy_read(path, &sink, &seen.told, seen.why, sizeof(seen.why));
}

static enum legacy_result
read_text(const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f, "no file");
	fputs(text, f);
	fclose(f);
	return read_again(NULL);
}

#define READ(text)                                                             \
	do {                                                                   \
		enum legacy_result rc_ = read_text(text);                      \
		cr_assert_eq(rc_, LEGACY_OK, "%d: %s", rc_, seen.why);         \
	} while (0)

#define EXPECT_U64(got, want)                                                  \
	cr_expect_eq((got), (uint64_t)(want), "%s is %lu, not %lu", #got,      \
	    (unsigned long)(got), (unsigned long)(want))
#define EXPECT_MONEY(got, want)                                                \
	do {                                                                   \
		char text_[MONEY_TEXT_MAX];                                    \
		money_format((got), text_);                                    \
		cr_expect_str_eq(                                              \
		    text_, (want), "%s is %s, not %s", #got, text_, (want));   \
	} while (0)

/* --- ccusage -------------------------------------------------------------- */

#define BREAKDOWN(model, in, out, cost)                                        \
	"{\"modelName\":\"" model "\",\"inputTokens\":" in                     \
	",\"outputTokens\":" out ",\"cacheCreationTokens\":0,"                 \
	"\"cacheReadTokens\":7,\"cost\":" cost "}"

static const char claude_daily[] =
    "{\"daily\":[{\"date\":\"2026-05-12\",\"inputTokens\":10,"
    "\"outputTokens\":50,\"cacheCreationTokens\":300,"
    "\"cacheReadTokens\":1000,\"totalTokens\":1360,\"totalCost\":0.25,"
    "\"modelsUsed\":[\"claude-opus-4-5\"],\"modelBreakdowns\":["
    "{\"modelName\":\"claude-opus-4-5\",\"inputTokens\":10,"
    "\"outputTokens\":50,\"cacheCreationTokens\":300,"
    "\"cacheReadTokens\":1000,\"cost\":0.25}]}],\"totals\":{}}";

Test(legacy, days_of_ccusage_are_local_days_of_claude)
{
	const struct seen_day *d = &seen.days[0];

	READ(claude_daily);
	cr_assert_eq(seen.ndays, 1, "%zu days", seen.ndays);
	cr_expect_str_eq(d->origin, "ccusage", "origin %s", d->origin);
	cr_expect_str_eq(d->agent, "claude-code", "agent %s", d->agent);
	cr_expect_str_eq(d->model, "claude-opus-4-5", "model %s", d->model);
	/* 2026-05-12T00:00:00+02:00 */
	cr_expect_eq(d->a.from_ms, 1778536800000, "%ld", (long)d->a.from_ms);
	cr_expect_eq(d->a.to_ms - d->a.from_ms, 86400000, "no day");
	EXPECT_U64(d->a.sums.n[SUM_INPUT], 10);
	EXPECT_U64(d->a.sums.n[SUM_CACHE_WRITE], 300);
	EXPECT_U64(sums_total_tokens(&d->a.sums), 1360);
	EXPECT_MONEY(d->a.sums.cost, "0.25");
}

Test(legacy, a_day_of_25_hours_is_told_as_such)
{
	READ("{\"daily\":[{\"date\":\"2026-10-25\",\"inputTokens\":1,"
	     "\"outputTokens\":1,\"modelBreakdowns\":[]}]}");
	cr_assert_eq(seen.ndays, 1, "%zu days", seen.ndays);
	cr_expect_eq(seen.days[0].a.to_ms - seen.days[0].a.from_ms,
	    25 * 3600000, "of another length");
	cr_expect_not(seen.days[0].a.has_cost, "a cost from nowhere");
	EXPECT_U64(seen.days[0].a.sums.n[SUM_UNPRICED_TOKENS], 2);
}

Test(legacy, agents_of_a_unified_day_stand_apart_where_they_are_told_apart)
{
	READ("{\"daily\":[{\"agent\":\"all\",\"period\":\"2026-05-12\","
	     "\"inputTokens\":3,\"outputTokens\":3,\"totalTokens\":20,"
	     "\"agents\":[{\"agent\":\"claude\",\"inputTokens\":1,"
	     "\"outputTokens\":1,\"cacheReadTokens\":7,"
	     "\"modelBreakdowns\":[" BREAKDOWN(
		 "m", "1", "1", "0.5") "]},"
				       "{\"agent\":\"gemini\","
				       "\"inputTokens\":2,"
				       "\"outputTokens\":2,"
				       "\"cacheReadTokens\":7,"
				       "\"totalTokens\":16,"
				       "\"totalCost\":0.1,"
				       "\"modelBreakdowns\":[" BREAKDOWN(
					   "g", "2", "2", "0.1") "]}]}]}");
	cr_assert_eq(seen.ndays, 3, "%zu rows", seen.ndays);
	cr_expect_str_eq(seen.days[0].agent, "claude-code");
	cr_expect_str_eq(seen.days[1].agent, "gemini-cli");
	/* 16 in all, 11 of them told: what thinking took is in the total. */
	cr_expect_str_eq(seen.days[1].model, "");
	EXPECT_U64(seen.days[1].a.sums.n[SUM_OTHER], 5);
	cr_expect_str_eq(seen.days[2].model, "g");
	EXPECT_U64(sums_total_tokens(&seen.days[2].a.sums), 11);
}

Test(legacy, a_unified_day_is_of_all_or_of_the_only_one)
{
	READ("{\"daily\":[{\"agent\":\"all\",\"period\":\"2026-05-12\","
	     "\"inputTokens\":3,\"metadata\":{\"agents\":[\"codex\"]}},"
	     "{\"agent\":\"all\",\"period\":\"2026-05-13\","
	     "\"inputTokens\":4,\"metadata\":{\"agents\":[\"codex\","
	     "\"claude\"]}}]}");
	cr_assert_eq(seen.ndays, 2, "%zu rows", seen.ndays);
	cr_expect_str_eq(seen.days[0].agent, "codex");
	cr_expect_str_eq(seen.days[1].agent, "");
}

Test(legacy, codex_has_models_and_a_cost_for_all)
{
	READ("{\"daily\":[{\"date\":\"2026-05-12\",\"inputTokens\":2400,"
	     "\"cacheReadTokens\":3600,\"outputTokens\":600,"
	     "\"reasoningOutputTokens\":360,\"totalTokens\":6600,"
	     "\"costUSD\":0.5,\"models\":{\"gpt-5.2-codex\":{"
	     "\"inputTokens\":2400,\"cacheReadTokens\":3600,"
	     "\"outputTokens\":600,\"reasoningOutputTokens\":360,"
	     "\"totalTokens\":6600,\"isFallback\":false}}}]}");
	cr_assert_eq(seen.ndays, 1, "%zu rows", seen.ndays);
	cr_expect_str_eq(seen.days[0].agent, "codex");
	cr_expect_str_eq(seen.days[0].model, "gpt-5.2-codex");
	EXPECT_U64(sums_total_tokens(&seen.days[0].a.sums), 6600);
	EXPECT_U64(seen.days[0].a.sums.n[SUM_REASONING], 360);
	EXPECT_MONEY(seen.days[0].a.sums.cost, "0.5");
}

Test(legacy, the_old_codex_had_its_cache_in_the_input)
{
	READ("{\"daily\":[{\"date\":\"2026-05-12\",\"inputTokens\":100,"
	     "\"cachedInputTokens\":60,\"outputTokens\":10,"
	     "\"totalTokens\":110,\"costUSD\":1,\"models\":{\"a\":{},"
	     "\"b\":{}}}]}");
	cr_assert_eq(seen.ndays, 1, "%zu rows", seen.ndays);
	EXPECT_U64(seen.days[0].a.sums.n[SUM_INPUT], 40);
	EXPECT_U64(seen.days[0].a.sums.n[SUM_CACHE_READ], 60);
	EXPECT_U64(sums_total_tokens(&seen.days[0].a.sums), 110);
	cr_expect_str_eq(seen.days[0].model, "", "whose cost is it?");
}

Test(legacy, projects_of_a_day_are_added_up)
{
	READ("{\"projects\":{\"p\":[{\"date\":\"2026-05-12\","
	     "\"inputTokens\":1,\"modelsUsed\":[\"claude-x\"]}],"
	     "\"q\":[{\"date\":\"2026-05-12\",\"inputTokens\":2,"
	     "\"modelsUsed\":[\"claude-x\"]}]},\"totals\":{}}");
	cr_assert_eq(seen.ndays, 1, "%zu rows", seen.ndays);
	EXPECT_U64(seen.days[0].a.sums.n[SUM_INPUT], 3);
}

Test(legacy, other_periods_are_refused_by_name)
{
	static const char *const names[] = { "monthly", "weekly", "sessions",
		"blocks" };
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "{\"%s\":[{}],\"totals\":{}}",
		    names[i]);
		cr_expect_eq(read_text(text), LEGACY_EUNKNOWN, "%s", text);
		cr_expect_not_null(
		    strstr(seen.why, names[i]), "%s: %s", names[i], seen.why);
	}
}

Test(legacy, whose_days_they_are_can_be_told)
{
	READ("{\"daily\":[{\"date\":\"2026-05-12\",\"inputTokens\":3,"
	     "\"modelsUsed\":[\"gemini-2.5-pro\"]}]}");
	cr_expect_str_eq(seen.days[0].agent, "", "a guess");
	read_again("gemini-cli");
	cr_expect_str_eq(seen.days[0].agent, "gemini-cli");
}

/* --- Trackers ------------------------------------------------------------- */

static const char all_keys[] =
    "[{\"timestamp\":\"2026-05-12T10:00:00Z\",\"service\":\"anthropic\","
    "\"model\":\"claude-x\",\"tokens_used\":1250,\"cost_estimate\":0.005,"
    "\"metadata\":{\"session_id\":\"ses_1\",\"request_type\":\"a\"}},"
    "{\"timestamp\":\"2026-05-12T11:00:00.5Z\",\"service\":\"openai\","
    "\"model\":\"gpt-4o\",\"tokens_used\":0,\"cost_estimate\":0},"
    "{\"timestamp\":\"2026-05-12T12:00:00Z\",\"service\":\"custom\","
    "\"model\":\"u\",\"tokens_used\":9,\"cost_estimate\":0,"
    "\"metadata\":{\"source_id\":\"src_2\"}},"
    "{\"timestamp\":\"2026-05-12T12:00:00Z\",\"service\":\"openai\","
    "\"tokens_used\":99999,\"metadata\":{\"request_count\":30}},"
    "{\"service\":\"openai\",\"tokens_used\":5}]";

Test(legacy, records_of_calls_become_events)
{
	char id[TEXT_CAP];

	READ(all_keys);
	cr_assert_eq(seen.nevents, 2, "%zu events", seen.nevents);
	cr_expect_str_eq(seen.events[0].session, "ses_1");
	cr_expect_str_eq(seen.events[0].provider, "anthropic");
	EXPECT_U64(seen.events[0].count[EV_TOTAL], 1250);
	EXPECT_MONEY(seen.events[0].cost_pico, "0.005");
	cr_expect_eq(seen.events[0].ts_ms, 1778580000000);
	cr_expect_str_eq(seen.events[1].session, "tracker/custom");
	cr_expect_not(seen.events[1].has_cost, "0 is unknown there");
	/* A sum over a month and a record without a time. */
	EXPECT_U64(seen.told.odd, 2);
	copy(id, text_of(seen.events[1].message));
	read_again(NULL);
	cr_expect_str_eq(seen.events[1].message, id, "another id: %s", id);
	cr_expect_neq(strlen(id), 0, "no id");
}

Test(legacy, a_growing_sum_over_sessions_is_of_the_days_it_grew_on)
{
	READ("[{\"timestamp\":\"2026-05-12T10:00:00Z\",\"service\":"
	     "\"opencode\",\"model\":\"m\",\"tokens_used\":100,"
	     "\"cost_estimate\":1,\"metadata\":{\"source_id\":\"s\","
	     "\"session_count\":1}},"
	     "{\"timestamp\":\"2026-05-12T11:00:00Z\",\"service\":"
	     "\"opencode\",\"tokens_used\":100,\"cost_estimate\":1,"
	     "\"metadata\":{\"source_id\":\"s\",\"session_count\":1}},"
	     "{\"timestamp\":\"2026-05-14T10:00:00Z\",\"service\":"
	     "\"opencode\",\"tokens_used\":150,\"cost_estimate\":1.5,"
	     "\"metadata\":{\"source_id\":\"s\",\"session_count\":2}}]");
	cr_expect_eq(seen.nevents, 0, "%zu events", seen.nevents);
	cr_assert_eq(seen.ndays, 2, "%zu days", seen.ndays);
	cr_expect_str_eq(seen.days[0].agent, "opencode");
	EXPECT_U64(sums_total_tokens(&seen.days[0].a.sums), 100);
	EXPECT_U64(sums_total_tokens(&seen.days[1].a.sums), 50);
	EXPECT_MONEY(seen.days[1].a.sums.cost, "0.5");
}

Test(legacy, names_are_those_of_many_and_counts_are_disjoint)
{
	READ("{\"records\":[{\"ts\":1778580000,\"sessionId\":\"s\","
	     "\"messageId\":\"m\",\"provider\":\"openai\",\"model\":\"g\","
	     "\"promptTokens\":\"100\",\"cachedTokens\":60,"
	     "\"completionTokens\":10,\"reasoningTokens\":4,"
	     "\"costUsd\":\"0.5\"}]}");
	cr_assert_eq(seen.nevents, 1, "%zu events", seen.nevents);
	cr_expect_str_eq(seen.events[0].message, "m");
	EXPECT_U64(seen.events[0].count[EV_INPUT], 40);
	EXPECT_U64(seen.events[0].count[EV_CACHE_READ], 60);
	EXPECT_U64(seen.events[0].count[EV_OUTPUT], 10);
	EXPECT_U64(seen.events[0].count[EV_REASONING], 4);
	EXPECT_MONEY(seen.events[0].cost_pico, "0.5");
}

Test(legacy, lines_of_a_plugin_of_opencode_are_its_calls)
{
	READ("{\"type\":\"tokens\",\"sessionId\":\"ses_9\",\"messageId\":"
	     "\"msg_9\",\"agent\":\"build\",\"model\":\"c\",\"provider\":"
	     "\"p\",\"input\":15,\"output\":35,\"reasoning\":5,"
	     "\"cacheRead\":50,\"cacheWrite\":2,\"cost\":0.0234,"
	     "\"_ts\":1778580000123}\n"
	     "{\"type\":\"tokens\",\"sessionId\":\"ses_9\",\"mess");
	cr_assert_eq(seen.nevents, 1, "%zu events", seen.nevents);
	cr_expect_str_eq(seen.events[0].agent, "opencode");
	EXPECT_U64(seen.events[0].count[EV_OUTPUT], 40);
	EXPECT_U64(seen.events[0].count[EV_CACHE_WRITE], 2);
	EXPECT_U64(seen.told.odd, 1);
}

Test(legacy, sums_by_day_are_days_and_models_their_rows)
{
	READ("{\"daily\":{\"2026-05-12\":{\"requests\":3,\"models\":{"
	     "\"a\":{\"inputTokens\":5,\"outputTokens\":1,\"cost\":2},"
	     "\"b\":{\"inputTokens\":7,\"calls\":2}}},"
	     "\"2026-05-13\":{\"total\":{\"tokens\":85,\"cost\":1,"
	     "\"apiCalls\":4}},\"2026-02-30\":{\"tokens\":1}}}");
	cr_assert_eq(seen.ndays, 3, "%zu rows", seen.ndays);
	cr_expect_str_eq(seen.days[0].model, "a");
	EXPECT_MONEY(seen.days[0].a.sums.cost, "2");
	cr_expect_str_eq(seen.days[1].model, "b");
	EXPECT_U64(seen.days[1].a.sums.n[SUM_CALLS], 2);
	EXPECT_U64(seen.days[2].a.sums.n[SUM_OTHER], 85);
	EXPECT_U64(seen.days[2].a.sums.n[SUM_CALLS], 4);
	EXPECT_U64(seen.told.odd, 1);
}

Test(legacy, what_nobody_knows_is_refused_in_a_line)
{
	static const char *const texts[] = { "{}", "7", "{\"a\":[1]}",
		"[{\"x\":1}]", "", "{\"daily\":[", "not json\nat all\n" };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_expect_eq(
		    read_text(texts[i]), LEGACY_EUNKNOWN, "took %s", texts[i]);
		cr_expect_gt(strlen(seen.why), 0, "no word of %s", texts[i]);
		cr_expect_null(strchr(seen.why, '\n'), "%s", seen.why);
	}
	unlink(path);
	cr_expect_eq(read_again(NULL), LEGACY_ESYSTEM, "read nothing");
}

/* --- Databases ------------------------------------------------------------ */

static void
run_sql(const char *sql)
{
	sqlite3 *db;
	char *err = NULL;

	unlink(path);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK, "no database");
	sqlite3_exec(db, sql, NULL, NULL, &err);
	cr_assert_null(err, "%s", err);
	sqlite3_close(db);
}

Test(legacy, rows_of_a_plugins_database_are_calls_of_opencode)
{
	run_sql("CREATE TABLE token_usage (id TEXT PRIMARY KEY, session_id "
		"TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, model TEXT, "
		"provider TEXT, input_tokens INTEGER, output_tokens INTEGER, "
		"cache_read_tokens INTEGER, cache_write_tokens INTEGER, cost "
		"REAL, created_at TEXT, machine_id TEXT);"
		"INSERT INTO token_usage VALUES ('1','ses_1','msg_1','c','p',"
		"400,80,600,0,0.1,'2026-05-12T10:00:00.000Z','laptop'),"
		"('2','ses_1','msg_2','c','p',1,2,0,0,NULL,"
		"'2026-05-12 11:00:00','laptop'),"
		"('3','ses_1','msg_3','c','p',1,2,0,0,NULL,'never','x');");
	cr_assert_eq(read_again(NULL), LEGACY_OK, "%s", seen.why);
	cr_assert_eq(seen.nevents, 2, "%zu events", seen.nevents);
	cr_expect_str_eq(seen.events[0].agent, "opencode");
	cr_expect_str_eq(seen.events[0].session, "ses_1");
	cr_expect_str_eq(seen.events[0].message, "msg_1");
	EXPECT_U64(seen.events[0].count[EV_CACHE_READ], 600);
	EXPECT_MONEY(seen.events[0].cost_pico, "0.1");
	cr_expect_eq(seen.events[0].ts_ms, 1778580000000);
	cr_expect_eq(seen.events[1].ts_ms, 1778583600000, "not UTC");
	cr_expect_not(seen.events[1].has_cost, "a cost from nowhere");
	EXPECT_U64(seen.told.odd, 1);
}

Test(legacy, another_plugins_columns_are_known_too)
{
	run_sql("CREATE TABLE requests (id INTEGER PRIMARY KEY, message_id "
		"TEXT, session_id TEXT, provider_id TEXT, model_id TEXT, "
		"tokens_input INTEGER, tokens_output INTEGER, "
		"tokens_reasoning INTEGER, tokens_cache_read INTEGER, "
		"tokens_cache_write INTEGER, cost_usd REAL, created_at "
		"INTEGER);"
		"INSERT INTO requests VALUES (1,'msg_1','ses_1','p','c',"
		"400,80,120,600,0,0,1778580000000);");
	cr_assert_eq(read_again(NULL), LEGACY_OK, "%s", seen.why);
	cr_assert_eq(seen.nevents, 1, "%zu events", seen.nevents);
	EXPECT_U64(seen.events[0].count[EV_OUTPUT], 200);
	EXPECT_U64(seen.events[0].count[EV_REASONING], 120);
	cr_expect_str_eq(seen.events[0].model, "c");
	cr_expect_eq(seen.events[0].ts_ms, 1778580000000);
}

Test(legacy, another_database_is_refused_and_left_as_it_is)
{
	run_sql("CREATE TABLE requests (id INTEGER, url TEXT);");
	cr_expect_eq(read_again(NULL), LEGACY_EUNKNOWN, "took it");
	cr_expect_gt(strlen(seen.why), 0, "no word of it");
}

/* --- Sessions ------------------------------------------------------------- */

Test(legacy, totals_of_sessions_are_running)
{
	READ("{\"sessions\":[{\"id\":\"s\",\"model\":\"m\",\"inputTokens\":5,"
	     "\"outputTokens\":1,\"timestamp\":\"2026-05-12T10:00:00Z\"},"
	     "{\"id\":\"s\",\"model\":\"m\",\"inputTokens\":9,"
	     "\"outputTokens\":2,\"timestamp\":\"2026-05-13T10:00:00Z\"}]}");
	cr_assert_eq(seen.nevents, 2, "%zu events", seen.nevents);
	cr_expect(seen.events[0].running && seen.events[1].running,
	    "a total taken for a call");
	cr_expect_str_eq(seen.events[1].session, "s");
	cr_expect_str_eq(seen.events[1].message, "", "an id of its own");
	EXPECT_U64(seen.events[1].count[EV_INPUT], 9);
}
