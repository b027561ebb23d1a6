#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The program that a user runs is hardened by what compiler and linker have for it.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A sanitizer's build is for tests, and has checks of its own.
sanitized() {
	nm "$natdlab" 2>/dev/null | grep -q __asan_init
}

# shows SENTENCE PATTERN: the last command has printed a line like this.
shows() {
	check "$1" grep -qE "$2" "$out"
}

it 'it is position-independent'
if sanitized; then skip 'built with a sanitizer'; fi
run readelf -hW "$natdlab"
shows 'an executable that is loaded anywhere' 'Type: +DYN'

it 'relocations are done at the start and read-only afterwards'
if sanitized; then skip 'built with a sanitizer'; fi
run readelf -dlW "$natdlab"
shows 'BIND_NOW' 'BIND_NOW'
shows 'a segment that becomes read-only' 'GNU_RELRO'

it 'its stack is not executable'
run readelf -lW "$natdlab"
shows 'GNU_STACK without E' 'GNU_STACK .* RW '

it 'functions with buffers have a canary, and calls of libc know the size of what they fill'
if sanitized; then skip 'built with a sanitizer'; fi
run nm -D "$natdlab"
shows 'a canary' ' __stack_chk_fail'
shows 'a call with a bound' ' __(mem|v?sn?printf|str|read|recv)[a-z]*_chk'

it 'indirect jumps land on marked places where the processor can check that'
echo 'int x;' >"$T/x.c"
if sanitized; then
	skip 'built with a sanitizer'
elif ! "${CC:-gcc}" -fcf-protection -c -o "$T/x.o" "$T/x.c" 2>/dev/null; then
	skip 'this compiler has no -fcf-protection for this processor'
fi
run readelf -nW "$B/lab/cli/main.o"
shows 'IBT' 'IBT'
