/*
 * Accounts of provider services, and when they are asked. Each account goes its
 * own way, one feed after the other; what happens to one touches no other.
 * What is known of them is in the store before anything more is done.
 *
 * All on the loop's thread.
 */
#ifndef JOBS_SYNC_H
#define JOBS_SYNC_H

#include "collectord/jobs/sync/definitions.h"
#include "collectord/jobs/sync/sync_plan.h"
#include "collectord/jobs/sync/sync_walk.h"

#define SYNC_RUNNING_MAX 4 /* accounts at a time */
#define SYNC_ACCOUNTS_MAX 256

enum sync_phase {
	SYNC_IDLE,
	SYNC_IN_LINE, /* too many others run */
	SYNC_ASKING,
	SYNC_SAVING,
	SYNC_LEAVING
};

struct sync;
struct sync_job;

struct sync_account {
	struct sync *sync;
	struct sync_account *next;
	const struct provider *provider; /* sync_undefined: not known now */
	struct account a; /* a.feed[i] is of provider->feeds[i] */
	/* What is wrong with the provider's definition; "": nothing. */
	char trouble[ACCOUNT_ERROR_MAX];
	int64_t trouble_ms;
	/* Feeds that the provider no longer has, whose data is to go. */
	char gone[ACCOUNT_FEEDS_MAX][ACCOUNT_FEED_NAME_MAX];
	uint32_t n_gone;
	enum sync_phase phase;
	bool is_leaving;
	uint32_t pending; /* bits of the feeds that are to be asked */
	/* Numbers of asks: those up to answers are answered by the round under
	 * way, those up to answered are. */
	uint64_t answers, answered;
	bool is_wanted;   /* once more, after this round */
	bool has_told;    /* of a feed, in this round */
	uint64_t in_line; /* since when, as a number */
	/* The feed under way: */
	uint32_t at;
	bool has_begun;
	/* In this round, again and again; and nothing at all came: */
	bool has_failed, is_unreachable;
	uint32_t rows;
	int64_t asked_ms;
	enum provider_outcome outcome;
	char error[ACCOUNT_ERROR_MAX];
	struct plan_range range;
	struct account_feed before;
	struct walk walk;
	struct due due;
	/* On its way to the store: */
	struct batch_task task;
	struct account saved;
	struct bill_end end;
	int rc;
	struct sync_reply *leave;
	bool keeps_data, is_remains; /* remains: the store has no account */
};

/* Who waits for accounts that are asked now; its owner's. */
struct sync_want {
	struct sync_want *prev, *next;
	char name[ACCOUNT_NAME_MAX]; /* "": all */
	uint64_t number;             /* from 1, as they come */
	bool is_listed, is_fresh;
	void (*page)(
	    struct sync_want *w, const char *name, const struct walk *walk);
	void (*result)(struct sync_want *w, const struct sync_account *acc);
	void (*ended)(struct sync_want *w);
};

/* The end of a change; freed by sync after fn, which comes once. */
struct sync_reply {
	void (*fn)(struct sync_reply *r, const struct error *err); /* or NULL */
	void *data;
	char name[ACCOUNT_NAME_MAX];
	/* Whether the service was asked with the key, and took it; why is what
	 * it said against that, or what it does not show to this key. */
	bool was_asked, is_verified;
	char why[ACCOUNT_ERROR_MAX];
};

struct sync {
	struct walk_place place;
	struct definitions definitions;
	struct sync_account *first;
	struct sync_want *wants;
	struct sync_job *jobs;
	uint32_t n_running;
	uint64_t n_asks, n_in_line;
	struct batch_task sweep;
	bool is_sweeping, has_garbage, is_stopped;
};

/*
 * What provider_add and provider_set were given; texts are borrowed. An add of
 * an account that is there is a change too, where host and key are its own.
 */
struct sync_change {
	struct account account; /* its name, region, base_url and flags */
	struct text key;        /* len 0: none */
	bool verifies;
	/* Of a change to what is there: */
	bool has_enabled, has_shared, has_low_balance;
};

void sync_init(struct sync *s, uv_loop_t *loop, struct http *http,
    struct timers *timers, struct batch *batch, struct ledger *ledger,
    const char *data_dir, const char *definitions_dir);
/* Reads the accounts and goes to work. 0 or a store error. */
int sync_start(struct sync *s);
/* Reads definitions of providers again that have changed. */
void sync_reload(struct sync *s);
/* Before http and timers stop. */
void sync_stop(struct sync *s);
bool sync_is_idle(const struct sync *s);
void sync_release(struct sync *s);

/* NULL where there is none. */
struct sync_account *sync_find(struct sync *s, const char *name);
/* The provider of an account whose definition cannot be read; it has no feed.
 */
extern const struct provider sync_undefined;
/* "ok" */
const char *sync_state(const struct sync_account *acc);
/* "ok", of the feed that a want is told of. */
const char *sync_outcome(const struct sync_account *acc);
/* Until when the service wants no question; 0: it does not mind. */
int64_t sync_limited_ms(const struct sync_account *acc);

/*
 * 0: r->fn comes later (r is taken); -1: *err says why and r is still the
 * caller's.
 */
int sync_add(struct sync *s, const struct sync_change *ch, struct sync_reply *r,
    struct error *err);
int sync_set(struct sync *s, const struct sync_change *ch, struct sync_reply *r,
    struct error *err);
int sync_rm(struct sync *s, const char *name, bool keeps_data,
    struct sync_reply *r, struct error *err);
/*
 * Asks now: a round that has told of nothing yet is joined, else one begins
 * after it. What others ask later is not waited for. 1: w->ended comes later;
 * 0: it is over already, and w->result was called for what there was to tell;
 * -1: *err.
 */
int sync_ask(struct sync *s, struct sync_want *w, struct error *err);
/* It no longer waits: nothing of it is called. */
void sync_forget(struct sync *s, struct sync_want *w);

#endif
