#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/floors.sh - does every file keep to its floor? (docs/design.md, "Floors")
#
#  1. A file includes files of its own floor or lower, and nodes/ sees of lab/ only lab/base/.
#  2. A library is known to one file.
#  3. The files of floors 0 to 2 include no header that leads to the outside.
#  4. Their objects, which do not lie: no variable, no symbol from outside the list of the pure,
#     none from a higher floor.
#
# Wants $B/**.o built from the present sources. Prints each breach; exit status 1 if there is one.

set -u
: "${B:=build}"
breaches=$(mktemp) || exit 1
symbols=$(mktemp) || exit 1
trap 'rm -f "$breaches" "$symbols"' EXIT

breach() {
	echo "$*" >>"$breaches"
}

# The floor of a file, by its folder; nothing for one that has none yet.
floor() {
	case $1 in
	lab/base/*) echo 0 ;;
	nodes/*) echo 1 ;;
	lab/capture/* | lab/analysis/* | lab/topology/* | lab/plan/* | lab/product/* | lab/net/* | \
		lab/vm/* | lab/load/* | lab/infer/* | lab/probe/* | lab/result/* | lab/report/*) echo 2 ;;
	lab/os/*) echo 3 ;;
	lab/run/*) echo 4 ;;
	lab/cli/*) echo 5 ;;
	esac
}

# ---- 1, 2, 3: what is included ----

# The one module that knows a library.
owner() {
	case $1 in
	yaml.h) echo lab/topology/yaml ;;
	netlink/*) echo lab/os/rtnetlink ;;
	nftables/* | libmnl/* | linux/netfilter/*) echo lab/os/nft ;;
	openssl/*) echo nodes/crypto/crypto ;;
	jansson.h) echo lab/report/report_priv ;;
	cmocka.h) echo tests ;;
	esac
}

# Headers through which a file could reach a socket, a clock, a descriptor or another process.
leads_outside() {
	case $1 in
	sys/* | net/* | netinet/* | arpa/* | linux/* | unistd.h | fcntl.h | poll.h | time.h | \
	signal.h | pthread.h | sched.h | spawn.h | termios.h | pwd.h | netdb.h | dirent.h) return 0 ;;
	esac
	return 1
}

# exempt FILE WHAT: the exceptions (a header, a symbol, or "variables"), each with its reason.
exempt() {
	case $1:$2 in
	nodes/crypto/crypto.c:*) return 0 ;; # wraps OpenSSL, and rng_new_os() asks the kernel
	lab/base/inet.c:arpa/inet.h | lab/base/inet.c:inet_ntop | lab/base/inet.c:inet_pton)
		return 0 ;; # text of an address: no socket is opened
	lab/report/json*.c:json_*) return 0 ;; # jansson builds values in memory
	lab/topology/yaml.c:yaml_*) return 0 ;; # libyaml parses bytes in memory
	lab/base/mem.c:stderr | lab/base/mem.c:exit | lab/base/mem.c:_exit)
		return 0 ;; # out of memory ends the program
	esac
	return 1
}

files=$(find lab nodes -name '*.[ch]' | sort)
for file in $files; do
	own=$(floor "$file")
	if [ -z "$own" ]; then
		breach "$file: has no floor; give it one in tests/floors.sh"
		continue
	fi
	includes=$(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^>"]*\)[>"].*/\1/p' "$file")
	for header in $includes; do
		case $header in
		lab/* | nodes/*)
			their=$(floor "$header")
			if [ "${their:-9}" -gt "$own" ]; then
				breach "$file (floor $own) includes $header (floor ${their:-unknown})"
			fi
			case $file:$header in
			nodes/*:lab/base/*) ;;
			nodes/*:lab/*) breach "$file includes $header: nodes/ may see only lab/base/" ;;
			esac
			;;
		*)
			one=$(owner "$header")
			if [ -n "$one" ] && [ "$one" != "${file%.[ch]}" ]; then
				breach "$file includes <$header>, which belongs to $one"
			fi
			if [ "$own" -le 2 ] && leads_outside "$header" && ! exempt "$file" "$header"; then
				breach "$file (floor $own) includes <$header>, which leads outside"
			fi
			;;
		esac
	done
done

# Wire bytes have one door, lab/base/wire.h; a socket's address, on the higher floors, is no such.
for file in $files; do
	[ "$(floor "$file")" -le 2 ] 2>/dev/null || continue
	grep -nE '\b(ntohs|ntohl|htons|htonl|be16toh|be32toh)\b|__attribute__\(\(packed' "$file" |
		while IFS=: read -r line _; do
			breach "$file:$line: bytes of the wire are read and written by lab/base/wire.h"
		done
done

# ---- 4: what was compiled ----

# Functions of the C library that depend on their arguments alone (or write to a FILE that was
# handed in). What is missing here and harmless may be added; a clock may not.
pure='mem[a-z]*|str(len|nlen|cmp|ncmp|casecmp|ncasecmp|chr|rchr|str|spn|cspn|pbrk|sep|dup|ndup)'
pure="$pure|strto(l|ul|ll|ull|imax|umax)|strtok_r|stpcpy|strchrnul|strerror(_r)?|v?s(n)?printf|v?asprintf"
pure="$pure|__[a-z]*_chk|__isoc(99|23)_[a-z]*|__assert_fail|__stack_chk_fail|abort|qsort(_r)?|bsearch"
pure="$pure|malloc|calloc|realloc|reallocarray|free|open_memstream|fmemopen|v?fprintf|fput[cs]|putc"
pure="$pure|fwrite|fread|fgetc|getc|feof|ferror|fflush|fclose|clearerr|_IO_putc|__ctype_b_loc|__ctype_to(lower|upper)_loc"
pure="$pure|is(digit|alpha|alnum|xdigit|print|space|upper|lower)|to(lower|upper)|__errno_location"
pure="$pure|_GLOBAL_OFFSET_TABLE_|l?labs|abs|ffs|__popcountdi2"
# What a sanitizer or a fuzzer adds is not the file's.
pure="$pure|__(asan|ubsan|sanitizer|sancov)_.*"

# Where each global symbol of ours lives: "symbol file".
for file in $files; do
	case $file in
	*.c) ;;
	*) continue ;;
	esac
	object=$B/${file%.c}.o
	[ -e "$object" ] || continue
	nm -g --defined-only "$object" | awk -v f="$file" '{ print $3, f }'
done >"$symbols"

for file in $files; do
	case $file in
	*.c) ;;
	*) continue ;;
	esac
	own=$(floor "$file")
	[ "${own:-9}" -le 2 ] || continue
	object=$B/${file%.c}.o
	if [ ! -e "$object" ]; then
		breach "$object: not built"
		continue
	fi
	if ! exempt "$file" variables; then
		for section in $(size -A "$object" | awk '$1 ~ /^\.(data|bss|tdata|tbss)$/ && $2 > 0 { print $1 }'); do
			breach "$file (floor $own) has variables: section $section is not empty"
		done
	fi
	for symbol in $(nm -u "$object" | awk '{ print $2 }' | grep -Evx "$pure"); do
		from=$(awk -v s="$symbol" '$1 == s { print $2; exit }' "$symbols")
		if [ -n "$from" ]; then
			their=$(floor "$from")
			[ "${their:-9}" -le "$own" ] ||
				breach "$file (floor $own) uses $symbol of $from (floor $their)"
		elif ! exempt "$file" "$symbol"; then
			breach "$file (floor $own) uses $symbol: not on the list of the pure"
		fi
	done
done

sed 's/^/floors: /' "$breaches" >&2
[ ! -s "$breaches" ]
