/* Codex' notify: ours in front, and away again without a trace. */
#include "clients/setup/toml_edit.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(toml_edit, .timeout = 30);

#define PROGRAM "/opt/tt/bin/tt-import"
#define OURS "\"" PROGRAM "\", \"--hook\", \"codex\""

static void
expect_text(const struct page *text, const char *want)
{
	cr_expect_str_eq(page_text(text), want, "the text is\n%s\nexpected\n%s",
	    page_text(text), want);
}

static void
add(struct page *text, const char *program)
{
	char why[256] = "";

	cr_assert_eq(toml_edit_notify(text, program, why, sizeof(why)), 0,
	    "refused: %s, in\n%s", why, page_text(text));
}

static void
expect_added(const char *before, const char *after)
{
	struct page text = { .p = NULL };
	char why[256] = "";

	page_set(&text, before, strlen(before));
	add(&text, PROGRAM);
	expect_text(&text, after);
	add(&text, PROGRAM);
	expect_text(&text, after);
	cr_expect_eq(toml_edit_remove(&text, why, sizeof(why)), 1,
	    "not removed: %s", why);
	expect_text(&text, before);
	cr_expect_eq(toml_edit_remove(&text, why, sizeof(why)), 0);
	page_free(&text);
}

Test(toml_edit, a_line_of_its_own_stands_above_the_first_table)
{
	expect_added("", "notify = [" OURS "]\n");
	expect_added("a = 1\n", "a = 1\nnotify = [" OURS "]\n");
	expect_added("a = 1", "a = 1\nnotify = [" OURS "]");
	expect_added("a = 1\r\n[t]\r\nb = 2\r\n",
	    "a = 1\r\nnotify = [" OURS "]\r\n[t]\r\nb = 2\r\n");
	expect_added("# mine\n[t]\nnotify = 1\n",
	    "notify = [" OURS "]\n# mine\n[t]\nnotify = 1\n");
	expect_added(
	    "\xef\xbb\xbf[t]\n", "\xef\xbb\xbfnotify = [" OURS "]\n[t]\n");
	expect_added("x = '''\n[no.table]\nnotify = []\n'''\n[t]\n",
	    "x = '''\n[no.table]\nnotify = []\n'''\nnotify = [" OURS
	    "]\n[t]\n");
	expect_added(
	    "x = [ # list\n  [1, 2], # \"\n  { a = \"]\" },\n]\n[[t]]\n",
	    "x = [ # list\n  [1, 2], # \"\n  { a = \"]\" },\n]\nnotify = [" OURS
	    "]\n[[t]]\n");
}

Test(toml_edit, the_users_own_program_is_called_behind_ours)
{
	expect_added("notify = [\"say\", \"hi\"] # mine\n",
	    "notify = [" OURS ", \"--\", \"say\", \"hi\"] # mine\n");
	expect_added("  \"notify\"=[\n  'say', # it\n]\n[t]\n",
	    "  \"notify\"=[\n  " OURS ", \"--\", 'say', # it\n]\n[t]\n");
}

Test(toml_edit, another_path_of_ours_is_replaced)
{
	struct page text = { .p = NULL };

	page_set(&text, "", 0);
	add(&text, "/old/tt-import");
	add(&text, PROGRAM);
	expect_text(&text, "notify = [" OURS "]\n");
	page_set(&text, "notify = [\"say\"]\n", 17);
	add(&text, "/old/tt-import");
	add(&text, PROGRAM);
	expect_text(&text, "notify = [" OURS ", \"--\", \"say\"]\n");
	page_free(&text);
}

Test(toml_edit, what_cannot_be_chained_or_read_is_refused_untouched)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "notify = \"say\"\n", "not a list" },
		{ "notify = [\"say\", 1]\n", "not a list" },
		{ "a = 1\nb = \"x\n", "line 2" },
		{ "a\n", "line 1" },
		{ "b = 1\na = [1,\n 2\n", "line 2" },
		{ "a = [1}\n", "line 1" },
		{ "[t\n", "line 1" },
		{ "a = 1 b = 2\n", "line 1" },
		{ "a =\n", "line 1" },
		{ "x = \"\"\"\n\"\"\n", "line 1" },
		{ "notify = [\"a\"]\nnotify = [\"b\"]\n", "line 2" },
		{ "{\"json\": 1}", "line 1" },
	};
	struct page text = { .p = NULL };
	char why[256];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		page_set(&text, bad[i].text, strlen(bad[i].text));
		cr_expect_eq(toml_edit_notify(&text, PROGRAM, why, sizeof(why)),
		    -1, "accepted:\n%s", bad[i].text);
		cr_expect_not_null(strstr(why, bad[i].why),
		    "why is \"%s\", expected \"%s\" for\n%s", why, bad[i].why,
		    bad[i].text);
		expect_text(&text, bad[i].text);
	}
	page_free(&text);
}

Test(toml_edit, every_prefix_of_a_file_is_taken_or_refused)
{
	static const char whole[] =
	    "# c\nmodel = \"a\\\"b\"\nl = [1, 'x', {k = [true]}]\n"
	    "s = \"\"\"q\"\"\"\"\nnotify = [\"say\", 'hi']\n[a.\"b c\"]\nd = "
	    "2026-01-01T00:00:00Z\n[[t]]\n";
	struct page text = { .p = NULL };
	char why[256];
	size_t n;

	for (n = 0; n < sizeof(whole); n++) {
		page_set(&text, whole, n);
		if (toml_edit_notify(&text, PROGRAM, why, sizeof(why)) == 0)
			cr_expect_eq(toml_edit_remove(&text, why, sizeof(why)),
			    1, "not found again in\n%s", page_text(&text));
		cr_expect(text.len == n && memcmp(text.p, whole, n) == 0,
		    "prefix of %zu bytes is now\n%s", n, page_text(&text));
	}
	page_free(&text);
}
