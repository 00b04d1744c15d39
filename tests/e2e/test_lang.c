/*
 * Chinese and English: every program speaks what it is asked to whatever the
 * locale has installed, tables stay straight, and what machines read stays the
 * same.
 */
#include "tests/e2e/harness.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <criterion/criterion.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define ARGS_MAX 10
#define LINES_MAX 64

static struct home home;

static void
setup(void)
{
	home_make(&home);
	home_env(&home, "TT_NOW", NOW_TEXT);
	cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"), "no C.UTF-8");
}

static void
teardown(void)
{
	home_finish(&home);
}

TestSuite(lang, .init = setup, .fini = teardown, .timeout = 120);

static void
send_call(const char *session, const char *model, const char *project)
{
	struct run r;

	RUN(&home, &r, "tt-send", "--session", session, "--message", session,
	    "--model", model, "--provider", "anthropic", "--agent",
	    "claude-code", "--project", project, "--input", "1200000",
	    "--output", "300", "--cache-read", "5000");
	cr_assert_eq(r.code, 0, "tt-send: %d, %s", r.code, r.err);
	cr_expect_str_empty(r.err, "said %s", r.err);
	run_free(&r);
}

static void
serve_some(void)
{
	daemon_start(&home);
	send_call("s1", "claude-sonnet-4-5", "tools");
	send_call("会话二", "本地模型", "项目甲");
}

/* What a locale says; NULL: not set. */
static const struct locale_case {
	const char *lc_all, *lang, *language, *tt_lang;
} chinese[] = {
	{ NULL, "C", NULL, "zh" },
	{ NULL, "C.UTF-8", NULL, "zh" },
	{ "C.UTF-8", NULL, "zh_CN", NULL },
	{ "zh_CN.UTF-8", NULL, NULL, NULL },
	{ "zh_CN.GB18030", NULL, NULL, NULL },
	{ NULL, "zh_TW.UTF-8", NULL, NULL },
}, english[] = {
	{ NULL, "C", NULL, NULL },
	{ "en_US.UTF-8", NULL, NULL, NULL },
	{ "C", "zh_CN.UTF-8", "zh_CN", NULL },
	{ "zh_CN.UTF-8", NULL, NULL, "en" },
	{ NULL, NULL, NULL, NULL },
};

static void
use_case(const struct locale_case *c)
{
	home_env(&home, "LC_ALL", c->lc_all);
	home_env(&home, "LANG", c->lang);
	home_env(&home, "LANGUAGE", c->language);
	home_env(&home, "TT_LANG", c->tt_lang);
}

