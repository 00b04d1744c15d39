#include "collectord/jobs/sync/provider_key.h"

#include <stdio.h>
#include <string.h>

#define KEY_LEAST 8
#define SHOWN_LEAST 16 /* shorter ones do not show their end */

bool
provider_key_is_fine(struct text key)
{
	if (key.len < KEY_LEAST || key.len >= PROVIDER_KEY_MAX)
		return false;
	for (uint32_t i = 0; i < key.len; i++)
		if (key.p[i] <= ' ' || key.p[i] > '~')
			return false;
	return true;
}

void
provider_key_mask(struct text key, char buf[PROVIDER_MASK_MAX])
{
	bool is_long = key.len >= SHOWN_LEAST;

	snprintf(buf, PROVIDER_MASK_MAX, "%.*s\xe2\x80\xa6%.*s",
	    key.len > 3 && memcmp(key.p, "sk-", 3) == 0 ? 3 : 0, key.p,
	    is_long ? 4 : 0, is_long ? key.p + key.len - 4 : "");
}

static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

int
provider_origin(const char *url, char buf[PROVIDER_ORIGIN_MAX])
{
	const char *host = strstr(url, "://");
	size_t len;

	if (host == NULL)
		return -1;
	host += 3;
	len = (size_t)(host - url) + strcspn(host, "/?#");
	if (len >= PROVIDER_ORIGIN_MAX || len == (size_t)(host - url))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (url[i] <= ' ' || url[i] > '~' || url[i] == '@' ||
		    url[i] == '\\')
			return -1;
		buf[i] = small(url[i]);
	}
	buf[len] = '\0';
	return 0;
}
