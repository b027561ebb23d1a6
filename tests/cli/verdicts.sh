#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What the lab knows of a connection, `natdlab inspect` must find in the capture alone: outcome and
# reason of every connection of every topology file, seen from the client's end, the server's end,
# and everywhere at once. And what the lab's servers do not do (a dead L2TP daemon, two clients that
# a server takes for one) is made from its captures by taking frames away.

# shellcheck disable=SC2016 # programs of jq have dollars of their own
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# The client modes that a capture cannot show to obey Windows' rule: "plain" in measured.yaml has the
# rule, but none of Microsoft's vendor IDs. That it would be blocked is told all the same, by
# "windows" and by the cause.
exceptions=measured:plain

# What is said inside ESP no capture shows: name and password, above all. There ESP flows both ways,
# and `inspect` says that an error after this comes from inside the tunnel.
inside='s/\tfailed (auth-failed|no-credentials)\t/\tconnected none\t/'

# The connections of a run, each with the captures to look at: ID, cookie, client mode, outcome,
# reason, client, server.
connections() {
	jq -r '.scenarios[] | .id as $id | .connections[] |
		[$id, .initiator_cookie, .client_mode, .outcome, .reason, .client, .server] | @tsv' "$1"
}

# The captures that show a connection, named from its folder: everywhere, at both ends.
captures_of() (
	cd "$1" && echo capture.pcapng links/"$2"-*.pcapng links/*-"$3".pcapng
)

# Judges each of them: capture, client mode, what the lab knows, what inspect says. The last answer
# to a message 1 counts.
judge_all() {
	while IFS="$(printf '\t')" read -r id cookie mode outcome reason client server; do
		for capture in $(captures_of "$T/$1/$id" "$client" "$server"); do
			printf '{"at": "%s", "cookie": "%s", "mode": "%s", "want": "%s %s"}\n' \
				"$id/$capture" "$cookie" "$mode" "$outcome" "$reason"
			"$natdlab" inspect --format json "$T/$1/$id/$capture"
		done
	done <"$T/connections" 2>"$err" | jq -nr 'foreach inputs as $j ({}; if $j.at then $j else
		.cookie as $cookie | .got = ([$j.exchanges[] |
			select(.initiator_cookie == $cookie and .signature != "superseded") |
			.outcome + " " + .reason] | join(", "))
		end; select(.got) | [.at, .mode, .want, .got] | @tsv)'
}

for path in topologies/*.yaml; do
	file=${path##*/} file=${file%.yaml}
	case $file in
	windows-vm | windows-server-vm) continue ;; # wait for machines (tests/cli/vm.sh)
	real-*) continue ;; # products that may not be here; tests/cli/inspect.sh has captures of them
	esac
	it "$file: what the lab knows is found in its captures"
	run "$natdlab" run --backend sim --seed 1 -o "$T/$file" "$path"
	is_status 0
	connections "$T/$file/run.json" >"$T/connections"
	judge_all "$file" | sed -E "$inside" >"$T/judged"
	command="natdlab inspect (captures of $path)"
	check 'at least six captures were judged' [ "$(wc -l <"$T/judged")" -ge 6 ]
	awk -F '\t' -v file="$file" -v except="$exceptions" \
		'$3 != $4 && file ":" $2 != except' "$T/judged" >"$out"
	out_empty
done

it 'the exceptions are told what Windows would do, and the cure'
run "$natdlab" inspect "$T/measured/strongswan-5.9/both/plain-0/capture.pcapng"
out_has 'registry 0 or absent is blocked (809)'
out_has 'reg add HKLM'

it 'a refused login is told from a tunnel that goes on'
for words in wrong-password no-words; do
	run "$natdlab" inspect "$T/login/softether-5/$words/links/client-home.pcapng"
	is_status 0
	out_has 'as after a refused login'
	out_has 'Error 691'
done
run "$natdlab" inspect "$T/login/softether-5/right/links/client-home.pcapng"
is_status 0
out_lacks 'refused login'

# ---- frames taken away ----

# without FILTER FROM TO: a copy of a capture without these frames.
without() {
	tshark -r "$2" -Y "not ($1)" -w "$3" 2>"$err" >"$out"
}
needs_tshark() {
	command -v tshark >/dev/null 2>&1 || skip 'no tshark here to take frames away with'
}
# says CAPTURE SIGNATURE...: those of its exchanges.
says() {
	command="natdlab inspect $1"
	got=$("$natdlab" inspect --format json "$1" 2>"$err" |
		jq -r '[.exchanges[].signature | select(. != "superseded")] | join(" ")')
	shift
	check "expected $*, not $got" [ "$got" = "$*" ]
}

good_one=$T/second-client/strongswan-5.3/registry-2
wan=$T/wan.pcapng

for place in home-internet igw-server; do
	it "a dead L2TP daemon and a second client are told apart at $place"
	needs_tshark
	capture=$good_one/links/$place.pcapng
	[ "$place" = home-internet ] && server=203.0.113.10 || server=172.31.0.10
	says "$capture" fine fine
	ports=$("$natdlab" inspect --format json "$capture" |
		jq -r '.exchanges[].initiator | split(":")[1]')
	second=$(echo "$ports" | grep -v '^500$')
	check 'one of them does not have port 500' [ -n "$second" ]
	# Where the second one's ESP goes in UDP 4500.
	float=$(tshark -r "$capture" -Y 'udpencap && esp' -T fields -e udp.srcport -e udp.dstport |
		tr '\t' '\n' | sort -u | grep -v '^4500$')
	check 'the second one floats to a port of its own' [ -n "$float" ]
	without "esp and ip.src == $server" "$capture" "$wan"
	says "$wan" l2tp-silent l2tp-silent
	without "esp and ip.src == $server and udp.dstport == $float" "$capture" "$wan"
	says "$wan" fine second-client
	without "esp and ip.src == $server and udp.dstport == 4500" "$capture" "$wan"
	says "$wan" second-client fine
done

it 'at the second client alone its neighbour is only suspected'
needs_tshark
without 'esp and ip.src == 203.0.113.10' "$good_one/links/second-home.pcapng" "$wan"
says "$wan" l2tp-silent
run "$natdlab" inspect "$wan"
out_has 'Disconnect other clients behind the same router'

it 'bare ESP that a security group drops is no dead daemon'
group=$T/security-group/no-nat/500-4500
says "$group/links/client-home.pcapng" esp-closed
says "$group/capture.pcapng" esp-closed
run "$natdlab" inspect "$group/links/client-home.pcapng"
is_status 1
out_has 'Allow IP protocol 50 (ESP)'
