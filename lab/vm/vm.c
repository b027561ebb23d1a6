/* SPDX-License-Identifier: MIT */
#include "lab/vm/vm.h"

#include <string.h>

#include "lab/base/packet.h"
#include "lab/base/quote.h"
#include "lab/net/path.h"
#include "nodes/modes/gate.h"

/* ---- what a person is told ---- */

/* A text of the file, for a person to read and type. */
static void put_text(FILE *f, const char *what, const char *text)
{
	fputs(what, f);
	text_put(f, text);
}

static void put_qemu(FILE *f, const struct scenario *s, const struct node *n, const char *path)
{
	const uint8_t *m = vm_iface(s, n)->mac;

	fprintf(f, "  qemu-system-x86_64 -machine q35,accel=kvm:tcg -cpu max -smp 2 -m 4096 \\\n"
		   "    -drive file=%s.qcow2,if=ide \\\n"
		   "    -netdev stream,id=lab,server=off,addr.type=unix,addr.path=", n->name);
	quote_sh_qemu(f, path);
	fprintf(f, " \\\n    -device e1000e,netdev=lab,mac=%02x:%02x:%02x:%02x:%02x:%02x\n", m[0],
		m[1], m[2], m[3], m[4], m[5]);
}

static void put_registry(FILE *f, int value)
{
	static const char key[] = GATE_REGISTRY_KEY " /v " GATE_REGISTRY_VALUE;

	if (value < 0)
		fprintf(f, "  reg delete %s /f\n", key);
	else
		fprintf(f, "  reg add %s /t REG_DWORD /d %d /f\n", key, value);
}

/* The server that a client reaches, or NULL. */
static const struct node *server_of(const struct scenario *s, const struct node *client)
{
	struct arena *a CLEANUP(arena_freep) = arena_new();

	return path_server(paths_new(a, s, 1), client);
}

static void put_client(FILE *f, const struct scenario *s, const struct node *n)
{
	const struct node *server = server_of(s, n);

	if (n->client->gate == GATE_NONE) {
		fprintf(f, "In it dial %s by L2TP/IPsec", INET_ADDR(n->dials));
		if (server && server->psk)
			put_text(f, ", pre-shared key ", server->psk);
		fputs(".\n", f);
		return;
	}
	fputs("In it, in PowerShell as administrator, the registry first (then restart Windows):\n"
	      "\n", f);
	put_registry(f, n->registry);
	fprintf(f, "  Add-VpnConnection -Name natdlab -ServerAddress %s -TunnelType L2tp ",
		INET_ADDR(n->dials));
	if (server && server->psk) {
		fputs("-L2tpPsk ", f);
		quote_powershell(f, server->psk);
		fputc(' ', f);
	}
	fputs("-AuthenticationMethod MSChapv2 -Force\n  rasdial natdlab ", f);
	quote_powershell(f, server && server->user ? server->user : "USER");
	fputc(' ', f);
	quote_powershell(f, server && server->password ? server->password : "PASSWORD");
	fputc('\n', f);
}

/* Clients of ours, of which the lab knows what they will say. */
static bool is_dialled_by_us(const struct scenario *s, const struct node *server,
			     const struct node *c)
{
	return c->kind == KIND_CLIENT && !c->vm && c->dials.len &&
	       server_of(s, c) == server;
}

static void put_server(FILE *f, const struct scenario *s, const struct node *n)
{
	bool any = false;

	fputs("In it: Routing and Remote Access with L2TP; docs/vm.md has the steps.\n", f);
	for (size_t i = 0; i < s->n_nodes; i++) {
		const struct node *c = &s->nodes[i];

		if (!is_dialled_by_us(s, n, c))
			continue;
		if (!any)
			fputs("The lab dials it until it answers:\n\n", f);
		any = true;
		fprintf(f, "  %s dials %s", c->name, INET_ADDR(c->dials));
		put_text(f, ", pre-shared key ", c->psk);
		if (c->user && c->password) {
			put_text(f, ", user ", c->user);
			put_text(f, ", password ", c->password);
		}
		fputc('\n', f);
	}
}

void vm_announce(FILE *f, const struct scenario *s, const struct node *n, const char *path)
{
	const struct iface *own = vm_iface(s, n);

	fprintf(f, "%s is a virtual machine. To plug it in, in another terminal (QEMU 7.2 or newer; "
		   "the disk\nis yours):\n\n", n->name);
	put_qemu(f, s, n, path);
	fprintf(f, "\nBy DHCP it gets %s/%u.\n", INET_ADDR(own->addr), own->plen);
	if (n->kind == KIND_CLIENT)
		put_client(f, s, n);
	else
		put_server(f, s, n);
	fputc('\n', f);
}

/* ---- frames ---- */

#define ETHERTYPE_ARP 0x0806

/* RFC 826: the sender of an ARP message about IPv4. */
static bool arp_sender(const uint8_t *data, size_t len, struct inet_addr *out)
{
	struct rd r = rd_new(data, len);
	const uint8_t *sender;
	uint16_t type;

	rd_bytes(&r, 12, "MAC addresses");
	type = rd_u16(&r, "EtherType");
	rd_u64(&r, "hardware, protocol, lengths, operation");
	rd_bytes(&r, 6, "sender hardware address");
	sender = rd_bytes(&r, 4, "sender protocol address");
	if (!rd_ok(&r) || type != ETHERTYPE_ARP)
		return false;
	*out = inet_from_bytes(sender, 4);
	return true;
}

bool vm_frame_has_address(const struct scenario *s, const struct node *n, const uint8_t *data,
			  size_t len)
{
	struct inet_addr from;
	struct packet pkt;

	if (packet_parse(&pkt, LINKTYPE_ETHERNET_, data, len))
		from = pkt.src.addr;
	else if (!arp_sender(data, len, &from))
		return false;
	return inet_addr_eq(from, vm_iface(s, n)->addr);
}

bool vm_frame_is_ike(const struct scenario *s, const struct node *n, const uint8_t *data,
		     size_t len)
{
	struct packet pkt;

	return packet_parse(&pkt, LINKTYPE_ETHERNET_, data, len) && pkt.proto == IPPROTO_UDP_ &&
	       !pkt.fragment && inet_addr_eq(pkt.src.addr, vm_iface(s, n)->addr) &&
	       (pkt.src.port == IKE_PORT || pkt.src.port == IKE_NATT_PORT);
}
