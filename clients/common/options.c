#include "clients/common/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clients/common/client.h"
#include "clients/common/output.h"
#include "clients/common/text_lang.h"
#include "proto/limits.h"

#define HELP_COLUMN 28
#define HELP_WIDTH 79

enum { BUILTIN_LANG, BUILTIN_HELP, BUILTIN_VERSION, BUILTINS };

static const struct option_spec builtins[BUILTINS] = {
	[BUILTIN_LANG] = { .name = "lang",
	    .kind = OPTION_TEXT,
	    .arg = "en|zh",
	    .help = N_("language of texts (default: the locale's)") },
	[BUILTIN_HELP] = { .name = "help",
	    .kind = OPTION_FLAG,
	    .help = N_("show this text") },
	[BUILTIN_VERSION] = { .name = "version",
	    .kind = OPTION_FLAG,
	    .help = N_("show the version") },
};

struct parse {
	const struct option_program *prog;
	char *opts;
	int argc, at; /* at: the argument being looked at */
	char **argv;
	bool *done;
};

/* Prints words from column `at` on, wrapped, each line indented the same. */
static void
print_wrapped(const char *s, int at, int indent)
{
	bool is_apart = false;
	int width;
	size_t len;

	while (*s != '\0') {
		len = lang_piece(s);
		width = (int)lang_width(s, len);
		if (at + is_apart + width > HELP_WIDTH && at > indent) {
			printf("\n%*s", indent, "");
			at = indent;
		} else if (is_apart) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, s);
		at += width;
		s += len;
		len = strspn(s, " ");
		is_apart = len > 0;
		s += len;
	}
	putchar('\n');
}

static void
print_spec(const struct option_spec *s)
{
	int n;

	if (s->kind == OPTION_HEAD) {
		printf(_("\n%s:\n"), _(s->help));
		return;
	}
	n = printf("  --%s%s%s", s->name, s->arg != NULL ? " " : "",
	    s->arg != NULL ? s->arg : "");
	if (n > HELP_COLUMN - 2) {
		putchar('\n');
		n = 0;
	}
	printf("%*s", HELP_COLUMN - n, "");
	print_wrapped(_(s->help), HELP_COLUMN, HELP_COLUMN);
}

static void
print_help(const struct option_program *prog)
{
	size_t i;

	printf(_("Usage: %s %s\n"), prog->name, _(prog->synopsis));
	print_wrapped(_(prog->summary), 0, 0);
	if (prog->nspecs == 0 || prog->specs[0].kind != OPTION_HEAD)
		putchar('\n');
	for (i = 0; i < prog->nspecs; i++)
		print_spec(&prog->specs[i]);
	putchar('\n');
	for (i = 0; i < BUILTINS; i++)
		print_spec(&builtins[i]);
}

static int
run_builtin(struct parse *ps, const struct option_spec *s)
{
	if (s == &builtins[BUILTIN_HELP])
		print_help(ps->prog);
	else
		printf("%s %s\n", ps->prog->name, TT_VERSION);
	*ps->done = true;
	return 0;
}

static const struct option_spec *
nth_spec(const struct option_program *prog, size_t i)
{
	return i < prog->nspecs ? &prog->specs[i] : &builtins[i - prog->nspecs];
}

/* The option of that name, or the only one that begins so; NULL, told. */
static const struct option_spec *
find_spec(const struct option_program *prog, const char *name, size_t len)
{
	const struct option_spec *s, *found = NULL;
	size_t i, hits = 0;

	for (i = 0; i < prog->nspecs + BUILTINS; i++) {
		s = nth_spec(prog, i);
		if (s->kind == OPTION_HEAD || len == 0 ||
		    strncmp(s->name, name, len) != 0)
			continue;
		if (s->name[len] == '\0')
			return s;
		found = s;
		hits++;
	}
	if (hits == 1)
		return found;
	complain(prog->name,
	    hits == 0 ? _("unknown option --%.*s (see %s --help)")
		      : _("ambiguous option --%.*s (see %s --help)"),
	    (int)len, name, prog->name);
	return NULL;
}

static int
parse_u64(const char *s, uint64_t *out)
{
	uint64_t v = 0, digit;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		digit = (uint64_t)(*s - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return -1;
		v = v * 10 + digit;
	}
	*out = v;
	return 0;
}

static int
store_u64(struct parse *ps, const struct option_spec *s, const char *value)
{
	uint64_t v;

	if (parse_u64(value, &v) != 0) {
		complain(ps->prog->name, _("--%s: not a whole number: \"%s\""),
		    s->name, value);
		return -1;
	}
	if (s->max != 0 && v > s->max) {
		complain(ps->prog->name, _("--%s: %s is more than %llu"),
		    s->name, value, (unsigned long long)s->max);
		return -1;
	}
	memcpy(ps->opts + s->offset, &v, sizeof(v));
	return 0;
}

