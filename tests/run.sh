#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/run.sh PROGRAM... - run test programs and add up what they say.
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

passed=0 failed=0 skipped=0
counts=$(mktemp) || exit 1
trap 'rm -f "$counts"' EXIT
mkdir -p "$B/log"

for program; do
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
		}' "$log"
	if ! read -r p f s <"$counts"; then
		echo "  FAIL  $kind/$name: its output could not be read"
		p=0 f=1 s=0
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

[ -z "${NATDLAB_TOTALS-}" ] || echo "$passed $failed $skipped" >>"$NATDLAB_TOTALS"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
