#include <criterion/criterion.h>

#include <string.h>

#include "clients/common/uuid.h"

Test(uuid, the_example_of_the_standard_comes_out, .timeout = 30)
{
	/* RFC 9562, appendix A.6. */
	static const uint8_t random[UUID_RANDOM] = { 0x0c, 0xc3, 0x18, 0xc4,
		0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };
	char got[UUID_TEXT_LEN + 1];

	uuid_format(0x017f22e279b0, random, got);
	cr_expect_str_eq(
	    got, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "got %s", got);
}

Test(uuid, version_and_variant_overrule_the_random_bits, .timeout = 30)
{
	uint8_t ones[UUID_RANDOM];
	char got[UUID_TEXT_LEN + 1];

	memset(ones, 0xff, sizeof(ones));
	uuid_format(0, ones, got);
	cr_expect_str_eq(
	    got, "00000000-0000-7fff-bfff-ffffffffffff", "got %s", got);
}

Test(uuid, two_of_one_millisecond_differ, .timeout = 30)
{
	char a[UUID_TEXT_LEN + 1], b[UUID_TEXT_LEN + 1];

	cr_assert_eq(uuid_make(1778580000000, a), 0, "no random bytes");
	cr_assert_eq(uuid_make(1778580000000, b), 0, "no random bytes");
	cr_expect_str_neq(a, b, "both are %s", a);
	cr_expect_eq(memcmp(a, b, 13), 0, "%s and %s differ in time", a, b);
}

Test(uuid, later_ones_sort_later, .timeout = 30)
{
	char a[UUID_TEXT_LEN + 1], b[UUID_TEXT_LEN + 1];

	uuid_make(1778580000000, a);
	uuid_make(1778580000001, b);
	cr_expect_lt(strcmp(a, b), 0, "%s is not before %s", a, b);
}
