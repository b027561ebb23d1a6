#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The tables in docs/layouts.md are those of a fresh run.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

doc=docs/layouts.md

it 'the document quotes at least six tables'
check 'there are fewer' [ "$(grep -c ': begin (checked' $doc)" -ge 6 ]

sed -n 's/^<!-- \(.*\): begin (checked.*/\1/p' $doc >"$T/files"
while read -r file; do
	it "$file: the table in the document is what a run prints"
	run "$natdlab" run --seed 1 --backend sim "topologies/$file.yaml"
	is_status 0
	sed '1,2d;/^$/,$d' "$out" >"$T/printed"
	sed -n "/^<!-- $file: begin/,/^<!-- $file: end/p" $doc | sed '1d;$d;s/^    //' >"$T/quoted"
	diff "$T/quoted" "$T/printed" >"$out"
	status=$? command='diff (table in docs/layouts.md) (table of a fresh run)'
	is_status 0
done <"$T/files"

it 'every topology file has a place in the documents'
for file in topologies/*.yaml; do
	base=$(basename "$file")
	check "$base is in none" grep -qE "(^|[^a-z-])$base" README.md docs/*.md
done
