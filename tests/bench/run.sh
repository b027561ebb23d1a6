#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/bench/run.sh - measures natdlab against what it could cost at best (`make bench`).
#
# A line for each measurement: what, the ratio, the aim, met or MISSED; SKIPPED with the reason
# where something is not here. What is divided was measured in turns in this run. How exact that is
# depends on what else the machine does meanwhile: its load is printed first and last.
#
# NATDLAB_BENCH_ONLY: one of the functions below (users, article, growth, many, captures).
# NATDLAB_BENCH_REPEATS: of each measurement, 5 by default. Exit status 1 when an aim is missed.

set -u
: "${B:=build}"
: "${NATDLAB_BENCH_REPEATS:=5}"
repeats=$NATDLAB_BENCH_REPEATS
here=$(dirname "$0")
bench=$B/tests/bench
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM

load() {
	echo "load of the last minute: $(cut -d' ' -f1 /proc/loadavg), processors: $(nproc)"
}

skipped() {
	printf '%-62s SKIPPED  %s\n' "$1" "$2"
}

# line WHAT RATIO AIM: the ratio should be at most the aim.
line() {
	awk -v what="$1" -v ratio="$2" -v aim="$3" 'BEGIN {
		printf "%-62s %8.3f   <= %-5g  %s\n", what, ratio, aim,
			(ratio <= aim ? "met" : "MISSED") }'
}

divide() {
	awk -v a="$1" -v b="$2" 'BEGIN { print a / b }'
}

# column N FILE LINE
column() {
	awk -v n="$1" -v line="$3" 'NR == line { print $n }' "$2"
}

# The same program where every user may run it, and the files that it reads.
public=$T/public
mkdir "$public" && chmod 755 "$T" "$public"
cp "$B/natdlab" topologies/article.yaml "$public"
natdlab=$public/natdlab article=$public/article.yaml

# Growth by the processors' time: labs of a thousand clients run for seconds, and a busy machine
# would stretch them more than the small ones.
growth() {
	set --
	for n in 1 10 100 1000; do
		"$here/clients.sh" $n >"$public/clients-$n.yaml"
		set -- "$@" "$natdlab run $public/clients-$n.yaml >/dev/null"
	done
	"$bench/times" "$repeats" "$@" >"$T/growth" || return
	for decade in 1 2 3; do
		line "growth exponent, to $(echo 10 100 1000 | cut -d' ' -f$decade) clients" "$(
			awk -v d="$decade" 'NR == d { a = $2 }
				NR == d + 1 { print log($2 / a) / log(10) }' "$T/growth")" 1.1
	done
	"$natdlab" run --format json "$public/clients-1000.yaml" >"$T/clients.json"
	line 'of 1000 clients, with another outcome than their product has' "$(
		jq '[.scenarios[].connections[] | select(.outcome !=
			(if .client_mode == "macos" or .registry == 2 then "connected" else "blocked" end))]
			| length' "$T/clients.json")" 0
}

# What a user's lab takes, of root's; both are started by setpriv.
users() {
	what='the article as an ordinary user, of root'\''s'
	as='setpriv --clear-groups'
	if [ "$(id -u)" -ne 0 ]; then
		skipped "$what" 'this is an ordinary user: there is nobody to compare with'
	elif ! $as --reuid 65534 --regid 65534 "$natdlab" run "$article" >"$T/user" 2>&1; then
		skipped "$what" "$(head -n 1 "$T/user")"
	else
		"$bench/times" $((repeats * 4)) \
			"$as --reuid 0 --regid 0 $natdlab run $article >/dev/null" \
			"$as --reuid 65534 --regid 65534 $natdlab run $article >/dev/null" >"$T/users"
		line "$what" "$(divide "$(column 1 "$T/users" 2)" "$(column 1 "$T/users" 1)")" 1.15
	fi
}

# The whole article, one lab after the other and as it is run, against twelve bare set-ups and what
# OpenSSL needs for the groups that its clients and servers agree on.
article() {
	"$natdlab" run -o "$T/kept" "$article" >/dev/null || return
	n=$(jq '.scenarios | length' "$T/kept/run.json")
	groups=$(jq -r '.scenarios[].connections[].phase1.group' "$T/kept/run.json" | tr '\n' ' ')
	"$bench/times" $((repeats * 4)) \
		"$bench/setup $article $n bare && $bench/ike bound $groups" \
		"rm -rf $T/kept; $natdlab run -o $T/kept $article >/dev/null" \
		"rm -rf $T/kept; $natdlab run --jobs 1 -o $T/kept $article >/dev/null" >"$T/article"
	floor=$(column 1 "$T/article" 1)
	line 'the article with captures, of bare set-ups and cryptography' \
		"$(divide "$(column 1 "$T/article" 2)" "$floor")" 1.5
	printf '%-62s %8.3f\n' '  the same with one lab at a time' \
		"$(divide "$(column 1 "$T/article" 3)" "$floor")"
}

