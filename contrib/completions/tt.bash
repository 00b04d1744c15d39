# Bash completion for tt and the programs behind it. The options come from each
# program's --help, so that nothing is listed twice.

# A program, or one and its verb.
_tt_options()
{
	"$@" --help 2>/dev/null |
		sed -n 's/^  \(--[a-z0-9-]*\).*/\1/p'
}

_tt_verbs()
{
	tt --help 2>/dev/null | sed -n 's/^  \([a-z][a-z0-9-]*\)$/\1/p'
}

_tt_budgets()
{
	tt-budget list --json 2>/dev/null |
		sed -n 's/^ {"name":"\([^"]*\)".*/\1/p'
}

_tt_accounts()
{
	tt-provider list --json 2>/dev/null |
		sed -n 's/^  {"name":"\([^"]*\)".*/\1/p'
}

_tt_services()
{
	tt-provider services --json 2>/dev/null |
		sed -n 's/^  {"name":"\([^"]*\)".*/\1/p'
}

_tt_import_words()
{
	case "$1" in
	json | config)
		case "$2" in
		-*) _tt_options tt-import "$1" ;;
		esac
		;;
	--root) ;;
	*)
		_tt_options tt-import
		echo all claude codex opencode gemini qwen copilot amp kimi pi \
			droid openclaw goose zed json config
		;;
	esac
}

_tt_setup_words()
{
	_tt_options tt-setup
	case "$1" in
	check | install | uninstall)
		echo claude-code codex opencode gemini openclaw bash zsh fish
		;;
	*) echo check install uninstall ;;
	esac
}

_tt_regions()
{
	tt-provider services --json 2>/dev/null |
		sed -n '/^  {"name"/s/.*"regions":\[\(.*\)\],$/\1/p' |
		grep -o '"name":"[^"]*"' | cut -d '"' -f 4 | sort -u
}

# PREVIOUS-WORD VERB; of what is not listed a file may be meant
_tt_provider_words()
{
	case "$1" in
	--low-balance) echo none ;;
	--region) _tt_regions ;;
	--color) echo auto always never ;;
	--account | --base-url | --key-file | --key-command | --key-env | \
		--width | --deadline) ;;
	tt-provider | provider)
		echo add set list enable disable rm sync balance services ;;
	add) _tt_services; _tt_options tt-provider add ;;
	set | list | enable | disable | rm | sync | balance)
		_tt_accounts; _tt_options tt-provider "$1" ;;
	*) _tt_options tt-provider "$2" ;;
	esac
}

# PROGRAM PREVIOUS-WORD FIRST-WORD CURRENT-WORD
_tt_words()
{
	case "$2" in
	--lang)
		echo en zh
		return
		;;
	esac
	case "$1" in
	tt-send)
		case "$2" in
		--kind) echo main subagent tool ;;
		--tier) echo standard batch flex priority fast ;;
		--billing) echo metered plan ;;
		--source) echo hook log otel manual ;;
		*) _tt_options "$1" ;;
		esac
		;;
	tt-report)
		if [ "$2" = --source ]; then
			echo seen billed best
			return
		fi
		_tt_options "$1"
		echo today yesterday week last-week month last-month year \
			last-year all summary bill session sessions blocks \
			statusline reconcile explain doctor events follow prune \
			status daily-report weekly-report
		;;
	tt-import) _tt_import_words "$3" "$4" ;;
	tt-setup) _tt_setup_words "$3" ;;
	tt-price)
		_tt_options tt-price
		echo list set unset update explain recost
		;;
	tt-budget)
		case "$2" in
		--period) echo day week month session block ;;
		--hook) echo claude-code ;;
		tt-budget | budget) echo set status list rm check ;;
		rm | status | check) _tt_budgets; _tt_options "$1" "$2" ;;
		*) _tt_options "$1" set; _tt_options "$1" check ;;
		esac
		;;
	tt-provider) _tt_provider_words "$2" "$3" ;;
	tt-notices)
		case "$2" in
		--hook) echo claude-code openclaw ;;
		*) _tt_options "$1" ;;
		esac
		;;
	*) _tt_options "$1" ;;
	esac
}

_tt()
{
	local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]##*/}
	local previous=${COMP_WORDS[COMP_CWORD - 1]} first=1

	if [ "$program" = tt ]; then
		if [ "$COMP_CWORD" -eq 1 ]; then
			mapfile -t COMPREPLY < <(compgen -W \
				"$(_tt_verbs) --lang --help --version" -- "$cur")
			return
		fi
		program=tt-${COMP_WORDS[1]} first=2
	fi
	mapfile -t COMPREPLY < <(compgen -W \
		"$(_tt_words "$program" "$previous" "${COMP_WORDS[first]}" "$cur")" \
		-- "$cur")
}

complete -o default -F _tt tt tt-send tt-report tt-price tt-import tt-setup \
	tt-budget tt-notices tt-provider
