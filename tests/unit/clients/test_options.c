#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include <string.h>

#include "clients/common/options.h"

struct opts {
	bool quiet, was_given;
	const char *name;
	uint64_t number, ratio;
	struct option_list list;
};

#define AT(f) offsetof(struct opts, f)

static const struct option_spec specs[] = {
	{ .kind = OPTION_HEAD, .help = "Things" },
	{ .name = "quiet",
	    .kind = OPTION_FLAG,
	    .offset = AT(quiet),
	    .help = "say nothing" },
	{ .name = "name",
	    .kind = OPTION_TEXT,
	    .offset = AT(name),
	    .arg = "NAME",
	    .help = "what to call it, in so many words that the line has to be "
		    "broken at the right margin" },
	{ .name = "number",
	    .kind = OPTION_U64,
	    .offset = AT(number),
	    .arg = "N",
	    .help = "how many",
	    .max = 10,
	    .seen_offset = AT(was_given) },
	{ .name = "number-of-the-very-long-kind",
	    .kind = OPTION_U64,
	    .offset = AT(ratio),
	    .arg = "N",
	    .help = "on its own line" },
	{ .name = "each",
	    .kind = OPTION_LIST,
	    .offset = AT(list),
	    .arg = "X",
	    .help = "several" },
};
static const struct option_program prog = { "tt-test", "[OPTION]...",
	"Tests options.", specs, sizeof(specs) / sizeof(specs[0]) };

static char *args[64];
static int nargs;
static bool done;

static int
parse(struct opts *o, const char *a, const char *b, const char *c)
{
	int argc = 1;

	memset(o, 0, sizeof(*o));
	args[0] = (char *)"tt-test";
	if (a != NULL)
		args[argc++] = (char *)a;
	if (b != NULL)
		args[argc++] = (char *)b;
	if (c != NULL)
		args[argc++] = (char *)c;
	args[argc] = NULL;
	return options_parse(&prog, o, argc, args, &nargs, &done);
}

Test(options, both_spellings_of_a_value_are_read, .timeout = 30)
{
	struct opts o;

	cr_assert_eq(parse(&o, "--name", "a=b", "--number=7"), 0, "refused");
	cr_expect_str_eq(o.name, "a=b", "name is %s", o.name);
	cr_expect_eq(o.number, 7, "number is %llu, expected 7",
	    (unsigned long long)o.number);
	cr_expect(o.was_given, "a given option is not marked");
	cr_expect_not(o.quiet, "a flag that was not given is set");
	cr_assert_eq(parse(&o, "--name=", "--quiet", NULL), 0, "refused");
	cr_expect_str_eq(o.name, "", "name is %s, expected nothing", o.name);
	cr_expect(o.quiet, "a given flag is not set");
	cr_expect_not(o.was_given, "an absent option is marked");
}

Test(options, operands_move_to_the_front, .timeout = 30)
{
	struct opts o;

	cr_assert_eq(parse(&o, "one", "--quiet", "-"), 0, "refused");
	cr_assert_eq(nargs, 2, "%d operands, expected 2", nargs);
	cr_expect_str_eq(args[1], "one", "first is %s", args[1]);
	cr_expect_str_eq(args[2], "-", "second is %s", args[2]);
	cr_assert_eq(parse(&o, "--", "--quiet", NULL), 0, "refused");
	cr_assert_eq(nargs, 1, "%d operands, expected 1", nargs);
	cr_expect_str_eq(args[1], "--quiet", "operand is %s", args[1]);
	cr_expect_not(o.quiet, "an operand is taken for an option");
}

Test(options, a_unique_beginning_is_enough, .timeout = 30)
{
	struct opts o;

	cr_expect_eq(parse(&o, "--q", "--na=x", "--number=1"), 0,
	    "unique beginnings are refused");
	cr_expect(o.quiet && strcmp(o.name, "x") == 0 && o.number == 1,
	    "quiet %d, name %s, number %llu", o.quiet, o.name,
	    (unsigned long long)o.number);
	cr_expect_eq(parse(&o, "--number-", "3", NULL), 0, "refused");
	cr_expect_eq(
	    o.ratio, 3, "%llu, expected 3", (unsigned long long)o.ratio);
}

