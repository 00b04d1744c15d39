# Bash completion for tt and the programs behind it. The options come from each
# program's --help, so that nothing is listed twice.

# $1 may be a program and its verb.
_tt_options()
{
	$1 --help 2>/dev/null |
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

_tt_words()
{
	case "$1" in
	tt-send)
		case "$2" in
		--kind) echo main subagent tool ;;
		--tier) echo standard batch flex priority fast ;;
		--billing) echo metered plan ;;
		--source) echo hook log otel manual ;;
		--lang) echo en zh ;;
		*) _tt_options "$1" ;;
		esac
		;;
	tt-report)
		_tt_options "$1"
		echo today yesterday week last-week month last-month year \
			last-year all summary status daily-report \
			weekly-report
		;;
	tt-budget)
		case "$2" in
		--period) echo day week month session block ;;
		--hook) echo claude-code ;;
		--lang) echo en zh ;;
		tt-budget | budget) echo set status list rm check ;;
		rm | status | check) _tt_budgets; _tt_options "$1 $2" ;;
		*) _tt_options "$1 set"; _tt_options "$1 check" ;;
		esac
		;;
	tt-notices)
		case "$2" in
		--hook) echo claude-code openclaw ;;
		--lang) echo en zh ;;
		*) _tt_options "$1" ;;
		esac
		;;
	*) _tt_options "$1" ;;
	esac
}

_tt()
{
	local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]##*/}
	local previous=${COMP_WORDS[COMP_CWORD - 1]}

	if [ "$program" = tt ]; then
		if [ "$COMP_CWORD" -eq 1 ]; then
			mapfile -t COMPREPLY < <(compgen -W \
				"$(_tt_verbs) --lang --help --version" -- "$cur")
			return
		fi
		program=tt-${COMP_WORDS[1]}
	fi
	mapfile -t COMPREPLY < <(compgen -W \
		"$(_tt_words "$program" "$previous")" -- "$cur")
}

complete -o default -F _tt tt tt-send tt-report tt-budget tt-notices
