#!/bin/sh
# Every text for people has its translation: what xgettext finds in the sources
# stands in clients/po, none of it fuzzy, none left over, and with the same
# directives; and every message that is sent or comes with an event is
# known to clients/common/text_lang.c, by which clients translate it. Ends with `ok NAME` or `not ok
# NAME`.
set -u
cd "$(dirname "$0")/.."
po=clients/po/zh_CN.po
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0

command -v xgettext >/dev/null || {
	echo 'skip lang: gettext is not installed'
	exit 0
}

sources() {
	find proto clients collectord -name '*.[ch]' | sort
}

# The tables of options are macros: which of their arguments is the help text.
extract() {
	xgettext -o "$1" --from-code=UTF-8 --no-wrap --keyword \
	    --keyword=_ --keyword=N_ --keyword=P_:1,2 \
	    --keyword=REPORT_OPTION:5 --keyword=REPORT_NUMBER:6 \
	    --keyword=REPORT_HEAD:1 --keyword=REPORT_FILTER:3 \
	    --keyword=HEAD:1 --keyword=FLAG:3 --keyword=WORD:4 \
	    --keyword=NUMBER:4 --keyword=TOKENS:3 $(sources)
}

tell() {
	if [ "$1" = 0 ]; then
		echo "ok lang: $2"
	else
		echo "not ok lang: $2"
		failed=1
	fi
}

# Every word of a format that stands for a value, and its length, is one %s.
plain() {
	sed -n 's/^msgid "\(.*\)"$/\1/p' "$1" |
	    sed -E 's/%(<[A-Za-z0-9]+>|[-+ 0#]*[0-9.*]*(hh|h|ll|l|z|j|t)?[diouxsc])/%s/g' |
	    grep -vx '' | sort -u
}

extract "$dir/tt.pot" && [ -s "$dir/tt.pot" ]
tell $? 'texts can be extracted'

msgfmt -c -o "$dir/tt.mo" "$po"
tell $? 'the catalogue is well formed, its directives are those of the texts'

msgcmp "$po" "$dir/tt.pot"
tell $? 'every text is translated, and none is fuzzy'

msgcomm --no-wrap --no-location -s -o "$dir/both.po" "$po" "$dir/tt.pot"
msgattrib --no-wrap --no-obsolete --no-location -s -o "$dir/have.po" "$po"
plain "$dir/both.po" >"$dir/both"
plain "$dir/have.po" >"$dir/have"
comm -13 "$dir/both" "$dir/have" >"$dir/left"
sed 's/^/left over: /' "$dir/left"
[ ! -s "$dir/left" ]
tell $? 'no translation is left over'

xgettext -o "$dir/set.pot" --from-code=UTF-8 --no-wrap --keyword \
    --keyword=error_set:4 --keyword=method_fail:4 $(sources)
xgettext -j -o "$dir/set.pot" --from-code=UTF-8 --no-wrap --keyword \
    --keyword=fail:3 proto/json.c
xgettext -o "$dir/known.pot" --from-code=UTF-8 --no-wrap --keyword \
    --keyword=N_ clients/common/text_lang.c
plain "$dir/set.pot" | sed 's/%\.\*s/%s/g' | grep -vx '%s' |
    sort -u >"$dir/set"
plain "$dir/known.pot" >"$dir/known"
comm -23 "$dir/set" "$dir/known" >"$dir/unknown"
sed 's/^/not in text_lang.c: /' "$dir/unknown"
[ -s "$dir/set" ] && [ ! -s "$dir/unknown" ]
tell $? 'every message of an error is known'

exit $failed
