#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/style.sh - what no formatter checks: licence lines, widths, lengths, blanks at line ends.
#
# Prints each breach; exit status 1 if there is one.

set -u

# Files that are or will be committed, and still exist.
files() {
	git ls-files -co --exclude-standard -- "$@" | while read -r file; do
		[ ! -f "$file" ] || echo "$file"
	done
}

licence_and_length() {
	files '*.c' '*.h' '*.sh' .ci/deps .ci/real .ci/run | while read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' ||
			echo "$file:1: no SPDX line at the top"
		lines=$(wc -l <"$file")
		[ "$lines" -le 900 ] || echo "$file: $lines lines; what second idea moved in?"
	done
}

columns_and_tabs() {
	files '*.c' '*.h' | while read -r file; do
		# A string is not broken only because it is long.
		expand -t 8 "$file" | awk -v f="$file" \
			'length($0) > 100 && !/"[^"]*"[^"]*$/ { print f ":" NR ": " length($0) " columns" }'
		grep -nE '^ {8}' "$file" | sed "s|^\([0-9]*\):.*|$file:\1: blanks where a tab belongs|"
	done
}

guards() {
	files '*.h' | while read -r file; do
		grep -q '^#ifndef NATDLAB_' "$file" || echo "$file: no include guard NATDLAB_..."
	done
}

line_ends() {
	files '*.c' '*.h' '*.sh' '*.md' '*.1' '*.yaml' '*.yml' Makefile .ci/deps .ci/real .ci/run |
		while read -r file; do
			grep -nE '[[:blank:]]+$' "$file" |
				sed "s|^\([0-9]*\):.*|$file:\1: blanks at the end of the line|"
		done
}

# The rows of ike are asked in their own role only: by AS_CLIENT() and AS_SERVER() of ike_priv.h.
rows_of_roles() {
	files 'nodes/*.[ch]' | grep -v -e nodes/ike/ike_priv.h -e nodes/ike/ike_rules.c |
		while read -r file; do
			grep -nE '(client|server)_row_' "$file" |
				sed "s|^\([0-9]*\):.*|$file:\1: a row outside of AS_CLIENT(), AS_SERVER()|"
		done
}

breaches=$(rows_of_roles; licence_and_length; columns_and_tabs; guards; line_ends)
[ -z "$breaches" ] || {
	echo "$breaches" | sed 's/^/style: /' >&2
	exit 1
}
