/*
 * What libraries call only for what tt-import never asks of them: SQLite to
 * load an extension, libuv to tell who the user is. A program that is linked
 * statically should not even try; the linker puts these in their place.
 */
#include <errno.h>
#include <pwd.h>
#include <stddef.h>

void *__wrap_dlopen(const char *path, int flags);
int __wrap_getpwuid_r(
    uid_t uid, struct passwd *pw, char *buf, size_t len, struct passwd **found);

void *
__wrap_dlopen(const char *path, int flags)
{
	(void)path;
	(void)flags;
	return NULL;
}

int
__wrap_getpwuid_r(
    uid_t uid, struct passwd *pw, char *buf, size_t len, struct passwd **found)
{
	(void)uid;
	(void)pw;
	(void)buf;
	(void)len;
	*found = NULL;
	return ENOENT;
}
