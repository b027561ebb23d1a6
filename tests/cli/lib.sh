# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# tests/cli/lib.sh - what the tests of the command line share. Sourced, not run.
#
#	it 'an unknown verb is refused with status 2'     a test begins; its name is a sentence
#	run "$natdlab" rum                                output in $out and $err, status in $status
#	is_status 2                                       checks; the first that fails says why
#	err_has 'unknown verb'
#
# `skip REASON` ends the test as skipped: what follows in it is not run. A test with no check fails.
# The folder $T is empty when a script begins and gone when it ends.

set -u
unset NO_COLOR CLICOLOR_FORCE CDPATH
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

: "${B:=build}"
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cd "$root" || exit 1
# shellcheck disable=SC2034 # the scripts use it
natdlab=$(cd "$B" && pwd)/natdlab || exit 1

T=$(mktemp -d) || exit 1
out=$T/.out err=$T/.err
trap 'lib_end' EXIT
trap 'exit 130' INT TERM

number=0 name='' state='' status=0 lib_lab=''

# Prints the result of the test that is under way, if any.
lib_close() {
	[ -n "$name" ] || return 0
	number=$((number + 1))
	case $state in
	ok) echo "ok $number - $name" ;;
	skip) echo "ok $number # SKIP $name" ;;
	none) printf 'not ok %d - %s\n# it checks nothing\n' $number "$name" ;;
	*)
		echo "not ok $number - $name"
		sed 's/^/# /' "$T/.why"
		;;
	esac
	name=
}

lib_end() {
	lib_close
	echo "1..$number"
	rm -rf "$T"
}

it() {
	lib_close
	name=$1 state=none command='' status=0
	: >"$T/.why"
	: >"$out"
	: >"$err"
}

# Runs a command, no input.
run() {
	[ "$state" != skip ] || return 0
	command="$*"
	"$@" >"$out" 2>"$err" </dev/null
	status=$?
}

skip() {
	state=skip
	echo "# $*"
}

# needs_lab: skips the test where namespaces are refused, which another program says: if only
# natdlab thinks so, that is a failure.
needs_lab() {
	if [ -z "$lib_lab" ]; then
		lib_lab=yes
		unshare -Urnm true 2>"$T/.refused" || unshare -nm true 2>"$T/.refused" ||
			lib_lab=$(head -n 1 "$T/.refused")
	fi
	[ "$lib_lab" = yes ] || skip "no namespaces here: $lib_lab"
}

# lib_left NAME=VALUE: is a process there with this in its environment? A namespace lives as long
# as a process stands in it, and every process of a run has the run's environment; other people's
# come and go meanwhile.
lib_left() {
	grep -qzxF -e "$1" /proc/[0-9]*/environ 2>/dev/null
}

# good, bad REASON: the result of one check. Nothing changes after a failure or a skip.
good() {
	[ "$state" != none ] || state=ok
}
bad() {
	case $state in fail | skip) return 0 ;; esac
	state=fail
	{
		echo "$*"
		echo "after: ${command-}"
		echo "exit status $status; standard output:"
		head -c 2000 "$out" 2>/dev/null
		echo "standard error:"
		head -c 2000 "$err" 2>/dev/null
	} >"$T/.why"
}

# check SENTENCE COMMAND...: any command that must succeed.
check() {
	[ "$state" != skip ] || return 0
	what=$1
	shift
	if "$@"; then good; else bad "$what"; fi
}

is_status() {
	check "expected exit status $1" [ "$status" -eq "$1" ]
}
out_has() {
	check "expected in standard output: $1" grep -qF -e "$1" "$out"
}
err_has() {
	check "expected in standard error: $1" grep -qF -e "$1" "$err"
}
out_lacks() {
	check "not expected in standard output: $1" lib_not grep -qF -e "$1" "$out"
}
err_lacks() {
	check "not expected in standard error: $1" lib_not grep -qF -e "$1" "$err"
}
out_empty() {
	check 'expected nothing on standard output' [ ! -s "$out" ]
}
err_empty() {
	check 'expected nothing on standard error' [ ! -s "$err" ]
}
lib_not() {
	! "$@"
}
