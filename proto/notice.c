#include "proto/notice.h"

const char *const notice_kind_names[NOTICE_KINDS] = { "budget", "daily",
	"weekly", "quota", "source", "provider", "price", "balance" };
const char *const notice_level_names[NOTICE_LEVELS] = { "info", "warn",
	"limit" };
