/* Lines of files that grow, and the needles that most of them do not have. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clients/import/agent.h"
#include "clients/import/find.h"
#include "clients/import/lines.h"

#define BIG (3u << 20)

/* --- Needles -------------------------------------------------------------- */

Test(find, agrees_with_memmem_at_every_place_and_length, .timeout = 30)
{
	static const char *const texts[] = { "\"usage\"", "ab", "aa", "zq!x",
		"token_count" };
	char hay[250];
	struct needle n;
	size_t i, len, at;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		needle_init(&n, texts[i]);
		for (at = 0; at + n.len <= sizeof(hay); at++) {
			memset(hay, texts[i][0], sizeof(hay));
			memcpy(hay + at, texts[i], n.len);
			for (len = 0; len <= sizeof(hay); len++)
				cr_assert_eq(needle_find(&n, hay, hay + len),
				    memmem(hay, len, texts[i], n.len),
				    "%s at %zu of %zu", texts[i], at, len);
		}
	}
}

Test(find, counts_every_line_end, .timeout = 30)
{
	char *p = malloc(20000);
	uint64_t n = 0;
	size_t i;

	cr_assert_not_null(p);
	for (i = 0; i < 20000; i++) {
		p[i] = i % 7 == 3 || i % 11 < 4 ? '\n' : 'x';
		cr_assert_eq(count_lines(p, p + i), n,
		    "%zu bytes: %" PRIu64 ", expected %" PRIu64, i,
		    count_lines(p, p + i), n);
		n += p[i] == '\n';
	}
	free(p);
}

/* --- Lines ---------------------------------------------------------------- */

#define SEEN_MAX 64

static struct {
	size_t n;
	uint64_t line[SEEN_MAX];
	char text[SEEN_MAX][40];
	size_t len[SEEN_MAX];
	int stop_at; /* refuses that one; -1: none */
} seen;

static int
see_line(struct source *s, const char *line, size_t len)
{
	if ((int)seen.n == seen.stop_at)
		return -1;
	cr_assert_lt(seen.n, SEEN_MAX, "too many lines");
	seen.line[seen.n] = s->line;
	seen.len[seen.n] = len;
	snprintf(seen.text[seen.n++], sizeof(seen.text[0]), "%.*s",
	    len < 39 ? (int)len : 39, line);
	return 0;
}

static const struct import_agent every = { .take_line = see_line };
static const struct import_agent some = { .take_line = see_line,
	.needle = "\"usage\"" };

struct file {
	FILE *f;
	struct lines lines;
	struct source s;
	struct lines_job job;
};

static void
file_begin(struct file *f, const struct import_agent *a)
{
	memset(&seen, 0, sizeof(seen));
	seen.stop_at = -1;
	*f = (struct file){ .f = tmpfile(), .s = { .agent = a } };
	cr_assert_not_null(f->f);
	f->job = (struct lines_job){ .s = &f->s, .fd = fileno(f->f) };
}

static void
file_add(struct file *f, const char *text)
{
	fputs(text, f->f);
	cr_assert_eq(fflush(f->f), 0);
}

static void
file_add_run(struct file *f, char c, size_t n)
{
	while (n-- > 0)
		fputc(c, f->f);
	cr_assert_eq(fflush(f->f), 0);
}

static int
file_run(struct file *f)
{
	f->job.s = &f->s;
	return lines_run(&f->lines, &f->job);
}

static void
file_end(struct file *f)
{
	fclose(f->f);
	lines_release(&f->lines);
	source_release(&f->s);
}

static void
expect_line(size_t i, uint64_t number, const char *text)
{
	cr_assert_gt(seen.n, i, "%zu lines, expected more than %zu", seen.n, i);
	cr_expect_eq(seen.line[i], number,
	    "line %" PRIu64 ", expected %" PRIu64, seen.line[i], number);
	cr_expect_str_eq(
	    seen.text[i], text, "\"%s\", expected \"%s\"", seen.text[i], text);
}

Test(lines, a_line_is_there_once_its_end_is, .timeout = 30)
{
	struct file f;

	file_begin(&f, &every);
	file_add(&f, "one\ntwo\n\nhal");
	cr_assert_eq(file_run(&f), 0);
	expect_line(0, 1, "one");
	expect_line(1, 2, "two");
	expect_line(2, 3, "");
	cr_expect_eq(seen.n, 3, "%zu lines", seen.n);
	cr_expect_eq(f.job.offset, 9, "offset %" PRIu64, f.job.offset);
	file_add(&f, "f\nlast");
	cr_assert_eq(file_run(&f), 0);
	expect_line(3, 4, "half");
	cr_expect_eq(seen.n, 4, "%zu lines", seen.n);
	cr_expect_eq(f.job.offset, 14, "offset %" PRIu64, f.job.offset);
	file_end(&f);
}

