#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/cli/floors.sh - seeded breaches of the rooms' order must be reported (tests/floors.sh).

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A house of two rooms with nothing wrong, in $T/house.
house() {
	rm -rf "$T/house"
	mkdir -p "$T/house/tests" "$T/house/nodes" "$T/house/lab/low" "$T/house/lab/high"
	cd "$T/house" || exit 1
	printf '%s\n' '# folder kind what' 'lab/low  pure    values' 'lab/high impure  deeds' \
		>tests/rooms.txt
	echo 'int low(int x);' >lab/low/low.h
	printf '%s\n' '#include "lab/low/low.h"' 'int low(int x) { return x + 1; }' >lab/low/low.c
	printf '%s\n' 'int high(int x);' 'extern const int table[2];' >lab/high/high.h
	printf '%s\n' '#include "lab/high/high.h"' '#include "lab/low/low.h"' \
		'const int table[2] = {1, 2};' 'int high(int x) { return low(x); }' >lab/high/high.c
}

# Adds lines to a file of it.
add() {
	file=$1
	shift
	printf '%s\n' "$@" >>"$file"
}

# Builds it and checks it.
floors() {
	for source in lab/*/*.c; do
		mkdir -p "build/${source%/*}"
		gcc -O1 -I. -c -o "build/${source%.c}.o" "$source" || exit 1
	done
	run env B=build "$root/tests/floors.sh"
}

it 'a house with nothing wrong has no breach'
house
floors
is_status 0
out_empty
err_empty

it 'an include from below to above is reported'
house
add lab/low/low.c '#include "lab/high/high.h"'
floors
is_status 1
err_has 'lab/low/low.c includes lab/high/high.h: lab/high is above lab/low'

it 'a function of a room above is reported with who calls it, though nothing was included'
house
add lab/low/low.c 'int high(int x);' 'int caller(int x) { return high(x) * 2; }'
floors
is_status 1
err_has 'lab/low/low.c: caller uses high of lab/high/high.c: lab/high is above lab/low'

it 'a table of a room above is reported as a function is'
house
add lab/low/low.c 'extern const int table[2];' 'const int *const reader = table;'
floors
is_status 1
err_has 'lab/low/low.c: reader uses table of lab/high/high.c'

it 'two files that call each other are a circle, and the functions are named'
house
add lab/low/low.h 'int other(int x);'
add lab/low/other.h 'int other(int x);'
add lab/low/low.c 'int there(int x) { return other(x); }'
add lab/low/other.c '#include "lab/low/low.h"' 'int other(int x) { return low(x); }'
floors
is_status 1
err_has 'a circle of 2 files'
err_has 'lab/low/low.c -> lab/low/other.c: there uses other'
err_has 'lab/low/other.c -> lab/low/low.c: other uses low'

it 'a private header outside of its room is reported'
house
add lab/low/low_priv.h 'int hidden(int x);'
add lab/high/high.c '#include "lab/low/low_priv.h"'
floors
is_status 1
err_has 'lab/high/high.c includes lab/low/low_priv.h, which only lab/low may'

it 'a second private header in a room is reported'
house
add lab/low/low_priv.h ''
add lab/low/more_priv.h ''
floors
is_status 1
err_has 'lab/low has lab/low/low_priv.h already'

it 'a function that another room uses and its own header does not declare is reported'
house
add lab/low/low.c 'int quiet(int x) { return x; }'
add lab/low/more.h 'int quiet(int x); /* the wrong header */'
add lab/high/high.c '#include "lab/low/more.h"' 'int loud(int x) { return quiet(x); }'
floors
is_status 1
err_has 'lab/low/low.c: declare in lab/low/low.h: quiet (for lab/high/high.c)'

it 'a declaration in a comment does not count'
house
add lab/low/low.h '/* int quiet(int x);' ' * int quiet(int x); */'
add lab/low/low.c 'int quiet(int x) { return x; }'
add lab/high/high.c 'int quiet(int x);' 'int loud(int x) { return quiet(x); }'
floors
is_status 1
err_has 'declare in lab/low/low.h: quiet'

it 'a variable in a pure room is reported, and one in an impure room is not'
house
add lab/high/high.c 'int counter;'
floors
is_status 0
add lab/low/low.c 'static int counter; int next(void) { return ++counter; }'
floors
is_status 1
err_has 'lab/low/low.c has a variable'

it 'a clock in a pure room is reported, and in an impure room it is not'
house
add lab/high/high.c '#include <time.h>' 'long when(void) { return time(0); }'
floors
is_status 0
add lab/low/low.c 'long time(long *t);' 'long now(void) { return time(0); }'
floors
is_status 1
err_has 'lab/low/low.c: now uses time: lab/low is pure'
add lab/low/low.c '#include <unistd.h>'
floors
err_has 'lab/low/low.c includes <unistd.h>: lab/low is pure'

it 'a library that another file knows is reported'
house
add lab/high/high.h '#include <yaml.h>'
mkdir -p fake && : >fake/yaml.h
C_INCLUDE_PATH=fake floors
is_status 1
err_has 'lab/high/high.h includes <yaml.h>, a library that only lab/topology/yaml knows'

it 'a folder that is no room is reported'
house
mkdir -p lab/attic
add lab/attic/attic.c 'int attic(int x) { return x; }'
floors
is_status 1
err_has 'lab/attic/attic.c: its folder is no room'

it 'a known breach is counted, and a mended one is to be taken from the list'
house
add lab/low/low.c '#include "lab/high/high.h"'
add tests/floors.known '# house' 'include lab/low/low.c lab/high/high.h' 'circle lab/low/old.c'
floors
is_status 0
err_has '1 known breaches are left'
err_has '"circle lab/low/old.c" is mended; remove the line'

# Which rooms and arrows a picture has; lines of code change too often to be compared.
picture() {
	sed 's/<text class="\(count\|legend\)".*//' "$1"
}

it 'docs/house.svg shows the rooms and arrows that there are (make house renews it)'
cd "$root" || exit 1
run tests/floors.sh --graph
is_status 0
awk -f tests/house.awk "$out" >"$T/house.svg"
picture docs/house.svg >"$T/then"
picture "$T/house.svg" >"$T/now"
check 'docs/house.svg is stale: run make house' cmp -s "$T/then" "$T/now"
