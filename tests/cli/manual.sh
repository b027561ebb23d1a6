#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The manual page and the program's own help name the same verbs and options.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

page=docs/natdlab.1
: >"$err"

# The long options of a verb, from its help and from its part of the manual page.
of_help() {
	"$natdlab" "$1" --help | sed -n 's/^  [- ][a-z ][, ] --\([a-z-]*\).*/\1/p' | grep -vx help | sort
}
of_page() {
	awk -v verb="$1" '/^\.S[sh]/ { here = $3 == verb } here' "$page" |
		sed -n 's/^\.It .*Fl \(. , \)\{0,1\}-\([a-z-]*\).*/\2/p' | sort
}

for verb in $("$natdlab" --help | sed -n 's/^  natdlab \([a-z][a-z]*\) .*/\1/p'); do
	it "the manual page has the options of $verb, and no others"
	of_help "$verb" >"$T/help"
	of_page "$verb" >"$T/page"
	diff "$T/help" "$T/page" >"$out"
	status=$? command="diff (help of $verb) (manual page)"
	is_status 0
done

it 'the manual page has no verb that is not there'
sed -n 's/^\.Ss natdlab //p' "$page" | sort >"$T/page"
"$natdlab" --help | sed -n 's/^  natdlab \([a-z][a-z]*\) .*/\1/p' | sort >"$T/help"
diff "$T/help" "$T/page" >"$out"
status=$? command='diff (verbs of --help) (manual page)'
is_status 0
