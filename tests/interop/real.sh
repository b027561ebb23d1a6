#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Our modes against the products that they imitate. Wants `make real`; run by `make real-test`.
# The runs go on in real time and take about three minutes, in which the machine has little to do.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"

it 'a product that is not there is skipped, and the remedy told'
needs_lab
run "$natdlab" run --real "$T/nowhere" --filter 'any/both/*' topologies/real-softether.yaml
is_status 3
out_has 'SKIPPED any/both/plain and 2 more: no softether in '
out_has 'make real fetches it'

it 'the simulator refuses real products'
run "$natdlab" run --backend sim --filter 'any/both/*' topologies/real-softether.yaml
is_status 3
out_has 'a real product, which needs a namespace'

# How many of these daemons run in this session: others may have their own, and other tests.
daemons() {
	for daemon in charon pluto vpnserver; do
		pgrep -s 0 -x $daemon
	done | wc -l
}
before=$(daemons)

# Is everything there?
all_there() {
	for folder in strongswan libreswan softether tools; do
		[ -d "$B/real/$folder" ] || return 1
	done
}
needs_real() {
	all_there || skip "real products are not in $B/real: make real fetches them"
}

runs=$T/runs
if all_there && [ "$lib_lab" = yes ]; then
	tests/interop/runs.sh "$runs"
fi

for product in strongswan libreswan softether; do
	it "$product does what is expected of it, in every layout"
	needs_lab
	needs_real
	run cat "$runs/real/$product.txt"
	check 'not as expected' [ "$(cat "$runs/real/$product.status" 2>/dev/null)" = 0 ]
done

# hashes FILE: what each scenario's hashes are and what both sides conclude from them.
hashes() {
	jq -r '.scenarios[] | .id as $id | .connections[0] |
		[$id, .natd.server_hash, .natd.peer_hash, .floated,
		 (.client_sees | tojson), (.server_sees | tojson)] | @tsv' "$1"
}

for product in strongswan libreswan softether; do
	it "the judgement of $product is the judgement of our modes, in every layout for every client"
	needs_lab
	needs_real
	[ "$state" = skip ] || {
		hashes "$runs/real/$product/run.json" >"$T/theirs"
		hashes "$runs/mode/$product/run.json" >"$T/ours"
	}
	check '24 scenarios each' [ "$(sort -u "$T/theirs" 2>/dev/null | wc -l)" -eq 24 ]
	run diff "$T/ours" "$T/theirs"
	is_status 0
done

# What the client was asked for, and what came of it.
login() {
	jq -c 'select(.node == "client" and (.kind | startswith("auth") or . == "outcome")) |
		del(.n, .us)' "$runs/login/$1/events.jsonl" | uniq # asked again, it answers again
}

it 'SoftEther lets our Windows client in with registry 0, and not with a wrong password'
needs_lab
needs_real
run cat "$runs/login.txt"
check 'not as expected' [ "$(cat "$runs/login.status" 2>/dev/null)" = 0 ]
for words in right wrong; do
	[ "$state" = skip ] || {
		login "real/$words" >"$T/theirs"
		login "mode/$words" >"$T/ours"
	}
	check 'it asked for nothing' grep -q '"method":"eap"' "$T/theirs"
	run diff "$T/ours" "$T/theirs"
	is_status 0
done

it 'message by message, modes and products differ in nothing that is not explained'
needs_lab
needs_real
# Products live in real time: on a busy machine what differs in times is asked once more.
if [ "$state" != skip ] && ! tests/interop/fidelity.sh "$runs" >/dev/null 2>"$T/first"; then
	"$natdlab" run -j 8 -o "$runs/answers" topologies/real-prober.yaml >"$T/again" 2>&1
fi
run tests/interop/fidelity.sh "$runs"
is_status 0
out_has 'softether-5 and SoftEther'

