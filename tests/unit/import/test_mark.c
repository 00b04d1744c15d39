/* Where files were left, and sights that need not be sent. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clients/import/batch.h"
#include "clients/import/mark.h"

static const struct import_agent agent = {
	.name = "some", .version = 3, .state_size = 5
};

Test(mark, survives_the_daemon, .timeout = 30)
{
	struct mark m = { 3, 1, 2, UINT64_MAX, -4, 5, 6, 7 }, back;
	char value[MARK_VALUE_MAX], state[6] = "state";
	struct text t = { value, 0 };

	t.len = (uint32_t)mark_encode(&m, "kept!", 5, value);
	cr_assert_eq(mark_decode(t, &back, state, 5), 0);
	cr_expect(back.version == 3 && back.dev == 1 && back.ino == 2 &&
		      back.size == UINT64_MAX && back.mtime_ns == -4 &&
		      back.offset == 5 && back.line == 6 && back.digest == 7,
	    "another mark came back");
	cr_expect_str_eq(state, "kept!", "state \"%s\"", state);
	cr_expect_eq(mark_decode(t, &back, state, 4), -1,
	    "a state of another size is not ours");
	for (t.len--; t.len > 0; t.len--)
		cr_expect_eq(mark_decode(t, &back, state, 5), -1,
		    "%" PRIu32 " bytes were taken", t.len);
}

Test(mark, its_name_leads_back_to_its_key, .timeout = 30)
{
	char prefix[MARK_NAME_MAX], name[MARK_NAME_MAX];
	uint64_t key = 0;

	mark_prefix(&agent, prefix);
	mark_name(&agent, 0x0123456789abcdef, name);
	cr_expect_str_eq(name, "import/some/0123456789abcdef");
	cr_assert(mark_key(text_of(name), prefix, &key));
	cr_expect_eq(key, 0x0123456789abcdef, "%" PRIx64, key);
	name[20] = 'x';
	cr_expect_not(mark_key(text_of(name), prefix, &key));
	cr_expect_not(
	    mark_key(TEXT("import/other/0123456789abcde"), prefix, &key));
}

Test(mark, each_of_many_is_found, .timeout = 30)
{
	struct marks ms = { 0 };
	const struct mark *found;
	uint64_t i;

	cr_expect_null(marks_find(&ms, 0));
	for (i = 0; i < 5000; i++)
		cr_assert_eq(
		    marks_set(&ms, i << 8, &(struct mark){ .offset = i }), 0);
	marks_set(&ms, 7 << 8, &(struct mark){ .offset = 99999 });
	for (i = 0; i < 5000; i++) {
		found = marks_find(&ms, i << 8);
		cr_assert_not_null(found, "%" PRIu64 " is lost", i);
		cr_assert_eq(found->offset, i == 7 ? 99999 : i,
		    "%" PRIu64 " has %" PRIu64, i, found->offset);
	}
	cr_expect(
	    ms.n == 5000 && marks_find(&ms, 3) == NULL, "%zu marks", ms.n);
	marks_release(&ms);
}

Test(mark, its_digest_tells_a_rewritten_file, .timeout = 30)
{
	FILE *f = tmpfile();
	uint64_t a, b;
	int i;

	cr_assert_not_null(f);
	for (i = 0; i < 4000; i++)
		fputc('a' + i % 26, f);
	fflush(f);
	cr_assert_eq(mark_digest(fileno(f), 3000, &a), 0);
	fputs("more", f);
	fflush(f);
	cr_assert_eq(mark_digest(fileno(f), 3000, &b), 0);
	cr_expect_eq(a, b, "growth changed it");
	fseek(f, 2900, SEEK_SET);
	fputc('!', f);
	fflush(f);
	cr_assert_eq(mark_digest(fileno(f), 3000, &b), 0);
	cr_expect_neq(a, b, "a change before the offset did not");
	cr_expect_eq(
	    mark_digest(fileno(f), 5000, &b), -1, "it is shorter than that");
	fclose(f);
}

static struct event
sight(uint64_t output, int64_t ts_ms)
{
	struct event ev;

	event_init(&ev);
	ev.text[EV_SESSION] = TEXT("s");
	ev.text[EV_MESSAGE] = TEXT("m");
	ev.count[EV_OUTPUT] = output;
	ev.ts_ms = ts_ms;
	return ev;
}

Test(batch, only_a_sight_ahead_in_everything_says_all, .timeout = 30)
{
	struct event first = sight(1, 1000), later = sight(5, 2000);
	struct event same = sight(1, 2000), at_once = sight(5, 1000);

	cr_expect(batch_says_all(&first, &same), "the earlier of two equals");
	cr_expect_not(batch_says_all(&same, &first), "the later of them");
	cr_expect(batch_says_all(&at_once, &first), "more at the same time");
	cr_expect_not(batch_says_all(&later, &first), "its time is lost");
	cr_expect_not(batch_says_all(&first, &later), "its tokens are lost");
	same.text[EV_BRANCH] = TEXT("b");
	cr_expect_not(batch_says_all(&first, &same), "its branch is lost");
	same = sight(1, 1000);
	same.has_cost = true;
	cr_expect_not(batch_says_all(&first, &same), "its cost is lost");
	same = sight(1, 1000);
	same.running = first.running = true;
	cr_expect_not(batch_says_all(&first, &same), "totals are a series");
}
