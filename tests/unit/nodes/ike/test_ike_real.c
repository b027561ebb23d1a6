/* SPDX-License-Identifier: MIT */
/*
 * Our servers are given the messages 1 and 3 that real servers were given. Message 2 must be the
 * one of the real server, byte for byte but for the cookie; message 4 has the same payloads in
 * the same order and of the same lengths, and its NAT-D hashes are made of the same things.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/real_opening.h"

static void each_mode_answers_as_the_real_server(void **state)
{
	static const struct {
		const char *mode, *capture;
	} v[] = {
		{"strongswan-5.9", "strongswan-eip-napt-ms"},
		{"strongswan-5.9", "strongswan-eip-napt-apple"},
		{"strongswan-5.9", "strongswan-eip-napt-none"},
		{"strongswan-5.9", "strongswan-pub-pub-ms"},
		{"strongswan-5.9", "strongswan-pub-pub-apple"},
		{"strongswan-5.9", "strongswan-pub-pub-none"},
		{"strongswan-5.9", "kat-ss-eip-napt"},
		{"strongswan-5.9", "rt-ss-mm4"},
		{"strongswan-forceencaps", "strongswan-encap-eip-napt-ms"},
		{"strongswan-forceencaps", "strongswan-encap-pub-pub-ms"},
		{"libreswan", "libreswan-eip-napt-ms"},
		{"libreswan", "libreswan-eip-napt-apple"},
		{"libreswan", "libreswan-eip-napt-none"},
		{"libreswan", "libreswan-pub-pub-ms"},
		{"libreswan", "libreswan-pub-pub-apple"},
		{"libreswan", "libreswan-pub-pub-none"},
		{"libreswan", "rt-ls-mm4"},
		{"libreswan-encapsulation", "libreswan-encapsulation-eip-napt-ms"},
		{"libreswan-encapsulation", "libreswan-encapsulation-pub-pub-ms"},
		{"softether-5", "softether-any-eip-napt-ms"},
		{"softether-5", "softether-any-eip-napt-none"},
		{"softether-5-listen", "softether-eip-napt-ms"},
		{"softether-5-listen", "softether-eip-napt-apple"},
		{"softether-5-listen", "softether-eip-napt-none"},
		{"softether-5-listen", "softether-pub-pub-ms"},
		{"softether-5-listen", "softether-pub-pub-apple"},
		{"softether-5-listen", "softether-pub-pub-none"},
		{"softether-5-listen", "kat-se-eip-napt"},
		{"softether-5-listen", "rt-se-mm2"},
		{"softether-5-listen", "rt-se-mm4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_answers_as_real(v[i].capture, mode_server(v[i].mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mode_answers_as_the_real_server),
	};

	return cmocka_run_group_tests_name("ike and real servers", tests, NULL, NULL);
}
