#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Text that others wrote and that is made to do harm: whatever natdlab prints of it, in whatever
# format, is one that a terminal may get, and the format's own reader takes it.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Invisible, turning, breaking, or no UTF-8 at all.
unsafe='[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]'
unsafe="$unsafe"'|\xe1\xa0[\x8b-\x8f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xe3\x85\xa4'
unsafe="$unsafe"'|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|\xef\xbe\xa0|\xef\xbf[\xb0-\xbb]|\xf3\xa0|[\xf5-\xff]'

# On standard output and standard error is nothing that a terminal may not get.
is_harmless() {
	check 'harmless standard output' lib_not grep -qaP "$unsafe" "$out"
	check 'harmless standard error' lib_not grep -qaP "$unsafe" "$err"
}

# is_read_by COMMAND...: a reader of the format takes it; nothing where the reader is missing.
is_read_by() {
	command -v "$1" >/dev/null || { echo "# no $1 here"; return 0; }
	check "read by $1" sh -c '"$@" >/dev/null 2>&1' sh "$@" "$out"
}

rlo=$(printf '\342\200\256') joiner=$(printf '\342\200\215') tag=$(printf '\363\240\201\201')
quote=$(printf '\342\200\231')
# shellcheck disable=SC2089 # a text
evil="$rlo<b>&\\\"|*_$joiner$tag$quote; \$(id)"
esc=$(printf '\033')

# The article whose title and keys do harm, in a file whose name does, and with expectations that
# fail, so that every format prints the name.
file="$T/$(printf 'a\342\200\256\033[2J\377|<b>&"').yaml"
evil=$evil awk '
	/^(title|question):/ { print $1 " \"" ENVIRON["evil"] "\""; next }
	match($0, /psk: [a-z-]+/) {
		$0 = substr($0, 1, RSTART - 1) "psk: \"" ENVIRON["evil"] "\"" substr($0, RSTART + RLENGTH)
	}
	{ sub(/outcome: connected/, "outcome: failed"); print }' topologies/article.yaml >"$file"

it 'the file is good, and its name is shown with escapes'
run "$natdlab" check "$file"
is_status 0
out_has '\u{202E}\u{1B}[2J\xFF|<b>&".yaml: good'
is_harmless

for format in table markdown tap junit json jsonl; do
	it "nothing that does harm is printed as $format"
	run "$natdlab" run --backend sim --format "$format" "$file"
	is_status 1
	is_harmless
	case $format in
	table) out_has 'article: \u{202E}<b>&"|*_\u{200D}\u{E0041}' ;;
	markdown) out_has '**article**: \\u{202E}\<b\>\&"\|\*\_\\u{200D}\\u{E0041}' ;;
	tap) out_has 'u{1B}[2J' ;;
	junit)
		out_has '\u{1B}[2J\xFF|&lt;b>&amp;&quot;'
		is_read_by xmllint
		;;
	json | jsonl) is_read_by jq . ;;
	esac
done

it 'nothing that does harm is printed as mistakes, and the caret stands where it should'
printf 'name: x\ntitle: "%s"\nbad%s: 1\n' "$evil" "$joiner" >"$file"
run "$natdlab" check "$file"
is_status 2
is_harmless
err_has 'unknown key "bad\u{200D}" in the file'
printf '{"%s": {a: 1}, nmae: x}\n' "$rlo日" >"$file"
run "$natdlab" check "$file"
err_has 'unknown key "nmae"'
sed -n '/unknown key "nmae"/,+2p' "$err" >"$T/shown"
check 'the caret' grep -qxF '                          ^' "$T/shown"

it 'words of the command line are shown with escapes'
for words in "$evil${esc}[2J" "run --$evil$esc x" "run --seed $evil$esc x" \
	"run --set a.b$evil$esc=c $T/none" "run $T/none$evil$esc" "modes $evil$esc" \
	"plan topologies/article.yaml $evil$esc" "inspect $T/none$evil$esc" \
	"inspect --client $evil$esc x" "run --filter $evil$esc topologies/article.yaml" \
	"run -o $T/none/$evil$esc/x$evil topologies/article.yaml"; do
	# shellcheck disable=SC2086,SC2090 # words
	run "$natdlab" $words
	is_harmless
	check "status of $words" [ "$status" != 0 ]
done

it 'rules with an invisible character are refused: a plan shows them as they are'
cat >"$T/rules.yaml" <<END
name: x
topology:
  nodes:
    a: {kind: host, nft: "table ip x { } # $rlo"}
    b: {kind: host}
  links:
    - {endpoints: ["a:e", "b:e"], subnet: 10.0.0.0/24}
END
run "$natdlab" check "$T/rules.yaml"
is_status 2
err_has 'nft has an invisible character'
is_harmless

it 'names of captures do no harm as text, as JSON and as YAML'
capture="$T/$(printf 'c\342\200\256\302\255\033]0;x\a\377').pcap"
cp tests/data/captures/strongswan-eip-napt-ms.client.pcap "$capture"
for options in '' '--format json' --emit-mode; do
	# shellcheck disable=SC2086 # words
	run "$natdlab" inspect $options "$capture"
	out_has 'u{202E}'
	is_harmless
done
