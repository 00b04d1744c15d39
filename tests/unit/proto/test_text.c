#include <criterion/criterion.h>

#include "proto/text.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

Test(text, orders_by_bytes_with_a_prefix_first, .timeout = 30)
{
	cr_assert_lt(text_cmp(TEXT("abc"), TEXT("abd")), 0);
	cr_assert_gt(text_cmp(TEXT("b"), TEXT("abd")), 0);
	cr_assert_lt(text_cmp(TEXT("ab"), TEXT("abc")), 0);
	cr_assert_gt(text_cmp(TEXT("ab"), (struct text){ NULL, 0 }), 0);
	cr_assert_gt(text_cmp(TEXT("\xc3\xa9"), TEXT("z")), 0);
	cr_assert_eq(text_cmp(TEXT("same"), TEXT("same")), 0);
}

Test(text, absent_and_empty_are_equal, .timeout = 30)
{
	cr_assert(text_eq((struct text){ NULL, 0 }, TEXT("")));
	cr_assert(text_eq(text_of(NULL), TEXT("")));
	cr_assert_not(text_is(TEXT("a"), "ab"));
}

Test(text, control_characters_and_broken_utf8_are_not_clean, .timeout = 30)
{
	const struct {
		struct text t;
		bool clean;
	} cases[] = {
		{ TEXT(""), true },
		{ TEXT("plain ~"), true },
		{ TEXT("\xe4\xbd\xa0\xe5\xa5\xbd \xc3\xa9"), true },
		{ TEXT("\xf0\x9f\x98\x80"), true },
		{ TEXT("\xf4\x8f\xbf\xbf"), true },
		{ TEXT("\xc2\xa0"), true },          /* the first above C1 */
		{ TEXT("a\0b"), false },             /* NUL */
		{ TEXT("a\tb"), false },             /* C0 */
		{ TEXT("a\x1b[31m"), false },        /* an escape */
		{ TEXT("\x7f"), false },             /* DEL */
		{ TEXT("\xc2\x80"), false },         /* C1 */
		{ TEXT("\xc2\x9f"), false },         /* C1 */
		{ TEXT("\x80"), false },             /* no lead byte */
		{ TEXT("\xc3"), false },             /* cut */
		{ TEXT("\xe4\xbd"), false },         /* cut */
		{ TEXT("\xc0\xaf"), false },         /* overlong */
		{ TEXT("\xe0\x80\xaf"), false },     /* overlong */
		{ TEXT("\xf0\x80\x80\xaf"), false }, /* overlong */
		{ TEXT("\xed\xa0\x80"), false },     /* a surrogate */
		{ TEXT("\xf4\x90\x80\x80"), false }, /* above U+10FFFF */
		{ TEXT("\xf8\x88\x80\x80\x80"), false },
		{ TEXT("\xff"), false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		cr_assert_eq(text_is_clean(cases[i].t), cases[i].clean,
		    "case %zu (\"%.*s\"): %d, expected %d", i,
		    (int)cases[i].t.len, cases[i].t.p,
		    text_is_clean(cases[i].t), cases[i].clean);
}

Test(text, every_byte_is_judged_at_every_place, .timeout = 30)
{
	char buf[70];
	size_t len, at;
	int c;

	for (len = 1; len <= sizeof(buf); len++) {
		for (at = 0; at < len; at++) {
			memset(buf, 'x', sizeof(buf));
			for (c = 0; c < 256; c++) {
				struct text t = { buf, (uint32_t)len };
				bool expected = c >= 0x20 && c < 0x7f;

				buf[at] = (char)c;
				cr_assert_eq(text_is_clean(t), expected,
				    "%#x at %zu of %zu: %d, expected %d", c, at,
				    len, text_is_clean(t), expected);
			}
		}
	}
}

static void
check_match(struct text t, struct text p, bool expected)
{
	cr_assert_eq(text_matches(t, p), expected,
	    "\"%.*s\" by \"%.*s\": %d, expected %d", (int)t.len,
	    t.p == NULL ? "" : t.p, (int)p.len, p.p, text_matches(t, p),
	    expected);
}

Test(text, a_plain_pattern_is_a_substring_in_any_case, .timeout = 30)
{
	struct text t = TEXT("Claude-Sonnet-4-5");

	check_match(t, TEXT("sonnet"), true);
	check_match(t, TEXT("CLAUDE"), true);
	check_match(t, TEXT("4-5"), true);
	check_match(t, t, true);
	check_match(t, TEXT("opus"), false);
	check_match(t, TEXT("claude-sonnet-4-5-2"), false);
	check_match(TEXT("aab"), TEXT("ab"), true);
	check_match((struct text){ NULL, 0 }, TEXT("a"), false);
}

Test(text, an_empty_pattern_matches_absent_text_alone, .timeout = 30)
{
	check_match((struct text){ NULL, 0 }, TEXT(""), true);
	check_match(TEXT(""), TEXT(""), true);
	check_match(TEXT("a"), TEXT(""), false);
}

Test(text, a_glob_covers_the_whole_text, .timeout = 30)
{
	const struct {
		struct text t, p;
		bool expected;
	} cases[] = {
		{ TEXT("claude-opus"), TEXT("claude*"), true },
		{ TEXT("claude-opus"), TEXT("*opus"), true },
		{ TEXT("claude-opus"), TEXT("*AUDE*op*"), true },
		{ TEXT("claude-opus"), TEXT("laude*"), false },
		{ TEXT("claude-opus"), TEXT("*opu"), false },
		{ TEXT(""), TEXT("*"), true },
		{ TEXT(""), TEXT("?"), false },
		{ TEXT("ab"), TEXT("??"), true },
		{ TEXT("abc"), TEXT("??"), false },
		{ TEXT("abab"), TEXT("*ab"), true },
		{ TEXT("abac"), TEXT("a*b*c"), true },
		{ TEXT("abacx"), TEXT("a*b*c"), false },
		{ TEXT("**"), TEXT("***"), true },
		/* One character, not one byte. */
		{ TEXT("\xe4\xbd\xa0"), TEXT("?"), true },
		{ TEXT("\xff"), TEXT("?"), true },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check_match(cases[i].t, cases[i].p, cases[i].expected);
}

Test(text, a_glob_class_takes_one_of_its_members, .timeout = 30)
{
	const struct {
		struct text t, p;
		bool expected;
	} cases[] = {
		{ TEXT("gpt-4"), TEXT("gpt-[45]"), true },
		{ TEXT("gpt-6"), TEXT("gpt-[45]"), false },
		{ TEXT("gpt-6"), TEXT("gpt-[3-7]"), true },
		{ TEXT("gpt-6"), TEXT("gpt-[!3-7]"), false },
		{ TEXT("gpt-8"), TEXT("gpt-[^3-7]"), true },
		{ TEXT("B"), TEXT("[a-c]"), true },
		{ TEXT("]"), TEXT("[]]"), true },
		{ TEXT("a"), TEXT("[!]]"), true },
		{ TEXT("-"), TEXT("[a-]"), true },
		{ TEXT("\xc3\xa9"), TEXT("[\xc3\xa8-\xc3\xaa]"), true },
		/* Without its end it stands for itself. */
		{ TEXT("[a"), TEXT("[a"), true },
		{ TEXT("a"), TEXT("[a"), false },
		{ TEXT("x["), TEXT("x["), true },
		{ TEXT("[!"), TEXT("[!"), true },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		check_match(cases[i].t, cases[i].p, cases[i].expected);
}

Test(text, many_stars_do_not_take_exponential_time, .timeout = 30)
{
	char t[255], p[255];

	memset(t, 'a', sizeof(t));
	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = i % 2 == 0 ? '*' : 'a';
	p[sizeof(p) - 1] = 'b';
	check_match((struct text){ t, sizeof(t) },
	    (struct text){ p, sizeof(p) }, false);
}
