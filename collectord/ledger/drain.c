#include "collectord/ledger/drain.h"

#include "collectord/ledger/impl.h"

uint64_t
ledger_loads(const struct ledger *l)
{
	return atomic_load(&l->loads);
}

int
ledger_drain(struct ledger *l, bool begins)
{
	struct writer *w = &l->writer;
	int rc;

	if (!recent_drain(&w->recent, w->next_number - 1, begins))
		return 0;
	rc = writer_begin(w, l->now_us());
	if (rc == 0)
		rc = ledger_commit(l);
	return rc == 0 ? 1 : rc;
}
