#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/run.sh PROGRAM... - run test programs side by side and add up what they say.
#
# As many programs at once as there are processors, or as TEST_JOBS says; what takes long is best
# named first. What a program says is printed when it has ended, in one piece.
#
# Each program speaks TAP (cmocka does when asked, tests/cli/lib.sh always). A line for each
# program; what failed and why; what was skipped and why; and at the end
#
#	N passed, N failed, N skipped
#
# A test that is skipped prints why as a line "# WHY" before its result. A program that dies, takes
# too long, runs fewer tests than it announced, or runs none counts as one failure more. Whole
# outputs are kept in $B/log. With NATDLAB_TOTALS=FILE the three numbers are also appended there.
# Exit status: 0 nothing failed, 1 otherwise.

set -u

: "${B:=build}"
: "${TEST_TIMEOUT:=300}" # seconds for one program
export B CMOCKA_MESSAGE_OUTPUT=TAP

# With --one the script is its own child: it runs one program and notes its numbers in $results.
if [ "${1-}" != --one ]; then
	: "${TEST_JOBS:=$(nproc)}"
	results=$(mktemp -d) || exit 1
	export results
	trap 'rm -rf "$results"' EXIT
	trap 'exit 130' INT TERM
	mkdir -p "$B/log"
	printf '%s\0' "$@" | xargs -0 -r -n 1 -P "$TEST_JOBS" "$0" --one
	totals=$(cat "$results"/* 2>/dev/null | awk -v due=$# '
		{ programs++; passed += $1; failed += $2; skipped += $3 }
		END {
			# A child that was killed has left no line.
			if (programs < due)
				failed += due - programs
			print passed + 0, failed + 0, skipped + 0
		}')
	[ -z "${NATDLAB_TOTALS-}" ] || echo "$totals" >>"$NATDLAB_TOTALS"
	# shellcheck disable=SC2086 # three numbers
	set -- $totals
	echo "$1 passed, $2 failed, $3 skipped"
	[ "$2" -eq 0 ]
	exit
fi

counts=$(mktemp) || exit 1
text=$(mktemp) || exit 1
trap 'rm -f "$counts" "$text"' EXIT

program=$2
name=$(basename "${program%.sh}")
kind=$(basename "$(dirname "$program")")
log=$B/log/$kind-$name.log
timeout -k 5 "$TEST_TIMEOUT" "$program" >"$log" 2>&1 </dev/null
status=$?
: >"$counts"
awk -v due=1 -v status="$status" -v title="$kind/$name" -v limit="$TEST_TIMEOUT" \
	-v counts="$counts" -v log_name="$log" '
	function say(line) { text = text "          " line "\n" }
	function flush_held(   i) {
		for (i = 1; i <= held; i++)
			say(hold[i])
		held = 0
	}
	# Results count from 1 up: what does not is the text of some message.
	/^1\.\.[0-9]+/ { planned += substr($0, 4) + 0; due = 1; next }
	/^(not )?ok [0-9]/ {
		result = ($1 == "ok" ? $2 : $3) + 0 == due
		due += result
	}
	# Why a test was skipped stands on the remark before it; told once for each reason.
	result && /^(not )?ok .*# SKIP/ {
		skipped++
		sub(/^(not )?ok [0-9]* *-? *# SKIP */, "")
		why_not = remark == "" ? "no reason given" : remark
		if (!n_skips[why_not]++)
			reasons[++n_reasons] = why_not
		example[why_not] = $0
		held = telling = result = 0
		remark = ""
		next
	}
	result && /^not ok / {
		failed++
		say($0)
		flush_held()
		telling = 1
		result = 0
		remark = ""
		next
	}
	result && /^ok / { passed++; held = telling = result = 0; remark = ""; next }
	/^# / { remark = substr($0, 3) }
	telling { say($0); next }
	{ hold[++held] = $0 }
	END {
		seen = passed + failed + skipped
		if (status == 124 || status == 137)
			why = "not done after " limit " s"
		else if (seen < planned)
			why = planned - seen " of " planned " tests did not report"
		else if (seen == 0)
			why = "no test was run"
		else if (status != 0 && !failed)
			why = "every test passed, but the program failed"
		if (why != "") {
			failed++
			say(why " (exit status " status "); last lines of " log_name ":")
			for (i = held > 40 ? held - 39 : 1; i <= held; i++)
				say("  " hold[i])
		}
		for (i = 1; i <= n_reasons; i++) {
			why_not = reasons[i]
			what = example[why_not]
			if (n_skips[why_not] > 1)
				what = n_skips[why_not] " tests"
			say("skipped: " what ": " why_not)
		}
		printf "  %-5s %-34s %4d passed", failed ? "FAIL" : "ok", title, passed
		if (failed)
			printf ", %d failed", failed
		if (skipped)
			printf ", %d skipped", skipped
		printf "\n%s", text
		print passed + 0, failed + 0, skipped + 0 >counts
	}' "$log" >"$text"
if ! read -r p f s <"$counts"; then
	echo "  FAIL  $kind/$name: its output could not be read" >>"$text"
	p=0 f=1 s=0
fi
cat "$text"
echo "$p $f $s" >"$results/$kind-$name-$$"
