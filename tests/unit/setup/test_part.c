/* Parts of targets, as texts: what is added, found again and taken out. */
#include "clients/setup/part.h"

#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "clients/setup/block_edit.h"
#include "clients/setup/contrib.h"

TestSuite(part, .timeout = 30);

static const struct setting here = { .bindir = "/no/such/bin" };
static const struct setting elsewhere = { .bindir = "/another one/bin" };

static void
add(const struct setting *s, const struct part *p, struct page *text)
{
	char why[256] = "";

	cr_assert_eq(part_add(s, p, text, why, sizeof(why)), 0,
	    "%s refused: %s", p->file, why);
}

static int
strip(const struct part *p, struct page *text)
{
	char why[256] = "";
	int n = part_strip(p, text, why, sizeof(why));

	cr_assert_geq(n, 0, "%s refused: %s", p->file, why);
	return n;
}

/* Calls it for every part of every target. */
static void
each_part(void (*call)(const struct target *t, const struct part *p))
{
	size_t i, k;

	for (i = 0; i < targets_n; i++)
		for (k = 0; k < targets[i].n; k++)
			call(&targets[i], &targets[i].parts[k]);
}

static void
expect_once(const struct target *t, const struct part *p)
{
	struct page text = { .p = NULL }, once = { .p = NULL };

	add(&here, p, &text);
	cr_expect_gt(text.len, 0, "%s: %s is empty", t->name, p->file);
	cr_expect_null(strstr(page_text(&text), "@BINDIR@"),
	    "%s: a placeholder is left in %s", t->name, p->file);
	page_set(&once, page_text(&text), text.len);
	add(&here, p, &text);
	cr_expect(page_equal(&text, &once), "%s: %s twice is not once:\n%s",
	    t->name, p->file, page_text(&text));
	cr_expect_gt(
	    strip(p, &text), 0, "%s: %s is not found again", t->name, p->file);
	cr_expect_eq(
	    strip(p, &text), 0, "%s: %s is still there", t->name, p->file);
	page_free(&text);
	page_free(&once);
}

Test(part, every_part_is_there_once_and_goes)
{
	each_part(expect_once);
}

static void
expect_moved(const struct target *t, const struct part *p)
{
	struct page moved = { .p = NULL }, fresh = { .p = NULL };

	add(&elsewhere, p, &moved);
	strip(p, &moved);
	add(&here, p, &moved);
	add(&here, p, &fresh);
	/* Empty JSON is written out when it is left over. */
	cr_expect_str_eq(page_text(&moved), page_text(&fresh),
	    "%s: %s of another path leaves\n%s", t->name, p->file,
	    page_text(&moved));
	page_free(&moved);
	page_free(&fresh);
}

Test(part, another_path_is_found_and_replaced)
{
	each_part(expect_moved);
}

static void
expect_marked(const struct target *t, const struct part *p)
{
	const char *text = p->contrib == NULL ? NULL : contrib_find(p->contrib);

	if (p->contrib == NULL)
		return;
	cr_assert_not_null(text, "%s: no %s", t->name, p->contrib);
	if (p->kind == PART_WHOLE)
		cr_expect_not_null(strstr(text, CONTRIB_MARK),
		    "%s does not say whose it is", p->contrib);
	else
		cr_expect_eq(strncmp(text, BLOCK_BEGIN, strlen(BLOCK_BEGIN)), 0,
		    "%s begins without its mark", p->contrib);
}

Test(part, every_file_says_whose_it_is)
{
	each_part(expect_marked);
}

Test(part, somebody_elses_file_is_refused)
{
	const struct part *p = &target_find("opencode")->parts[0];
	struct page text = { .p = NULL };
	char why[256] = "";

	page_set(&text, "export const TT = 1\n", 20);
	cr_expect_eq(part_add(&here, p, &text, why, sizeof(why)), -1);
	cr_expect_str_eq(page_text(&text), "export const TT = 1\n");
	page_free(&text);
}

Test(part, the_users_own_status_line_stays)
{
	static const char own[] =
	    "{\"statusLine\": {\"type\": \"command\", \"command\": "
	    "\"my-report statusline\"}}";
	const struct part *p = &target_find("claude")->parts[0];
	struct page text = { .p = NULL };

	page_set(&text, own, strlen(own));
	add(&here, p, &text);
	cr_expect_null(strstr(page_text(&text), "tt-report"),
	    "a second status line:\n%s", page_text(&text));
	cr_expect_eq(strip(p, &text), 3);
	cr_expect_str_eq(page_text(&text), own, "left is\n%s", text.p);
	page_free(&text);
}

Test(part, other_hooks_that_sound_like_ours_stay)
{
	static const char others[] =
	    "{\"hooks\": {\"Stop\": [{\"hooks\": ["
	    "{\"command\": \"my-tt-import --hook claude-code\"}, "
	    "{\"command\": \"/x/tt-import\"}, "
	    "{\"command\": \"/x/tt-important\", \"args\": [\"--hook\"]}, "
	    "{\"command\": \"echo tt-import\", \"args\": []}]}]}}";
	const struct part *p = &target_find("claude")->parts[0];
	struct page text = { .p = NULL };

	page_set(&text, others, strlen(others));
	cr_expect_eq(strip(p, &text), 0);
	cr_expect_str_eq(page_text(&text), others, "left is\n%s", text.p);
	page_free(&text);
}

Test(part, a_block_keeps_what_is_around_it)
{
	static const char *const shapes[] = { "", "alias x=y", "alias x=y\n",
		"a\n\n\n", "# <<< tt <<<\n", "if true; then\n  :\nfi" };
	const struct part *p = &target_find("bash")->parts[0];
	struct page text = { .p = NULL };
	size_t i;

	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		page_set(&text, shapes[i], strlen(shapes[i]));
		add(&here, p, &text);
		cr_expect_eq(strip(p, &text), 1);
		cr_expect_str_eq(page_text(&text), shapes[i],
		    "left is\n%s\nexpected\n%s", page_text(&text), shapes[i]);
	}
	add(&here, p, &text);
	page_puts(&text, "\nexport AFTER=1\n");
	cr_expect_eq(strip(p, &text), 1);
	cr_expect_not_null(strstr(page_text(&text), "export AFTER=1\n"),
	    "what came after is gone:\n%s", page_text(&text));
	page_free(&text);
}

Test(part, a_block_without_its_end_is_refused)
{
	const struct part *p = &target_find("bash")->parts[0];
	struct page text = { .p = NULL };
	char why[256] = "";

	page_puts(&text, BLOCK_BEGIN "\nexport MINE=1\n");
	cr_expect_eq(part_strip(p, &text, why, sizeof(why)), -1);
	cr_expect_not_null(strstr(why, "no end"), "why is \"%s\"", why);
	page_free(&text);
}

Test(part, a_key_is_seen_where_it_is_set_and_only_there)
{
	static const struct {
		const char *text;
		bool has;
	} cases[] = {
		{ "", false },
		{ "auto_import=yes", true },
		{ "[core]\n\t auto_import \t: no\n", true },
		{ "[core]\r\nauto_import = no\r\n", true },
		{ "# auto_import = no\n; auto_import = no\n", false },
		{ "[core]\nno_auto_import = 1\nauto_import_2 = 1\n", false },
		{ "[core]\nauto_import\n=\n", false },
	};
	struct page text = { .p = NULL };
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		page_set(&text, cases[i].text, strlen(cases[i].text));
		cr_expect_eq(block_edit_has_key(&text, "auto_import"),
		    cases[i].has, "not %d: \"%s\"", cases[i].has,
		    cases[i].text);
	}
	page_free(&text);
}
