#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What `natdlab check` says of good files, of each mistake a person makes in one, and of files
# that were made to hurt it.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A small file without a mistake. Its line numbers are quoted below.
cat >"$T/good.yaml" <<'YAML'
name: small
title: A client and a server on one router
topology:
  nodes:
    client: {kind: client, mode: windows-10, registry: 0, dials: server, psk: lab-psk}
    middle: {kind: router}
    server: {kind: server, mode: strongswan-5.3, psk: lab-psk, pool: 192.168.42.0/24}
  links:
    - {endpoints: ["client:eth0", "middle:left"], subnet: 192.0.2.0/24}
    - {endpoints: ["middle:right", "server:eth0"], subnet: 198.51.100.0/24}
expect:
  - {outcome: connected}
YAML

# changed SED-SCRIPT: the good file with one change, in $T/bad.yaml.
changed() {
	sed "$1" "$T/good.yaml" >"$T/bad.yaml"
	check 'the change changed something' lib_not cmp -s "$T/good.yaml" "$T/bad.yaml"
}

# Nothing may take longer than this, however hostile.
check_file() {
	run timeout 10 "$natdlab" check "$@"
}

mistake_in_line() {
	grep -E "bad\.yaml:$1:[0-9]+: " "$err" | grep -qF -e "$2"
}
line_is_quoted() {
	grep -qF -e "$(sed -n "$1p" "$T/bad.yaml" | sed 's/^ *//')" "$err"
}

# refused LINE TEXT: status 2, "bad.yaml:LINE:COLUMN: ...TEXT", the line itself and a caret.
refused() {
	is_status 2
	out_empty
	check "expected a mistake in line $1: $2" mistake_in_line "$1" "$2"
	check "expected line $1 to be quoted" line_is_quoted "$1"
	check 'expected a caret under it' grep -qE '^[ |]*\^' "$err"
}

it 'a good file is good'
check_file "$T/good.yaml"
is_status 0
err_empty

