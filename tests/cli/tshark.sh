#!/bin/sh
# SPDX-License-Identifier: MIT
#
# No frame of ours makes tshark complain. It knows every protocol that we speak and nothing of us:
# what it calls malformed, a warning or an error is a fault of ours, as are a wrong checksum and a
# message that stays secret to who has the keys that -o keeps.
#
# No mode is excepted. Those that lie on purpose (SoftEther's copied hashes, hashes of port 0 or of
# random bytes, IDs of 0.0.0.0) lie within the format: only who reckons the hashes finds them out.
#
# A sample is read, each server mode with each kind of client once and the kernel's frames of the
# article. NATDLAB_TSHARK=all reads every scenario of every topology in both backends; it takes
# some minutes, and `make real-test` does it.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

why=''
for tool in tshark mergecap; do
	command -v $tool >/dev/null || why="no $tool here (package tshark)"
done

namespaces=yes
"$natdlab" run --backend netns --filter 'rras-2012r2/mac' topologies/article.yaml >/dev/null 2>&1
[ $? -ne 3 ] || namespaces=

# Called a complaint: a warning or worse, and what keys should open but do not. ("Possible
# traceroute" is a remark about ports that a NAPT drew from 33434 on.) Of ISAKMP messages that are
# sent again Wireshark opens the first only, as it takes the others for the next of the exchange.
# Where port 4500 is closed nobody answers message 5; -o keeps no key of an exchange that came to
# nothing, since Wireshark would open message 5 and call each of its repetitions malformed.
unanswered='security-group-[a-z]*/both/(500-esp|only-500)/'
complaint='_ws.expert.severity >= 6291456 || _ws.malformed || esp.icv_bad == 1 || (esp && !l2tp)'
secret='isakmp.flag_e == 1'
checksums='ip.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0'

# keys DIR: one Wireshark profile with the keys of all scenarios below a folder of -o.
keys() {
	mkdir -p "$T/keys" &&
		find "$1" -name ikev1_decryption_table -exec cat {} + >"$T/keys/ikev1_decryption_table" &&
		find "$1" -name esp_sa -exec cat {} + >"$T/keys/esp_sa" &&
		find "$1" -name preferences -exec cp {} "$T/keys/" \;
}

# read_link DIR LINK FILTER [OPTION...]: what tshark finds on a link in all scenarios below DIR,
# each with its scenario. One tshark reads them all: it takes longer to start than to read.
read_link() {
	dir=$1 link=$2 filter=$3
	shift 3
	find "$dir" -path "*/links/$link.pcapng" | sort >"$T/list"
	[ -s "$T/list" ] || echo "nothing was kept of $link"
	# Each file has an interface of its own: its number says which scenario it was.
	# shellcheck disable=SC2046 # paths of ours, without blanks
	mergecap -I none -a -w "$T/link.pcapng" $(cat "$T/list") || echo 'mergecap failed'
	WIRESHARK_CONFIG_DIR=$T/keys tshark "$@" -r "$T/link.pcapng" -Y "$filter" -T fields \
		-e frame.interface_id -e frame.number -e _ws.col.Protocol -e _ws.col.Info \
		-e _ws.expert.message -e isakmp.enc.data -e isakmp.hash 2>"$T/said" |
		awk -F '\t' -v list="$T/list" -v unanswered="$unanswered" '
			BEGIN { while ((getline path <list) > 0) scenario[n++] = path }
			{ sub(/^Possible traceroute: hop #[0-9]*, attempt #[0-9]*$/, "", $5) }
			$6 != "" && $5 == "" && ($7 != "" || seen[$1, $6]) { seen[$1, $6] = 1; next }
			$6 != "" && $5 == "" && scenario[$1] ~ unanswered && $4 ~ /Main Mode/ { next }
			{ print scenario[$1], "frame", $2, "of all:", $3, $4, $5 }'
	grep -v '^Running as user' "$T/said"
}

# complaints DIR: of all its links. ESP stays closed while checksums are looked at: those inside
# are made with the addresses before the NATs (RFC 3948 3.1.2), and wrong behind them.
complaints() {
	keys "$1"
	for l in $(find "$1" -path '*/links/*.pcapng' | sed 's|.*/||; s|\.pcapng$||' | sort -u); do
		case ${links:-$l} in *"$l"*) ;; *) continue ;; esac
		read_link "$1" "$l" "$complaint || $secret"
		read_link "$1" "$l" "$checksums" -o ip.check_checksum:TRUE \
			-o udp.check_checksum:TRUE -o esp.enable_encryption_decode:FALSE
	done
}

