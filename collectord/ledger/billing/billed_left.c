#include "collectord/ledger/billing/billed_impl.h"
#include "collectord/ledger/impl.h"

/* Of all feeds of an account: each value is {balances: [], windows: []}. */
static int
gather(struct store_cursor *c, struct span prefix, const char *member,
    struct packer *rows, uint32_t *n)
{
	struct wire_cursor map;
	struct packer part;
	struct span k, v;
	struct value list;
	int rc = store_seek(c, prefix, &k, &v);

	for (; rc == 0 && bill_key_begins(k, prefix);
	     rc = store_next(c, &k, &v)) {
		map = (struct wire_cursor){ v.p, (const uint8_t *)v.p + v.len };
		if (!unpack_member(map, member, &list) ||
		    list.type != VALUE_ARRAY)
			continue;
		part = (struct packer){ .p = (char *)(uintptr_t)list.rest.p,
			.len = v.len -
			       (size_t)(list.rest.p - (const uint8_t *)v.p) };
		for (uint32_t i = 0; i < list.n; i++)
			wire_skip(&list.rest);
		part.len = (size_t)(list.rest.p - (const uint8_t *)part.p);
		pack_packed(rows, &part);
		*n += list.n;
	}
	return rc == STORE_NOTFOUND ? 0 : rc;
}

static int
pack_member_list(struct store_cursor *c, struct span prefix, const char *member,
    struct packer *k)
{
	struct packer rows = { 0 };
	uint32_t n = 0;
	int rc = gather(c, prefix, member, &rows, &n);

	pack_str(k, member);
	pack_array(k, n);
	if (n > 0)
		pack_packed(k, &rows);
	packer_free(&rows);
	return rc;
}

int
ledger_pack_balances(struct ledger *l, struct text name, struct packer *k)
{
	uint8_t key[BILL_KEY_MAX];
	struct span prefix = bill_state_prefix(key, name);
	struct store_cursor *c = NULL;
	struct store_txn *txn = NULL;
	int rc = store_begin(l->store, false, &txn);

	if (rc == 0)
		rc = store_cursor_open(txn, TABLE_BILLED, &c);
	if (rc == 0)
		rc = pack_member_list(c, prefix, "balances", k);
	if (rc == 0)
		rc = pack_member_list(c, prefix, "windows", k);
	store_cursor_close(c);
	store_abort(txn);
	return rc;
}