/* One run, and a text in each language that it must have and not have. */
static const struct said {
	const char *args[ARGS_MAX];
	int code;
	const char *en, *zh;
} said[] = {
	{ { "tt-send", "--help" }, 0, "Usage: tt-send", "用法：tt-send" },
	{ { "tt-report", "--help" }, 0, "Filters (a part", "仅此模型" },
	{ { "tt-report", "bill", "--help" }, 0, "Every model with",
	    "没有价格" },
	{ { "tt-price", "--help" }, 0, "Usage: tt-price", "用法：tt-price" },
	{ { "tt-price", "set", "--help" }, 0, "USD a million", "百万 token" },
	{ { "tt", "--help" }, 0, "Usage: tt ", "用法：tt " },
	{ { "collectord", "--help" }, 0, "usage: collectord",
	    "用法：collectord" },
	{ { "tt-report", "week" }, 0, "cache read", "缓存读取" },
	{ { "tt-report", "week", "--by", "model" }, 0, "total", "合计" },
	{ { "tt-report", "summary" }, 0, "this month", "本月" },
	{ { "tt-report", "session", "s1" }, 0, "Session: ", "会话：" },
	{ { "tt-report", "session", "s1", "--full" }, 0, "cache hits",
	    "缓存命中" },
	{ { "tt-report", "sessions" }, 0, "project", "项目  " },
	{ { "tt-report", "bill" }, 0, "no price", "未定价" },
	{ { "tt-report", "blocks" }, 0, "tokens/min", "token/分钟" },
	{ { "tt-report", "doctor" }, 0, "All sums are", "所有合计都" },
	{ { "tt-report", "explain", "s1" }, 0, "counted", "计入" },
	{ { "tt-report", "status" }, 0, "last heard", "最后消息" },
	{ { "tt-price", "list", "--model", "claude-sonnet-4-5" }, 0,
	    "Built-in prices", "内置价格" },
	{ { "tt-price", "explain", "claude-sonnet-4-5", "--input", "9" }, 0,
	    "rate per million", "每百万单价" },
	{ { "tt-budget", "--help" }, 0, "Sets budgets", "设定预算" },
	{ { "tt-budget", "check", "--help" }, 0, "The gate", "关口" },
	{ { "tt-budget", "status" }, 0, "There is no budget", "还没有预算" },
	{ { "tt-notices" }, 0, "has no price", "没有价格" },
	{ { "tt-notices", "--help" }, 0, "Lists what is to be told",
	    "列出尚未告知的通知" },
	{ { "tt-report", "daily-report" }, 0, "Daily usage report",
	    "每日用量报告" },
	{ { "tt-report", "weekly-report" }, 0, "no calls", "没有调用" },
	/* What goes wrong; names of options and codes stay. */
	{ { "tt-send" }, 2, "--session is required",
	    "必须有 --session 或 TT_SESSION" },
	{ { "tt-send", "--session", "s", "--input", "x" }, 2,
	    "not a whole number", "--input：不是整数：“x”" },
	{ { "tt-send", "--session", "s", "--input", "1", "--tier", "x" }, 4,
	    "tier: not standard, batch",
	    "tier: 不是 standard、batch、flex、priority 或 fast：“x”" },
	{ { "tt-send", "--nonsense" }, 2, "unknown option --nonsense",
	    "未知选项 --nonsense" },
	{ { "tt-report", "2026-02-30" }, 2, "is not a date",
	    "2026-02-30 不是日期" },
	{ { "tt-report", "--by", "shoes" }, 2, "is not a key",
	    "--by: shoes 不是分组键" },
	{ { "tt-report", "session", "nobody" }, 4, "not_found: nothing",
	    "not_found: 没有相关记录" },
	{ { "tt-price", "dance" }, 2, "what is", "“dance”是什么" },
	{ { "tt-budget", "set", "much" }, 2, "is not an amount",
	    "“much” 不是美元金额" },
	{ { "tt-budget", "rm", "none" }, 4, "not_found: no budget",
	    "not_found: 没有这个名称的预算" },
	{ { "tt-notices", "dance" }, 2, "no operands", "“dance” 是什么" },
	{ { "tt", "dance" }, 2, "no such verb: dance", "没有这个命令：dance" },
	{ { "collectord", "--log-level", "loud" }, 2,
	    "not error, warn, info or debug", "不是 error、warn、info" },
};

/* --lang, or NULL. */
static void
expect_said(const struct said *s, bool is_zh, const char *option)
{
	const char *argv[ARGS_MAX + 3];
	const char *want = is_zh ? s->zh : s->en,
		   *other = is_zh ? s->en : s->zh;
	size_t n = 0, i = 0;
	bool has, has_other;
	struct run r;

	argv[n++] = s->args[i++];
	if (option != NULL) {
		argv[n++] = "--lang";
		argv[n++] = option;
	}
	while (s->args[i] != NULL)
		argv[n++] = s->args[i++];
	argv[n] = NULL;
	run_client(&home, argv, "", &r);
	cr_expect_eq(r.code, s->code, "%s %s: exit code %d, expected %d: %s%s",
	    s->args[0], s->args[1], r.code, s->code, r.out, r.err);
	has = strstr(r.out, want) != NULL || strstr(r.err, want) != NULL;
	has_other =
	    strstr(r.out, other) != NULL || strstr(r.err, other) != NULL;
	cr_expect(has && !has_other, "%s %s%s: no %s, or %s, in %s%s",
	    s->args[0], s->args[1] != NULL ? s->args[1] : "",
	    option != NULL ? " --lang" : "", want, other, r.out, r.err);
	run_free(&r);
}

Test(lang, every_program_speaks_both)
{
	static const struct locale_case plain_c = { "C", NULL, NULL, NULL };
	static const struct locale_case zh = { "zh_CN.UTF-8", NULL, NULL,
		NULL };
	size_t i;

	serve_some();
	use_case(&plain_c);
	for (i = 0; i < LENGTH(said); i++) {
		expect_said(&said[i], false, NULL);
		expect_said(&said[i], true, "zh");
	}
	use_case(&zh);
	for (i = 0; i < LENGTH(said); i++) {
		expect_said(&said[i], true, NULL);
		expect_said(&said[i], false, "en");
	}
}

/* Of a static program, of one with tables, and of the daemon. */
static void
expect_language(bool is_zh, size_t which)
{
	static const struct said probes[] = {
		{ { "tt-send", "--help" }, 0, "Usage:", "用法：" },
		{ { "tt-report", "week" }, 0, "cost", "费用" },
		{ { "collectord", "--help" }, 0, "usage:", "用法：" },
	};
	size_t i;

	for (i = 0; i < LENGTH(probes); i++)
		expect_said(&probes[i], is_zh, NULL);
	cr_log_info("case %zu", which);
}

