/* SPDX-License-Identifier: MIT */
#include "lab/product/product.h"

#include "lab/topology/scenario_query.h"

/* ---- scripts ---- */

/* What every script begins with; the daemon's own line follows. */
#define START                                                                                      \
	"#!/bin/sh\n"                                                                              \
	"# natdlab runs this in the node's namespace. Descriptor 3: what it is told.\n"            \
	"alive() { kill -0 \"$daemon\" 2>/dev/null || exit 1; }\n"                                 \
	"listens() { grep -q \":$2 \" \"/proc/net/$1\" \"/proc/net/${1}6\" 2>/dev/null; }\n"       \
	"trap 'kill \"$daemon\"' TERM\n"                                                           \
	"\n"

/* And what it ends with; the second wait is for a daemon that was told to end. */
#define SERVE                                                                                      \
	"until listens udp 01F4; do alive; sleep 0.05; done # UDP 500\n"                           \
	"echo ready >&3\n"                                                                         \
	"wait \"$daemon\"\n"                                                                       \
	"wait \"$daemon\"\n"

#define STRONGSWAN                                                                                 \
	START                                                                                      \
	"/usr/lib/ipsec/charon 3>&- &\n"                                                           \
	"daemon=$!\n"                                                                              \
	"until [ -S /run/charon.vici ]; do alive; sleep 0.05; done\n"                              \
	"swanctl --load-all || exit 1\n"

static const char strongswan_server_start[] = STRONGSWAN SERVE;

static const char strongswan_client_start[] =
	STRONGSWAN
	"echo ready >&3\n"
	"read -r go || exit 1\n"
	"swanctl --initiate --child l2tp --timeout 30\n"
	"echo \"done $?\" >&3\n"
	"wait \"$daemon\"\n"
	"wait \"$daemon\"\n";

/* It binds port 500 while it looks for interfaces, and then once more, to serve; its status tells.
 * %s: its address. */
static const char libreswan_start[] =
	START
	"certutil -N -d sql:/var/lib/ipsec/nss --empty-password || exit 1\n"
	"/usr/libexec/ipsec/pluto --nofork --stderrlog --no-dnssec --config /etc/ipsec.conf \\\n"
	"\t--ipsecdir /etc/ipsec.d --nssdir /var/lib/ipsec/nss --rundir /run/pluto \\\n"
	"\t--secretsfile /etc/ipsec.secrets 3>&- &\n"
	"daemon=$!\n"
	"until /usr/libexec/ipsec/whack --ctlsocket /run/pluto/pluto.ctl --status 2>/dev/null |\n"
	"\tgrep -q 'UDP %s:500'; do alive; sleep 0.05; done\n"
	SERVE;

/* %s: the address at which it listens for its own administration. */
static const char softether_start[] =
	START
	"/usr/libexec/softether/vpnserver/vpnserver execsvc 3>&- &\n"
	"daemon=$!\n"
	"until listens tcp 15B3; do alive; sleep 0.05; done # TCP 5555\n"
	"/usr/libexec/softether/vpncmd/vpncmd %s:5555 /SERVER \\\n"
	"\t/IN:/run/natdlab/vpncmd.txt 3>&- || exit 1\n"
	SERVE;

/* ---- configurations ---- */

static const char strongswan_conf[] =
	"# Debian's strongswan.conf, and a log that natdlab keeps.\n"
	"charon {\n"
	"\tload_modular = yes\n"
	"\tplugins {\n"
	"\t\tinclude strongswan.d/charon/*.conf\n"
	"\t}\n"
	"\tfilelog {\n"
	"\t\tstderr {\n"
	"\t\t\ttime_format = %T\n"
	"\t\t\tdefault = 1\n"
	"\t\t\tlib = 0\n"
	"\t\t\tike = 2\n"
	"\t\t\tflush_line = yes\n"
	"\t\t}\n"
	"\t}\n"
	"}\n"
	"include strongswan.d/*.conf\n";

static struct inet_addr own_address(const struct scenario *s, const struct node *n)
{
	return s->ifaces[scenario_own(s, n)].addr;
}

static void add(struct product_setup *p, const char *path, const char *text)
{
	assert(p->n_files < PRODUCT_FILES);
	p->files[p->n_files++] = (struct product_file){path, text};
}