it 'and a difference that is not explained is named'
needs_lab
needs_real
[ "$state" = skip ] || {
	mkdir "$T/altered" && ln -s "$runs"/* "$T/altered" && rm "$T/altered/answers" &&
		cp -a "$runs/answers" "$T/altered/answers" &&
		sed -i 's/INVALID-FLAGS in clear/NO-SUCH-THING in clear/' \
			"$T/altered/answers/mode-libreswan/daemon-client.log"
}
run tests/interop/fidelity.sh "$T/altered"
is_status 1
err_has 'libreswan: prober: again, another message 3: ours NO-SUCH-THING'

it 'every case of the client that misbehaves was tried'
needs_lab
needs_real
for server in strongswan libreswan softether softether-own; do
	[ "$state" = skip ] ||
		sed '1,/^---- log/d' "$runs/answers/$server/daemon-client.log" >"$T/said"
	run cat "$T/said"
	check "fewer lines than cases: $server" [ "$(wc -l <"$T/said")" -gt 100 ]
	out_lacks 'the prober itself failed'
done

# What the log of a real strongSwan client says of a NAT before its server.
says_nat() {
	grep -q 'remote host is behind NAT' "$runs/client/real/$1/daemon-client.log"
}

it 'a real strongSwan dials our servers, and its log says who is behind NAT'
needs_lab
needs_real
[ "$state" = skip ] || run cat "$runs/client.txt"
check 'not as expected' [ "$(cat "$runs/client.status" 2>/dev/null)" = 0 ]
for server in rras-2012r2 strongswan-5.3 strongswan-5.9 strongswan-forceencaps libreswan \
	libreswan-encapsulation openswan-forceencaps; do
	check "it should see a NAT before $server" says_nat "$server"
done
for server in softether-4 softether-5 no-natt; do
	check "it should see no NAT before $server" lib_not says_nat "$server"
done
for server in rras-2012r2 softether-5; do
	check "it should know that it is behind NAT itself" \
		grep -q 'local host is behind NAT' "$runs/client/real/$server/daemon-client.log"
	check "it should accept our Quick Mode" \
		grep -q 'selected proposal: ESP' "$runs/client/real/$server/daemon-client.log"
done

it 'ike-scan reads our servers, and knows the vendor IDs'
needs_lab
needs_real
for server in strongswan libreswan softether rras; do
	run cat "$runs/scan/mode-$server/daemon-client.log"
	out_has '1 returned handshake; 0 returned notify'
	out_has '(RFC 3947 NAT-T)'
done
out_has '(Windows-8)'

it 'ike-scan reads of a product what it reads of our mode'
needs_lab
needs_real
for server in strongswan libreswan softether; do
	[ "$state" = skip ] || for kind in '' mode-; do
		grep -E 'SA=|VID=|returned' "$runs/scan/$kind$server/daemon-client.log" |
			sed 's/ in [0-9.]* seconds.*sec)//' >"$T/scan-$kind$server"
	done
	run diff "$T/scan-mode-$server" "$T/scan-$server"
	is_status 0
done

it 'an ordinary user can run them'
needs_lab
needs_real
if [ "$(id -u)" -ne 0 ]; then
	good # as every run above was
else
	[ "$state" = skip ] || {
		mkdir "$T/user" && cp -a "$natdlab" "$B/real" topologies "$T/user" &&
			chown -R 54321:54321 "$T/user" && chmod 711 "$T"
		for product in strongswan libreswan softether; do
			(cd "$T/user" && setpriv --reuid 54321 --regid 54321 --clear-groups \
				./natdlab run -j 8 --filter '*/both/registry-0' \
				"topologies/real-$product.yaml" >"$T/user/$product.txt" 2>&1
			echo $? >"$T/user/$product.status") &
		done
		wait
	}
	for product in strongswan libreswan softether; do
		run cat "$T/user/$product.txt"
		check "not as expected: $product" \
			[ "$(cat "$T/user/$product.status" 2>/dev/null)" = 0 ]
	done
fi

it 'no product is left when all is over'
needs_real
check 'daemons are running that were not before' [ "$(daemons)" -eq "$before" ]
