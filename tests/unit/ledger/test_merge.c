#include <criterion/criterion.h>

#include "collectord/ledger/merge.h"
#include "tests/unit/ledger/sights.h"

#define ROUNDS 20000

static bool
same(const struct merged *a, const struct merged *b)
{
	int i;

	if (a->rank != b->rank || a->is_void != b->is_void ||
	    a->has_cost != b->has_cost || a->cost_pico != b->cost_pico ||
	    a->ts_ms != b->ts_ms ||
	    memcmp(a->count, b->count, sizeof(a->count)) != 0)
		return false;
	for (i = 0; i < EV_TEXTS; i++)
		if (!text_eq(a->text[i], b->text[i]) ||
		    stamp_cmp(&a->stamp[i], &b->stamp[i]) != 0)
			return false;
	return true;
}

/* Some join of a few sights. */
static struct merged
random_state(struct dice *d)
{
	struct merged all, m;
	struct event ev;
	uint32_t n;

	sight_random(d, &ev);
	merge_init(&all, &ev);
	for (n = dice_roll(d, 4); n > 0; n--) {
		sight_random(d, &ev);
		merge_init(&m, &ev);
		merge_join(&all, &m);
	}
	return all;
}

static struct merged
join(struct merged a, const struct merged *b)
{
	merge_join(&a, b);
	return a;
}

Test(merge, is_commutative, .timeout = 30)
{
	struct dice d = { 1 };
	struct merged a, b, ab, ba;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		a = random_state(&d);
		b = random_state(&d);
		ab = join(a, &b);
		ba = join(b, &a);
		cr_assert(same(&ab, &ba), "round %d: a+b is not b+a", i);
	}
}

Test(merge, is_associative, .timeout = 30)
{
	struct dice d = { 2 };
	struct merged a, b, c, left, right;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		a = random_state(&d);
		b = random_state(&d);
		c = random_state(&d);
		left = join(join(a, &b), &c);
		right = join(b, &c);
		right = join(a, &right);
		cr_assert(same(&left, &right), "round %d: grouping matters", i);
	}
}

Test(merge, is_idempotent, .timeout = 30)
{
	struct dice d = { 3 };
	struct merged a, b, once, twice;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		a = random_state(&d);
		b = random_state(&d);
		once = join(a, &b);
		twice = join(once, &b);
		cr_assert(
		    same(&once, &twice), "round %d: repetition matters", i);
	}
}

static struct merged
state_of(const struct event *ev)
{
	struct merged m;

	merge_init(&m, ev);
	return m;
}

static void
plain(struct event *ev, const char *session, uint64_t output)
{
	event_init(ev);
	ev->text[EV_MACHINE] = text_of("m");
	ev->text[EV_SESSION] = text_of(session);
	ev->text[EV_MESSAGE] = text_of("1");
	ev->ts_ms = 1778580000000;
	ev->count[EV_OUTPUT] = output;
}

Test(merge, growing_counts_keep_the_largest)
{
	struct event small, large;
	struct merged a, b;

	plain(&small, "s", 3);
	plain(&large, "s", 159);
	a = state_of(&large);
	b = state_of(&small);
	merge_join(&a, &b);
	cr_assert_eq(
	    a.count[EV_OUTPUT], 159, "output is %lu", a.count[EV_OUTPUT]);
}

Test(merge, a_higher_rank_replaces_even_by_less)
{
	struct event first, correction;
	struct merged a, b;

	plain(&first, "s", 900);
	first.text[EV_PROJECT] = text_of("wrong");
	plain(&correction, "s", 9);
	correction.rank = 2;
	a = state_of(&first);
	b = state_of(&correction);
	merge_join(&a, &b);
	cr_assert_eq(
	    a.count[EV_OUTPUT], 9, "output is %lu", a.count[EV_OUTPUT]);
	cr_assert_eq(a.text[EV_PROJECT].len, 0, "the old project stays");
}

Test(merge, a_correction_does_not_take_the_ids_away)
{
	struct event first, correction;
	struct merged a, b;

	plain(&first, "s", 900);
	first.text[EV_CALL] = text_of("msg_1");
	first.text[EV_REQUEST] = text_of("req_1");
	plain(&correction, "s", 9);
	correction.rank = 2;
	a = state_of(&correction);
	b = state_of(&first);
	merge_join(&a, &b);
	cr_assert(text_is(a.text[EV_CALL], "msg_1"), "call is %.*s",
	    (int)a.text[EV_CALL].len, a.text[EV_CALL].p);
	cr_assert(text_is(a.text[EV_REQUEST], "req_1"), "request is %.*s",
	    (int)a.text[EV_REQUEST].len, a.text[EV_REQUEST].p);
	cr_assert_eq(
	    a.count[EV_OUTPUT], 9, "output is %lu", a.count[EV_OUTPUT]);
}

Test(merge, the_original_owns_a_call_before_its_copy)
{
	struct event copy, original;
	struct merged a, b;

	plain(&copy, "fork", 500);
	copy.copied = true;
	copy.text[EV_PROJECT] = text_of("p");
	plain(&original, "root", 100);
	a = state_of(&copy);
	b = state_of(&original);
	merge_join(&a, &b);
	cr_assert(text_is(a.text[EV_SESSION], "root"), "owned by %.*s",
	    (int)a.text[EV_SESSION].len, a.text[EV_SESSION].p);
	cr_assert(
	    text_is(a.text[EV_PROJECT], "p"), "a text the owner lacks is lost");
	cr_assert_eq(
	    a.count[EV_OUTPUT], 500, "output is %lu", a.count[EV_OUTPUT]);
}

Test(merge, main_owns_before_subagent_and_earlier_before_later)
{
	struct event sub, main_, late;
	struct merged a, b;

	plain(&sub, "sub", 100);
	sub.text[EV_KIND] = text_of("subagent");
	plain(&main_, "main", 100);
	main_.ts_ms += 5;
	plain(&late, "late", 100);
	late.ts_ms += 6;
	a = state_of(&sub);
	b = state_of(&late);
	merge_join(&a, &b);
	b = state_of(&main_);
	merge_join(&a, &b);
	cr_assert(text_is(a.text[EV_SESSION], "main"), "owned by %.*s",
	    (int)a.text[EV_SESSION].len, a.text[EV_SESSION].p);
	cr_assert_eq(a.ts_ms, 1778580000000, "ts is %ld", a.ts_ms);
}

Test(merge, void_stays)
{
	struct event ev, undo;
	struct merged a, b;

	plain(&ev, "s", 10);
	ev.rank = 200;
	plain(&undo, "s", 0);
	undo.is_void = true;
	a = state_of(&undo);
	b = state_of(&ev);
	merge_join(&a, &b);
	cr_assert(a.is_void, "a later sight of higher rank undid the void");
}

Test(merge, an_explicit_zero_cost_is_a_cost)
{
	struct event free_, unknown;
	struct merged a, b;

	plain(&free_, "s", 10);
	free_.has_cost = true;
	plain(&unknown, "s", 10);
	a = state_of(&unknown);
	b = state_of(&free_);
	merge_join(&a, &b);
	cr_assert(a.has_cost, "free became unknown");
	cr_assert_eq(a.cost_pico, 0, "cost is %ld", a.cost_pico);
}
