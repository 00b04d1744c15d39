#include "clients/common/safe_name.h"

bool
safe_name_has(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("._:/@-", c) != NULL);
}

const char *
safe_name(struct text t, char buf[SAFE_NAME_MAX + 1])
{
	bool fits = t.len > 0 && t.len <= SAFE_NAME_MAX;

	for (uint32_t i = 0; fits && i < t.len; i++)
		fits = safe_name_has(t.p[i]);
	if (!fits)
		t = TEXT("?");
	memcpy(buf, t.p, t.len);
	buf[t.len] = '\0';
	return buf;
}
