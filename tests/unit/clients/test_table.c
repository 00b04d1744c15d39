#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "clients/common/table.h"
#include "proto/lang.h"

static bool is_installed = true;
static size_t asked; /* for libsmartcols */

/* Stands before that of libc, so that the library can be missing. */
void *
dlopen(const char *file, int mode)
{
	void *(*next)(const char *, int);
	void *found = dlsym(RTLD_NEXT, "dlopen");
	bool is_ours = file != NULL && strstr(file, "libsmartcols") != NULL;

	memcpy(&next, &found, sizeof(next));
	asked += is_ours;
	return is_ours && !is_installed ? NULL : next(file, mode);
}

static struct table *
two_columns(const char *name, const char *number)
{
	struct table *t = table_new();

	table_column(t, "name", TABLE_TRUNC);
	table_column(t, "calls", TABLE_RIGHT);
	table_str(t, name);
	table_str(t, number);
	return t;
}

/* What is printed, for the caller to free. */
static char *
print(struct table *t, size_t width, bool bold)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	cr_assert(f != NULL);
	cr_expect(table_print(t, f, width, bold) == 0, "could not be printed");
	fclose(f);
	table_free(t);
	return text;
}

static void
expect_printed(struct table *t, size_t width, const char *want)
{
	char *text = print(t, width, false);

	cr_expect_str_eq(text, want, "printed \"%s\", not \"%s\"", text, want);
	free(text);
}

Test(table, numbers_stand_right_and_texts_left, .timeout = 30)
{
	struct table *t = two_columns("opus", "7");

	table_str(t, "a longer name");
	table_str(t, "1,234");
	expect_printed(t, 0,
	    "name           calls\n"
	    "opus               7\n"
	    "a longer name  1,234\n");
}

Test(table, no_row_prints_nothing, .timeout = 30)
{
	struct table *t = table_new();

	table_column(t, "name", 0);
	expect_printed(t, 0, "");
}

/* The columns of the widest line of text, which is cut up. */
static size_t
widest_line(char *text)
{
	size_t most = 0, width;
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		width = lang_width(line, strlen(line));
		most = width > most ? width : most;
	}
	return most;
}

Test(table, names_are_cut_to_fit_and_numbers_are_not, .timeout = 30)
{
	char *text;

	expect_printed(two_columns("a very long name of a model", "123,456"),
	    20,
	    "name           calls\n"
	    "a very long  123,456\n");
	text = print(two_columns("a very long name", "123,456"), 5, false);
	cr_expect(strstr(text, "123,456") != NULL, "%s", text);
	free(text);
}

Test(table, every_width_that_can_be_kept_is, .timeout = 30)
{
	size_t width, is;
	char *text;

	for (width = 16; width < 50; width++) {
		text = print(
		    two_columns("模型 größer a\xcc\x80 模型模型", "123,456"),
		    width, false);
		is = widest_line(text);
		cr_expect(is <= width, "%zu columns wide, not %zu", is, width);
		free(text);
	}
}

Test(table, without_the_library_nothing_is_cut, .timeout = 30)
{
	struct table *t = two_columns("größer", "7");
	char *text;

	is_installed = false;
	table_str(t, "a longer name");
	table_str(t, "1,234");
	expect_printed(t, 10,
	    "name           calls\n"
	    "größer             7\n"
	    "a longer name  1,234\n");
	text = print(two_columns("opus", "7"), 0, true);
	cr_expect(strstr(text, "\033[1m") != NULL, "%s", text);
	free(text);
	cr_expect_eq(asked, 2, "asked for it %zu times", asked);
}

Test(table, the_library_waits_for_a_row_to_draw, .timeout = 30)
{
	struct table *t = two_columns("größer", "7");

	table_put_clean(stderr, text_of(""));
	table_free(t);
	t = table_new();
	table_column(t, "name", 0);
	expect_printed(t, 0, "");
	cr_expect_eq(asked, 0, "asked for it %zu times", asked);
	expect_printed(
	    two_columns("opus", "7"), 0, "name  calls\nopus      7\n");
	cr_expect_eq(asked, 1, "asked for it %zu times", asked);
}

Test(table, width_counts_terminal_columns, .timeout = 30)
{
	struct table *t = two_columns("模型", "12345");

	cr_expect(table_width(t) == 4 + 2 + 5, "%zu", table_width(t));
	table_free(t);
	t = two_columns("größer", "1");
	cr_expect(table_width(t) == 6 + 2 + 5, "%zu", table_width(t));
	table_free(t);
}

Test(table, names_are_printed_as_they_are_in_any_locale, .timeout = 30)
{
	setenv("LC_ALL", "C", 1);
	expect_printed(
	    two_columns("größer", "1"), 0, "name    calls\ngrößer      1\n");
}

Test(table, no_name_steers_the_terminal, .timeout = 30)
{
	static const struct {
		const char *name, *want;
	} rows[] = { { "\033[31mred", "?[31mred" }, { "a\tb", "a?b" },
		{ "a\nb\r", "a?b?" }, { "bell\a", "bell?" }, { "\x7f", "?" },
		{ "c1\xc2\x9b"
		  "31m",
		    "c1?31m" },
		{ "\xff\xfe", "??" }, { "cut\xe2\x82", "cut??" },
		{ "\xe2\x80\xae"
		  "evil",
		    "?evil" } };
	char *text;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text = print(two_columns(rows[i].name, "1"), 0, false);
		cr_expect(strstr(text, rows[i].want) != NULL,
		    "row %zu: \"%s\" lacks \"%s\"", i, text, rows[i].want);
		cr_expect(strpbrk(text, "\033\t\r\a\x7f") == NULL, "%s", text);
		free(text);
	}
}

Test(table, only_a_bold_header_has_escapes, .timeout = 30)
{
	char *text = print(two_columns("opus", "7"), 0, true);

	cr_expect(strstr(text, "\033[1m") != NULL, "%s", text);
	free(text);
	text = print(two_columns("opus", "7"), 0, false);
	cr_expect(strchr(text, '\033') == NULL, "%s", text);
	free(text);
}

Test(table, a_pipe_has_no_width_and_no_colour, .timeout = 30)
{
	FILE *f = tmpfile();

	cr_assert(f != NULL);
	setenv("COLUMNS", "40", 1);
	cr_expect(table_output_width(f) == 0, "%zu", table_output_width(f));
	cr_expect(!table_color_wanted(COLOR_AUTO, f));
	cr_expect(table_color_wanted(COLOR_ALWAYS, f));
	cr_expect(!table_color_wanted(COLOR_NEVER, f));
	fclose(f);
}

Test(table, colour_is_auto_always_or_never, .timeout = 30)
{
	cr_expect(table_color_parse(NULL) == COLOR_AUTO);
	cr_expect(table_color_parse("auto") == COLOR_AUTO);
	cr_expect(table_color_parse("always") == COLOR_ALWAYS);
	cr_expect(table_color_parse("never") == COLOR_NEVER);
	cr_expect(table_color_parse("yes") == COLOR_BAD);
	cr_expect(table_color_parse("") == COLOR_BAD);
}
