#include "collectord/ledger/methods/params.h"

#include "collectord/ledger/store.h"
#include "proto/limits.h"

bool
param_text(struct ledger_call *c, const char *name, struct text *t)
{
	struct value v;

	*t = (struct text){ 0 };
	if (!unpack_member(c->params, name, &v) || v.type == VALUE_NIL)
		return true;
	if (v.type != VALUE_TEXT) {
		error_set(&c->error, ERR_BAD_TYPE, name, "not a text");
		return false;
	}
	if (v.text.len > LIMIT_TEXT) {
		error_set(&c->error, ERR_BAD_TEXT, name, "longer than %u bytes",
		    LIMIT_TEXT);
		return false;
	}
	*t = v.text;
	return true;
}

bool
param_u64(struct ledger_call *c, const char *name, uint64_t dflt, uint64_t *out)
{
	struct value v;

	*out = dflt;
	if (!unpack_member(c->params, name, &v) || v.type == VALUE_NIL)
		return true;
	if (v.type != VALUE_U64) {
		error_set(
		    &c->error, ERR_BAD_TYPE, name, "not a number from 0 on");
		return false;
	}
	*out = v.u64;
	return true;
}

bool
param_bool(struct ledger_call *c, const char *name, bool *out)
{
	struct value v;

	*out = false;
	if (!unpack_member(c->params, name, &v) || v.type == VALUE_NIL)
		return true;
	if (v.type != VALUE_BOOL) {
		error_set(&c->error, ERR_BAD_TYPE, name, "not true or false");
		return false;
	}
	*out = v.b;
	return true;
}

int
method_fail(struct ledger_call *c, enum error_code code, const char *field,
    const char *message)
{
	error_set(&c->error, code, field, "%s", message);
	return METHOD_FAILED;
}

int
method_store_error(struct ledger_call *c, int rc)
{
	if (rc == STORE_NOTFOUND)
		return method_fail(
		    c, ERR_NOT_FOUND, NULL, "nothing is known of it");
	return method_fail(c, (enum error_code) - rc, NULL,
	    rc == -ERR_STORE_FULL ? "the disk or the store's map is full"
				  : "the store could not be read or written");
}
