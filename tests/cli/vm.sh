#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Virtual machines as nodes: QEMU's place is taken by tests/vm/guest.c, which speaks its framing,
# and once by QEMU itself, whose network boot asks for an address.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

guest=$(cd "$B" && pwd)/tests/vm/guest
client=$root/topologies/windows-vm.yaml server=$root/topologies/windows-server-vm.yaml
deep=$(printf '%0120d' 0)
cd "$T" || exit 1

mark=NATDLAB_TEST=vm-$$ # in the environment of every process of a run that is begun

# begin WAIT ARGUMENTS...: natdlab run in the background; finish waits for it.
begin() {
	[ "$state" != skip ] || return 0
	command="natdlab run --wait $*"
	# A shell's background jobs begin with SIGINT ignored, which natdlab would leave so.
	env --default-signal=INT $mark "$natdlab" run --wait "$@" >"$out" 2>"$err" </dev/null &
	pid=$!
}
# end: Ctrl-C, for what would go on waiting.
end() {
	[ "$state" = skip ] || kill -INT "$pid"
	finish
}
until_it_waits() {
	while [ "$state" != skip ] && ! grep -q 'waiting for' "$err"; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
}
finish() {
	[ "$state" != skip ] || return 0
	wait "$pid"
	status=$?
}
# plug SOCKET WORDS...: a machine, with what it says in $T/said.
plug() {
	[ "$state" != skip ] || return 0
	timeout 40 "$guest" "$@" >"$T/said" 2>&1
	plugged=$?
}
said() {
	check "the machine did not say: $1" grep -qF -e "$1" "$T/said"
}
windows() { # MODE
	plug windows.sock client "$1" 0 203.0.113.10 lab-psk 10
}

# This takes forty seconds, so it begins here and is looked at last: a server that says nothing for
# its first twenty seconds, and a client that gives up after thirty-five.
mkdir late
needs_lab >/dev/null
if [ "$lib_lab" = yes ]; then
	(cd late && "$natdlab" run --wait 2m --filter registry-2 "$server" >out 2>err </dev/null
		echo $? >status) &
	late=$!
	timeout 100 "$guest" late/windows-server.sock server rras-2012r2 lab-psk 20 >/dev/null 2>&1 &
fi

it 'a Windows in a machine is refused by RRAS and let in by SoftEther, one after the other'
needs_lab
begin 30s -j 8 -o "$T/two" "$client"
windows windows-10
said 'address 192.168.1.10/24, router 192.168.1.1'
said 'the router answers ARP'
said 'blocked, both-behind-nat'
windows windows-10
said 'connected, none'
finish
is_status 0
out_has '2 scenarios, 2 as expected; namespaces'
out_has 'windows is a virtual machine; what it came to is read off the wire'
err_has "addr.path=$T/windows.sock"
err_has 'windows blocked: The client finished Main Mode, did Quick Mode 6 times'
err_has 'windows connected: ESP flows both ways'
cp "$err" "$T/two.err"
check 'the line for QEMU is told once' [ "$(grep -c qemu-system "$err")" -eq 1 ]
check 'the socket is gone' [ ! -e windows.sock ]

it 'what the document quotes is what the run tells'
needs_lab
[ "$state" = skip ] || {
	sed -n '/^windows is a virtual machine/,/rasdial/p' "$T/two.err" |
		sed "s,$T/,FOLDER/," >"$T/told"
	sed -n '/^<!-- announced: begin/,/^<!-- announced: end/p' "$root/docs/vm.md" |
		sed '1d;$d;s/^    //' >"$T/quoted"
}
run diff "$T/quoted" "$T/told"
is_status 0

