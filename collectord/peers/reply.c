#include "collectord/peers/reply.h"

#include "collectord/log.h"
#include "collectord/peers/server.h"

#define REPLY_KEEP (64u << 10)

struct packer *
reply_begin(struct conn *c, uint32_t msgid)
{
	struct packer *k = &c->server->reply;

	packer_clear(k);
	pack_result(k, msgid);
	return k;
}

static void
pack_refusal(struct conn *c, uint32_t msgid, const struct error *err)
{
	struct packer *k = &c->server->reply;

	packer_clear(k);
	pack_error(k, msgid, err);
	log_debug("dispatch", "op=refuse id=%u code=%s", c->id,
	    error_name(err->code));
}

void
reply_end(struct conn *c, uint32_t msgid)
{
	struct packer *k = &c->server->reply;
	struct error err;

	if (k->failed) {
		error_set(&err, ERR_TOO_LARGE, NULL, "the reply has no room");
		pack_refusal(c, msgid, &err);
	}
	if (k->failed)
		conn_close(c, "out of memory");
	else
		conn_send(c, k->p, k->len);
	if (k->cap > REPLY_KEEP)
		packer_free(k);
}

void
reply_error(struct conn *c, uint32_t msgid, const struct error *err)
{
	pack_refusal(c, msgid, err);
	reply_end(c, msgid);
}
