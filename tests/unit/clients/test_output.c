#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include <stdlib.h>
#include <string.h>

#include "clients/common/output.h"

struct pair {
	const char *text, *expect;
};

static void
check(const struct pair *pairs, size_t n, void (*put)(FILE *, struct text))
{
	char *got = NULL;
	size_t i, len;
	FILE *f;

	for (i = 0; i < n; i++) {
		f = open_memstream(&got, &len);
		put(f, text_of(pairs[i].text));
		fclose(f);
		cr_expect_str_eq(got, pairs[i].expect,
		    "\"%s\" gives %s, expected %s", pairs[i].text, got,
		    pairs[i].expect);
		free(got);
	}
}
#define CHECK(pairs, put) check(pairs, sizeof(pairs) / sizeof((pairs)[0]), put)

static void
put_csv(FILE *f, struct text t)
{
	csv_put_text(f, ',', t);
}

static void
put_tsv(FILE *f, struct text t)
{
	csv_put_text(f, '\t', t);
}

Test(output, json_text_is_escaped_and_always_utf8, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\b\f\n\r\t\x01\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u007f\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xb0",
		    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xb0\"" },
		{ "\xff|\xc3|\xc0\xaf", "\"\\ufffd|\\ufffd|\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	};

	CHECK(pairs, json_put_text);
}

Test(output, a_nul_in_json_text_is_kept_as_an_escape, .timeout = 30)
{
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	json_put_text(f, (struct text){ "a\0b", 3 });
	fclose(f);
	cr_expect_str_eq(got, "\"a\\u0000b\"", "got %s", got);
	free(got);
}

Test(output, csv_quotes_and_defuses_formulas, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "a,b", "\"a,b\"" },
		{ "a\"b", "\"a\"\"b\"" },
		{ "a\nb", "\"a\nb\"" },
		{ "=1+1", "\"'=1+1\"" },
		{ "+1", "\"'+1\"" },
		{ "-1", "\"'-1\"" },
		{ "@x", "\"'@x\"" },
		{ "\tx", "\"'\tx\"" },
		{ "a=b", "a=b" },
		{ " a", "\" a\"" },
	};

	CHECK(pairs, put_csv);
}

Test(output, tsv_has_one_line_and_no_tab_in_a_cell, .timeout = 30)
{
	static const struct pair pairs[] = {
		{ "a\tb\r\nc", "a b  c" },
		{ "a,\"b\"", "a,\"b\"" },
		{ "=1", "=1" },
	};

	CHECK(pairs, put_tsv);
}

Test(output, complaints_are_one_harmless_line, .timeout = 30)
{
	char got[256];

	cr_redirect_stderr();
	complain("tt-test", "%s", "a\nb\x1b[31m\xc2\x9b\xff \xc3\xa9");
	fflush(stderr);
	got[fread(got, 1, sizeof(got) - 1, cr_get_redirected_stderr())] = '\0';
	cr_expect_str_eq(got,
	    "tt-test: a\\x0ab\\x1b[31m\\xc2\\x9b\\xff \xc3\xa9\n", "got %s",
	    got);
}
