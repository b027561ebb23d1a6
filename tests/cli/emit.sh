#!/bin/sh
# SPDX-License-Identifier: MIT
#
# `natdlab inspect --emit-mode` and `probe --emit-mode` as they are typed: what they print is a
# topology file that natdlab takes as it is.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

captures=tests/data/captures

# emit CAPTURE...: into $T/mine.yaml
emit() {
	run "$natdlab" inspect --emit-mode "$@"
	[ "$state" = skip ] || cp "$out" "$T/mine.yaml"
}

it 'the file of each real server runs as it is, and comes to what its packets said'
for capture in "$captures"/kat-*.pcap "$captures"/rt-*.pcap "$captures"/libreswan-*.pcap \
	"$captures"/softether-*.pcap "$captures"/strongswan-*.pcap; do
	emit "$capture"
	is_status 0
	err_empty
	run "$natdlab" check "$T/mine.yaml"
	is_status 0
	run "$natdlab" run --backend sim "$T/mine.yaml"
	check "runs without a failure: $capture" [ "$status" -eq 0 ]
	out_lacks ' failed,'
done

it 'the row of a server of ours is like the mode that it has, and ends everybody alike'
for mode in rras-2012r2 strongswan-5.3 softether-4; do
	for client in mac registry-0; do
		run "$natdlab" run --backend sim -o "$T/lab" --filter "$mode/*" \
			topologies/article.yaml
		is_status 0
		sed -n "s/^$mode  *\(.*\)/\1/p" "$out" | head -n 1 >"$T/was"
		emit "$T/lab/$mode/$client/capture.pcapng"
		is_status 0
		out_has "like: $mode"
		run "$natdlab" run --backend sim "$T/mine.yaml"
		sed -n 's/^captured\/at-home  *\(.*\)/\1/p' "$out" | head -n 1 >"$T/is"
		check "$mode, seen by its talk to $client, has the table's row" \
			cmp -s "$T/was" "$T/is"
		rm -rf "$T/lab"
	done
done

it 'several servers have a mode each, whatever address they share'
run "$natdlab" run --backend sim -o "$T/lab" topologies/article.yaml
emit "$T"/lab/*/*/capture.pcapng
is_status 0
out_has 'captured-203-0-113-10:'
out_has 'captured-203-0-113-10-b:'
out_has 'captured-203-0-113-10-c:'
for mode in rras-2012r2 strongswan-5.3 softether-4; do
	out_has "like: $mode"
done
run "$natdlab" run --backend sim "$T/mine.yaml"
is_status 0

it 'a server whose hashes were not seen is called a guess, where it is run, too'
emit "$captures/rt-se-mm2.server.pcap"
out_has 'doubt:   server_hash: no NAT-D hash'
out_has '# Nothing is expected'
run "$natdlab" run --backend sim "$T/mine.yaml"
out_has 'Windows and a Mac - A GUESS, its NAT-D hashes were not seen'
emit "$captures/rt-se-mm4.server.pcap"
out_lacks 'GUESS'
out_lacks 'no NAT-D hash'
emit "$captures/rt-se-mm2.server.pcap" "$captures/libreswan-eip-napt-ms.server.pcap"
run "$natdlab" run --backend sim "$T/mine.yaml"
out_has 'some are A GUESS'