/* What NetworkManager-l2tp writes for a connection of no special wishes. */
static const char network_manager_phase1[] =
	"\t\tproposals = aes256-sha256-modp2048, aes256-sha256-modp1536, aes256-sha256-modp1024, "
	"aes256-sha1-modp2048, aes256-sha1-modp1536, aes256-sha1-modp1024, aes256-sha1-ecp384, "
	"aes128-sha1-modp1024, aes128-sha1-ecp256, 3des-sha1-modp2048, 3des-sha1-modp1024\n"
	"\t\trekey_time = 0s\n"
	"\t\treauth_time = 171m\n"
	"\t\tover_time = 9m\n";
static const char network_manager_phase2[] =
	"\t\t\t\tesp_proposals = aes256-sha1, aes128-sha1, 3des-sha1\n"
	"\t\t\t\trekey_time = 51m\n"
	"\t\t\t\tlife_time = 60m\n";

static void strongswan_setup(struct arena *a, const struct scenario *s, const struct node *n,
			     struct product_setup *p)
{
	const bool client = n->kind == KIND_CLIENT;
	const char *remote = client ? arena_printf(a, "\t\tremote_addrs = %s\n%s",
						   INET_ADDR(n->dials), network_manager_phase1)
				    : "";

	(void)s;
	add(p, PRODUCT_START, client ? strongswan_client_start : strongswan_server_start);
	add(p, "/etc/strongswan.conf", strongswan_conf);
	add(p, "/etc/swanctl/swanctl.conf",
	    arena_printf(a,
			 "connections {\n"
			 "\tl2tp {\n"
			 "\t\tversion = 1\n"
			 "%s%s"
			 "\t\tlocal {\n"
			 "\t\t\tauth = psk\n"
			 "\t\t}\n"
			 "\t\tremote {\n"
			 "\t\t\tauth = psk\n"
			 "\t\t}\n"
			 "\t\tchildren {\n"
			 "\t\t\tl2tp {\n"
			 "\t\t\t\tmode = transport\n"
			 "\t\t\t\tlocal_ts = dynamic[udp/1701]\n"
			 "\t\t\t\tremote_ts = dynamic[udp%s]\n"
			 "%s"
			 "\t\t\t}\n"
			 "\t\t}\n"
			 "\t}\n"
			 "}\n"
			 "secrets {\n"
			 "\tike {\n"
			 "\t\tsecret = \"%s\"\n"
			 "\t}\n"
			 "}\n",
			 remote, n->forced ? "\t\tencap = yes\n" : "", client ? "/1701" : "",
			 client ? network_manager_phase2 : "", n->psk));
}

static void libreswan_setup(struct arena *a, const struct scenario *s, const struct node *n,
			    struct product_setup *p)
{
	add(p, PRODUCT_START, arena_printf(a, libreswan_start, INET_ADDR(own_address(s, n))));
	add(p, "/etc/ipsec.conf",
	    arena_printf(a,
			 "config setup\n"
			 "\tikev1-policy=accept\n"
			 "\n"
			 "conn l2tp\n"
			 "\tikev2=no\n"
			 "\tauthby=secret\n"
			 "\ttype=transport\n"
			 "\tleft=%s\n"
			 "\tleftprotoport=17/1701\n"
			 "\tright=%%any\n"
			 "\trightprotoport=17/%%any\n"
			 "\tencapsulation=%s\n"
			 "\tpfs=no\n"
			 "\trekey=no\n"
			 "\tauto=add\n",
			 INET_ADDR(own_address(s, n)), n->forced ? "yes" : "auto"));
	add(p, "/etc/ipsec.secrets", arena_printf(a, "%%any %%any : PSK \"%s\"\n", n->psk));
}

static void softether_setup(struct arena *a, const struct scenario *s, const struct node *n,
			    struct product_setup *p)
{
	const char *user = n->user ? n->user : "nobody";
	const char *own = arena_str(a, INET_ADDR(own_address(s, n)));

	add(p, PRODUCT_START, arena_printf(a, softether_start, own));
	add(p, "/run/natdlab/vpncmd.txt",
	    arena_printf(a,
			 "HubDelete DEFAULT\n"
			 "HubCreate VPN /PASSWORD:natdlab\n"
			 "Hub VPN\n"
			 "UserCreate %s /GROUP:none /REALNAME:none /NOTE:none\n"
			 "UserPasswordSet %s /PASSWORD:%s\n"
			 "SecureNatEnable\n"
			 "IPsecEnable /L2TP:yes /L2TPRAW:yes /ETHERIP:no /PSK:%s /DEFAULTHUB:VPN\n",
			 user, user, n->password ? n->password : "nothing", n->psk));
	add(p, "/var/lib/softether/vpn_server.config",
	    arena_printf(a,
			 "declare root\n"
			 "{\n"
			 "\tdeclare DDnsClient\n"
			 "\t{\n"
			 "\t\tbool Disabled true\n"
			 "\t}\n"
			 "\tdeclare ListenerList\n"
			 "\t{\n"
			 "\t\tdeclare Listener0\n"
			 "\t\t{\n"
			 "\t\t\tbool Enabled true\n"
			 "\t\t\tuint Port 5555\n"
			 "\t\t}\n"
			 "\t}\n"
			 "\tdeclare ServerConfiguration\n"
			 "\t{\n"
			 "\t\tbool DisableNatTraversal true\n"
			 "\t\tstring ListenIP %s\n"
			 "\t\tbool UseKeepConnect false\n"
			 "\t}\n"
			 "}\n",
			 n->listen_own ? own : "0.0.0.0"));
}