static int
store_list(struct parse *ps, const struct option_spec *s, const char *value)
{
	struct option_list *list = (void *)(ps->opts + s->offset);

	if (list->n == OPTION_LIST_MAX) {
		complain(ps->prog->name, _("--%s: given more than %d times"),
		    s->name, OPTION_LIST_MAX);
		return -1;
	}
	list->items[list->n++] = value;
	return 0;
}

static int
store_language(struct parse *ps, const char *value)
{
	if (lang_set(value) == 0)
		return 0;
	complain(ps->prog->name, _("--lang: not en or zh: \"%s\""), value);
	return -1;
}

static int
store_value(struct parse *ps, const struct option_spec *s, const char *value)
{
	const bool yes = true;

	if (s->seen_offset != 0)
		memcpy(ps->opts + s->seen_offset, &yes, sizeof(yes));
	switch (s->kind) {
	case OPTION_FLAG:
		memcpy(ps->opts + s->offset, &yes, sizeof(yes));
		return 0;
	case OPTION_TEXT:
		memcpy(ps->opts + s->offset, &value, sizeof(value));
		return 0;
	case OPTION_U64:
		return store_u64(ps, s, value);
	case OPTION_LIST:
		return store_list(ps, s, value);
	case OPTION_HEAD:
		break;
	}
	return -1;
}

/* One "--name", "--name=value" or "--name value"; may take the next one. */
static int
parse_long(struct parse *ps, const char *arg)
{
	const char *value = strchr(arg, '=');
	const struct option_spec *s;
	size_t len = value != NULL ? (size_t)(value - arg) : strlen(arg);

	s = find_spec(ps->prog, arg, len);
	if (s == NULL)
		return -1;
	if (value != NULL)
		value++;
	if (s->kind == OPTION_FLAG && value != NULL) {
		complain(ps->prog->name, _("--%s takes no value"), s->name);
		return -1;
	}
	if (s == &builtins[BUILTIN_HELP] || s == &builtins[BUILTIN_VERSION])
		return run_builtin(ps, s);
	if (s->kind != OPTION_FLAG && value == NULL) {
		if (ps->at + 1 >= ps->argc) {
			complain(
			    ps->prog->name, _("--%s needs a value"), s->name);
			return -1;
		}
		value = ps->argv[++ps->at];
	}
	if (s == &builtins[BUILTIN_LANG])
		return store_language(ps, value);
	return store_value(ps, s, value);
}

bool
options_take_value(const char *name)
{
	const char *lang = builtins[BUILTIN_LANG].name;

	return *name != '\0' && strncmp(lang, name, strlen(name)) == 0;
}

static int
parse_dashed(struct parse *ps, const char *arg)
{
	if (arg[1] == '-')
		return parse_long(ps, arg + 2);
	if (strcmp(arg, "-h") == 0)
		return run_builtin(ps, &builtins[BUILTIN_HELP]);
	if (strcmp(arg, "-v") == 0)
		return run_builtin(ps, &builtins[BUILTIN_VERSION]);
	complain(ps->prog->name, _("unknown option %s (see %s --help)"), arg,
	    ps->prog->name);
	return -1;
}

int
options_parse(const struct option_program *prog, void *opts, int argc,
    char **argv, int *nargs, bool *done)
{
	struct parse ps = { prog, opts, argc, 1, argv, done };
	bool ended = false;
	char *arg;

	*nargs = 0;
	*done = false;
	lang_scan(argc, argv);
	for (; ps.at < argc && !*done; ps.at++) {
		arg = argv[ps.at];
		if (ended || arg[0] != '-' || arg[1] == '\0')
			argv[++*nargs] = arg;
		else if (strcmp(arg, "--") == 0)
			ended = true;
		else if (parse_dashed(&ps, arg) != 0)
			return -1;
	}
	return 0;
}

void
options_put_verb_first(int argc, char **argv)
{
	int n = 0;

	if (argc > 3 && strcmp(argv[1], "--lang") == 0)
		n = 2;
	else if (argc > 2 && strncmp(argv[1], "--lang=", 7) == 0)
		n = 1;
	if (n > 0 && argv[1 + n][0] != '-') {
		char *verb = argv[1 + n];

		memmove(&argv[2], &argv[1], (size_t)n * sizeof(*argv));
		argv[1] = verb;
	}
}

int
options_misused(const char *program, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vcomplain(program, fmt, ap);
	va_end(ap);
	return EXIT_USAGE;
}
