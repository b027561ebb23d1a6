#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What natdlab finds when it is started: descriptors that are closed, signals that are ignored.
# Neither may change what it does, or keep it from ending.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

article=topologies/article.yaml

# without LIST COMMAND...: runs it with the descriptors of the list closed.
without() {
	list=$1
	shift
	command="$*"
	case $list in
	0) "$@" <&- >"$out" 2>"$err" ;;
	1) "$@" </dev/null >&- 2>"$err" ;;
	012) "$@" <&- >&- 2>&- ;;
	esac
	status=$?
}

# The events that a run keeps: other files tell the time, or hold numbers of the kernel's.
kept() {
	(cd "$1" && find . -name events.jsonl | sort | xargs cksum)
}

# Are descriptors 0 to 2 of a process /dev/null before long?
first_three_are_null() {
	tries=0
	while [ $tries -lt 200 ]; do
		tries=$((tries + 1))
		for fd in 0 1 2; do
			readlink "/proc/$1/fd/$fd"
		done >"$T/three"
		[ "$(grep -cx /dev/null "$T/three")" -lt 3 ] || return 0
		sleep 0.01
	done
	cat "$T/three" >"$out"
	return 1
}

for backend in sim netns; do
	it "a run without descriptors 0 to 2 keeps what any other keeps ($backend)"
	[ $backend = sim ] || needs_lab
	only='softether-4/*'
	run "$natdlab" run --backend $backend --filter "$only" -o "$T/with-$backend" $article
	is_status 0
	: >"$out"
	[ "$state" = skip ] || without 012 "$natdlab" run --backend $backend --filter "$only" \
		-o "$T/without-$backend" $article
	is_status 3 # its results could not be printed
	check 'the events differ' [ "$(kept "$T/with-$backend")" = "$(kept "$T/without-$backend")" ]
done

it 'nothing that natdlab opens takes the number of a descriptor that was closed'
mkfifo "$T/fifo"
"$natdlab" inspect "$T/fifo" <&- >&- 2>&- & # which waits for somebody to write into it
check 'descriptors 0 to 2 are something else' first_three_are_null $!
kill $!
wait $! 2>/dev/null

it 'a closed standard output is no other file that natdlab opens'
without 1 "$natdlab" run --backend sim $article
is_status 3
err_has 'cannot write to standard output: Bad file descriptor'

it 'a closed standard input is an error where a file is read from it'
without 0 "$natdlab" check -
is_status 2

# The shell's own children are waited for by natdlab all the same.
for signal in CHLD HUP INT QUIT PIPE TERM; do
	it "a run ends as ever when its caller ignores SIG$signal"
	needs_lab
	run sh -c 'trap "" "$1"; shift; exec "$@"' sh $signal "$natdlab" run \
		--filter 'softether-4/registry-0' $article
	is_status 0
	out_has 'namespaces, seed 1'
	out_lacks 'backend: sim'
done

it 'a lab of the simulator outlives a hang-up that its caller ignores'
run sh -c 'trap "" HUP; exec "$@"' sh setsid sh -c '
	"$@" &
	while kill -0 $! 2>/dev/null; do kill -HUP 0; done
	wait $!' sh "$natdlab" run --backend sim $article
is_status 0
