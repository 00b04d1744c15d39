#include "clients/common/uuid.h"

#include <string.h>
#include <sys/random.h>

void
uuid_format(
    int64_t ms, const uint8_t random[UUID_RANDOM], char out[UUID_TEXT_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t b[6 + UUID_RANDOM];
	int i;

	for (i = 0; i < 6; i++)
		b[i] = (uint8_t)((uint64_t)ms >> (40 - 8 * i));
	memcpy(b + 6, random, UUID_RANDOM);
	b[6] = 0x70 | (b[6] & 0x0f); /* version 7 */
	b[8] = 0x80 | (b[8] & 0x3f); /* the variant of RFC 9562 */
	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[b[i] >> 4];
		*out++ = hex[b[i] & 0x0f];
	}
	*out = '\0';
}

int
uuid_make(int64_t ms, char out[UUID_TEXT_LEN + 1])
{
	uint8_t random[UUID_RANDOM];

	/* So few bytes come whole or not at all. */
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	uuid_format(ms, random, out);
	return 0;
}
