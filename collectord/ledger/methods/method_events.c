#include "collectord/ledger/group.h"
#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/reader.h"
#include "collectord/ledger/series.h"

/* Log entries looked at for one page, and what a page may hold. */
#define EXAMINED_MAX 50000
#define PAGE_EVENTS_MAX 2000
#define PAGE_BYTES_MAX (2u << 20)

struct page {
	struct writer r;
	struct store_cursor *records;
	struct reader_texts seen;
	uint64_t after, limit, since, until;
	struct text session, machine;
	bool detail;
	/* Of the running totals at hand; whether there is any. */
	struct merged rise;
	bool rises;
	struct packer events;
	uint32_t n;
	uint64_t next;
	bool more;
};

static bool
read_params(struct ledger_call *c, struct page *p)
{
	if (!param_u64(c, "after", 0, &p->after) ||
	    !param_u64(c, "limit", 500, &p->limit) ||
	    !param_u64(c, "since", 0, &p->since) ||
	    !param_u64(c, "until", UINT64_MAX, &p->until) ||
	    !param_text(c, "session", &p->session) ||
	    !param_text(c, "machine", &p->machine) ||
	    !param_bool(c, "detail", &p->detail))
		return false;
	if (p->limit == 0 || p->limit > PAGE_EVENTS_MAX)
		p->limit = PAGE_EVENTS_MAX;
	p->next = p->after;
	return true;
}

static bool
is_wanted(const struct page *p, const struct record *rec)
{
	uint64_t ts = (uint64_t)rec->m.ts_ms;

	return ts >= p->since && ts < p->until &&
	       (p->session.len == 0 ||
		   text_eq(rec->m.text[EV_SESSION], p->session)) &&
	       (p->machine.len == 0 ||
		   text_eq(rec->m.text[EV_MACHINE], p->machine));
}

/* NULL where the call counts, else why it does not. */
static int
why_not(
    struct page *p, uint64_t number, const struct record *rec, const char **why)
{
	struct group g;
	size_t i;
	bool other_call = false;
	int rc;

	*why = rec->m.is_void ? "void" : NULL;
	if (*why == NULL && series_has(&rec->m) && !p->rises) {
		*why = "no_rise";
		return 0;
	}
	if (*why != NULL || rec->m.text[EV_REQUEST].len == 0 ||
	    rec->m.text[EV_CALL].len > 0)
		return 0;
	rc = group_load(&p->r, rec->m.text[EV_REQUEST], &g);
	if (rc != 0 || g.n > GROUP_MAX)
		return rc;
	/* Joined into the call with the id, else into the oldest member. */
	for (i = 0; i < g.n; i++)
		other_call = other_call || g.rec[i].m.text[EV_CALL].len > 0;
	if (other_call || g.number[0] != number)
		*why = "grouped";
	return 0;
}

static void
pack_detail(struct packer *k, uint64_t number, const struct record *rec,
    const char *why)
{
	char rule[32];
	size_t n = pricing_text(rec->price.code, rule);

	pack_str(k, "number");
	pack_u64(k, number);
	pack_str(k, "counts");
	pack_bool(k, why == NULL);
	pack_str(k, "why");
	pack_str(k, why);
	pack_str(k, "rule");
	pack_text(k, (struct text){ rule, (uint32_t)n });
	pack_str(k, "cost_usd");
	if (rec->price.code == PRICING_NONE)
		pack_nil(k);
	else
		pack_money(k, rec->price.cost_pico);
}

/* What running totals add, under the names of an event. */
static void
pack_rise(struct packer *k, const struct merged *rise)
{
	uint32_t n = rise->has_cost;
	int i;

	for (i = 0; i < EV_LATENCY_MS; i++)
		n += rise->count[i] > 0;
	pack_str(k, "rise");
	pack_map(k, n);
	for (i = 0; i < EV_LATENCY_MS; i++) {
		if (rise->count[i] == 0)
			continue;
		pack_str(k, event_count_names[i]);
		pack_u64(k, rise->count[i]);
	}
	if (!rise->has_cost)
		return;
	pack_str(k, "cost");
	pack_money(k, rise->cost_pico);
}

static int
add(struct page *p, uint64_t number, const struct record *rec)
{
	const char *why = NULL;
	struct event ev;
	bool has_rise = p->detail && series_has(&rec->m);
	int rc = 0;

	if (has_rise)
		rc = series_rise(&p->r, &rec->m, &p->rise, &p->rises);
	if (rc == 0 && p->detail)
		rc = why_not(p, number, rec, &why);
	if (rc != 0)
		return rc;
	reader_event(rec, &ev);
	pack_event_with(&p->events, &ev, p->detail ? 6u + has_rise : 1);
	pack_str(&p->events, "revision");
	pack_u64(&p->events, rec->revision);
	if (p->detail)
		pack_detail(&p->events, number, rec, why);
	if (has_rise)
		pack_rise(&p->events, &p->rise);
	p->n++;
	return p->events.failed ? -ERR_STORE : 0;
}

static int
take(struct page *p, struct span key, struct span val)
{
	struct record rec;
	struct rbuf r;
	uint64_t number, found;
	int rc;

	rbuf_init(&r, key);
	p->next = read_be64(&r);
	rbuf_init(&r, val);
	number = found = read_be64(&r);
	arena_clear(&p->r.arena);
	rc = reader_load(&p->r, p->records, &found, &p->seen, &rec);
	/* A forward says only that another call took this one in. */
	if (rc != 0 || found != number || rec.is_pruned || !is_wanted(p, &rec))
		return rc;
	return add(p, number, &rec);
}

static int
fill(struct page *p)
{
	struct store_cursor *c = NULL;
	struct span k, v;
	uint8_t buf[8];
	struct wbuf w;
	int rc, examined = 0;

	if (p->after == UINT64_MAX)
		return 0;
	wbuf_init(&w, buf, sizeof(buf));
	write_be64(&w, p->after + 1);
	rc = store_cursor_open(p->r.txn, TABLE_EVENTS, &p->records);
	if (rc == 0)
		rc = store_cursor_open(p->r.txn, TABLE_LOG, &c);
	if (rc == 0)
		rc = store_seek(c, wbuf_span(&w), &k, &v);
	while (rc == 0) {
		if (p->n >= p->limit || p->events.len > PAGE_BYTES_MAX ||
		    examined++ >= EXAMINED_MAX) {
			p->more = true;
			break;
		}
		rc = take(p, k, v);
		if (rc == 0)
			rc = store_next(c, &k, &v);
	}
	store_cursor_close(c);
	store_cursor_close(p->records);
	return rc == STORE_NOTFOUND ? 0 : rc;
}

int
method_events(struct ledger_call *c)
{
	struct page p = { 0 };
	int rc;

	if (!read_params(c, &p))
		return METHOD_FAILED;
	rc = reader_begin(&p.r, c->ledger);
	if (rc == 0)
		rc = fill(&p);
	reader_end(&p.r);
	if (rc == 0) {
		pack_map(c->result, 3);
		pack_str(c->result, "events");
		pack_array(c->result, p.n);
		pack_packed(c->result, &p.events);
		pack_str(c->result, "next");
		pack_u64(c->result, p.next);
		pack_str(c->result, "more");
		pack_bool(c->result, p.more);
	}
	packer_free(&p.events);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}
