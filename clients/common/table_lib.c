#include "clients/common/table_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define ROW(name) { "scols_" #name, offsetof(struct table_lib, name) },
	TABLE_LIB_FUNCTIONS(ROW)
#undef ROW
};

int
table_lib_load(struct table_lib *lib)
{
	void *handle = dlopen("libsmartcols.so.1", RTLD_LAZY | RTLD_LOCAL);
	void *function;

	if (handle == NULL)
		return -1;
	for (size_t i = 0; i < LENGTH(functions); i++) {
		function = dlsym(handle, functions[i].name);
		if (function == NULL)
			return -1;
		/* POSIX, unlike C, has one size for both kinds of pointers. */
		memcpy((char *)lib + functions[i].offset, &function,
		    sizeof(function));
	}
	return 0;
}
