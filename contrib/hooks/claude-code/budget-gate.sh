#!/bin/sh
# PreToolUse hook of Claude Code: no tool runs while a budget is used up, and
# the agent is told why. In ~/.claude/settings.json:
#
#   "hooks": { "PreToolUse": [ { "hooks": [ { "type": "command",
#       "command": "/path/to/budget-gate.sh", "timeout": 5 } ] } ] }
#
# Arguments go to tt-budget: the name of one budget, or --warn to stop at the
# warning. As a UserPromptSubmit hook it keeps prompts from being sent at all.
# Without tt-budget or collectord everything runs as if there were no hook.
command -v tt-budget >/dev/null 2>&1 || exit 0
exec tt-budget check --hook claude-code "$@"