it 'what such a run kept says who told it, and its captures show the machine on its link'
needs_lab
[ "$state" = skip ] || {
	run jq -c '.scenarios[].connections[] | [.told_by, .differs, .outcome]' "$T/two/run.json"
	out_has '["wire",null,"blocked"]'
	out_has '["wire",null,"connected"]'
	check 'an event' grep -q '"kind":"outcome".*"why":"the wire"' \
		"$T/two/softether-4/events.jsonl"
}
# tshark: frames of the machine's link with what is asked for.
frames() {
	tshark -r "$T/two/softether-4/links/windows-home.pcapng" -o udp.check_checksum:TRUE \
		-o ip.check_checksum:TRUE -Y "$1" 2>/dev/null | wc -l
}
[ "$state" = skip ] || command -v tshark >/dev/null || skip 'no tshark here'
check 'four of DHCP' [ "$(frames dhcp)" -eq 4 ]
check 'ARP both ways' [ "$(frames arp)" -ge 2 ]
check 'IKE both ways' [ "$(frames 'isakmp && ip.src == 192.168.1.10')" -ge 5 ]
check 'IKE both ways' [ "$(frames 'isakmp && ip.dst == 192.168.1.10')" -ge 4 ]
check 'a wrong checksum' [ "$(frames 'udp.checksum.status == "Bad" ||
	ip.checksum.status == "Bad"')" -eq 0 ]

it 'a machine that is another one than its mode is no error of the lab, and is told'
needs_lab
begin 30s --filter 'rras*' "$client"
windows macos
finish
is_status 1
out_has 'the virtual machine is not as its mode: windows: prediction and wire differ in the outcome'
out_has 'FAIL rras-2012r2'
out_lacks 'error of the lab'

it 'a Windows Server in a machine is dialled when it is there'
needs_lab
begin 30s --filter registry-2 "$server"
plug windows-server.sock server rras-2012r2 lab-psk 0
said 'address 172.31.0.10/20, router 172.31.0.1'
finish
is_status 0
out_has 'vm as rras-2012r2'
err_has 'client dials 203.0.113.10, pre-shared key lab-psk'

it 'its security group stands before it'
needs_lab
sed -e 's,udp/500\, udp/4500,udp/500,' -e '/^expect:/,$d' \
	-e 's/registry-2: .*/mac: {mode: macos}/' "$server" >closed.yaml
begin 3s --filter mac -o "$T/closed" closed.yaml
plug windows-server.sock server rras-2012r2 lab-psk 0
finish
# seen LINK PORT: does IKE to the server's port pass that link?
seen() {
	grep -q "\"link\":\"$1\",\"kind\":\"isakmp\".*\"dst\":\"[0-9.]*:$2\"" \
		"$T/closed/mac/events.jsonl"
}
is_status 1
check '500 comes in' seen igw-server 500
check '4500 comes as far as the edge' seen internet-igw 4500
check '4500 comes in' lib_not grep -q '"link":"igw-server".*"dst":"172.31.0.10:4500"' \
	"$T/closed/mac/events.jsonl"

# A machine that does such a thing (guest.c) and is an honest one afterwards.
behaves_after() { # WORD
	needs_lab
	begin 30s --filter 'rras*' "$client"
	plug windows.sock "$1"
	check 'the machine is content' [ "${plugged-1}" -eq 0 ]
	said 'the router answers ARP'
	end
	is_status 1
}

for how in zero huge cut leave; do
	it "a machine that breaks off ($how) may come again"
	behaves_after $how
	case $how in
	zero | huge) err_has 'sent what QEMU does not send, and was hung up on' ;;
	esac
done

for how in long short flood; do
	it "frames of no use ($how) are passed over"
	behaves_after $how
	err_lacks 'hung up on'
done

it 'where nothing is plugged in, nothing is decided, and the run says why'
needs_lab
run "$natdlab" run --wait 1s --filter 'rras*' "$client"
is_status 1
out_has "came to no decision: nothing was plugged in at the virtual machine's socket"
check 'the socket is gone' [ ! -e windows.sock ]

it 'Ctrl-C ends the waiting, and the result is printed'
needs_lab
begin 30s "$client"
plug windows.sock dhcp
end
is_status 1
out_has 'UNDECIDED rras-2012r2'
out_has 'the virtual machine sent no IKE'
out_has '2 scenarios, 0 as expected'
check 'the socket is gone' [ ! -e windows.sock ]

it 'several machines in one scenario are each waited for, and may be all there is'
needs_lab
sed -e '/^matrix:/,$d' -e 's/windows-vm/several/' \
	-e '/home:lan/a\    - {endpoints: ["second:eth0", "home:lan2"], subnet: 192.168.2.0/24}' \
	-e 's/windows-10, registry: 0/macos/' \
	-e 's/^    home: .*/&\n    second: {kind: vm, mode: macos, dials: server}/' \
	-e 's/server:   {kind: server/server: {kind: vm/' "$client" >several.yaml
begin 30s several.yaml
[ "$state" = skip ] || {
	timeout 40 "$guest" server.sock server rras-2012r2 lab-psk 0 >server.said 2>&1 &
	served=$!
	until grep -qs 'server has its address' "$err" || ! kill -0 "$pid" 2>/dev/null; do
		sleep 0.1
	done
	timeout 40 "$guest" second.sock client macos 0 203.0.113.10 lab-psk 1 >second.said 2>&1 &
	second=$!
}
plug windows.sock client macos 0 203.0.113.10 lab-psk 1
finish
[ "$state" = skip ] || wait "$served" "$second"
is_status 0
said 'connected, none'
check 'the second machine' grep -q 'connected, none' second.said
err_has 'second connected: ESP flows both ways'
out_lacks 'not as its mode'

it 'the socket is the user'\''s alone'
needs_lab
begin 30s --filter 'rras*' "$client"
plug windows.sock dhcp
check 'others may connect' [ "$(stat -c %a windows.sock 2>/dev/null)" = 600 ]

