#include "proto/report.h"

#include "proto/lang.h"

const char *const report_key_names[REPORT_KEYS] = {
	[KEY_MACHINE] = N_("machine"),
	[KEY_AGENT] = N_("agent"),
	[KEY_PROVIDER] = N_("provider"),
	[KEY_MODEL] = N_("model"),
	[KEY_PROJECT] = N_("project"),
	[KEY_BRANCH] = N_("branch"),
	[KEY_ACCOUNT] = N_("account"),
	[KEY_KIND] = N_("kind"),
	[KEY_BILLING] = N_("billing"),
	[KEY_SESSION] = N_("session"),
	[KEY_RULE] = N_("rule"),
};
