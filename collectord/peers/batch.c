#include "collectord/peers/batch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectord/sys.h"

#define PUTS_COME_NS 100000000u /* until so long after the last */
#define REST_FACTOR 4           /* times what a step took */
#define REST_MOST_NS 10000000u  /* so that slow disks are no obstacle */

struct group {
	struct batch_item *first;
	struct put *puts[BATCH_BULK]; /* each counts 1 or more */
	size_t n;
};

size_t
batch_weight(const struct put *put, size_t len)
{
	return sizeof(*put) + sizeof(struct batch_item) + len +
	       put->nevents * sizeof(put->events[0]) +
	       put->ncursors * sizeof(put->cursors[0]) +
	       put->nrejects * sizeof(put->rejects[0]);
}

/*
 * What an item counts against BATCH_EVENTS: never 0, so that groups end, and
 * refused events too, since its reply tells of each.
 */
static size_t
item_size(const struct batch_item *item)
{
	const struct put *put = item->put;
	size_t n = put->nevents + put->ncursors + put->nrejects;

	return n == 0 ? 1 : n;
}

static void
ring_append(struct batch *b, struct batch_source *src)
{
	src->next = NULL;
	if (b->last == NULL)
		b->first = src;
	else
		b->last->next = src;
	b->last = src;
}

static struct batch_source *
ring_pop(struct batch *b)
{
	struct batch_source *src = b->first;

	b->first = src->next;
	if (b->first == NULL)
		b->last = NULL;
	return src;
}

/* The first item of the source whose turn it is, which then goes last. */
static struct batch_item *
take_one(struct batch *b)
{
	struct batch_source *src = ring_pop(b);
	struct batch_item *item = src->head;

	src->has_waited = false;
	src->head = item->next;
	if (src->head == NULL)
		src->tail = NULL;
	else
		ring_append(b, src);
	item->next = NULL;
	b->nwaiting--;
	return item;
}

/* It takes its time, and is one of many. */
static bool
is_bulk(const struct batch_item *item)
{
	return item_size(item) > BATCH_EVENTS;
}

/* Those of others do not wait for a large put: it lets them go first, once. */
static bool
lets_others_go_first(struct batch *b)
{
	struct batch_source *src = b->first;

	if (src == b->last || src->has_waited || !is_bulk(src->head))
		return false;
	src->has_waited = true;
	ring_append(b, ring_pop(b));
	return true;
}

/* Under the lock. */
static void
take_group(struct batch *b, struct group *g)
{
	struct batch_item **link = &g->first, *item;
	size_t size = 0, most = BATCH_EVENTS;

	g->first = NULL;
	g->n = 0;
	while (b->first != NULL) {
		if (lets_others_go_first(b))
			continue;
		if (g->n == 0 && is_bulk(b->first->head))
			most = BATCH_BULK;
		size += item_size(b->first->head);
		if (g->n > 0 && size > most)
			break;
		item = take_one(b);
		*link = item;
		link = &item->next;
		g->puts[g->n++] = item->put;
	}
	b->nowed -= g->n < b->nowed ? g->n : b->nowed;
}

/*
 * One transaction for all. Where that fails for another reason than space, each
 * is tried by itself, so that one bad request cannot fail the others. Returns
 * how many transactions were committed.
 */
static unsigned
commit_group(struct batch *b, struct group *g, char *why)
{
	struct batch_item *item;
	unsigned committed;
	int rc;

	rc = ledger_put(b->ledger, g->puts, g->n, why, BATCH_WHY_MAX);
	committed = rc == 0;
	for (item = g->first; item != NULL; item = item->next) {
		item->rc = rc;
		if (rc == 0 || rc == ERR_STORE_FULL || g->n == 1)
			continue;
		item->rc =
		    ledger_put(b->ledger, &item->put, 1, why, BATCH_WHY_MAX);
		committed += item->rc == 0;
	}
	return committed;
}

/* Under the lock. */
static void
hand_back(struct batch *b, struct group *g, unsigned committed, const char *why)
{
	struct batch_item *last = g->first;

	while (last->next != NULL)
		last = last->next;
	if (b->done == NULL)
		b->done = g->first;
	else
		b->done_last->next = g->first;
	b->done_last = last;
	b->transactions += committed;
	if (why[0] != '\0')
		snprintf(b->why, sizeof(b->why), "%s", why);
}