it 'more servers at one address than letters have names that are names'
{
	printf 'name: many\ntitle: Many\nmodes:\n'
	list=
	for n in $(seq 10 40); do
		printf '  m%s: {like: softether-4, vendor_ids: [rfc-3947, "0x%s%s%s%s"]}\n' \
			"$n" "$n" "$n" "$n" "$n"
		list="$list${list:+, }m$n"
	done
	sed -n '/^topology:/,/^matrix:/p' topologies/article.yaml
	printf '  server.mode: [%s]\n' "$list"
} >"$T/many.yaml"
run "$natdlab" run --backend sim -o "$T/twins" "$T/many.yaml"
emit "$T"/twins/*/capture.pcapng
is_status 0
out_has 'captured-203-0-113-10-z:'
out_has 'captured-203-0-113-10-aa:'
run "$natdlab" check "$T/mine.yaml"
is_status 0

it 'the modes alone can be put into another file'
emit "$captures/softether-eip-napt-ms.server.pcap"
{
	sed -n '/^modes:/,/^topology:/{/^topology:/!p;}' "$T/mine.yaml"
	sed 's/^  server.mode: .*/  server.mode: [captured, rras-2012r2, strongswan-5.3, softether-4]/
		s/when: {server.mode: softether-4}/when: {server.mode: captured}/' \
		topologies/article.yaml
} >"$T/both.yaml"
run "$natdlab" run --backend sim --filter 'captured/*' "$T/both.yaml"
is_status 0
out_has '4 as expected'

it 'names of files cannot say anything in the file'
newline='
'
hostile="$T/x${newline}  evil: {like: macos}$(printf '\342\200\250  worse: {like: ios}\033[2J\302\205').pcap"
cp "$captures/libreswan-eip-napt-ms.server.pcap" "$hostile"
emit "$hostile"
is_status 0
check 'has one mode' [ "$(grep -c '    like:' "$out")" = 1 ]
check 'is printable ASCII' lib_not grep -q '[^ -~]' "$out"
out_has '\u{A}  evil: {like: macos}\u{2028}'
run "$natdlab" check "$T/mine.yaml"
is_status 0

it 'without an answer there is nothing to write down'
printf '\324\303\262\241\002\0\004\0\0\0\0\0\0\0\0\0\377\377\0\0\001\0\0\0' >"$T/empty.pcap"
emit "$T/empty.pcap"
is_status 1
out_empty
err_has 'nothing to replay'

it 'a format beside it is a mistake'
run "$natdlab" inspect --emit-mode --format json "$captures/rt-se-mm2.client.pcap"
is_status 2
err_has 'leave --format out'
run "$natdlab" probe --emit-mode --format json 127.0.0.1
is_status 2
run "$natdlab" probe --server 192.0.2.1 127.0.0.1
is_status 2
err_has '--emit-mode'

it 'a probe that nobody answers writes nothing down'
run "$natdlab" probe --emit-mode --port 9 127.0.0.1
is_status 1
out_empty
err_has 'nothing to replay'

# The lines of docs/diagnose.md that quote the modes of a file.
quoted() {
	awk -v begin="<!-- emitted: begin $1 -->" '
		$0 == "<!-- emitted: end -->" { on = 0 }
		on { sub(/^    /, ""); print }
		$0 == begin { on = 1 }' docs/diagnose.md
}
modes_of() {
	sed -n '/^modes:/,/^topology:/{/^topology:/!p;}' "$1" | sed '$d'
}

it 'docs/diagnose.md quotes what is written'
rm -rf "$T/lab"
run "$natdlab" run --backend sim -o "$T/lab" topologies/parrot.yaml
emit "$T/lab/polite-softether/registry-0/capture.pcapng"
modes_of "$T/mine.yaml" >"$T/modes"
quoted polite-softether/registry-0 >"$T/quoted"
check 'of a run' cmp -s "$T/modes" "$T/quoted"
emit "$captures/libreswan-encapsulation-eip-napt-ms.client.pcap"
modes_of "$T/mine.yaml" >"$T/modes"
quoted libreswan-encapsulation-eip-napt-ms.client.pcap >"$T/quoted"
check 'of a real server' cmp -s "$T/modes" "$T/quoted"

it 'the address of the server settles what the client alone cannot know'
emit --server 172.31.16.10 "$captures/libreswan-encapsulation-eip-napt-ms.client.pcap"
out_has 'like: libreswan-encapsulation'
out_lacks 'doubt:   server_hash'
