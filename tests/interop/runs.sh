#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/interop/runs.sh DIR - every run of real products, and the same with our modes, into DIR.
#
#	DIR/real/NAME   topologies/real-NAME.yaml, which has the product as its server
#	DIR/mode/NAME   the same file with our modes in its place
#	DIR/scan        ike-scan at products and modes
#	DIR/login       a right and a wrong password, at SoftEther and at our mode of it
#	DIR/client      a real strongSwan, and the mode that stands for it, dial our servers
#	DIR/answers     topologies/real-prober.yaml: what a client that misbehaves is answered
#
# Beside each folder what `natdlab run` printed (.txt) and its exit status (.status). All run at
# once: they spend their time waiting. Tests and docs/fidelity.md are made from it.

set -u
unset CDPATH
cd "$(dirname "$0")/../.." || exit 1
: "${B:=build}"
dir=$1
mkdir -p "$dir/real" "$dir/mode" || exit 1

# start NAME FILE
start() {
	{
		"$B/natdlab" run -j 32 -o "$dir/$1" "$2" >"$dir/$1.txt" 2>&1
		echo $? >"$dir/$1.status"
	} &
	pids="$pids $!"
}
pids=

# The modes for which the settings of the topologies stand.
with_modes() {
	sed -e 's/{run: strongswan, encapsulation: auto}/{mode: strongswan-5.9}/' \
		-e 's/{run: strongswan, encapsulation: forced}/{mode: strongswan-forceencaps}/' \
		-e 's/{run: libreswan, encapsulation: auto}/{mode: libreswan}/' \
		-e 's/{run: libreswan, encapsulation: forced}/{mode: libreswan-encapsulation}/' \
		-e 's/{run: softether, listen: any}/{mode: softether-5}/' \
		-e 's/{run: softether, listen: own}/{mode: softether-5-listen}/' \
		-e 's/ run: [a-z]*,/ mode: strongswan-5.9,/' -e '/^expect:/,$d' "$1"
}

# The article's network with other clients, and the matrix from standard input.
network() {
	sed -e "s/^name: .*/name: $1/" -e "s/mode: windows-10, registry: 0/$2/" \
		-e '/^matrix:/,$d' topologies/article.yaml
	cat
}

for name in strongswan libreswan softether; do
	start real/$name topologies/real-$name.yaml
	[ $name != libreswan ] || longest=$!
	with_modes topologies/real-$name.yaml >"$dir/mode-$name.yaml"
	start mode/$name "$dir/mode-$name.yaml"
done

network login 'mode: windows-10, registry: 0' >"$dir/login.yaml" <<'END'
matrix:
  server:
    real: {run: softether}
    mode: {mode: softether-5}
  words:
    right: {}
    wrong: {client.password: Wonderland}
expect:
  - {outcome: connected, reached: ppp, when: {words: right}}
  - {outcome: failed, reason: auth-failed, error: 691, reached: l2tp, when: {words: wrong}}
END
start login "$dir/login.yaml"

network scan 'run: ike-scan' >"$dir/scan.yaml" <<'END'
matrix:
  server:
    strongswan: {run: strongswan}
    libreswan: {run: libreswan}
    softether: {run: softether}
    mode-strongswan: {mode: strongswan-5.9}
    mode-libreswan: {mode: libreswan}
    mode-softether: {mode: softether-5}
    mode-rras: {mode: rras-2012r2}
END
start scan "$dir/scan.yaml"

start client topologies/real-client.yaml

# When the machine is quiet, because it takes down when things come. Libreswan's runs last longest,
# and do little: its clients wait in vain for an answer to Quick Mode, where the kernel has no ESP.
for pid in $pids; do
	[ "$pid" = "$longest" ] || wait "$pid"
done
start answers topologies/real-prober.yaml
wait