many() {
	"$here/scenarios.sh" >"$public/many.yaml"
	"$bench/times" 1 "taskset -c 0,1 $natdlab run --jobs 2 $public/many.yaml >$T/many.out 2>&1" \
		>"$T/many" || { tail -n 5 "$T/many.out"; return; }
	line '500 scenarios on two processors, of 20 s' "$(divide "$(column 1 "$T/many" 1)" 20)" 1
}

# `natdlab inspect` on a busy link's capture of 1 GB with 20 exchanges in it, and on captures of
# nothing but exchanges.
captures() {
	what='inspect, a capture of 1 GB'
	if [ "$(df -Pk "$T" | awk 'NR == 2 { print int($4 / 1024) }')" -lt 2000 ]; then
		skipped "$what" "no room for it in $T"
		return
	fi
	session=tests/data/captures/softether-eip-napt-ms.client.pcap
	"$bench/traffic" 1000 20 $session >"$T/1000.pcap"
	"$bench/traffic" 100 20 $session >"$T/100.pcap"
	"$bench/times" "$repeats" "cat $T/1000.pcap >/dev/null" \
		"$natdlab inspect $T/1000.pcap >/dev/null" \
		"$natdlab inspect $T/100.pcap >/dev/null" >"$T/big"
	line "$what, of what cat takes" \
		"$(divide "$(column 1 "$T/big" 2)" "$(column 1 "$T/big" 1)")" 5
	line '  the same in processors'\'' time' \
		"$(divide "$(column 2 "$T/big" 2)" "$(column 2 "$T/big" 1)")" 5
	line '  its peak memory, of that with 100 MB' \
		"$(divide "$(column 3 "$T/big" 2)" "$(column 3 "$T/big" 3)")" 1.05
	if command -v tshark >/dev/null; then
		"$bench/times" 1 "$natdlab inspect $T/1000.pcap >/dev/null" \
			"tshark -r $T/1000.pcap -Y 'isakmp or esp' >/dev/null 2>&1" >"$T/tshark"
		line '  the time, of what tshark takes to list its IKE and ESP' \
			"$(divide "$(column 1 "$T/tshark" 1)" "$(column 1 "$T/tshark" 2)")" 0.1
		line '  its peak memory, of tshark'\''s' \
			"$(divide "$(column 3 "$T/tshark" 1)" "$(column 3 "$T/tshark" 2)")" 0.1
	else
		skipped '  the time, of what tshark takes' 'no tshark here'
	fi
	rm -f "$T"/*.pcap

	session=tests/data/captures/strongswan-eip-napt-ms.client.pcap
	for n in 10000 100000; do
		"$bench/traffic" 0 $n $session >"$T/$n.pcap"
	done
	"$bench/times" "$repeats" "$natdlab inspect $T/10000.pcap >/dev/null; true" \
		"$natdlab inspect $T/100000.pcap >/dev/null; true" >"$T/exchanges"
	line 'growth exponent, 10,000 exchanges to 100,000' "$(
		awk 'NR == 1 { a = $2 } NR == 2 { print log($2 / a) / log(10) }' "$T/exchanges")" 1.1
	line '  peak memory with 100,000, of that with 10,000' \
		"$(divide "$(column 3 "$T/exchanges" 2)" "$(column 3 "$T/exchanges" 1)")" 1.05
	printf '%-62s %8.0f MB\n' '  peak memory with 100,000' \
		"$(divide "$(column 3 "$T/exchanges" 2)" 1024)"
	rm -f "$T"/*.pcap
}

measure() {
	"$bench/setup" "$article" $((repeats * 8))
	"$bench/ike" $((repeats * 20))
	skipped 'two of our nodes, against a pair of strongSwan' \
		'not measured again; docs/performance.md has the figures'
	users
	article
	growth
	many
	captures
}

load
"${NATDLAB_BENCH_ONLY:-measure}" | tee "$T/table"
load
! grep -q MISSED "$T/table"