Test(lang, the_locale_decides_though_it_is_not_installed)
{
	size_t i;

	serve_some();
	for (i = 0; i < LENGTH(chinese); i++) {
		use_case(&chinese[i]);
		expect_language(true, i);
	}
	for (i = 0; i < LENGTH(english); i++) {
		use_case(&english[i]);
		expect_language(false, i);
	}
}

Test(lang, the_configuration_stands_between_environment_and_locale)
{
	static const struct locale_case en = { "en_US.UTF-8", NULL, NULL,
		NULL };
	static const struct locale_case tt_en = { NULL, NULL, NULL, "en" };
	static const struct said week = { { "tt-report", "week" }, 0, "cost",
		"费用" };
	struct run r;

	serve_some();
	home_write(&home, "config", "[report]\nlang = zh\n");
	use_case(&en);
	expect_said(&week, true, NULL);
	expect_said(&week, false, "en");
	use_case(&tt_en);
	expect_said(&week, false, NULL);
	home_write(&home, "config", "[report]\nlang = fr\n");
	RUN(&home, &r, "tt-report", "week", "--lang", "zh");
	cr_expect_eq(r.code, 2, "exit code %d", r.code);
	cr_expect(strstr(r.err, "[report] lang：\"fr\" 不是 en 或 zh") != NULL,
	    "said %s", r.err);
	run_free(&r);
}

/* --- What machines read ----------------------------------------------------
 */

static void
expect_same(const char *const *args)
{
	struct run en, zh;

	use_case(&english[0]);
	run_client(&home, args, "", &en);
	use_case(&chinese[0]);
	run_client(&home, args, "", &zh);
	cr_expect_eq(en.code, zh.code, "%s %s: %d in English, %d in Chinese",
	    args[0], args[1], en.code, zh.code);
	cr_expect_str_eq(
	    en.out, zh.out, "%s %s: %s\n%s", args[0], args[1], en.out, zh.out);
	cr_expect_gt(en.out_len, 0, "%s %s printed nothing", args[0], args[1]);
	run_free(&en);
	run_free(&zh);
}

Test(lang, json_csv_and_tsv_are_the_same_in_both)
{
	static const char *const runs[][ARGS_MAX] = {
		{ "tt-report", "week", "--json" },
		{ "tt-report", "week", "--by", "model", "--csv" },
		{ "tt-report", "week", "--by", "project,agent", "--tsv" },
		{ "tt-report", "summary", "--json" },
		{ "tt-report", "bill", "--json" },
		{ "tt-report", "session", "s1", "--json" },
		{ "tt-report", "sessions", "--json" },
		{ "tt-report", "sessions", "--csv" },
		{ "tt-report", "blocks", "--json" },
		{ "tt-report", "explain", "s1", "--json" },
		{ "tt-report", "doctor", "--json" },
		{ "tt-report", "events" },
		{ "tt-report", "statusline", "--session", "s1", "--format",
		    "{model} {session_cost}" },
		{ "tt-price", "list", "--json", "--model", "sonnet" },
		{ "tt-price", "list", "--csv", "--model", "sonnet" },
		{ "tt-price", "explain", "claude-sonnet-4-5", "--input", "9",
		    "--json" },
		{ "tt-budget", "list", "--json" },
		{ "tt-budget", "status", "--json" },
		{ "tt-budget", "check", "--json" },
		{ "tt-report", "daily-report", "--json" },
		{ "tt-report", "weekly-report", "--json" },
		{ "tt-send", "--session", "s", "--tier", "x", "--json" },
		{ "tt-send", "--session", "s", "--message", "m", "--input", "1",
		    "--dry-run" },
	};
	size_t i;

	serve_some();
	for (i = 0; i < LENGTH(runs); i++)
		expect_same(runs[i]);
}

Test(lang, the_log_and_the_wire_are_english)
{
	struct run r;
	size_t from;

	use_case(&chinese[3]);
	daemon_start(&home);
	from = daemon_log_size(&home);
	home_write(&home, "config", "[daemon]\nidle_timeout = x\n");
	cr_assert_eq(kill(home.pid, SIGHUP), 0, "no SIGHUP");
	cr_expect(daemon_log_has(&home, from, "is not 1 to 86400"),
	    "the log does not say it in English");
	home_write(&home, "config", "");
	RUN(&home, &r, "tt-report", "session", "nobody", "--json");
	cr_expect(strstr(r.err, "没有相关记录") != NULL, "said %s", r.err);
	run_free(&r);
}

