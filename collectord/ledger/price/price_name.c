#include "collectord/ledger/price/price_name.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

const char *const price_vendor_names[VENDORS] = {
	[VENDOR_NONE] = "",
	[VENDOR_ANTHROPIC] = "anthropic",
	[VENDOR_OPENAI] = "openai",
	[VENDOR_GOOGLE] = "google",
	[VENDOR_DEEPSEEK] = "deepseek",
	[VENDOR_MOONSHOT] = "moonshot",
	[VENDOR_MINIMAX] = "minimax",
	[VENDOR_ZAI] = "zai",
	[VENDOR_XAI] = "xai",
	[VENDOR_MISTRAL] = "mistral",
	[VENDOR_ALIBABA] = "alibaba",
};

/* Who may stand before a slash, or be an event's provider. */
enum seller {
	SELLER_UNKNOWN,
	SELLER_VENDOR,  /* of its own models */
	SELLER_PASSING, /* passes others' models on at their price */
	SELLER_HOST,    /* of open models, or in another currency: own prices */
	SELLER_LOCAL,   /* a program on some machine of the user's */
};

static const struct seller_name {
	const char *name;
	enum seller kind;
	enum price_vendor vendor;
} sellers[] = {
	{ "anthropic", SELLER_VENDOR, VENDOR_ANTHROPIC },
	{ "openai", SELLER_VENDOR, VENDOR_OPENAI },
	{ "google", SELLER_VENDOR, VENDOR_GOOGLE },
	{ "gemini", SELLER_VENDOR, VENDOR_GOOGLE },
	{ "deepseek", SELLER_VENDOR, VENDOR_DEEPSEEK },
	{ "moonshot", SELLER_VENDOR, VENDOR_MOONSHOT },
	{ "moonshotai", SELLER_VENDOR, VENDOR_MOONSHOT },
	{ "minimax", SELLER_VENDOR, VENDOR_MINIMAX },
	{ "zai", SELLER_VENDOR, VENDOR_ZAI },
	{ "z-ai", SELLER_VENDOR, VENDOR_ZAI },
	{ "xai", SELLER_VENDOR, VENDOR_XAI },
	{ "x-ai", SELLER_VENDOR, VENDOR_XAI },
	{ "mistral", SELLER_VENDOR, VENDOR_MISTRAL },
	{ "mistralai", SELLER_VENDOR, VENDOR_MISTRAL },
	{ "alibaba", SELLER_VENDOR, VENDOR_ALIBABA },
	{ "qwen", SELLER_VENDOR, VENDOR_ALIBABA },
	{ "dashscope", SELLER_VENDOR, VENDOR_ALIBABA },
	{ "openrouter", SELLER_PASSING, VENDOR_NONE },
	{ "azure", SELLER_PASSING, VENDOR_NONE },
	{ "azure_ai", SELLER_PASSING, VENDOR_NONE },
	{ "bedrock", SELLER_PASSING, VENDOR_NONE },
	{ "bedrock_converse", SELLER_PASSING, VENDOR_NONE },
	{ "amazon-bedrock", SELLER_PASSING, VENDOR_NONE },
	{ "converse", SELLER_PASSING, VENDOR_NONE },
	{ "vertex_ai", SELLER_PASSING, VENDOR_NONE },
	{ "vertex", SELLER_PASSING, VENDOR_NONE },
	{ "google-vertex", SELLER_PASSING, VENDOR_NONE },
	{ "google-vertex-anthropic", SELLER_PASSING, VENDOR_NONE },
	{ "models", SELLER_PASSING, VENDOR_NONE },
	{ "litellm", SELLER_PASSING, VENDOR_NONE },
	{ "litellm_proxy", SELLER_PASSING, VENDOR_NONE },
	{ "vercel", SELLER_PASSING, VENDOR_NONE },
	{ "vercel_ai_gateway", SELLER_PASSING, VENDOR_NONE },
	{ "github-copilot", SELLER_PASSING, VENDOR_NONE },
	{ "github_copilot", SELLER_PASSING, VENDOR_NONE },
	{ "copilot", SELLER_PASSING, VENDOR_NONE },
	{ "opencode", SELLER_PASSING, VENDOR_NONE },
	{ "cursor", SELLER_PASSING, VENDOR_NONE },
	{ "requesty", SELLER_PASSING, VENDOR_NONE },
	{ "alibaba-cn", SELLER_HOST, VENDOR_NONE },
	{ "baseten", SELLER_HOST, VENDOR_NONE },
	{ "bigmodel", SELLER_HOST, VENDOR_NONE },
	{ "cerebras", SELLER_HOST, VENDOR_NONE },
	{ "chutes", SELLER_HOST, VENDOR_NONE },
	{ "deepinfra", SELLER_HOST, VENDOR_NONE },
	{ "fireworks", SELLER_HOST, VENDOR_NONE },
	{ "fireworks-ai", SELLER_HOST, VENDOR_NONE },
	{ "fireworks_ai", SELLER_HOST, VENDOR_NONE },
	{ "groq", SELLER_HOST, VENDOR_NONE },
	{ "huggingface", SELLER_HOST, VENDOR_NONE },
	{ "hyperbolic", SELLER_HOST, VENDOR_NONE },
	{ "minimax-cn", SELLER_HOST, VENDOR_NONE },
	{ "moonshotai-cn", SELLER_HOST, VENDOR_NONE },
	{ "nebius", SELLER_HOST, VENDOR_NONE },
	{ "novita", SELLER_HOST, VENDOR_NONE },
	{ "novita-ai", SELLER_HOST, VENDOR_NONE },
	{ "nvidia", SELLER_HOST, VENDOR_NONE },
	{ "nvidia_nim", SELLER_HOST, VENDOR_NONE },
	{ "replicate", SELLER_HOST, VENDOR_NONE },
	{ "sambanova", SELLER_HOST, VENDOR_NONE },
	{ "siliconflow", SELLER_HOST, VENDOR_NONE },
	{ "siliconflow-cn", SELLER_HOST, VENDOR_NONE },
	{ "together", SELLER_HOST, VENDOR_NONE },
	{ "together_ai", SELLER_HOST, VENDOR_NONE },
	{ "togetherai", SELLER_HOST, VENDOR_NONE },
	{ "zhipuai", SELLER_HOST, VENDOR_NONE },
	{ "hosted_vllm", SELLER_LOCAL, VENDOR_NONE },
	{ "jan", SELLER_LOCAL, VENDOR_NONE },
	{ "llama-cpp", SELLER_LOCAL, VENDOR_NONE },
	{ "llama.cpp", SELLER_LOCAL, VENDOR_NONE },
	{ "llama_cpp", SELLER_LOCAL, VENDOR_NONE },
	{ "llamacpp", SELLER_LOCAL, VENDOR_NONE },
	{ "lm-studio", SELLER_LOCAL, VENDOR_NONE },
	{ "lm_studio", SELLER_LOCAL, VENDOR_NONE },
	{ "lmstudio", SELLER_LOCAL, VENDOR_NONE },
	{ "local", SELLER_LOCAL, VENDOR_NONE },
	{ "localai", SELLER_LOCAL, VENDOR_NONE },
	{ "mlx", SELLER_LOCAL, VENDOR_NONE },
	{ "ollama", SELLER_LOCAL, VENDOR_NONE },
	{ "ollama_chat", SELLER_LOCAL, VENDOR_NONE },
	{ "sglang", SELLER_LOCAL, VENDOR_NONE },
	{ "vllm", SELLER_LOCAL, VENDOR_NONE },
};

