#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The documents quote a run with seed 1. A fresh run must give the same table and the same hashes,
# and the commands in docs/natd.md must compute them.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

article=topologies/article.yaml

# What stands between the two remarks of a document.
part() {
	sed -n "/^<!-- $2: begin/,/^<!-- $2: end/p" "$1" | sed '1d;$d'
}

"$natdlab" run --seed 1 --format json "$article" >"$T/run.json" 2>"$T/run.err" </dev/null

it 'the table in README.md is what the article prints'
needs_lab
run "$natdlab" run --seed 1 "$article"
sed -E 's/[0-9]+\.[0-9]+ s$/TIME s/' "$out" >"$T/printed"
part README.md table | sed -E 's/^    //; s/[0-9]+\.[0-9]+ s$/TIME s/' >"$T/quoted"
diff "$T/quoted" "$T/printed" >"$out"
status=$? command='diff (table in README.md) (table of a fresh run)'
is_status 0

it 'the changed line in README.md gives the changed table in README.md'
needs_lab
line=$(grep '^    home:' README.md)
sed "s/^    home: .*/$line/" "$article" >"$T/mine.yaml"
check 'the line changes the file' lib_not cmp -s "$article" "$T/mine.yaml"
part README.md 'one line' | sed -E 's/^    //; /^$/{1d;$d;}' >"$T/quoted"
lines=$(wc -l <"$T/quoted")
check 'there are lines' [ "$lines" -ge 5 ]
run "$natdlab" run --seed 1 "$T/mine.yaml"
is_status 1
head -n "$lines" "$out" >"$T/printed"
diff "$T/quoted" "$T/printed" >"$out"
status=$? command='diff (second table in README.md) (table of a fresh run)'
is_status 0

part docs/natd.md run >"$T/lesson"

it 'every command in the lesson computes the hash that stands below it'
commands=$(grep -c '^    printf .* openssl sha1' "$T/lesson")
check 'there are at least six' [ "$commands" -ge 6 ]
sed -n '/^    printf .* openssl sha1/{N;s/^    //;s/\n */\n/;p;}' "$T/lesson" >"$T/commands"
while read -r line && read -r wanted; do
	computed=$(sh -c "$line" | sed 's/.* //')
	check "$line gives $computed, not $wanted" [ "$computed" = "$wanted" ]
done <"$T/commands"

it 'every hash in the lesson is one of a fresh run'
needs_lab
grep -oE '\b[0-9a-f]{40}\b' "$T/lesson" | sort -u >"$T/hashes"
check 'there are at least four' [ "$(wc -l <"$T/hashes")" -ge 4 ]
while read -r hash; do
	check "$hash is in no message of the run" grep -q "$hash" "$T/run.json"
done <"$T/hashes"

it 'every cookie in the lesson is one of a fresh run'
needs_lab
grep -oE '\b[0-9a-f]{16}\b' "$T/lesson" | sort -u >"$T/cookies"
check 'there are at least two' [ "$(wc -l <"$T/cookies")" -ge 2 ]
while read -r cookie; do
	check "$cookie is in no exchange of the run" grep -q "$cookie" "$T/run.json"
done <"$T/cookies"

# As a reader types them, one after the other, in a clone with the changed copy in it. Status 2 or
# more is a command that does not exist, or not in this way.
it 'every command in the documents can be typed'
needs_lab
mkdir -p "$T/clone/build" "$T/clone/tests"
ln -s "$root/tests/data" "$T/clone/tests/data"
cp -R topologies "$T/clone"
cp "$T/mine.yaml" "$T/clone"
ln -s "$natdlab" "$T/clone/build/natdlab"
{
	sed -nE 's/^    ((build\/)?natdlab [a-z]|sh plan\.sh )/\1/p' README.md docs/natd.md
	sed -nE 's/^\.Dl //p' docs/natdlab.1
	# There may be no network to ask in, and no real products.
} | sed 's/vpn\.example\.com/127.0.0.1/' | grep -v ' topologies/real-' >"$T/typed"
check 'there are at least ten' [ "$(wc -l <"$T/typed")" -ge 10 ]
while read -r line; do
	# shellcheck disable=SC2016 # for the inner shell to expand
	run env PATH="${natdlab%/*}:$PATH" sh -c 'cd "$1" && eval "$2"' - "$T/clone" "$line"
	command=$line
	check "it ends with status $status: $line" [ "$status" -le 1 ]
done <"$T/typed"

it 'every file that a document points to is there'
for document in README.md LICENSE-NOTES.md docs/*.md; do
	grep -oE '\]\([^)#]+' "$document" | sed 's/^](//' | grep -v '^http' >"$T/links"
	while read -r link; do
		check "$document points to $link" [ -e "$(dirname "$document")/$link" ]
	done <"$T/links"
done
