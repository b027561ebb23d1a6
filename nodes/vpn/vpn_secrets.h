/* SPDX-License-Identifier: MIT */
/*
 * vpn_secrets.h - the keys that a VPN client or server has had, to be written down.
 */
#ifndef NATDLAB_NODES_VPN_VPN_SECRETS_H
#define NATDLAB_NODES_VPN_VPN_SECRETS_H

#include "nodes/vpn/vpn.h"

/*
 * Every secret in use or used, for the Wireshark profile; called once for each.
 */
struct vpn_secrets {
	void (*isakmp)(void *ctx, const uint8_t cky_i[8], const uint8_t *key, size_t len);
	void (*esp)(void *ctx, struct inet_addr src, struct inet_addr dst, uint32_t spi,
		    enum ike_cipher cipher, const uint8_t *key, size_t key_len, enum ike_hash auth,
		    const uint8_t *auth_key, size_t auth_key_len);
	void *ctx;
};
void vpn_each_secret(const struct vpn *v, const struct vpn_secrets *out);

#endif
