#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What only somebody at a terminal sees: colours, the progress line, Ctrl-C. `script` makes the
# terminal.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

esc=$(printf '\033') cr=$(printf '\r')
article=topologies/article.yaml

# Types nothing; what the terminal showed is in $out, its line ends mended.
at_terminal() {
	run env TERM=xterm script -qec "$*" /dev/null
	sed "s/$cr\$//" "$out" >"$T/.shown"
	mv "$T/.shown" "$out"
}

it 'a terminal gets colours'
at_terminal "$natdlab run --backend sim $article"
is_status 0
out_has "${esc}[31m809${esc}[0m"
out_has "${esc}[32m12 scenarios, 12 as expected${esc}[0m"
sed "s/$esc\[[0-9]*m//g; s/.*$cr//; s/[0-9.]* s\$//" "$out" >"$T/plain"

it 'NO_COLOR and a dumb terminal get none, and the same words'
check 'there are words' [ "$(wc -l <"$T/plain")" -ge 10 ]
for setting in NO_COLOR=1 TERM=dumb; do
	at_terminal "env $setting $natdlab run --backend sim $article"
	is_status 0
	out_lacks "$esc"
	sed "s/.*$cr//; s/[0-9.]* s\$//" "$out" >"$T/shown"
	check "the words with $setting" cmp -s "$T/plain" "$T/shown"
done

it 'a NO_COLOR that is empty counts for nothing'
at_terminal "env NO_COLOR= $natdlab run --backend sim $article"
out_has "${esc}[32m"

it 'the progress line counts to the end and is wiped before the table'
at_terminal "$natdlab run --backend sim --jobs 1 $article"
out_has "${cr}1/12 rras-2012r2/mac"
out_has "${cr}12/12 softether-4/registry-2"
check 'wiped' grep -qE "$cr +${cr}article: " "$out"

it 'without a terminal there is no progress line'
run "$natdlab" run --backend sim "$article"
is_status 0
out_lacks "$cr"
err_empty

it 'the search for private addresses shows a bar, and Ctrl-C ends it with status 130'
capture=tests/data/captures/strongswan-encap-pub-pub-ms.client.pcap
ports=$(seq -f '--port %g' 1 13 | tr '\n' ' ')
searching() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -q hashes/s "$out" && return
		sleep 0.3
	done
}
{ searching; printf '\003'; sleep 1; } |
	script -qec "$natdlab inspect --unmask $ports $capture" /dev/null >"$out" 2>"$err"
status=$? command='natdlab inspect --unmask, Ctrl-C'
is_status 130
out_has "${cr}unmask ["
out_has 'unmask: stopped after'
out_has 'not the cause'

it 'Ctrl-C ends a run in real time with status 130, and nothing is left'
needs_lab
mark=NATDLAB_ENDED_BY=$$
began() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		grep -q rras "$out" && return
		sleep 1
	done
}
# The first scenario, a Mac's, is there at once; the others take half a minute each.
{ began; printf '\003'; sleep 1; } |
	env "$mark" script -qec "$natdlab run --realtime --jobs 2 $article" /dev/null >"$out" 2>"$err"
status=$? command='natdlab run --realtime, Ctrl-C'
is_status 130
check 'it had begun' grep -q '1/12' "$out"
out_lacks 'registry edit'
for _ in 1 2 3 4 5 6 7 8 9 10; do
	lib_left $mark || break
	sleep 0.3
done
check 'no process' lib_not lib_left $mark
