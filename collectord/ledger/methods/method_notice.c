#include "collectord/ledger/methods/methods_impl.h"
#include "collectord/ledger/alerts/notices.h"
#include "collectord/ledger/methods/params.h"
#include "collectord/ledger/reader.h"

#define NOTICES_PAGE 100

/* What is packed: the first so many, or of those delivered the last. */
struct page {
	struct notice item[NOTICES_PAGE];
	size_t n;
	bool keeps_last;
	struct holds *holds; /* NULL: nobody claims */
	uint64_t owner;
	int64_t now_ms;
};

static int
take(void *arg, const struct notice *n)
{
	struct page *p = arg;
	int taken = p->holds == NULL
			? 1
			: holds_take(p->holds, n->number, p->owner, p->now_ms);

	if (taken < 0)
		return -ERR_STORE;
	if (taken == 0)
		return 0;
	p->item[p->n++ % NOTICES_PAGE] = *n;
	return p->n == NOTICES_PAGE && !p->keeps_last ? STORE_NOTFOUND : 0;
}

static void
pack_page(const struct page *p, struct packer *k)
{
	size_t n = p->n < NOTICES_PAGE ? p->n : NOTICES_PAGE;

	pack_map(k, 1);
	pack_str(k, "notices");
	pack_array(k, (uint32_t)n);
	for (size_t i = p->n - n; i < p->n; i++)
		pack_notice(k, &p->item[i % NOTICES_PAGE]);
}

static int
list(struct ledger_call *c, struct page *p, bool delivered)
{
	struct writer r;
	int rc = reader_begin(&r, c->ledger);

	if (rc == 0)
		rc = notices_each(r.txn, delivered, take, p);
	if (rc == 0)
		pack_page(p, c->result);
	reader_end(&r);
	return rc == 0 ? METHOD_DONE : method_store_error(c, rc);
}

int
method_notices(struct ledger_call *c)
{
	struct page p = { .n = 0 };
	bool delivered;

	if (!param_bool(c, "delivered", &delivered))
		return METHOD_FAILED;
	p.keeps_last = delivered;
	return list(c, &p, delivered);
}

/* On the writer's thread, so that of two claims one is first. */
int
method_notice_claim(struct ledger_call *c)
{
	struct page p = { .holds = &c->ledger->holds,
		.owner = c->owner,
		.now_ms = c->ledger->now_us() / 1000 };

	return list(c, &p, false);
}

struct confirming {
	struct ledger_call *c;
	struct value ids;
	uint64_t number[NOTICES_PAGE];
	size_t n;
};

static bool
is_listed(struct value ids, struct text id)
{
	struct value v;

	for (uint32_t i = 0; i < ids.n; i++)
		if (unpack_value(&ids.rest, &v) == 0 && v.type == VALUE_TEXT &&
		    text_eq(v.text, id))
			return true;
	return false;
}

static int
find_held(void *arg, const struct notice *n)
{
	struct confirming *f = arg;

	if (is_listed(f->ids, n->id) &&
	    holds_has(&f->c->ledger->holds, n->number, f->c->owner))
		f->number[f->n++] = n->number;
	return f->n == NOTICES_PAGE ? STORE_NOTFOUND : 0;
}

static int
confirm(struct confirming *f)
{
	struct ledger *l = f->c->ledger;
	int rc = writer_begin(&l->writer, l->now_us());

	if (rc != 0)
		return rc;
	rc = notices_each(l->writer.txn, false, find_held, f);
	for (size_t i = 0; rc == 0 && i < f->n; i++)
		rc = notice_set_delivered(l->writer.txn, f->number[i]);
	if (rc == 0)
		return ledger_commit(l);
	writer_abort(&l->writer);
	return rc;
}

int
method_notice_confirm(struct ledger_call *c)
{
	struct confirming f = { .c = c };
	int rc;

	if (!unpack_member(c->params, "ids", &f.ids) ||
	    f.ids.type != VALUE_ARRAY)
		return method_fail(c, ERR_BAD_PARAMS, "ids", "not an array");
	rc = confirm(&f);
	if (rc != 0)
		return method_store_error(c, rc);
	for (size_t i = 0; i < f.n; i++)
		holds_drop(&c->ledger->holds, f.number[i]);
	pack_map(c->result, 1);
	pack_str(c->result, "confirmed");
	pack_u64(c->result, f.n);
	return METHOD_DONE;
}