/* --- Columns ---------------------------------------------------------------
 */

/* The columns that UTF-8 text takes up to `end`. */
static int
width_to(const char *s, const char *end)
{
	mbstate_t state = { 0 };
	int width = 0, w;
	wchar_t c;
	size_t n;

	for (; s < end; s += n) {
		n = mbrtowc(&c, s, (size_t)(end - s), &state);
		cr_assert(n > 0 && n <= (size_t)(end - s), "not UTF-8: %s", s);
		w = wcwidth(c);
		cr_assert_geq(w, 0, "unprintable in %s", s);
		width += w;
	}
	return width;
}

/* Cuts text into its lines, in place. */
static size_t
cut_lines(char *text, char *lines[LINES_MAX])
{
	size_t n = 0;
	char *end;

	while (*text != '\0' && n < LINES_MAX) {
		end = strchr(text, '\n');
		cr_assert_not_null(end, "a line without an end");
		*end = '\0';
		lines[n++] = text;
		text = end + 1;
	}
	return n;
}

/*
 * The report of two models: a left column, then figures, whose right edges must
 * stand below each other. Ours have no blanks in their heads.
 */
Test(lang, columns_of_chinese_tables_are_straight)
{
	char *lines[LINES_MAX], *at, *end;
	int edges[16], width;
	size_t n, i, k, nedges = 0;
	struct run r;

	serve_some();
	RUN(&home, &r, "tt-report", "week", "--by", "model", "--lang", "zh");
	cr_assert_eq(r.code, 0, "exit code %d: %s", r.code, r.err);
	n = cut_lines(r.out, lines);
	cr_assert_eq(n, 5, "%zu lines", n); /* period, head, two rows, total */
	for (i = 1; i < n; i++) {
		at = lines[i] + strcspn(lines[i], " "); /* after the name */
		for (k = 0; *at != '\0'; k++) {
			at += strspn(at, " ");
			end = at + strcspn(at, " ");
			width = width_to(lines[i], end);
			if (i == 1)
				edges[nedges++] = width;
			cr_expect(k < nedges && edges[k] == width,
			    "column %zu of \"%s\" ends at %d, not at %d", k,
			    lines[i], width, k < nedges ? edges[k] : -1);
			at = end;
		}
		cr_expect_eq(k, nedges, "%zu figures in \"%s\"", k, lines[i]);
	}
	run_free(&r);
}

/* What follows a title must stand in one column: tables of facts, help. */
static void
expect_column(const char *const *args, int column, size_t least)
{
	char *lines[LINES_MAX], *gap;
	size_t n, i, hits = 0;
	struct run r;

	run_client(&home, args, "", &r);
	n = cut_lines(r.out, lines);
	for (i = 0; i < n; i++) {
		gap = lines[i] + strspn(lines[i], " ");
		gap = strstr(gap, "  ");
		if (gap == NULL)
			continue;
		gap += strspn(gap, " ");
		hits += width_to(lines[i], gap) == column;
	}
	cr_expect_geq(hits, least, "%s %s: %zu lines have column %d", args[0],
	    args[1], hits, column);
	run_free(&r);
}

Test(lang, what_follows_a_title_stands_in_one_column)
{
	static const char *const full[] = { "tt-report", "session", "s1",
		"--full", "--lang", "zh", NULL };
	static const char *const status[] = { "tt-report", "status", "--lang",
		"zh", NULL };
	static const char *const summary[] = { "tt-report", "summary", "--lang",
		"zh", NULL };
	static const char *const help[] = { "tt-send", "--help", "--lang", "zh",
		NULL };

	serve_some();
	expect_column(full, 16, 6);
	expect_column(status, 10, 6);
	expect_column(summary, 16, 4);
	expect_column(help, 28, 25);
}

Test(lang, help_in_chinese_fits_a_terminal)
{
	static const char *const programs[] = { "tt-send", "tt-report",
		"tt-price", "tt-budget", "tt-notices" };
	char *lines[LINES_MAX * 2];
	struct run r;
	size_t i, k, n;
	int width;

	for (i = 0; i < LENGTH(programs); i++) {
		RUN(&home, &r, programs[i], "--lang", "zh", "--help");
		n = cut_lines(r.out, lines);
		for (k = 1; k < n; k++) { /* the synopsis is as long as it is */
			width = width_to(lines[k], lines[k] + strlen(lines[k]));
			cr_expect_leq(width, 79, "%s: %d columns: %s",
			    programs[i], width, lines[k]);
		}
		run_free(&r);
	}
}