/*
 * First some of Windows 10's transforms, and vendor IDs to which servers have an answer (RFC 3947,
 * draft-02\n, FRAGMENTATION, DPD), then twelve seconds of silence, in which a server may send
 * message 2 again; then a group that there is not. It connects nothing, so it is done with
 * status 1.
 */
static const char ike_scan_start[] =
	"#!/bin/sh\n"
	"echo ready >&3\n"
	"read -r go || exit 1\n"
	"ike-scan --multiline --retry=1 --timeout=2000 --showbackoff=12 \\\n"
	"\t--trans=7/256,2,1,20 --trans=7/256,2,1,14 --trans=5,2,1,2 \\\n"
	"\t--vendor=4a131c81070358455c5728f20e95452f \\\n"
	"\t--vendor=90cb80913ebb696e086381b5ec427b1f \\\n"
	"\t--vendor=4048b7d56ebce88525e7de7f00d6c2d3 \\\n"
	"\t--vendor=afcad71368a1f1c96b8696fc77570100 %s\n"
	"ike-scan --multiline --retry=1 --timeout=1000 --trans=5,2,1,99 \\\n"
	"\t--vendor=4a131c81070358455c5728f20e95452f %s\n"
	"echo \"done 1\" >&3\n"
	"read -r end\n";

static void ike_scan_setup(struct arena *a, const struct scenario *s, const struct node *n,
			   struct product_setup *p)
{
	(void)s;
	add(p, PRODUCT_START,
	    arena_printf(a, ike_scan_start, INET_ADDR(n->dials), INET_ADDR(n->dials)));
}

/* A client that misbehaves on purpose, and takes down what is answered: tests/interop/prober.c. */
static const char prober_start[] =
	"#!/bin/sh\n"
	"echo ready >&3\n"
	"read -r go || exit 1\n"
	"prober %s '%s'\n"
	"echo \"done 1\" >&3\n"
	"read -r end\n";

static void prober_setup(struct arena *a, const struct scenario *s, const struct node *n,
			 struct product_setup *p)
{
	(void)s;
	add(p, PRODUCT_START, arena_printf(a, prober_start, INET_ADDR(n->dials), n->psk));
}

/* ---- the rows ---- */

#define FOLDERS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What products.h does not say of a product. */
static const struct row {
	const char *folder, *needs;
	const char *const *made;
	void (*setup)(struct arena *a, const struct scenario *s, const struct node *n,
		      struct product_setup *p);
} rows[] = {
	[PRODUCT_STRONGSWAN] = {
		"strongswan", "strongswan/usr/lib/ipsec/charon", FOLDERS("/var/lib/strongswan"),
		strongswan_setup,
	},
	[PRODUCT_LIBRESWAN] = {
		"libreswan", "libreswan/usr/libexec/ipsec/pluto",
		FOLDERS("/run/pluto", "/var/lib/ipsec", "/var/lib/ipsec/nss"), libreswan_setup,
	},
	[PRODUCT_SOFTETHER] = {
		"softether", "softether/usr/libexec/softether/vpnserver/vpnserver",
		FOLDERS("/run/softether", "/var/lib/softether", "/var/log/softether"),
		softether_setup,
	},
	[PRODUCT_IKE_SCAN] = {"tools", "tools/usr/bin/ike-scan", FOLDERS(NULL), ike_scan_setup},
	[PRODUCT_PROBER] = {"prober", "prober/usr/bin/prober", FOLDERS(NULL), prober_setup},
};

const char *product_needs(enum product p)
{
	return rows[p].needs;
}

struct product_setup product_setup(struct arena *a, const struct scenario *s,
				   const struct node *n)
{
	const struct row *r = &rows[n->run];
	struct product_setup p = {.folder = r->folder, .made = r->made};

	r->setup(a, s, n, &p);
	return p;
}