static void
tasks_append(struct batch_tasks *list, struct batch_task *t)
{
	t->next = NULL;
	if (list->first == NULL)
		list->first = t;
	else
		list->last->next = t;
	list->last = t;
}

/* Under the lock, which is let go meanwhile. */
static void
turn_of_puts(struct batch *b)
{
	struct group g;
	char why[BATCH_WHY_MAX] = "";
	unsigned committed;

	take_group(b, &g);
	uv_mutex_unlock(&b->lock);
	committed = commit_group(b, &g, why);
	uv_mutex_lock(&b->lock);
	b->put_ns = uv_hrtime();
	hand_back(b, &g, committed, why);
	BUG_ON(uv_async_send(&b->wake) != 0);
}

/* How long tasks that have time are still to rest. */
static uint64_t
rest_ns(const struct batch *b)
{
	uint64_t now = uv_hrtime();

	return now < b->rested_ns ? b->rested_ns - now : 0;
}

/* Whose turn it is of those that need no rest, off the list; or NULL. */
static struct batch_task *
next_task(struct batch *b)
{
	struct batch_task *t, *before = NULL;

	if (b->tasks.first == NULL || b->nowed > 0)
		return NULL;
	for (t = b->tasks.first; t != NULL; before = t, t = t->next)
		if (!t->has_time || rest_ns(b) == 0)
			break;
	if (t == NULL)
		return NULL;
	if (before == NULL)
		b->tasks.first = t->next;
	else
		before->next = t->next;
	if (b->tasks.last == t)
		b->tasks.last = before;
	return t;
}

/* Where nobody puts, nobody is served by a rest. */
static void
rest_after_step(struct batch *b, uint64_t began_ns)
{
	uint64_t now = uv_hrtime(), rest = (now - began_ns) * REST_FACTOR;

	if (b->nwaiting > 0 || now - b->put_ns < PUTS_COME_NS)
		b->rested_ns =
		    now + (rest < REST_MOST_NS ? rest : REST_MOST_NS);
}

/* Under the lock, which is let go meanwhile. */
static void
turn_of_task(struct batch *b, struct batch_task *t)
{
	uint64_t began_ns = uv_hrtime();
	bool has_more;

	uv_mutex_unlock(&b->lock);
	has_more = t->step(t);
	uv_mutex_lock(&b->lock);
	b->nowed = b->nwaiting;
	if (t->has_time)
		rest_after_step(b, began_ns);
	tasks_append(has_more ? &b->tasks : &b->tasks_done, t);
	if (!has_more)
		BUG_ON(uv_async_send(&b->wake) != 0);
}

/* Until something arrives, or tasks have had their rest. */
static void
wait_for_work(struct batch *b)
{
	if (b->tasks.first == NULL)
		uv_cond_wait(&b->arrived, &b->lock);
	else
		uv_cond_timedwait(&b->arrived, &b->lock, rest_ns(b));
}

static void
on_thread(void *arg)
{
	struct batch *b = arg;
	struct batch_task *task;

	uv_mutex_lock(&b->lock);
	for (;;) {
		task = next_task(b);
		if (task != NULL)
			turn_of_task(b, task);
		else if (b->first != NULL)
			turn_of_puts(b);
		else if (!b->stopping || b->tasks.first != NULL)
			wait_for_work(b);
		else
			break;
	}
	uv_mutex_unlock(&b->lock);
}

static struct batch_item *
take_done(struct batch *b, struct batch_task **tasks, char *why)
{
	struct batch_item *first;

	uv_mutex_lock(&b->lock);
	first = b->done;
	b->done = NULL;
	*tasks = b->tasks_done.first;
	b->tasks_done.first = NULL;
	b->commits = b->transactions;
	snprintf(why, BATCH_WHY_MAX, "%s", b->why);
	b->why[0] = '\0';
	uv_mutex_unlock(&b->lock);
	return first;
}

static void
item_back(
    struct batch *b, struct batch_item *item, struct batch_source **touched)
{
	struct batch_source *src = item->source;

