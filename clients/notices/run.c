/*
 * The order that makes a notice be told once: claimed, written, and only when
 * the output has arrived confirmed, all on one connection.
 */
#include "clients/common/output.h"
#include "clients/notices/notices.h"

int
notices_run(struct setup *s, const struct notices_options *o,
    void (*put)(void *arg, const struct notices *list), void *arg)
{
	struct notices list = { .n = 0 };
	int rc = notices_fetch(s, o, &list);

	if (rc == EXIT_OK)
		rc = notices_compose(s, &list);
	if (rc == EXIT_OK)
		put(arg, &list);
	if (rc == EXIT_OK && output_finish(NOTICES_NAME) != 0)
		rc = EXIT_SYSTEM;
	if (rc == EXIT_OK && o->claim)
		rc = notices_confirm(s, &list);
	notices_release(&list);
	return rc;
}
