#!/bin/sh
# SPDX-License-Identifier: MIT
#
# tests/fuzz/run.sh SECONDS [NAME...] - build the fuzz targets and feed each for SECONDS seconds.
#
# With clang and libFuzzer where they are, else with gcc and tests/fuzz/standalone.c. The inputs to
# begin with lie in tests/fuzz/corpus/NAME; captures and topology files are given besides. What
# libFuzzer finds of interest goes to build-fuzz/corpus, what crashes to build-fuzz/crash-*.

set -u
seconds=${1:?usage: tests/fuzz/run.sh SECONDS [NAME...]}
shift
B=build-fuzz
san=-fsanitize=address,undefined
mkdir -p "$B"

# make's own variables would reach the second make with the first one's flags.
unset MAKEFLAGS MFLAGS MAKELEVEL
build() {
	make --no-print-directory -j"$(nproc)" B="$B" OPT='-O1 -g' "$@" fuzz-programs
}

if echo 'int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n);
int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned long n) { return p && n > 9; }' |
	clang -fsanitize=fuzzer -x c - -o "$B/try" 2>/dev/null; then
	rm -f "$B/try"
	engine=libFuzzer
	build CC=clang SAN="$san,fuzzer-no-link -fno-sanitize-recover=undefined" \
		FUZZ_MAIN=-fsanitize=fuzzer || exit 1
else
	engine=standalone
	build SAN="$san -fno-sanitize-recover=undefined" \
		FUZZ_MAIN="$B/tests/fuzz/standalone.o" || exit 1
fi

failed=0 n=0
for source in tests/fuzz/fuzz_*.c; do
	[ -e "$source" ] || continue
	name=$(basename "${source%.c}")
	case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
	n=$((n + 1))
	mkdir -p "$B/corpus/$name"
	seeds=tests/fuzz/corpus/${name#fuzz_}
	[ -d "$seeds" ] || seeds=
	case $name in
	*pcap* | *capture* | *watch* | *inspect* | *emit*)
		seeds="$seeds tests/data/captures tests/fuzz/corpus/captures" ;;
	*load* | *topology*) seeds="$seeds topologies" ;;
	esac
	# shellcheck disable=SC2086,SC2046 # lists of folders
	if (cd "$B" && UBSAN_OPTIONS=print_stacktrace=1 "tests/fuzz/$name" -seed=1 \
		-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
		-artifact_prefix=crash-"$name"- "corpus/$name" \
		$(for s in $seeds; do echo "../$s"; done)) >"$B/$name.log" 2>&1; then
		runs=$(grep -Eo '(^[0-9]+ runs|Done [0-9]+ runs)' "$B/$name.log" | grep -Eo '[0-9]+')
		printf '  %-5s %-34s %s runs in %s s (%s)\n' ok "$name" "${runs:-?}" "$seconds" "$engine"
	else
		failed=$((failed + 1))
		printf '  %-5s %s, see %s; its last lines:\n' FAIL "$name" "$B/$name.log"
		tail -n 40 "$B/$name.log"
	fi
done
[ "$n" -gt 0 ] || echo "  no fuzz targets yet"
[ "$failed" -eq 0 ]
