#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/common/ndjson.h"
#include "clients/report/cursor.h"
#include "clients/report/export.h"

static struct export *x;
static struct packer packed;

static void
setup(void)
{
	x = calloc(1, sizeof(*x));
	cr_assert_not_null(x);
	x->fd = -1;
}

static void
teardown(void)
{
	packer_free(&packed);
	free(x);
}

TestSuite(export, .init = setup, .fini = teardown, .timeout = 30);

static void
pack_page(const struct event *evs, size_t n)
{
	size_t i;

	packer_clear(&packed);
	pack_map(&packed, 3);
	pack_str(&packed, "events");
	pack_array(&packed, (uint32_t)n);
	for (i = 0; i < n; i++)
		pack_event(&packed, &evs[i]);
	pack_str(&packed, "next");
	pack_u64(&packed, 77);
	pack_str(&packed, "more");
	pack_bool(&packed, true);
}

static int export(struct export_page *p)
{
	struct wire_cursor c = { (const uint8_t *)packed.p,
		(const uint8_t *)packed.p + packed.len };

	return export_open(c, p) == 0 ? export_events(x, p) : -1;
}

Test(export, a_line_reads_back_as_the_event)
{
	static char texts[NDJSON_TEXTS_MAX];
	struct ndjson_arena arena = { texts, 0, sizeof(texts) };
	struct event ev, back;
	struct export_page p;
	struct json json = { 0 };
	struct error err;
	int i;

	event_init(&ev);
	for (i = 0; i < EV_TEXTS; i++)
		ev.text[i] = TEXT("a \"quoted\\\" \xe4\xbd\xa0 name");
	for (i = 0; i < EV_COUNTS; i++)
		ev.count[i] = 4000000000ull + (uint64_t)i;
	ev.count[EV_OUTCOME] = OUTCOME_FAILED;
	ev.ts_ms = 1778580000123;
	ev.has_cost = true;
	ev.cost_pico = 1234567890123;
	ev.rank = 3;
	ev.copied = ev.is_void = ev.running = true;
	pack_page(&ev, 1);
	cr_assert_eq(export(&p), 0);
	cr_expect(p.more && p.next == 77, "next %lu", (unsigned long)p.next);
	cr_assert_eq(x->buf[x->len - 1], '\n');
	cr_assert_eq(
	    ndjson_read(&json, x->buf, x->len - 1, &arena, &back, &err), 0,
	    "%s in %.*s", err.message, (int)x->len, x->buf);
	for (i = 0; i < EV_TEXTS; i++)
		cr_expect(text_eq(back.text[i], ev.text[i]), "%s is %.*s",
		    event_text_names[i], (int)back.text[i].len, back.text[i].p);
	for (i = 0; i < EV_COUNTS; i++)
		cr_expect_eq(back.count[i], ev.count[i], "%s is %lu",
		    event_count_names[i], (unsigned long)back.count[i]);
	cr_expect_eq(back.ts_ms, ev.ts_ms);
	cr_expect_eq(back.cost_pico, ev.cost_pico);
	cr_expect_eq(back.rank, 3);
	cr_expect(back.copied && back.is_void && back.has_cost && back.running);
	json_release(&json);
}

Test(export, the_longest_event_fits_a_line)
{
	char name[LIMIT_TEXT];
	struct event ev;
	struct export_page p;
	int i;

	memset(name, 1, sizeof(name));
	event_init(&ev);
	for (i = 0; i < EV_TEXTS; i++)
		ev.text[i] = (struct text){ name, sizeof(name) };
	pack_page(&ev, 1);
	cr_assert_eq(export(&p), 0);
	cr_expect_lt(x->len, EXPORT_LINE_MAX, "%zu bytes", x->len);
	cr_expect_eq(x->buf[x->len - 2], '}');
}

Test(export, keys_that_are_no_field_are_left_out)
{
	struct export_page p;

	packer_clear(&packed);
	pack_map(&packed, 1);
	pack_str(&packed, "events");
	pack_array(&packed, 1);
	pack_map(&packed, 4);
	pack_str(&packed, "revision");
	pack_u64(&packed, 5);
	pack_str(&packed, "session");
	pack_str(&packed, "s");
	pack_str(&packed, "input");
	pack_str(&packed, "many");
	pack_u64(&packed, 4);
	pack_nil(&packed);
	cr_assert_eq(export(&p), 0);
	cr_expect_eq(x->len, strlen("{\"session\":\"s\"}\n"));
	cr_expect_eq(memcmp(x->buf, "{\"session\":\"s\"}\n", x->len), 0, "%.*s",
	    (int)x->len, x->buf);
}

Test(export, nonsense_is_refused)
{
	struct export_page p;

	packer_clear(&packed);
	pack_map(&packed, 1);
	pack_str(&packed, "events");
	pack_u64(&packed, 1);
	cr_expect_eq(export(&p), -1);
	packer_clear(&packed);
	pack_array(&packed, 0);
	cr_expect_eq(export(&p), -1);
}

Test(export, a_cursor_file_keeps_what_was_written)
{
	char dir[] = "/tmp/tt-cursor-XXXXXX", path[64], why[256];
	uint64_t revision = 1;
	FILE *f;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/cursor", dir);
	cr_expect_eq(cursor_read(path, &revision, why, sizeof(why)), 0);
	cr_expect_eq(revision, 0, "no file is the beginning");
	cr_expect_eq(cursor_write(path, UINT64_MAX, why, sizeof(why)), 0);
	cr_expect_eq(cursor_read(path, &revision, why, sizeof(why)), 0);
	cr_expect_eq(revision, UINT64_MAX);
	f = fopen(path, "w");
	fputs("12x\n", f);
	fclose(f);
	cr_expect_eq(cursor_read(path, &revision, why, sizeof(why)), -1);
	unlink(path);
	cr_expect_eq(rmdir(dir), 0, "something was left in %s", dir);
}
