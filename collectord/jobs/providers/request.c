#include "collectord/jobs/providers/request.h"

#include <stdio.h>

#include "proto/calendar.h"

static void
append(struct provider_request *r, const char *p, size_t len)
{
	size_t used = strlen(r->url);

	if (len >= sizeof(r->url) - used) {
		r->failed = true;
		return;
	}
	memcpy(r->url + used, p, len);
	r->url[used + len] = '\0';
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

static void
append_encoded(struct provider_request *r, struct text t)
{
	static const char hex[] = "0123456789ABCDEF";

	for (uint32_t i = 0; i < t.len; i++) {
		uint8_t c = (uint8_t)t.p[i];
		char three[3] = { '%', hex[c >> 4], hex[c & 15] };

		if (is_unreserved(t.p[i]))
			append(r, &t.p[i], 1);
		else
			append(r, three, sizeof(three));
	}
}

void
request_begin(struct provider_request *r, const struct provider_query *q,
    const char *path)
{
	const char *base = q->account->base_url;
	size_t len;

	r->url[0] = '\0';
	r->n_headers = 0;
	r->failed = false;
	if (base == NULL)
		base = q->provider->regions[q->account->region].base_url;
	len = strlen(base);
	while (len > 0 && base[len - 1] == '/')
		len--;
	append(r, base, len);
	append(r, path, strlen(path));
	request_header(r, "Accept: application/json");
}

void
request_param(struct provider_request *r, const char *name, struct text value)
{
	append(r, strchr(r->url, '?') == NULL ? "?" : "&", 1);
	append(r, name, strlen(name));
	append(r, "=", 1);
	append_encoded(r, value);
}

void
request_number(struct provider_request *r, const char *name, uint64_t value)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%llu", (unsigned long long)value);
	request_param(r, name, text_of(buf));
}

void
request_header(struct provider_request *r, const char *line)
{
	size_t len = strlen(line);

	if (r->n_headers == PROVIDER_HEADERS_MAX ||
	    len >= sizeof(r->header[0].text)) {
		r->failed = true;
		return;
	}
	memcpy(r->header[r->n_headers++].text, line, len + 1);
}

struct text
request_date(int64_t ms, char buf[REQUEST_DATE_MAX])
{
	calendar_format_utc(ms, buf);
	return (struct text){ buf, strlen("2026-09-22") };
}

struct text
request_time(int64_t ms, char buf[REQUEST_DATE_MAX])
{
	size_t len = strlen("2026-09-22T00:00:00");

	calendar_format_utc(ms, buf);
	buf[len] = 'Z';
	return (struct text){ buf, (uint32_t)len + 1 };
}

int
request_end(const struct provider_request *r)
{
	return r->failed ? -1 : 0;
}
