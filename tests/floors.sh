#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/floors.sh [--graph] - does every file keep to its room? (docs/design.md, "The house")
#
# The rooms are the folders of tests/rooms.txt, lowest first. Checked are, in the sources and in
# the objects that were built from them:
#
#  1. A file includes, and the linker takes for it, only what is in its own room or a lower one. So
#     there is no circle of rooms; and there is none of files either.
#  2. ROOM_priv.h is included in its room only, and a room has at most one. What a room uses of
#     another is declared in the header that has the name of the source.
#  3. A pure room's objects have no variable and take nothing from outside but harmless functions
#     of the C library.
#  4. A library is known to one file.
#
# Breaches that are about to be mended stand in tests/floors.known and are only counted; a run with
# FLOORS_KEYS=1 prints the lines that it would need.
# Needs $B/**.o built from the present sources. Prints each breach with what to do; exit status 1
# if there is one. --graph: prints the rooms and the arrows between them instead.

set -u
: "${B:=build}"
here=$(dirname "$0")
known=tests/floors.known
[ -e "$known" ] || known=/dev/null

sources=$(find lab nodes -name '*.[ch]' | sort)
objects=$(find lab nodes -name '*.c' | sort | sed "s|^|$B/|; s|c\$|o|")
for object in $objects; do
	[ -e "$object" ] || {
		echo "floors: $object is not built; run make" >&2
		exit 1
	}
done
[ "${1-}" = --graph ] || exec >&2
# shellcheck disable=SC2086 # file names of ours have no blanks
LC_ALL=C readelf -rsSW $objects |
	LC_ALL=C awk -v B="$B" -v graph="${1:+1}" -v keys="${FLOORS_KEYS-}" -f "$here/floors.awk" \
		phase=rooms tests/rooms.txt phase=known $known phase=source $sources \
		phase=object -