Test(options, a_list_keeps_all_in_order, .timeout = 30)
{
	struct opts o;

	cr_assert_eq(
	    parse(&o, "--each=a", "--each=b", "--each=a"), 0, "refused");
	cr_assert_eq(o.list.n, 3, "%zu items, expected 3", o.list.n);
	cr_expect_str_eq(o.list.items[1], "b", "second is %s", o.list.items[1]);
}

Test(options, a_list_has_an_end, .timeout = 30)
{
	static char item[] = "--each=a", name[] = "tt-test";
	struct opts o = { 0 };
	int i;

	args[0] = name;
	for (i = 1; i <= OPTION_LIST_MAX + 1; i++)
		args[i] = item;
	cr_redirect_stderr();
	cr_expect_eq(options_parse(&prog, &o, i - 1, args, &nargs, &done), 0,
	    "%d items are refused", OPTION_LIST_MAX);
	memset(&o, 0, sizeof(o));
	cr_expect_eq(options_parse(&prog, &o, i, args, &nargs, &done), -1,
	    "%d items are accepted", OPTION_LIST_MAX + 1);
}

struct mistake {
	const char *a, *b, *line;
};

static const struct mistake mistakes[] = {
	{ "--nope", NULL, "unknown option --nope (see tt-test --help)" },
	{ "--n", NULL, "ambiguous option --n (see tt-test --help)" },
	{ "--quiet=1", NULL, "--quiet takes no value" },
	{ "--name", NULL, "--name needs a value" },
	{ "--number", "-1", "--number: not a whole number: \"-1\"" },
	{ "--number", "1x", "--number: not a whole number: \"1x\"" },
	{ "--number=", NULL, "--number: not a whole number: \"\"" },
	{ "--number", "11", "--number: 11 is more than 10" },
	{ "--number-of", "18446744073709551616",
	    "--number-of-the-very-long-kind: not a whole number: "
	    "\"18446744073709551616\"" },
	{ "-q", NULL, "unknown option -q (see tt-test --help)" },
	{ "--=x", NULL, "unknown option -- (see tt-test --help)" },
};

Test(options, each_mistake_gets_one_line, .timeout = 30)
{
	char got[2048], expect[2048];
	size_t i, len = 0;
	struct opts o;
	FILE *f;

	cr_redirect_stderr();
	for (i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		cr_expect_eq(parse(&o, mistakes[i].a, mistakes[i].b, NULL), -1,
		    "%s is accepted", mistakes[i].a);
		len += (size_t)snprintf(expect + len, sizeof(expect) - len,
		    "tt-test: %s\n", mistakes[i].line);
	}
	fflush(stderr);
	f = cr_get_redirected_stderr();
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	cr_expect_str_eq(got, expect, "got\n%s\nexpected\n%s", got, expect);
}

Test(options, help_is_printed_from_the_table_within_80_columns, .timeout = 30)
{
	static const char expect[] =
	    "Usage: tt-test [OPTION]...\n"
	    "Tests options.\n"
	    "\n"
	    "Things:\n"
	    "  --quiet                   say nothing\n"
	    "  --name NAME               what to call it, in so many words "
	    "that "
	    "the line has\n"
	    "                            to be broken at the right margin\n"
	    "  --number N                how many\n"
	    "  --number-of-the-very-long-kind N\n"
	    "                            on its own line\n"
	    "  --each X                  several\n"
	    "\n"
	    "  --lang en|zh              language of texts (default: the "
	    "locale's)\n"
	    "  --help                    show this text\n"
	    "  --version                 show the version\n";
	char got[2048];
	struct opts o;

	cr_redirect_stdout();
	cr_assert_eq(parse(&o, "--help", "--nope", NULL), 0, "refused");
	cr_expect(done, "help does not end the program");
	fflush(stdout);
	got[fread(got, 1, sizeof(got) - 1, cr_get_redirected_stdout())] = '\0';
	cr_expect_str_eq(got, expect, "got\n%s\nexpected\n%s", got, expect);
}

Test(options, version_names_the_program, .timeout = 30)
{
	char got[64];
	struct opts o;

	cr_redirect_stdout();
	cr_assert_eq(parse(&o, "-v", NULL, NULL), 0, "refused");
	cr_expect(done, "version does not end the program");
	fflush(stdout);
	got[fread(got, 1, sizeof(got) - 1, cr_get_redirected_stdout())] = '\0';
	cr_expect_eq(strncmp(got, "tt-test ", 8), 0, "got %s", got);
}
