#include "tests/unit/ledger/ledger_help.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "collectord/ledger/impl.h"
#include "collectord/ledger/methods/methods.h"

void
help_dir(char *dir)
{
	cr_assert_not_null(mkdtemp(dir), "mkdtemp failed");
}

struct ledger *
help_open(const struct ledger_options *opt)
{
	struct ledger *l;
	char why[256];
	int rc = ledger_open(&l, opt, why, sizeof(why));

	cr_assert_eq(rc, 0, "ledger_open: %d: %s", rc, why);
	return l;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

void
help_end(struct ledger *l, const char *dir)
{
	ledger_close(l);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct put
help_put(struct ledger *l, struct event *evs, size_t n)
{
	struct put p = { .events = evs, .nevents = n }, *puts[1] = { &p };
	char why[256] = "";
	int rc = ledger_put(l, puts, 1, why, sizeof(why));

	cr_assert_eq(rc, 0, "ledger_put: %d: %s", rc, why);
	return p;
}

void
help_call(struct ledger *l, const char *method, const struct packer *params,
    struct packer *result)
{
	const struct ledger_method *m = ledger_method_find(text_of(method));
	struct ledger_call c = { .ledger = l,
		.params = { (uint8_t *)params->p,
		    (uint8_t *)params->p + params->len },
		.result = result };
	int rc;

	cr_assert_not_null(m, "no method %s", method);
	while ((rc = m->step(&c)) == METHOD_AGAIN)
		;
	cr_assert_eq(rc, METHOD_DONE, "%s: %s %s", method,
	    error_name(c.error.code), c.error.message);
}

uint64_t
help_u64(const struct packer *result, const char *name)
{
	struct wire_cursor c = { (uint8_t *)result->p,
		(uint8_t *)result->p + result->len };
	struct value v;

	cr_assert(unpack_member(c, name, &v), "no %s", name);
	return v.u64;
}

static void
print_difference(void *arg, const char *what)
{
	(void)arg;
	fprintf(stderr, "%s\n", what);
}

struct audit
help_audit(struct ledger *l, const char *when)
{
	struct audit a;
	int rc =
	    audit_compare(l->store, &l->writer.key, &a, print_difference, NULL);

	cr_assert_eq(rc, 0, "%s: audit failed: %d", when, rc);
	cr_assert_eq(a.differences, 0, "%s: %lu differences", when,
	    (unsigned long)a.differences);
	return a;
}