	b->pending--;
	b->weight -= item->weight;
	if (item->rc == 0)
		b->puts++;
	b->rejected += item->put->nrejects;
	src->ops->done(src, item);
	if (src->returned++ == 0) {
		src->touched = *touched;
		*touched = src;
	}
	put_free(item->put);
	free(item);
}

static void
settle_all(struct batch_source *touched)
{
	struct batch_source *src;
	unsigned n;

	while (touched != NULL) {
		src = touched;
		touched = src->touched;
		n = src->returned;
		src->returned = 0;
		src->ops->settle(src, n);
	}
}

static void
on_wake(uv_async_t *h)
{
	struct batch *b = h->data;
	struct batch_source *touched = NULL;
	struct batch_item *item, *next;
	struct batch_task *task, *tasks;
	char why[BATCH_WHY_MAX];

	for (item = take_done(b, &tasks, why); item != NULL; item = next) {
		next = item->next;
		item_back(b, item, &touched);
	}
	settle_all(touched);
	while ((task = tasks) != NULL) {
		tasks = task->next;
		b->ntasks--;
		task->done(task);
	}
	b->on_round(b, why);
}

/* Signals are the loop's: the thread that commits takes none. */
static int
start_thread(struct batch *b)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &all, &before) != 0);
	rc = uv_thread_create(&b->thread, on_thread, b);
	BUG_ON(pthread_sigmask(SIG_SETMASK, &before, NULL) != 0);
	return rc;
}

int
batch_init(struct batch *b, uv_loop_t *loop, struct ledger *ledger,
    void (*on_round)(struct batch *b, const char *why))
{
	int rc;

	*b = (struct batch){ .ledger = ledger, .on_round = on_round };
	b->wake.data = b;
	rc = uv_mutex_init(&b->lock);
	if (rc != 0)
		return rc;
	rc = uv_cond_init(&b->arrived);
	if (rc != 0)
		goto no_cond;
	rc = uv_async_init(loop, &b->wake, on_wake);
	if (rc != 0)
		goto no_async;
	rc = start_thread(b);
	if (rc == 0)
		return 0;
	uv_close((uv_handle_t *)&b->wake, NULL);
no_async:
	uv_cond_destroy(&b->arrived);
no_cond:
	uv_mutex_destroy(&b->lock);
	return rc;
}

int
batch_submit(struct batch *b, struct batch_source *src, struct put *put,
    size_t weight, uint32_t msgid, bool is_quiet)
{
	struct batch_item *item = malloc(sizeof(*item));

	if (item == NULL) {
		put_free(put);
		return -1;
	}
	*item = (struct batch_item){
		.source = src,
		.put = put,
		.weight = weight,
		.msgid = msgid,
		.is_quiet = is_quiet,
	};
	b->pending++;
	b->weight += weight;
	uv_mutex_lock(&b->lock);
	if (src->head == NULL) {
		src->head = item;
		ring_append(b, src);
	} else {
		src->tail->next = item;
	}
	src->tail = item;
	b->nwaiting++;
	uv_mutex_unlock(&b->lock);
	b->fresh = true;
	return 0;
}

void
batch_run(struct batch *b, struct batch_task *t)
{
	b->ntasks++;
	uv_mutex_lock(&b->lock);
	tasks_append(&b->tasks, t);
	uv_mutex_unlock(&b->lock);
	b->fresh = true;
}

void
batch_kick(struct batch *b)
{
	if (!b->fresh)
		return;
	b->fresh = false;
	uv_mutex_lock(&b->lock);
	uv_cond_signal(&b->arrived);
	uv_mutex_unlock(&b->lock);
}

void
batch_close(struct batch *b)
{
	BUG_ON(b->pending != 0 || b->ntasks != 0);
	uv_mutex_lock(&b->lock);
	b->stopping = true;
	uv_cond_signal(&b->arrived);
	uv_mutex_unlock(&b->lock);
	BUG_ON(uv_thread_join(&b->thread) != 0);
	uv_cond_destroy(&b->arrived);
	uv_mutex_destroy(&b->lock);
	uv_close((uv_handle_t *)&b->wake, NULL);
}