# clean BACKEND TOPOLOGY [OPTION...]: a test: runs it and lets tshark read all of it.
clean() {
	backend=$1 base=$2
	shift 2
	it "$base, $backend: tshark complains of no frame and opens every message"
	if [ -n "$why" ]; then
		skip "$why"
		return
	fi
	if [ "$backend" = netns ] && [ -z "$namespaces" ]; then
		skip 'no namespaces here'
		return
	fi
	run "$natdlab" run --backend "$backend" -o "$T/$base-$backend" "$@" "topologies/$base.yaml"
	is_status 0
	complaints "$T/$base-$backend" >"$out"
	out_empty
}

if [ "${NATDLAB_TSHARK-}" = all ]; then
	for topology in topologies/*.yaml; do
		base=$(basename "$topology" .yaml)
		# Real products do not speak in our name, and machines are not there (vm.sh).
		case $base in real-* | windows-vm | windows-server-vm) continue ;; esac
		for b in sim netns; do
			clean $b "$base"
			# The matrix is needed below, the others only fill the disk.
			[ "$base-$b" = full-matrix-sim ] || rm -rf "$T/$base-$b"
		done
	done
else
	links='client-home carrier-internet igw-server' # before, between and behind the NATs
	clean sim full-matrix --filter 'home-eip/*'
	links=''
	clean netns article
fi

it 'the checksums inside ESP are right where they are made'
if [ -n "$why" ]; then skip "$why"; else
	dir=$T/full-matrix-sim/home-eip
	keys "$dir"
	for end in 'client-home 192.168.1.10' 'igw-server 172.31.0.10'; do
		read_link "$dir" "${end% *}" "ip.src == ${end#* } && ($checksums)" \
			-o udp.check_checksum:TRUE
	done >"$out"
	out_empty
	read_link "$dir" client-home 'ip.src == 192.168.1.10 && esp && udp.checksum.status == 1' \
		-o udp.check_checksum:TRUE >"$T/good"
	check 'there were none at all' [ "$(wc -l <"$T/good")" -gt 100 ]
fi

# doctored SCENARIO: a copy of what was kept of a scenario of the sample, to be spoilt.
doctored() {
	rm -rf "$T/doctored"
	mkdir -p "$T/doctored/x"
	cp -r "$T/full-matrix-sim/home-eip/$1" "$T/doctored/x/"
	links=client-home
}

it 'a changed byte, a lost key and a nonsense length would be seen'
if [ -n "$why" ]; then skip "$why"; else
	doctored rras-2012r2/registry-2
	complaints "$T/doctored" >"$out"
	out_empty
	# Among the vendor IDs of message 1, which stands first in the file.
	file=$(echo "$T"/doctored/x/*/links/client-home.pcapng)
	printf 'X' | dd of="$file" bs=1 seek=500 conv=notrunc 2>/dev/null
	complaints "$T/doctored" >"$out"
	check 'the byte was not seen' grep -q 'frame 1 of all: ISAKMP' "$out"

	doctored rras-2012r2/registry-2
	: >"$(echo "$T"/doctored/x/*/wireshark/esp_sa)"
	complaints "$T/doctored" >"$out"
	check 'the ESP key was not missed' grep -q 'of all: ESP' "$out"

	doctored rras-2012r2/registry-2
	: >"$(echo "$T"/doctored/x/*/wireshark/ikev1_decryption_table)"
	complaints "$T/doctored" >"$out"
	check 'the ISAKMP key was not missed' grep -q 'of all: ISAKMP' "$out"
fi