static const struct seller_name *
find_seller(struct text t)
{
	static const struct seller_name unknown = { "", SELLER_UNKNOWN,
		VENDOR_NONE };

	for (size_t i = 0; i < LENGTH(sellers); i++)
		if (sellers[i].name[0] == (t.len > 0 ? t.p[0] : '\0') &&
		    text_is(t, sellers[i].name))
			return &sellers[i];
	return &unknown;
}

static bool
has_own_prices(const struct seller_name *s)
{
	return s->kind == SELLER_HOST || s->kind == SELLER_LOCAL;
}

static uint32_t
lower_case(struct text t, char *out)
{
	uint32_t len = t.len < LIMIT_TEXT ? t.len : LIMIT_TEXT;

	for (uint32_t i = 0; i < len; i++)
		out[i] = t.p[i] >= 'A' && t.p[i] <= 'Z'
			     ? (char)(t.p[i] + ('a' - 'A'))
			     : t.p[i];
	return len;
}

static struct text
last_form(const struct price_name *name)
{
	return name->form[name->n - 1];
}

static void
add_form(struct price_name *name, struct text t)
{
	if (t.len > 0 && t.len != last_form(name).len &&
	    name->n < PRICE_FORMS_MAX)
		name->form[name->n++] = t;
}

static bool
ends_with(struct text t, const char *end)
{
	size_t n = strlen(end);

	return t.len > n && memcmp(t.p + t.len - n, end, n) == 0;
}

