#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Breaks natdlab on purpose, one thing at a time, and demands that the article's expectations
# notice. A row of mutants.tsv is
#
#	name <TAB> file <TAB> sed expression <TAB> scenarios that must fail
#
# The file is copied and changed, compiled, and linked in the place of the good one; then the
# article runs. Those scenarios whose id matches one of the patterns (a|b) must fail on an
# expectation, and all others must pass: a mutant that breaks more, or less, than it should is a
# test that means something else than it says. A row whose file is a topology changes the network
# instead of the program. What both ends of a connection would get wrong alike, the article cannot
# notice: for that "test:unit/test_natd" names the program that must fail.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

rows=tests/mutants/mutants.tsv
tab=$(printf '\t')
set -f # the patterns are for scenario ids, not for files
work=$B/mutants
mkdir -p "$work"

# Compiles the changed copy of $file, and links it into natdlab or into the test program $1.
build_mutant() {
	make --no-print-directory -s "B=$B" "MUTANT=$dir" "MUTANT_FILE=$file" \
		"MUTANT_MAIN=$B/${1:-lab/cli/main}.o" mutant
}

# One line a scenario: its id and "fail" when an expectation failed, else "pass".
verdicts() {
	"$1" run "$2" >"$T/table" 2>&1 </dev/null
	"$natdlab" run --list "$2" | while read -r id; do
		if grep -q "^FAIL $id: " "$T/table"; then
			echo "$id fail"
		else
			echo "$id pass"
		fi
	done
}

# What must come out: the same lines, from the patterns.
wanted() {
	"$natdlab" run --list "$1" | while read -r id; do
		verdict=pass
		IFS='|'
		for pattern in $2; do
			# shellcheck disable=SC2254 # a pattern it is
			case $id in $pattern) verdict=fail ;; esac
		done
		unset IFS
		echo "$id $verdict"
	done
}

it 'the article as it is: no expectation fails'
verdicts "$natdlab" topologies/article.yaml >"$T/got"
wanted topologies/article.yaml '' >"$T/wanted"
check "$(cat "$T/table")" cmp -s "$T/wanted" "$T/got"
healthy=$state
grep -q '12 scenarios, 12 as expected' "$T/table" || healthy=no

count=0
while IFS=$tab read -r what file change patterns; do
	case $what in '' | '#'*) continue ;; esac
	count=$((count + 1)) dir=$work/$count
	it "noticed: $what"
	if [ "$healthy" != ok ]; then
		skip 'the article does not pass unchanged on this machine'
		continue
	fi
	rm -rf "$dir"
	mkdir -p "$dir/$(dirname "$file")"
	sed -E -e "$change" "$file" >"$dir/$file"
	check "the change does not fit $file any more: $change" lib_not cmp -s "$file" "$dir/$file"
	program=$dir/program topology=topologies/article.yaml
	case $file:$patterns in
	*.yaml:*) program=$natdlab topology=$dir/$file ;;
	*:test:*) check 'it does not compile' build_mutant "tests/${patterns#test:}" >"$out" 2>"$err" ;;
	*) check 'it does not compile' build_mutant >"$out" 2>"$err" ;;
	esac
	[ "$state" = ok ] || continue
	case $patterns in
	test:*)
		run "$program"
		check "${patterns#test:} passes all the same" [ "$status" -ne 0 ]
		;;
	*)
		verdicts "$program" "$topology" >"$T/got"
		wanted "$topology" "$patterns" >"$T/wanted"
		diff "$T/wanted" "$T/got" >"$out"
		cp "$T/table" "$err"
		check 'wanted (<) and got (>) differ' cmp -s "$T/wanted" "$T/got"
		;;
	esac
done <"$rows"
