#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "clients/report/agent_state.h"
#include "clients/report/line.h"

static struct line_values values;
static char out[LINE_MAX_BYTES];

static void
setup(void)
{
	memset(&values, 0, sizeof(values));
	line_set(&values, LINE_MODEL, TEXT("Opus"));
	line_set(&values, LINE_SESSION_COST, TEXT("$0.42"));
}

TestSuite(line, .init = setup, .timeout = 30);

static const struct {
	const char *format, *want;
} cases[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "{model}", "Opus" },
	{ "{model} {session_cost}", "Opus $0.42" },
	{ "{today_cost}", "-" },
	{ "{model}[ | {today_cost} today]", "Opus" },
	{ "{model}[ | {session_cost} session]", "Opus | $0.42 session" },
	{ "[{model} {today_cost}]x", "x" },
	{ "[{model}][{today_cost}][{session_cost}]", "Opus$0.42" },
	{ "#[fg=red]{model}#[default]", "#[fg=red]Opus#[default]" },
	{ "{\"text\":\"{model}\"}", "{\"text\":\"Opus\"}" },
	{ "{nothing} {MODEL} {model", "{nothing} {MODEL} {model" },
	{ "{}{{model}}", "{}{Opus}" },
	{ "a [b {model}", "a [b Opus" },
	{ "[a [{today_cost}] {model}]", "[a  Opus]" },
	{ "[", "[" },
	{ "]{model}[", "]Opus[" },
	{ "{model} \xe2\x82\xac", "Opus \xe2\x82\xac" },
};

Test(line, formats_as_promised)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		line_format(cases[i].format, &values, out);
		cr_expect_str_eq(out, cases[i].want, "%s gives %s, not %s",
		    cases[i].format, out, cases[i].want);
	}
}

Test(line, every_name_is_a_placeholder)
{
	char format[64];
	const char *name;
	int i;

	for (i = 0; i < LINE_NAMES; i++) {
		name = line_names[i];
		cr_assert_not_null(name, "name %d", i);
		line_set(&values, (enum line_name)i, text_of(name));
		snprintf(format, sizeof(format), "{%s}", name);
		line_format(format, &values, out);
		cr_expect_str_eq(out, name, "%s gives %s", format, out);
		cr_expect(line_wants(format, (enum line_name)i), "%s", format);
	}
	cr_expect(!line_wants("{model}", LINE_MODEL_ID));
	cr_expect(!line_wants("model", LINE_MODEL));
}

