#include "tests/unit/ledger/sights.h"

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

uint32_t
dice_roll(struct dice *d, uint32_t sides)
{
	d->state = d->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((d->state >> 33) % sides);
}

static struct text
pick(struct dice *d, const char *const *from, uint32_t n)
{
	return text_of(from[dice_roll(d, n)]);
}

static void
random_texts(struct dice *d, struct event *ev)
{
	static const char *const machines[] = { "m1", "m1", "m2" };
	static const char *const sessions[] = { "s1", "s2", "s3", "s4" };
	static const char *const messages[] = { "a", "b", "c", "d", "e", "f" };
	static const char *const calls[] = { "", "", "msg_1", "msg_2", "msg_3",
		"msg_4", "msg_5" };
	static const char *const requests[] = { "", "", "req_1", "req_2",
		"req_3" };
	static const char *const models[] = { "sonnet", "anthropic/sonnet",
		"opus" };
	static const char *const kinds[] = { "", "main", "subagent", "tool" };
	static const char *const projects[] = { "", "", "p1", "p2" };
	static const char *const billings[] = { "", "metered", "plan" };
	static const char *const tiers[] = { "", "batch", "priority" };

	ev->text[EV_MACHINE] = pick(d, machines, COUNT(machines));
	ev->text[EV_SESSION] = pick(d, sessions, COUNT(sessions));
	ev->text[EV_MESSAGE] = pick(d, messages, COUNT(messages));
	ev->text[EV_CALL] = pick(d, calls, COUNT(calls));
	ev->text[EV_REQUEST] = pick(d, requests, COUNT(requests));
	ev->text[EV_MODEL] = pick(d, models, COUNT(models));
	ev->text[EV_KIND] = pick(d, kinds, COUNT(kinds));
	ev->text[EV_PROJECT] = pick(d, projects, COUNT(projects));
	ev->text[EV_BILLING] = pick(d, billings, COUNT(billings));
	ev->text[EV_TIER] = pick(d, tiers, COUNT(tiers));
}

void
sight_random(struct dice *d, struct event *ev)
{
	event_init(ev);
	random_texts(d, ev);
	ev->count[EV_INPUT] = dice_roll(d, 5) * 100;
	ev->count[EV_CACHE_READ] = dice_roll(d, 3) * 1000;
	ev->count[EV_CACHE_WRITE] = dice_roll(d, 3) * 10;
	ev->count[EV_CACHE_WRITE_1H] =
	    dice_roll(d, (uint32_t)ev->count[EV_CACHE_WRITE] + 1);
	ev->count[EV_OUTPUT] = dice_roll(d, 200);
	ev->count[EV_REASONING] =
	    dice_roll(d, (uint32_t)ev->count[EV_OUTPUT] + 1);
	if (dice_roll(d, 4) == 0)
		ev->count[EV_TOTAL] = event_classes(ev) + dice_roll(d, 50);
	ev->count[EV_OUTCOME] = dice_roll(d, 3);
	ev->count[EV_LATENCY_MS] = dice_roll(d, 2) * 250;
	ev->has_cost = dice_roll(d, 2) == 0;
	if (ev->has_cost)
		ev->cost_pico = dice_roll(d, 1000000) * 7;
	/* Few instants, so that stamps tie; several slots and days. */
	ev->ts_ms = 1778580000000 + dice_roll(d, 6) * 7777777;
	ev->rank = (uint8_t)(dice_roll(d, 12) == 0 ? 2 : EVENT_RANK_DEFAULT);
	ev->copied = dice_roll(d, 5) == 0;
	ev->is_void = dice_roll(d, 40) == 0;
}
