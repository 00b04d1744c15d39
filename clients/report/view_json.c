#include "clients/common/output.h"
#include "clients/report/field.h"
#include "clients/report/view.h"

static void
put_row(const struct ask *a, const struct report_row *row)
{
	char buf[PERIOD_LABEL_MAX];
	size_t i;

	putchar('{');
	for (i = 0; i < a->nby; i++) {
		printf("%s\"%s\":", i > 0 ? "," : "", ask_key_name(a, i));
		json_put_text(stdout, ask_key_text(a, i, row, buf));
	}
	field_put_json(stdout, row, a->nby > 0);
	putchar('}');
}

/* One row a line: for people who look at it, and for line tools. */
void
view_json(const struct ask *a, const struct answer *answer,
    const struct unseen *unseen)
{
	size_t i;

	fputs("{\"schema_version\":1,\n ", stdout);
	ask_put_period(a);
	fputs(",\n \"group_by\":[", stdout);
	for (i = 0; i < a->nby; i++)
		printf("%s\"%s\"", i > 0 ? "," : "", ask_key_name(a, i));
	fputs("],\n \"rows\":[", stdout);
	for (i = 0; i < answer->n; i++) {
		fputs(i > 0 ? ",\n  " : "\n  ", stdout);
		put_row(a, &answer->rows[i]);
	}
	fputs("],\n \"total\":{", stdout);
	field_put_json(stdout, &answer->total, false);
	putchar('}');
	if (answer->has_imported) {
		fputs(",\n \"imported\":{", stdout);
		field_put_json(stdout, &answer->imported, false);
		putchar('}');
	}
	if (unseen->is_known) {
		fputs(",\n ", stdout);
		unseen_json(unseen);
	}
	fputs("}\n", stdout);
}
