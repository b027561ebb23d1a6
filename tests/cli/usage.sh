#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The first things a newcomer types, right and wrong.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# The verbs that there are, from the program's own help.
"$natdlab" --help >"$T/help" 2>/dev/null
verbs=$(sed -n 's/^  natdlab \([a-z][a-z]*\) .*/\1/p' "$T/help")

it 'the version is the one in base.h'
run "$natdlab" --version
is_status 0
out_has "natdlab $(sed -n 's/^#define NATDLAB_VERSION "\(.*\)"/\1/p' lab/base/base.h)"
err_empty

it 'the version names the commit that was built, where there is a repository'
commit=$(git rev-parse --short HEAD 2>/dev/null)
if [ -z "$commit" ]; then skip 'these sources have no repository'; fi
run "$natdlab" --version
check "the commit $commit" grep -qE "^natdlab [0-9.]+ \\($commit\\+?\\)$" "$out"

it 'without a word it says how to begin, on standard error, status 2'
run "$natdlab"
is_status 2
out_empty
err_has 'natdlab run topologies/article.yaml'

for word in --help -h help; do
	it "$word lists the verbs on standard output, status 0"
	run "$natdlab" $word
	is_status 0
	err_empty
	for verb in run check plan; do
		out_has "natdlab $verb"
	done
done

for verb in $verbs; do
	it "$verb --help begins with its usage and explains every option"
	run "$natdlab" "$verb" --help
	is_status 0
	err_empty
	check 'the usage comes first' grep -q "^natdlab $verb " "$out"
	bare=$(sed -n '/^Options:/,$p' "$out" | grep -E '^  (-|    --)' |
		awk 'length($0) <= 30 { held = $0; if ((getline next_line) < 1 || next_line !~ /^ {30}/) print held }')
	check "an option without a word of help: $bare" [ -z "$bare" ]
	check 'no line is wider than 100 columns' lib_not grep -qE '.{101}' "$out"

	it "$verb --help works with nonsense around it"
	run "$natdlab" "$verb" no-such-file --help
	is_status 0

	it "$verb refuses an option that it does not know"
	run "$natdlab" "$verb" --frobnicate topologies/article.yaml
	is_status 2
	out_empty
	err_has 'unknown option --frobnicate'

	# modes wants nothing.
	if [ "$verb" != modes ]; then
		it "$verb without an argument says what it wants"
		run "$natdlab" "$verb"
		is_status 2
		out_empty
		err_has "usage: natdlab $verb "
	fi

	# The other verbs take something else: a host, a mode.
	case $("$natdlab" "$verb" --help | head -n 1) in *FILE*) ;; *) continue ;; esac

	it "$verb refuses a file that is not there, and names it"
	run "$natdlab" "$verb" "$T/no-such.yaml"
	is_status 2
	out_empty
	err_has "$T/no-such.yaml"
	err_has 'No such file'

	it "$verb refuses a folder"
	run "$natdlab" "$verb" "$T"
	is_status 2
	out_empty
	err_has "$T"
done

it 'a verb with a slip in it gets the nearest one, status 2'
run "$natdlab" rum
is_status 2
out_empty
err_has 'unknown verb "rum"; did you mean "run"?'

it 'a word that is near nothing gets no suggestion'
run "$natdlab" xyzzy
is_status 2
err_has 'unknown verb "xyzzy"'
err_lacks 'did you mean'

it 'an option with a slip in it gets the nearest one'
run "$natdlab" run --seeed 1 topologies/article.yaml
is_status 2
err_has 'did you mean --seed?'

it 'an option without its value says which value it wants'
run "$natdlab" run topologies/article.yaml --format
is_status 2
err_has '--format wants a value'

it 'an option with a wrong word lists the right ones'
run "$natdlab" run topologies/article.yaml --format xml
is_status 2
err_has 'table|json'
err_has '"xml"'

it 'a number that is none is refused'
run "$natdlab" run topologies/article.yaml --seed 1x
is_status 2
err_has '--seed'
err_has '"1x"'

it 'an option that counts once may not be given twice'
run "$natdlab" run topologies/article.yaml --seed 1 --seed 2
is_status 2
err_has '--seed is given twice'

it 'an option that is a flag takes no value'
run "$natdlab" run topologies/article.yaml --realtime=yes
is_status 2
err_has '--realtime takes no value'

it 'output to a full disk is no success'
if [ -w /dev/full ]; then
	"$natdlab" --help >/dev/full 2>"$err"
	status=$? command='natdlab --help >/dev/full'
	: >"$out"
	is_status 3
	err_has 'cannot write to standard output'
else
	skip 'there is no /dev/full here'
fi

# A pipe whose reader is gone before the first byte: no race, no sleep.
mkfifo "$T/pipe"
: <"$T/pipe" &
exec 5>"$T/pipe"
wait $!
it 'a closed pipe ends it quietly, as SIGPIPE does'
"$natdlab" --help >&5 2>"$err"
status=$? command='natdlab --help | (a reader that is gone)'
: >"$out"
is_status 141
err_empty
exec 5>&-