Test(lines, a_last_line_that_is_a_whole_object_needs_no_end, .timeout = 30)
{
	struct file f;

	file_begin(&f, &some);
	file_add(&f, "{\"usage\":1}\n{\"usage\":");
	cr_assert_eq(file_run(&f), 0);
	cr_expect_eq(seen.n, 1, "%zu lines", seen.n);
	file_add(&f, "2}");
	cr_assert_eq(file_run(&f), 0);
	expect_line(1, 2, "{\"usage\":2}");
	cr_assert_eq(file_run(&f), 0);
	cr_expect_eq(seen.n, 2, "%zu lines, the last one again", seen.n);
	file_add(&f, "\n{\"usage\":3}\n12");
	cr_assert_eq(file_run(&f), 0);
	expect_line(2, 3, "{\"usage\":3}");
	cr_expect_eq(seen.n, 3, "%zu lines", seen.n);
	cr_expect(f.job.offset == 36 && f.job.line == 3,
	    "offset %" PRIu64 ", line %" PRIu64, f.job.offset, f.job.line);
	file_end(&f);
}

Test(lines, those_without_the_needle_are_passed_over_but_counted, .timeout = 30)
{
	struct file f;

	file_begin(&f, &some);
	file_add(&f, "\xef\xbb\xbf{\"usage\":1}\nx\ny\n{\"usage\" : 2}\nz\n");
	cr_assert_eq(file_run(&f), 0);
	expect_line(0, 1, "{\"usage\":1}");
	expect_line(1, 4, "{\"usage\" : 2}");
	cr_expect(seen.n == 2 && f.job.line == 5,
	    "%zu lines seen of %" PRIu64 ", expected 2 of 5", seen.n,
	    f.job.line);
	file_end(&f);
}

Test(lines, lines_across_the_edges_of_the_buffer_are_whole, .timeout = 30)
{
	struct file f;
	int i;

	file_begin(&f, &some);
	for (i = 0; i < 9; i++) {
		file_add_run(&f, 'x', 200001 + (size_t)i * 7);
		file_add(&f, "\n{\"usage\":");
		file_add_run(&f, (char)('0' + i), 1);
		file_add(&f, "}\n");
	}
	cr_assert_eq(file_run(&f), 0);
	for (i = 0; i < 9; i++) {
		char text[20];

		snprintf(text, sizeof(text), "{\"usage\":%d}", i);
		expect_line((size_t)i, (uint64_t)i * 2 + 2, text);
	}
	file_end(&f);
}

Test(lines, a_line_of_megabytes_is_cut_down_to_what_matters, .timeout = 30)
{
	struct file f;

	file_begin(&f, &some);
	file_add(&f, "a\n {\"text\":\"");
	file_add_run(&f, 'x', BIG);
	file_add(&f, "\",\"usage\":{\"input_tokens\":5}} \r\n");
	file_add(&f, "{\"usage\":2}\n");
	cr_assert_eq(file_run(&f), 0);
	cr_expect(seen.n == 2 && seen.len[0] < 10000,
	    "%zu lines, the first of %zu bytes", seen.n, seen.len[0]);
	expect_line(1, 3, "{\"usage\":2}");
	cr_expect_eq(f.s.odd, 0, "%" PRIu64 " odd", f.s.odd);
	file_end(&f);
}

Test(lines, a_long_line_that_is_no_json_is_told_and_the_rest_goes_on,
    .timeout = 30)
{
	struct file f;

	file_begin(&f, &some);
	file_add(&f, "{\"usage\":{}} trailing");
	file_add_run(&f, 'x', BIG);
	file_add(&f, "\n{\"usage\":2}\n");
	cr_assert_eq(file_run(&f), 0);
	cr_expect(f.s.odd == 1 && f.s.odd_line == 1,
	    "%" PRIu64 " odd, the first in line %" PRIu64, f.s.odd,
	    f.s.odd_line);
	expect_line(0, 2, "{\"usage\":2}");
	file_end(&f);
}

Test(lines, a_long_line_without_its_end_is_left_for_later, .timeout = 30)
{
	struct file f;

	file_begin(&f, &some);
	file_add(&f, "{\"usage\":1}\n{\"text\":\"");
	file_add_run(&f, 'x', BIG);
	cr_assert_eq(file_run(&f), 0);
	cr_expect(seen.n == 1 && f.job.offset == 12 && f.job.line == 1,
	    "%zu lines, offset %" PRIu64 ", line %" PRIu64, seen.n,
	    f.job.offset, f.job.line);
	file_add(&f, "\",\"usage\":{}}\n");
	cr_assert_eq(file_run(&f), 0);
	cr_expect(seen.n == 2 && f.job.line == 2, "%zu lines to %" PRIu64,
	    seen.n, f.job.line);
	file_end(&f);
}

Test(lines, where_the_agent_stops_nothing_is_taken_for_read, .timeout = 30)
{
	struct file f;

	file_begin(&f, &every);
	seen.stop_at = 1;
	file_add(&f, "one\ntwo\nthree\n");
	cr_assert_eq(file_run(&f), 1);
	cr_expect(f.job.offset == 4 && f.job.line == 1,
	    "offset %" PRIu64 ", line %" PRIu64, f.job.offset, f.job.line);
	seen.stop_at = -1;
	cr_assert_eq(file_run(&f), 0);
	expect_line(1, 2, "two");
	expect_line(2, 3, "three");
	file_end(&f);
}
