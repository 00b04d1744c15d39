#include "proto/report.h"

const char *const report_key_names[REPORT_KEYS] = {
	[KEY_MACHINE] = "machine",
	[KEY_AGENT] = "agent",
	[KEY_PROVIDER] = "provider",
	[KEY_MODEL] = "model",
	[KEY_PROJECT] = "project",
	[KEY_BRANCH] = "branch",
	[KEY_ACCOUNT] = "account",
	[KEY_KIND] = "kind",
	[KEY_BILLING] = "billing",
	[KEY_SESSION] = "session",
	[KEY_RULE] = "rule",
};
