#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The first things a newcomer types.

# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

it 'the version is that of base.h'
run "$natdlab" --version
is_status 0
out_has "natdlab $(sed -n 's/^#define NATDLAB_VERSION "\(.*\)"/\1/p' lab/base/base.h)"
err_empty
