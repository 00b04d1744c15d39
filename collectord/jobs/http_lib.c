#include "collectord/jobs/http_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Debian has one for each TLS library; any will do. */
static const char *const files[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define ROW(name) { "curl_" #name, offsetof(struct http_lib, name) },
	HTTP_LIB_FUNCTIONS(ROW)
#undef ROW
};

static void *
open_any(void)
{
	void *handle = NULL;

	for (size_t i = 0; i < LENGTH(files) && handle == NULL; i++)
		handle = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
	return handle;
}

int
http_lib_load(struct http_lib *lib)
{
	void *handle = open_any(), *function;

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
