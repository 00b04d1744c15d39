/* Which language it is, and how wide texts are. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "proto/lang.h"

static const char *const names[] = { "TT_LANG", "LC_ALL", "LC_MESSAGES", "LANG",
	"LANGUAGE" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static const struct {
	const char *option, *config;
	const char *env[NAMES];
	bool wants_zh;
} cases[] = {
	{ NULL, NULL, { NULL }, false },
	{ NULL, NULL, { NULL, NULL, NULL, "zh_CN.UTF-8" }, true },
	{ NULL, NULL, { NULL, NULL, NULL, "zh" }, true },
	{ NULL, NULL, { NULL, NULL, NULL, "zh-Hans" }, true },
	{ NULL, NULL, { NULL, NULL, NULL, "zha_XX" }, false },
	{ NULL, NULL, { NULL, NULL, NULL, "de_DE.UTF-8" }, false },
	{ NULL, NULL, { NULL, "en_US.UTF-8", NULL, "zh_CN.UTF-8" }, false },
	{ NULL, NULL, { NULL, "", NULL, "zh_CN.UTF-8" }, true },
	{ NULL, NULL, { NULL, NULL, "zh_TW", "en_US.UTF-8" }, true },
	{ NULL, NULL, { NULL, "C", NULL, "zh_CN", "zh" }, false },
	{ NULL, NULL, { NULL, "C.UTF-8", NULL, NULL, "zh_CN:en" }, true },
	{ NULL, NULL, { NULL, "zh_CN", NULL, NULL, "de:en:zh" }, false },
	{ NULL, NULL, { NULL, "zh_CN", NULL, NULL, "de" }, true },
	{ NULL, NULL, { NULL, NULL, NULL, NULL, "zh_CN" }, true },
	{ NULL, NULL, { "zh", "C" }, true },
	{ NULL, NULL, { "en", "zh_CN.UTF-8" }, false },
	{ NULL, NULL, { "martian", "zh_CN.UTF-8" }, true },
	{ NULL, "zh", { NULL, "C" }, true },
	{ NULL, "zh", { "en", NULL }, false },
	{ NULL, "", { NULL, "zh_CN" }, true },
	{ "zh", "en", { "en", "C" }, true },
	{ "en", "zh", { "zh", "zh_CN" }, false },
};

Test(lang, the_strongest_wish_decides, .timeout = 30)
{
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		lang_forget();
		for (n = 0; n < NAMES; n++)
			if (cases[i].env[n] != NULL)
				setenv(names[n], cases[i].env[n], 1);
			else
				unsetenv(names[n]);
		lang_configure(cases[i].config != NULL ? cases[i].config : "");
		if (cases[i].option != NULL)
			lang_set(cases[i].option);
		cr_expect_eq(lang_wants_zh(), cases[i].wants_zh,
		    "case %zu: %d, expected %d", i, lang_wants_zh(),
		    cases[i].wants_zh);
	}
}

Test(lang, only_languages_we_have_can_be_set, .timeout = 30)
{
	cr_expect_eq(lang_set("de"), -1, "de was taken");
	cr_expect_eq(lang_set(""), -1, "nothing was taken");
	cr_expect_eq(lang_set("zh_CN"), -1, "a locale was taken");
	cr_expect_eq(lang_set("zh"), 0, "zh was not taken");
}

Test(lang, the_option_is_found_before_it_is_parsed, .timeout = 30)
{
	char program[] = "p", bad[] = "--bad", option[] = "--lang", zh[] = "zh",
	     joined[] = "--lang=zh", en[] = "en", end[] = "--";
	char *apart[] = { program, bad, option, zh };
	char *together[] = { program, joined, bad };
	char *last_wins[] = { program, joined, option, en };
	char *beyond[] = { program, end, joined };
	char *cut[] = { program, option };
	size_t i;

	for (i = 0; i < NAMES; i++)
		unsetenv(names[i]);
	lang_scan(2, cut);
	lang_scan(3, beyond);
	cr_expect(!lang_wants_zh(), "an operand was taken for --lang");
	lang_scan(4, apart);
	cr_expect(lang_wants_zh(), "--lang zh was not seen");
	lang_forget();
	lang_scan(3, together);
	cr_expect(lang_wants_zh(), "--lang=zh was not seen");
	lang_scan(4, last_wins);
	cr_expect(!lang_wants_zh(), "the last one does not win");
}

/* With the catalogue of an installed tt or without one. */
Test(lang, a_text_without_a_translation_stays, .timeout = 30)
{
	setenv("TT_LANG", "zh", 1);
	cr_expect_str_eq(lang_text("no text of ours"), "no text of ours");
	cr_expect_str_eq(lang_text(""), "", "the head of the catalogue");
	lang_set("en");
	cr_expect_str_eq(lang_text("today"), "today");
	cr_expect_str_eq(lang_plural("one", "many", 1), "one");
	cr_expect_str_eq(lang_plural("one", "many", 0), "many");
	cr_expect_str_eq(lang_plural("one", "many", 2), "many");
}

Test(lang, widths_are_those_of_a_terminal, .timeout = 30)
{
	cr_expect_eq(lang_width("", 0), 0);
	cr_expect_eq(lang_width("tokens", 6), 6);
	cr_expect_eq(lang_width("\xe2\x80\xa6", 3), 1, "an ellipsis is %zu",
	    lang_width("\xe2\x80\xa6", 3));
	cr_expect_eq(lang_width("a\xff"
				"b",
			 3),
	    3, "a bad byte is %zu",
	    lang_width("a\xff"
		       "b",
		3));
}