it 'two runs do not share a socket'
needs_lab
run "$natdlab" run --wait 1s --filter 'rras*' "$client"
is_status 3
err_has 'windows: somebody listens at windows.sock already: another run?'
check 'it is still there' [ -S windows.sock ]
[ "$state" = skip ] || kill -KILL "$pid"
[ "$state" = skip ] || wait "$pid" 2>/dev/null
# The kernel kills its lab, which listens until then.
for _ in $(seq 50); do
	lib_left $mark || break
	sleep 0.1
done

it 'a socket that a killed run has left is taken over'
needs_lab
check 'there is none' [ -S windows.sock ]
run "$natdlab" run --wait 1s --filter 'rras*' "$client"
is_status 1
check 'the socket is gone' [ ! -e windows.sock ]

it 'a run that looks for room is nobody who plugs in'
needs_lab
begin 3s --filter 'rras*' "$client"
until_it_waits
[ "$state" = skip ] || "$natdlab" run --wait 1s --filter 'rras*' "$client" >/dev/null 2>&1
finish
err_lacks 'is plugged in'
out_has 'nothing was plugged in'

it 'what is not its own any more a run does not remove'
needs_lab
begin 2s --filter 'rras*' "$client"
until_it_waits
rm -f windows.sock
touch windows.sock
finish
check 'it is still there' [ -e windows.sock ]
rm -f windows.sock

it 'whoever started it with nohup may close the terminal'
needs_lab
[ "$state" = skip ] || trap '' HUP
begin 2s --filter 'rras*' "$client"
[ "$state" = skip ] || trap - HUP
until_it_waits
[ "$state" = skip ] || kill -HUP "$pid"
finish
is_status 1
check 'it was cut short' grep -qE ' [23]\.[0-9]+ s$' "$out"

it 'in a deep folder QEMU is told a path that is not too long for it'
needs_lab
mkdir "$T/$deep"
[ "$state" = skip ] || cd "$T/$deep" || exit 1
run "$natdlab" run --wait 1s --filter 'rras*' "$client"
cd "$T" || exit 1
is_status 1
err_has 'addr.path=windows.sock'

it 'what is no socket stays where it is'
needs_lab
echo precious >windows.sock
run "$natdlab" run --wait 1s --filter 'rras*' "$client"
is_status 3
err_has 'windows: windows.sock is there already and is no socket'
check 'it was changed' grep -q precious windows.sock
rm -f windows.sock

it 'the simulator has no place for a machine'
run "$natdlab" run --backend sim "$client"
is_status 3
out_has 'SKIPPED rras-2012r2 and 1 more: a node is a virtual machine'

it 'the plan says that a namespace stands in the place of the machine'
run "$natdlab" plan "$client"
is_status 0
out_has '# windows is a virtual machine in a run. Here a namespace stands in its place'

it 'a time that is none is refused'
run "$natdlab" run --wait soon "$client"
is_status 2
err_has '--wait is a time such as 30s, 10m or 2h'

it 'a real QEMU plugs in, and its network boot is given an address'
needs_lab
[ "$state" = skip ] || command -v qemu-system-x86_64 >/dev/null ||
	skip 'no qemu-system-x86_64 here (package qemu-system-x86)'
[ "$state" = skip ] || qemu-system-x86_64 -netdev help 2>&1 | grep -qx stream ||
	skip 'this QEMU has no -netdev stream: it is older than 7.2'
[ "$state" = skip ] || [ -e /usr/lib/ipxe/qemu/efi-e1000e.rom ] ||
	[ -e /usr/share/qemu/efi-e1000e.rom ] || skip 'this QEMU has no network boot (ipxe-qemu)'
begin 20s --filter 'rras*' -o "$T/ipxe" "$client"
[ "$state" = skip ] || {
	until_it_waits
	# The line that natdlab prints, but for the disk and the processor.
	timeout 30 qemu-system-x86_64 -machine q35 -m 64 -display none -serial none -monitor none \
		-boot n -netdev stream,id=lab,server=off,addr.type=unix,addr.path=windows.sock \
		-device e1000e,netdev=lab,mac=02:00:00:00:00:0a >"$T/said" 2>&1 &
	qemu=$!
	for _ in $(seq 100); do
		grep -q 'has its address' "$err" && break
		sleep 0.2
	done
	kill -INT "$pid"
}
finish
[ "$state" = skip ] || kill "$qemu" 2>/dev/null
[ "$state" = skip ] || wait "$qemu" 2>/dev/null
is_status 1
err_has 'windows is plugged in'
err_has 'windows has its address, 192.168.1.10'
check 'an answer of DHCP' grep -q '"src":"192.168.1.1:67","dst":"192.168.1.10:68"' \
	"$T/ipxe/rras-2012r2/events.jsonl"

it 'a server that starts late is dialled again'
needs_lab
[ "$state" = skip ] || {
	wait "$late"
	run cat late/out
	status=$(cat late/status)
}
is_status 0
out_has '1 scenario, 1 as expected'