it 'every topology that comes with natdlab is good'
check_file topologies/*.yaml
is_status 0

it 'a file is read from standard input as -'
command='natdlab check -'
"$natdlab" check - <"$T/good.yaml" >"$out" 2>"$err"
status=$?
is_status 0

it 'several files are all judged, and one bad one is enough'
changed 's/kind: router/kind: ruoter/'
check_file "$T/good.yaml" "$T/bad.yaml"
is_status 2
err_has 'bad.yaml:6:'

it 'a mode with a slip in it gets the nearest one'
changed 's/strongswan-5.3/strongswan-5.4/'
check_file "$T/bad.yaml"
refused 7 'unknown mode "strongswan-5.4"; did you mean "strongswan-5.3"?'

it 'a key with a slip in it gets the nearest one'
changed 's/registry: 0/regsitry: 0/'
check_file "$T/bad.yaml"
refused 5 'did you mean "registry"?'

it 'a kind with a slip in it gets the nearest one'
changed 's/kind: router/kind: ruoter/'
check_file "$T/bad.yaml"
refused 6 'did you mean "router"?'

it 'a registry value that Windows does not know is refused'
changed 's/registry: 0/registry: 3/'
check_file "$T/bad.yaml"
refused 5 '3'

it 'a list where one value belongs is refused'
changed 's/registry: 0/registry: [0, 1]/'
check_file "$T/bad.yaml"
refused 5 'registry'

it 'an end of a link at a node that is not there is refused'
changed 's/"server:eth0"/"sever:eth0"/'
check_file "$T/bad.yaml"
refused 10 'did you mean "server"?'

it 'an interface that is used twice is refused'
changed 's/middle:right/middle:left/'
check_file "$T/bad.yaml"
refused 10 'middle:left'

it 'subnets that overlap are refused'
changed 's|198.51.100.0/24|192.0.2.128/25|'
check_file "$T/bad.yaml"
refused 10 '192.0.2.'

it 'a subnet with host bits is refused'
changed 's|198.51.100.0/24|198.51.100.1/24|'
check_file "$T/bad.yaml"
refused 10 '198.51.100.1/24'

it 'a server that cannot be reached is refused'
changed 's/dials: server/dials: 203.0.113.99/'
check_file "$T/bad.yaml"
refused 5 '203.0.113.99'

it 'a key that stands twice is refused'
changed 's/kind: router/kind: router, kind: host/'
check_file "$T/bad.yaml"
refused 6 'kind'

it 'an expectation that cannot be is refused'
changed 's/outcome: connected/outcome: conected/'
check_file "$T/bad.yaml"
refused 12 'did you mean "connected"?'

it 'all mistakes are told at once'
changed 's/kind: router/kind: ruoter/; s/registry: 0/registry: 7/; s/outcome: c/outcome: k/'
check_file "$T/bad.yaml"
is_status 2
err_has 'bad.yaml:5:'
err_has 'bad.yaml:6:'
err_has 'bad.yaml:12:'

it 'what is no YAML at all is refused where it ends to be'
changed 's/^  links:/  links: [/'
check_file "$T/bad.yaml"
is_status 2
check 'a line number' grep -qE 'bad\.yaml:[0-9]+:[0-9]+: ' "$err"

# ---- files made to hurt ----

# $T/bad.yaml is refused by name, in ten seconds and 512 MB, and in few words.
hurts() {
	# shellcheck disable=SC2086 # $limit may be empty
	run timeout 10 $limit "$natdlab" check "$T/bad.yaml"
	is_status 2
	out_empty
	err_has 'bad.yaml'
	check 'the answer is short' [ "$(wc -c <"$err")" -lt 20000 ]
}

# The address sanitizer reserves terabytes of addresses for itself.
limit='prlimit --as=536870912'
if nm -D "$natdlab" 2>/dev/null | grep -q __asan_init; then
	limit=
fi

it 'an empty file is refused'
: >"$T/bad.yaml"
hurts

it 'a file of nothing but remarks is refused'
echo '# nothing' >"$T/bad.yaml"
hurts

it 'a file that is a single word is refused'
echo 'article' >"$T/bad.yaml"
hurts

it 'a NUL byte is refused'
{
	cat "$T/good.yaml"
	printf '# \000\n'
} >"$T/bad.yaml"
hurts

it 'a NUL inside a string is refused'
sed 's/psk: lab-psk, pool/psk: "a\\0b", pool/' "$T/good.yaml" >"$T/bad.yaml"
hurts

it 'bytes that are not UTF-8 are refused'
{
	cat "$T/good.yaml"
	printf '# \377\376\n'
} >"$T/bad.yaml"
hurts

it 'aliases that multiply are refused'
{
	echo 'a: &a [x, x, x, x, x, x, x, x, x, x]'
	last=a
	for next in b c d e f g h i j; do
		echo "$next: &$next [*$last, *$last, *$last, *$last, *$last, *$last, *$last, *$last, *$last]"
		last=$next
	done
} >"$T/bad.yaml"
hurts

it 'an alias of itself is refused'
echo 'topology: &t {nodes: *t}' >"$T/bad.yaml"
hurts

it 'ten thousand brackets are refused'
{
	printf 'name: '
	awk 'BEGIN { for (i = 0; i < 10000; i++) printf "[" }'
} >"$T/bad.yaml"
hurts

it 'a file of 64 MB is refused'
{
	cat "$T/good.yaml"
	awk 'BEGIN { for (i = 0; i < 1000000; i++) print "# sixty-four bytes of remark, again and again and again and again" }'
} >"$T/bad.yaml"
hurts

it 'a file without an end is refused'
rm -f "$T/bad.yaml"
ln -s /dev/zero "$T/bad.yaml"
hurts
rm -f "$T/bad.yaml"

it 'a matrix of a million scenarios is refused'
{
	cat "$T/good.yaml"
	echo 'matrix:'
	for key in registry psk user password; do
		awk -v k="client.$key" 'BEGIN {
			printf "  %s: [", k
			for (i = 0; i < 100; i++) printf "%s%s", i ? ", " : "", k == "client.registry" ? i % 3 : "w" i
			print "]"
		}'
	done
} >"$T/bad.yaml"
hurts

it 'two scenarios of one id are refused'
{
	cat "$T/good.yaml"
	echo 'matrix:'
	echo '  server.mode: [strongswan-5.3, strongswan-5.3]'
} >"$T/bad.yaml"
hurts

it 'a thousand mistakes are counted, not all listed'
{
	cat "$T/good.yaml"
	awk 'BEGIN { for (i = 0; i < 1000; i++) print "key" i ": 1" }'
} >"$T/bad.yaml"
hurts

it '--schema prints docs/natdlab.schema.json, which every topology names'
run "$natdlab" check --schema
is_status 0
check 'the copy in docs/ is old: natdlab check --schema >docs/natdlab.schema.json' \
	cmp -s "$out" docs/natdlab.schema.json
for topology in topologies/*.yaml; do
	# shellcheck disable=SC2016 # no variable
	check "$topology does not name it" \
		grep -q 'yaml-language-server: $schema=../docs/natdlab.schema.json' "$topology"
done
