#include "clients/common/output.h"
#include "clients/report/field.h"
#include "clients/report/view.h"

static void
put_header(const struct ask *a, char separator)
{
	size_t i;

	for (i = 0; i < a->nby; i++)
		printf("%s%c", ask_key_name(a, i), separator);
	for (i = 0; i < FIELDS; i++) {
		if (i > 0)
			putchar(separator);
		fputs(field_name(i), stdout);
	}
}

static void
put_row(const struct ask *a, const struct report_row *row, char separator)
{
	char buf[PERIOD_LABEL_MAX];
	size_t i;

	for (i = 0; i < a->nby; i++) {
		csv_put_text(stdout, separator, ask_key_text(a, i, row, buf));
		putchar(separator);
	}
	for (i = 0; i < FIELDS; i++) {
		if (i > 0)
			putchar(separator);
		field_put(stdout, i, row, "");
	}
}

/* Without a key the one row is the total, which is there when nothing else is.
 */
void
view_csv(const struct ask *a, const struct answer *answer, char separator)
{
	size_t i;

	put_header(a, separator);
	putchar('\n');
	for (i = 0; i < answer->n && a->nby > 0; i++) {
		put_row(a, &answer->rows[i], separator);
		putchar('\n');
	}
	if (a->nby == 0) {
		put_row(a, &answer->total, separator);
		putchar('\n');
	}
}
