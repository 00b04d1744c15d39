#include <criterion/criterion.h>
#include <string.h>

#include "clients/provider/progress.h"
#include "proto/lang.h"

static void
expect_line(const char *name, uint64_t pages, uint64_t rows, size_t width,
    const char *want)
{
	struct progress p = { text_of(name), text_of("costs"), pages, rows };
	char line[PROGRESS_MAX];

	progress_line(&p, width, line);
	cr_expect_str_eq(line, want, "%zu columns: \"%s\", expected \"%s\"",
	    width, line, want);
	cr_expect(width == 0 || lang_width(line, strlen(line)) < width,
	    "\"%s\" is as wide as %zu columns", line, width);
}

Test(progress, one_is_not_many)
{
	expect_line("openai", 1, 1, 0, "openai costs: 1 page, 1 row");
	expect_line("openai", 2, 0, 0, "openai costs: 2 pages, 0 rows");
}

Test(progress, a_line_stays_on_one_line_of_the_terminal)
{
	expect_line("openai", 1, 31, 80, "openai costs: 1 page, 31 rows");
	expect_line("openai", 1, 31, 30, "openai costs: 1 page, 31 rows");
	expect_line("openai", 1, 31, 29, "openai costs: 1 page, 31 row");
	expect_line("openai", 1, 31, 7, "openai");
	expect_line("openai", 1, 31, 1, "");
}

/* Wide characters are left out whole. */
Test(progress, characters_are_not_cut_apart)
{
	expect_line("\xe8\xb4\xa6\xe6\x88\xb7", 1, 1, 4, "\xe8\xb4\xa6");
	expect_line(
	    "\xe8\xb4\xa6\xe6\x88\xb7", 1, 1, 5, "\xe8\xb4\xa6\xe6\x88\xb7");
}
