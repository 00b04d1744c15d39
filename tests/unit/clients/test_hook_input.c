/* What agents tell their hooks, whole, cut short, late, or no JSON at all. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "clients/common/client.h"
#include "clients/common/hook_input.h"
#include "clients/common/safe_name.h"

TestSuite(hook_input, .timeout = 30);

static void
read_from(struct hook_input *in, const char *text, size_t len, bool ends)
{
	int fds[2];

	cr_assert_eq(pipe(fds), 0, "no pipe");
	cr_assert_eq(write(fds[1], text, len), (ssize_t)len, "no write");
	if (ends)
		close(fds[1]);
	hook_input_read(in, fds[0], client_now_ms() + (ends ? 20000 : 50));
	if (!ends)
		close(fds[1]);
	close(fds[0]);
}

static void
expect_session(const struct hook_input *in, const char *session)
{
	cr_expect_str_eq(in->session, session, "session \"%s\", expected %s",
	    in->session, session);
}

Test(hook_input, what_matters_is_taken)
{
	static const char text[] =
	    "{\"session_id\":\"s-1\",\"hook_event_name\":\"SessionStart\","
	    "\"source\":\"resume\",\"tool_input\":{\"session_id\":\"no\"}}\n";
	struct hook_input in;

	read_from(&in, text, sizeof(text) - 1, true);
	expect_session(&in, "s-1");
	cr_expect_str_eq(in.event, "SessionStart", "event %s", in.event);
	cr_expect_str_eq(in.source, "resume", "source %s", in.source);
	cr_expect_not(in.is_subagent, "a main session is a sub-agent");
}

Test(hook_input, the_end_of_the_object_is_enough)
{
	static const char text[] = "{\"session_id\":\"s-2\"}";
	struct hook_input in;
	int64_t start = client_now_ms();
	int fds[2];

	cr_assert_eq(pipe(fds), 0, "no pipe");
	cr_assert_eq(write(fds[1], text, sizeof(text) - 1),
	    (ssize_t)sizeof(text) - 1, "no write");
	hook_input_read(&in, fds[0], start + 15000);
	expect_session(&in, "s-2");
	cr_expect_lt(client_now_ms() - start, 10000, "it waited for more");
	close(fds[0]);
	close(fds[1]);
}

Test(hook_input, sub_agents_are_known_by_their_id_or_key)
{
	static const struct {
		const char *text;
		bool is_subagent;
	} cases[] = {
		{ "{\"session_id\":\"s\",\"agent_id\":\"a1\"}", true },
		{ "{\"session_id\":\"s\",\"agent_id\":\"\"}", false },
		{ "{\"session_id\":\"s\",\"agent_type\":\"x\"}", false },
		{ "{\"sessionKey\":\"agent:main:subagent:1\"}", true },
		{ "{\"sessionKey\":\"subagent:1\"}", true },
		{ "{\"sessionKey\":\"agent:nosubagent:1\"}", false },
	};
	struct hook_input in;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hook_input_parse(&in, cases[i].text, strlen(cases[i].text));
		cr_expect_eq(in.is_subagent, cases[i].is_subagent, "%s: %d",
		    cases[i].text, in.is_subagent);
	}
}

Test(hook_input, nonsense_tells_nothing)
{
	static const char *const texts[] = { "", "[]", "{", "\"s\"",
		"{\"session_id\":5}", "{\"session_id\":", "}{", "\xff\xfe" };
	struct hook_input in;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		read_from(&in, texts[i], strlen(texts[i]), true);
		expect_session(&in, "");
	}
	read_from(&in, "{\"session_id\":\"late\"", 20, false);
	expect_session(&in, "");
}

Test(hook_input, a_tools_long_input_is_passed_over)
{
	static char text[200000];
	struct hook_input in;
	FILE *f = tmpfile();

	cr_assert_not_null(f, "no file");
	memset(text, 'x', sizeof(text));
	fputs("{\"tool_input\":{\"content\":\"", f);
	for (int i = 0; i < 50; i++)
		fwrite(text, 1, sizeof(text), f);
	fputs("\"},\"session_id\":\"after\"}", f);
	fflush(f);
	cr_assert_eq(lseek(fileno(f), 0, SEEK_SET), 0, "no seek");
	hook_input_read(&in, fileno(f), client_now_ms() + 20000);
	expect_session(&in, "after");
	fclose(f);
}

Test(hook_input, a_name_is_safe_or_a_question_mark)
{
	static const struct {
		const char *name, *safe;
	} cases[] = {
		{ "claude-sonnet-4-5", "claude-sonnet-4-5" },
		{ "org/model:v1.0@x_y", "org/model:v1.0@x_y" },
		{ "", "?" },
		{ "two words", "?" },
		{ "line\nbreak", "?" },
		{ "`ls`", "?" },
		{ "\xe6\xa8\xa1", "?" },
		{ "0123456789012345678901234567890123456789012345678901234567"
		  "890123",
		    "0123456789012345678901234567890123456789012345678901234567"
		    "890123" },
		{ "0123456789012345678901234567890123456789012345678901234567"
		  "8901234",
		    "?" },
	};
	char buf[SAFE_NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(safe_name(text_of(cases[i].name), buf),
		    cases[i].safe, "%s: %s", cases[i].name, buf);
}
