/* table_print for programs linked statically, which can load no library. */
#include "clients/common/table_impl.h"

int
table_print(struct table *t, FILE *f, size_t width, bool bold_header)
{
	(void)width;
	return table_print_plain(t, f, bold_header);
}