Test(line, values_steer_no_terminal)
{
	static const struct {
		const char *text, *want;
	} names[] = {
		{ "a\033[31mb", "a?[31mb" },
		{ "a\nb\tc", "a?b?c" },
		{ "\xe4\xbd\xa0\xe5\xa5\xbd", "\xe4\xbd\xa0\xe5\xa5\xbd" },
		{ "a\xff"
		  "b",
		    "a?b" },
		{ "a\xe2\x80\xae"
		  "b",
		    "a???b" },
		{ "a\xc2\x9b"
		  "b",
		    "a??b" },
		{ "cut\xe4\xbd", "cut??" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		line_set(&values, LINE_PROJECT, text_of(names[i].text));
		cr_expect_str_eq(values.value[LINE_PROJECT], names[i].want,
		    "%zu: %s, not %s", i, values.value[LINE_PROJECT],
		    names[i].want);
	}
}

Test(line, what_is_too_long_is_cut_at_a_character)
{
	char format[3 * LINE_MAX_BYTES], name[3 * LINE_VALUE_MAX + 1];
	size_t len, i;

	format[0] = '\0';
	for (i = 0; i + 4 < sizeof(format); i += 3)
		memcpy(format + i, "\xe2\x82\xac", 4);
	len = line_format(format, &values, out);
	cr_expect_eq(len, strlen(out));
	cr_expect_lt(len, LINE_MAX_BYTES);
	cr_expect_eq(len % 3, 0, "%zu bytes", len);
	for (i = 0; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "\xe2\x82\xac", 3);
	line_set(&values, LINE_MODEL, (struct text){ name, (uint32_t)i });
	len = strlen(values.value[LINE_MODEL]);
	cr_expect_eq(len % 3, 0, "%zu bytes of a name", len);
	cr_expect_gt(len, LINE_VALUE_MAX - 5);
}

/* --- What an agent tells ---------------------------------------------------
 */

static struct json json;
static struct agent_state state;

static void
free_json(void)
{
	json_release(&json);
}

TestSuite(agent_state, .fini = free_json, .timeout = 30);

static int
read_state(const char *text)
{
	return agent_state_read(&state, &json, text, strlen(text));
}

Test(agent_state, takes_what_a_status_line_is_handed)
{
	cr_assert_eq(
	    read_state(
		"{\"session_id\":\"s-1\",\"cwd\":\"/home/dev/src/app\","
		"\"model\":{\"id\":\"claude-opus-5\",\"display_name\":\"Opus\"}"
		","
		"\"workspace\":{\"project_dir\":\"/home/dev/src/web/\"},"
		"\"cost\":{\"total_cost_usd\":0.01234,\"total_duration_ms\":"
		"450},"
		"\"context_window\":{\"total_input_tokens\":15500,"
		"\"context_window_size\":200000,\"used_percentage\":8},"
		"\"rate_limits\":{\"five_hour\":{\"used_percentage\":23.5,"
		"\"resets_at\":1790082000},\"seven_day\":{"
		"\"used_percentage\":41.2}}}"),
	    0);
	cr_expect_str_eq(state.session, "s-1");
	cr_expect_str_eq(state.model, "Opus");
	cr_expect_str_eq(state.model_id, "claude-opus-5");
	cr_expect_str_eq(state.project, "web", "project %s", state.project);
	cr_expect(state.has_cost && state.cost_pico == 12340000000, "cost %lld",
	    (long long)state.cost_pico);
	cr_expect_eq(state.duration_ms, 450);
	cr_expect_eq(state.context_used, 15500);
	cr_expect_eq(state.context_size, 200000);
	cr_assert_eq(state.n_windows, 2, "%zu windows", state.n_windows);
	cr_expect_str_eq(state.windows[0].name, "five_hour");
	cr_expect_eq(state.windows[0].percent, 23500000000000, "%lld",
	    (long long)state.windows[0].percent);
	cr_expect_eq(state.windows[0].resets_ms, 1790082000000);
	cr_expect_eq(state.windows[1].resets_ms, 0);
}

Test(agent_state, missing_and_odd_members_are_absent)
{
	static const char *const texts[] = {
		"{}",
		"{\"session_id\":7,\"model\":\"x\",\"cost\":null}",
		"{\"context_window\":{\"context_window_size\":200000}}",
		"{\"context_window\":null,\"rate_limits\":[]}",
		"{\"rate_limits\":{\"five_hour\":null,\"x\":{}}}",
		"{\"rate_limits\":{\"x\":{\"used_percentage\":\"much\"}}}",
		"{\"cost\":{\"total_cost_usd\":-1}}",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		cr_expect_eq(read_state(texts[i]), 0, "%s", texts[i]);
		cr_expect(state.session[0] == '\0' && !state.has_cost &&
			      state.context_size == 0 && state.n_windows == 0,
		    "%s gives something", texts[i]);
	}
}

Test(agent_state, what_is_no_object_is_refused)
{
	cr_expect_eq(read_state("[1]"), -1);
	cr_expect_eq(read_state("garbage"), -1);
	cr_expect_eq(read_state(""), -1);
	cr_expect_eq(state.n_windows, 0);
}

Test(agent_state, percent_of_a_window_stands_in_for_tokens)
{
	cr_assert_eq(read_state("{\"context_window\":{\"context_window_size\":"
				"200000,\"used_percentage\":12.5}}"),
	    0);
	cr_expect_eq(state.context_used, 25000, "%lu",
	    (unsigned long)state.context_used);
}
