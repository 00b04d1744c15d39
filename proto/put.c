#include <stdlib.h>

#include "proto/put.h"

void
put_free(struct put *p)
{
	if (p == NULL)
		return;
	free(p->events);
	free(p->cursors);
	free(p->rejects);
	free(p->bytes);
	free(p);
}
