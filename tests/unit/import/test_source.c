/* What all readers of logs rest on: tolerant values and texts that stay. */
#include "tests/unit/import/import_help.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/import/roots.h"

static struct source s;

static void
setup(void)
{
	s = (struct source){ .agent = &import_claude };
}

static void
teardown(void)
{
	source_release(&s);
}

TestSuite(source, .init = setup, .fini = teardown, .timeout = 30);

static const struct json_node *
value(const char *json)
{
	cr_assert_eq(json_parse(&s.json, json, strlen(json)), 0, "%s: %s", json,
	    s.json.error);
	return &s.json.nodes[0];
}

Test(source, counts_are_exact_in_every_form_and_else_nothing)
{
	static const struct {
		const char *json;
		uint64_t count;
	} cases[] = {
		{ "12", 12 },
		{ "\"12\"", 12 },
		{ "12.0", 12 },
		{ "\"1e3\"", 1000 },
		{ "0", 0 },
		{ "-5", 0 },
		{ "1.5", 0 },
		{ "null", 0 },
		{ "true", 0 },
		{ "[12]", 0 },
		{ "\"\"", 0 },
		{ "\"12 \"", 0 },
		{ "9007199254740993", 9007199254740993 },
		{ "18446744073709551615", UINT64_MAX },
		{ "18446744073709551616", 0 },
		{ "123456789012345678", 123456789012345678 },
		{ "1234567890123456789", 1234567890123456789 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(source_count(&s, value(cases[i].json)),
		    cases[i].count, "%s: %" PRIu64 ", expected %" PRIu64,
		    cases[i].json, source_count(&s, value(cases[i].json)),
		    cases[i].count);
	cr_expect_eq(source_count(&s, NULL), 0);
}

Test(source, times_are_taken_in_every_form)
{
	static const struct {
		const char *json;
		int64_t ms;
	} cases[] = {
		{ "\"2026-05-12T10:00:00.123Z\"", 1778580000123 },
		{ "\"2026-05-12T12:00:00+02:00\"", 1778580000000 },
		{ "1778580000", 1778580000000 },
		{ "1778580000.5", 1778580000500 },
		{ "1778580000123", 1778580000123 },
		{ "\"1778580000123\"", 1778580000123 },
		{ "\"yesterday\"", 0 },
		{ "null", 0 },
		{ "-1", 0 },
		{ "{}", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(source_time(&s, value(cases[i].json)), cases[i].ms,
		    "%s: %" PRId64 ", expected %" PRId64, cases[i].json,
		    source_time(&s, value(cases[i].json)), cases[i].ms);
}

Test(source, a_cost_of_nothing_is_unknown)
{
	struct event ev;

	event_init(&ev);
	source_cost(&s, value("0"), &ev);
	source_cost(&s, value("-1"), &ev);
	source_cost(&s, value("\"much\""), &ev);
	cr_expect_not(ev.has_cost, "has cost %" PRId64, ev.cost_pico);
	source_cost(&s, value("0.4239"), &ev);
	cr_expect(ev.has_cost && ev.cost_pico == 423900000000, "cost %" PRId64,
	    ev.cost_pico);
}

Test(source, texts_are_unescaped_cleaned_and_cut_at_a_character)
{
	char json[2000], expected[LIMIT_TEXT + 1];
	struct text t;
	size_t i, n = 0;

	t = source_string(&s, value("\"a\\u0000b\\nc\\u00e9\\ud800\""));
	cr_expect(text_is(t, "a b c\xc3\xa9\xef\xbf\xbd"), "\"%.*s\"",
	    (int)t.len, t.p);
	t = source_text(&s, "bad \xff\xfe utf", 10);
	cr_expect(text_is(t, "bad    utf"), "\"%.*s\"", (int)t.len, t.p);
	json[n++] = '"';
	for (i = 0; i < 200; i++) {
		json[n++] = '\xc3';
		json[n++] = '\xa9';
	}
	json[n++] = '"';
	json[n] = '\0';
	t = source_string(&s, value(json));
	memcpy(expected, json + 1, 254);
	cr_expect(t.len == 254 && memcmp(t.p, expected, 254) == 0,
	    "%" PRIu32 " bytes, expected 254", t.len);
	cr_expect_eq(source_string(&s, value("[]")).len, 0);
	cr_expect(text_is(source_string(&s, value("17")), "17"));
}

Test(source, a_long_escaped_text_keeps_its_beginning)
{
	size_t n = 0, i;
	char *json = malloc(100000);
	struct text t;

	cr_assert_not_null(json);
	json[n++] = '"';
	for (i = 0; i < 9000; i++, n += 6)
		memcpy(json + n, "\\u0041", 6);
	json[n++] = '"';
	json[n] = '\0';
	t = source_string(&s, value(json));
	cr_expect_eq(t.len, LIMIT_TEXT, "%" PRIu32 " bytes", t.len);
	for (i = 0; i < t.len; i++)
		cr_assert_eq(t.p[i], 'A', "byte %zu is %d", i, t.p[i]);
	free(json);
}

Test(source, texts_do_not_move_while_others_come)
{
	struct text first = source_text(&s, "the first", 9);
	struct text last = { NULL, 0 };
	int i;

	for (i = 0; i < 5000; i++)
		last = source_textf(&s, "text number %d", i);
	cr_expect(
	    text_is(first, "the first"), "\"%.*s\"", (int)first.len, first.p);
	cr_expect(text_is(last, "text number 4999"), "\"%.*s\"", (int)last.len,
	    last.p);
}

Test(source, forgetting_gives_the_memory_back)
{
	const char *block;
	int i;

	for (i = 0; i < 5000; i++)
		source_textf(&s, "text number %d", i);
	source_forget(&s);
	block = s.arena;
	for (i = 0; i < 5000; i++) {
		source_textf(&s, "text number %d", i);
		source_forget(&s);
	}
	cr_expect_eq(
	    s.arena, block, "a new block for texts that were forgotten");
}

static int
count_one(struct source *source, const struct event *ev)
{
	(void)ev;
	++*(int *)source->give_arg;
	return 0;
}

Test(source, only_good_usage_is_given_and_bad_usage_is_told)
{
	struct event ev;
	int n = 0;

	s.give = count_one;
	s.give_arg = &n;
	s.line = 7;
	source_event_init(&s, &ev);
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_MESSAGE] = TEXT("m");
	ev.count[EV_LATENCY_MS] = 5;
	cr_assert_eq(source_event(&s, &ev), 0);
	cr_expect(n == 0 && s.odd == 0, "%d given, %" PRIu64 " odd", n, s.odd);
	ev.count[EV_INPUT] = LIMIT_TOKENS + 1;
	source_event(&s, &ev);
	cr_expect(n == 0 && s.odd == 1 && s.odd_line == 7,
	    "%d given, %" PRIu64 " odd, line %" PRIu64, n, s.odd, s.odd_line);
	ev.count[EV_INPUT] = 1;
	source_event(&s, &ev);
	cr_expect(n == 1 && s.events == 1, "%d given", n);
	import_text_is(&ev, EV_AGENT, "claude-code");
	import_text_is(&ev, EV_SOURCE, "log");
}

/* --- Roots ---------------------------------------------------------------- */

static void
expect_root(const struct roots *r, size_t i, const char *expected)
{
	cr_assert_gt(r->n, i, "%zu roots, expected more than %zu", r->n, i);
	cr_expect_str_eq(r->paths[i], expected, "root %zu is %s, expected %s",
	    i, r->paths[i], expected);
}

Test(source, roots_come_from_lists_home_and_fallbacks)
{
	struct roots r = { 0 };

	setenv("HOME", "/home/u", 1);
	setenv("SOME_DIRS", " /a/ ,~/b,, /c", 1);
	unsetenv("NO_DIRS");
	cr_expect(roots_add_env(&r, "SOME_DIRS", "logs"));
	cr_expect_not(roots_add_env(&r, "NO_DIRS", NULL));
	roots_add(&r, "~/.x");
	roots_add(&r, "/a/logs/");
	roots_add_below(&r, roots_base(&r, "NO_DIRS", ".local/share"), "y");
	roots_add_below(&r, roots_base(&r, "HOME", "never"), "z");
	expect_root(&r, 0, "/a/logs");
	expect_root(&r, 1, "/home/u/b/logs");
	expect_root(&r, 2, "/c/logs");
	expect_root(&r, 3, "/home/u/.x");
	expect_root(&r, 4, "/home/u/.local/share/y");
	expect_root(&r, 5, "/home/u/z");
	cr_expect(r.n == 6 && !r.failed, "%zu roots", r.n);
	roots_release(&r);
}