static bool
begins_with(struct text t, const char *start)
{
	size_t n = strlen(start);

	return t.len > n && memcmp(t.p, start, n) == 0;
}

static struct text
without_start(struct text t, size_t n)
{
	return (struct text){ t.p + n, t.len - (uint32_t)n };
}

static struct text
without_end(struct text t, size_t n)
{
	return (struct text){ t.p, t.len - (uint32_t)n };
}

/* Drops the first part of a path when it is a seller we know. */
static bool
drop_seller(struct price_name *name)
{
	struct text t = last_form(name);
	const char *slash = memchr(t.p, '/', t.len);
	const struct seller_name *s;
	uint32_t len;

	if (slash == NULL)
		return false;
	len = (uint32_t)(slash - t.p);
	s = find_seller((struct text){ t.p, len });
	if (s->kind == SELLER_UNKNOWN || len + 1 == t.len)
		return false;
	if (s->vendor != VENDOR_NONE)
		name->vendor = s->vendor;
	if (has_own_prices(s))
		name->at_list_price = false;
	add_form(name, without_start(t, len + 1));
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "-v1", "-v2:0" at the end; its length or 0. */
static size_t
version_len(struct text t)
{
	uint32_t i = t.len;

	if (i >= 2 && t.p[i - 2] == ':' && is_digit(t.p[i - 1]))
		i -= 2;
	if (i > 3 && is_digit(t.p[i - 1]) && t.p[i - 2] == 'v' &&
	    t.p[i - 3] == '-')
		return t.len - (i - 3);
	return 0;
}

/* Amazon's names of Anthropic's models: a region may stand before. */
static void
drop_bedrock(struct price_name *name)
{
	static const char *const regions[] = { "us.", "us-gov.", "eu.", "apac.",
		"au.", "jp.", "ca.", "global." };
	struct text t = last_form(name);

	for (size_t i = 0; i < LENGTH(regions); i++) {
		if (begins_with(t, regions[i])) {
			t = without_start(t, strlen(regions[i]));
			break;
		}
	}
	if (!begins_with(t, "anthropic."))
		return;
	t = without_start(t, strlen("anthropic."));
	name->vendor = VENDOR_ANTHROPIC;
	add_form(name, without_end(t, version_len(t)));
}

/* Eight digits that can be a day of this century. */
static bool
is_day(const char *d)
{
	int month = (d[4] - '0') * 10 + d[5] - '0';
	int day = (d[6] - '0') * 10 + d[7] - '0';

	return d[0] == '2' && d[1] == '0' && month >= 1 && month <= 12 &&
	       day >= 1 && day <= 31;
}

/* Does the name end like `shape`, where 0 is a digit, in a possible day? */
static bool
ends_in_day(struct text t, const char *shape)
{
	size_t n = strlen(shape), ndigits = 0;
	char digits[8];

	if (t.len <= n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = t.p[t.len - n + i];

		if (shape[i] == '0' && is_digit(c))
			digits[ndigits++] = c;
		else if (shape[i] == '0' || shape[i] != c)
			return false;
	}
	return is_day(digits);
}

static void
drop_snapshot(struct price_name *name)
{
	static const char *const shapes[] = { "-00000000", "-0000-00-00",
		"@00000000", "@0000-00-00" };
	struct text t = last_form(name);

	if (ends_with(t, "@default"))
		add_form(name, without_end(t, strlen("@default")));
	for (size_t i = 0; i < LENGTH(shapes); i++) {
		if (ends_in_day(t, shapes[i])) {
			add_form(name, without_end(t, strlen(shapes[i])));
			return;
		}
	}
}

void
price_name_init(
    struct price_name *name, struct text provider, struct text model)
{
	struct text p = { name->provider,
		lower_case(provider, name->provider) };

	name->provider_len = p.len;
	name->vendor = VENDOR_NONE;
	name->at_list_price = !has_own_prices(find_seller(p));
	name->form[0] =
	    (struct text){ name->room, lower_case(model, name->room) };
	name->n = 1;
	if (ends_with(last_form(name), "[1m]"))
		add_form(name, without_end(last_form(name), 4));
	for (int i = 0; i < 4 && drop_seller(name); i++)
		;
	drop_bedrock(name);
	drop_snapshot(name);
}
