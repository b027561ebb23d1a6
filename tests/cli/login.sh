#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Who is let in: name and password through a whole connection, in both backends.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Who dials whom, and what comes of it, is in one file; whose words are wrong is an axis.
cat >"$T/login.yaml" <<'END'
name: login
topology:
  kinds:
    client: {psk: lab-psk, user: alice, password: wonderland}
    server: {psk: lab-psk, user: alice, password: wonderland}
  nodes:
    c: {kind: client, dials: s}
    s: {kind: server}
  links:
    - {endpoints: ["c:e", "s:e"], subnet: 192.0.2.0/24}
matrix:
  s.mode: [softether-5, softether-4, rras-2012r2, strongswan-5.3]
  words:
    right: {}
    wrong-password: {c.password: Wonderland}
    wrong-name: {c.user: bob}
  c.mode: [windows-10, macos]
expect:
  - {outcome: connected, reason: none, reached: ppp, when: {words: right}}
  - outcome: failed
    reason: auth-failed
    error: 691
    reached: l2tp
    when: {s.mode: [softether-5, softether-4, rras-2012r2], words: [wrong-password, wrong-name], c.mode: windows-10}
  - outcome: failed
    reason: auth-failed
    error: 0
    reached: l2tp
    when: {s.mode: [softether-5, softether-4, rras-2012r2], words: [wrong-password, wrong-name], c.mode: macos}
  # Of a pppd's configuration nothing is known: its mode asks nobody.
  - {outcome: connected, reached: ppp, when: {s.mode: strongswan-5.3}}
END

for backend in sim netns; do
	it "$backend: a wrong name or password is auth-failed, and 691 on Windows"
	[ $backend = sim ] || needs_lab
	run "$natdlab" run --backend $backend -o "$T/$backend" "$T/login.yaml"
	is_status 0
	out_has '24 scenarios, 24 as expected'
	check 'the prediction on paper is another' jq -e \
		'[.scenarios[].connections[] | .outcome == .predicted.outcome] | all' \
		"$T/$backend/run.json"
	run "$natdlab" run --backend $backend --filter 'softether-5/wrong-name/*' "$T/login.yaml"
	is_status 0
	out_has '691'
done

# asked FILE: what was asked and how it ended, of the client.
asked() {
	jq -r 'select(.node == "c" and (.kind | startswith("auth"))) |
		"\(.kind) \(.method) \(.why // .accepted)"' "$1"
}

it 'the events say what was asked for, and who objected'
run asked "$T/sim/softether-5/right/windows-10/events.jsonl"
check 'EAP, then MS-CHAPv2' [ "$(cat "$out")" = 'auth-ask eap false
auth-ask ms-chap-v2 true
auth ms-chap-v2 true' ]
run asked "$T/sim/softether-4/right/macos/events.jsonl"
check 'PAP' [ "$(cat "$out")" = 'auth-ask pap true
auth pap true' ]
run asked "$T/sim/softether-4/wrong-name/windows-10/events.jsonl"
check 'refused' [ "$(tail -n 1 "$out")" = 'auth ms-chap-v2 refused' ]
run asked "$T/sim/strongswan-5.3/wrong-name/windows-10/events.jsonl"
out_empty

it 'both backends tell the same of it'
needs_lab
for words in right wrong-password wrong-name; do
	for client in windows-10 macos; do
		check "the events differ: $words $client" cmp -s \
			"$T/sim/softether-5/$words/$client/events.jsonl" \
			"$T/netns/softether-5/$words/$client/events.jsonl"
	done
done

it 'who has no name and password is told so, and gets no number'
sed 's/client: {psk: lab-psk.*/client: {psk: lab-psk}/; /^matrix:/,$d' "$T/login.yaml" >"$T/none.yaml"
for server in softether-5 softether-4 rras-2012r2; do
	run "$natdlab" run --backend sim -f json --set c.mode=windows-10 --set s.mode=$server \
		"$T/none.yaml"
	check "no-credentials before $server" jq -e '.scenarios[0].connections[0] |
		[.outcome, .reason, .error, .reached, .predicted.outcome] ==
		["failed", "no-credentials", null, "l2tp", "failed"]' "$out"
	check 'it says why' grep -q 'the client has no user and password' "$out"
done

it 'a server that knows nobody asks nobody'
sed 's/server: {psk: lab-psk.*/server: {psk: lab-psk}/; /^matrix:/,$d' "$T/login.yaml" >"$T/open.yaml"
run "$natdlab" run --backend sim -f json --set c.mode=windows-10 --set s.mode=softether-5 \
	"$T/open.yaml"
check 'connected' jq -e '.scenarios[0].connections[0] | [.outcome, .reached] ==
	["connected", "ppp"]' "$out"

it 'half of a name and password is a mistake'
for half in user password; do
	sed "s/server: {psk: lab-psk.*/server: {psk: lab-psk, $half: alice}/; /^matrix:/,\$d" \
		"$T/login.yaml" >"$T/half.yaml"
	run "$natdlab" run --backend sim --set c.mode=windows-10 --set s.mode=softether-5 \
		"$T/half.yaml"
	is_status 2
	case $half in
	user) err_has 's has no password' ;;
	password) err_has 's has no user' ;;
	esac
done

it "without OpenSSL's legacy provider a run that needs it ends early, with the remedy"
run env OPENSSL_MODULES="$T/nowhere" "$natdlab" run --backend sim "$T/login.yaml"
is_status 3
out_empty
err_has 'legacy.so'
err_has 'openssl-provider-legacy'
check 'in lines' [ "$(wc -l <"$err")" -eq 5 ]
check "without an escape" lib_not grep -qF "\\u{" "$err"
run env OPENSSL_MODULES="$T/nowhere" "$natdlab" run --backend sim --set c.mode=windows-10 \
	--set s.mode=softether-5 "$T/open.yaml"
is_status 0 # it is not needed where nobody asks
sed '/^matrix:/,$d; s/, user: alice, password: wonderland//' "$T/login.yaml" >"$T/nobody.yaml"
run env OPENSSL_MODULES="$T/nowhere" "$natdlab" run --backend sim --set c.mode=windows-10 \
	--set s.mode=softether-5 "$T/nobody.yaml"
is_status 0
