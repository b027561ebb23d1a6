#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The test runner itself: whatever goes wrong in a test program must reach the last line.

# shellcheck disable=SC2016 # $$ is for the program
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# program TEXT: a test program made of shell commands, run by tests/run.sh.
program() {
	printf '#!/bin/sh\n%s\n' "$1" >"$T/program.sh"
	chmod +x "$T/program.sh"
	run env B="$T" NATDLAB_TOTALS="$T/totals" TEST_TIMEOUT="${2:-20}" tests/run.sh "$T/program.sh"
}

it 'passes are counted'
program 'echo 1..2; echo ok 1 - a; echo ok 2 - b'
is_status 0
out_has '2 passed, 0 failed, 0 skipped'

it 'the totals are kept for the caller'
check 'totals' [ "$(cat "$T/totals")" = '2 0 0' ]

it 'a failure is told with its reason'
program 'echo 1..2; echo ok 1 - a; echo not ok 2 - b; echo "# one is not two"'
is_status 1
out_has 'not ok 2 - b'
out_has 'one is not two'
out_has '1 passed, 1 failed, 0 skipped'

it 'a skip is counted, with its reason, in the words of cmocka and of TAP'
program 'echo 1..3; echo ok 1 - a; echo "# no kernel"; echo "not ok 2 # SKIP b"; echo "# no moon"; echo "ok 3 # SKIP c"'
is_status 0
out_has 'b: no kernel'
out_has 'c: no moon'
out_has '1 passed, 0 failed, 2 skipped'

it 'what looks like a result inside a message is none'
program 'echo 1..2; echo not ok 1 - a; echo ok 6 - b; echo not ok 9 - c; echo ok 2 - d'
is_status 1
out_has '1 passed, 1 failed, 0 skipped'
out_has 'not ok 9 - c'

it 'a program that dies half-way is a failure'
program 'echo 1..3; echo ok 1 - a; kill -SEGV $$'
is_status 1
out_has '2 of 3 tests did not report'
out_has '1 passed, 1 failed, 0 skipped'

it 'a program that runs no test is a failure'
program 'exit 0'
is_status 1
out_has 'no test was run'

it 'a program that cannot be started is a failure'
program 'exec /no/such/program'
is_status 1
out_has '0 passed, 1 failed, 0 skipped'

it 'a program that passes everything and then fails is a failure'
program 'echo 1..1; echo ok 1 - a; exit 7'
is_status 1
out_has 'every test passed, but the program failed'

it 'a program that does not end is ended'
program 'echo 1..1; exec sleep 60' 1
is_status 1
out_has 'not done after 1 s'
