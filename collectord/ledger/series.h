/*
 * Running totals: what a session's model has used up to a moment, as some
 * agents keep it. The totals of one series (machine, session, agent and
 * canonical model) have their places in it by time. A record keeps what was
 * stated; what it adds to the sums is the rise over the totals before it, a
 * pure function of all that the series has:
 *
 *   it rose over the nearest totals before it that are not void, and over void
 *   ones that come after those, where no count and no total fell since; a total
 *   is only held against one that is stated;
 *   where it fell below all of these its counter began anew, and it adds itself
 *   whole, as the first of a series does;
 *   what rose by nothing is no call.
 *
 * So what void totals had counted stays out of later ones. Of void ones in a
 * row the nearest SERIES_VOIDS_MAX are looked at, which bounds what one sight
 * can cost. A reported cost rises likewise; it is not known where the totals
 * before had none or a higher one.
 *
 * Pruned totals keep their places, as later ones rise over them. What comes in
 * late, at or before the newest pruned place, adds nothing and gets no place:
 * what was used by then is in the base.
 *
 * Table: 16-byte digest of the series and be64 ts -> version u8, number uvar,
 * flags u8, a uvar mask of the counts that are not 0 and these as uvars, cost
 * svar where there is one. With ts 0: be64, the newest pruned place.
 */
#ifndef LEDGER_SERIES_H
#define LEDGER_SERIES_H

#include "collectord/ledger/writer.h"

#define SERIES_VOIDS_MAX 64

/* Is it running totals? All functions here do nothing with others. */
static inline bool
series_has(const struct merged *m)
{
	return event_running_place(m->text[EV_MESSAGE], NULL, NULL);
}

/*
 * *rise is m with what it adds in place of its totals; *adds: is that anything?
 * m has its machine, session and message.
 */
int series_rise(
    struct writer *w, const struct merged *m, struct merged *rise, bool *adds);
/*
 * What any record adds to the sums: nothing where it is void or did not rise.
 */
int series_sums(struct writer *w, const struct record *rec, struct sums *s);

/* Gives m its place, or states anew what is there. */
int series_put(struct writer *w, uint64_t number, const struct merged *m);

/* The totals after m, which rise over it; number 0: none. */
struct series_next {
	uint64_t number;
	struct record rec;
};
/* Takes out what they add, before m changes; and puts it in, after that. */
int series_take_next(
    struct writer *w, const struct merged *m, struct series_next *next);
int series_put_next(struct writer *w, struct series_next *next);

/*
 * Calls each, in the order of time, with those of m's series that are before
 * that time and not pruned, which it is to prune; at most so many at once.
 */
enum series_passed {
	SERIES_PASSED,    /* m was among them, or will not come again */
	SERIES_NOT_YET,   /* there are more, and m may be one: once more */
	SERIES_WITHOUT_IT /* m is late and has no place */
};
int series_pass(struct writer *w, const struct merged *m, int64_t before_ms,
    size_t most, int (*each)(void *arg, uint64_t number, struct record *rec),
    void *arg, enum series_passed *how);

/* For the audit: is m's place as it should be? Late ones have none. */
enum series_place { SERIES_FOUND, SERIES_DIFFERS, SERIES_MISSING, SERIES_LATE };
int series_find(struct writer *w, uint64_t number, const struct merged *m,
    enum series_place *place);
/* Places that are not pruned. */
int series_count(struct writer *w, uint64_t *n);

#endif
