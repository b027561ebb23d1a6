#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The simulator and the namespaces must tell the same story, event by event: place, kind, fields,
# time and frame number. And each must tell the same story twice.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# same A B: every scenario of A that was not skipped in B has the same events there.
same() {
	(cd "$1" && find . -name events.jsonl) | sort >"$T/files"
	[ -s "$T/files" ] || return 1
	while read -r f; do
		cmp "$1/$f" "$2/$f" || {
			diff "$1/$f" "$2/$f" | head -n 5
			return 1
		}
	done <"$T/files" >"$out" 2>"$err"
}

namespaces=yes
"$natdlab" run --backend netns --filter 'rras-2012r2/mac' topologies/article.yaml >/dev/null 2>&1
[ $? -ne 3 ] || namespaces=

for topology in topologies/*.yaml; do
	base=$(basename "$topology" .yaml)
	# Real products live in namespaces and real time only (tests/interop/real.sh).
	# So do virtual machines, which are not there (tests/cli/vm.sh).
	case $base in real-* | windows-vm | windows-server-vm) continue ;; esac
	it "$base: the simulator shows the events that the namespaces show"
	run "$natdlab" run --backend sim -o "$T/$base-sim" "$topology"
	if grep -q '^SKIPPED' "$out" && [ "$status" -eq 3 ]; then
		skip "$(grep -m1 '^SKIPPED' "$out")"
		continue
	fi
	is_status 0
	if [ -z "$namespaces" ]; then
		skip 'no namespaces here to compare with'
		continue
	fi
	run "$natdlab" run --backend netns -o "$T/$base-netns" "$topology"
	is_status 0
	check 'the events differ' same "$T/$base-sim" "$T/$base-netns"
done

it 'on bad links, too: the same frames are lost, doubled and held back'
for backend in sim netns; do
	if [ -z "$namespaces" ] && [ $backend = netns ]; then
		skip 'no namespaces here to compare with'
		continue
	fi
	run "$natdlab" run --backend $backend --seed 7 -o "$T/bad-$backend" \
		--set home-internet.loss=10% --set igw-server.duplicate=10% \
		--set client-home.reorder=20% --set internet-igw.delay=15ms topologies/article.yaml
	check 'it was run' [ "$status" -le 1 ]
done
[ "$state" = skip ] || check 'the events differ' same "$T/bad-sim" "$T/bad-netns"
check 'nothing was sent again' grep -q '"kind":"retransmit"' -r "$T/bad-sim"

it 'two runs of one seed have the same events, on a busy machine, too'
if [ -z "$namespaces" ]; then
	skip 'no namespaces here'
else
	# Something else to do for every processor while the second one runs.
	busy=''
	for _ in $(seq "$(nproc)"); do
		timeout 20 sh -c 'while :; do :; done' &
		busy="$busy $!"
	done
	run "$natdlab" run --backend netns -o "$T/busy" topologies/article.yaml
	# shellcheck disable=SC2086 # several
	kill $busy 2>/dev/null
	is_status 0
	check 'the events differ' same "$T/article-netns" "$T/busy"
fi

it 'where namespaces are refused, auto takes the simulator and says so first, with the remedy'
if ! unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces' 2>/dev/null; then
	skip 'no user namespace here in which namespaces could be refused'
else
	run unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"' sh \
		"$natdlab" run topologies/article.yaml
	is_status 0
	check 'the first line' sh -c "head -n1 '$out' | grep -q '^backend: sim (no namespaces here: .*; to enable them: '"
	out_has '12 scenarios, 12 as expected; sim'
fi

it 'where namespaces are refused, --backend netns says the remedy and is status 3'
if ! unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces' 2>/dev/null; then
	skip 'no user namespace here in which namespaces could be refused'
else
	run unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"' sh \
		"$natdlab" run --backend netns topologies/article.yaml
	is_status 3
	out_empty
	err_has 'to enable them: sudo sysctl -w user.max_net_namespaces='
fi

it 'the simulator has no real time'
run "$natdlab" run --backend sim --realtime topologies/article.yaml
is_status 2
err_has '--realtime needs namespaces'
