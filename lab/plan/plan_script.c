/* SPDX-License-Identifier: MIT */
/*
 * plan_script.c - a plan as a shell script that a person reads, runs and changes.
 *
 * The script makes namespaces of its own before it touches anything, so it needs no root and
 * the host's network is safe from it. Words that come from a topology file are quoted, and the
 * here-documents end with a line that is not in them: a file can say what it likes and the
 * script still does what it shows.
 */
#include "lab/plan/plan_script.h"

#include <string.h>

#include "lab/base/quote.h"

static void put_mac(FILE *f, const uint8_t mac[6])
{
	for (unsigned i = 0; i < 6; i++)
		fprintf(f, "%s%02x", i ? ":" : "", mac[i]);
}

/* "on client ", the beginning of most lines. */
static void put_on(FILE *f, const struct node *n)
{
	fputs("on ", f);
	quote_sh(f, n->name);
	fputc(' ', f);
}

/* ---- steps ---- */

static void put_space(FILE *f, const struct node *n)
{
	fputs("space ", f);
	quote_sh(f, n->name);
	fputc('\n', f);
}

static void put_end(FILE *f, const struct scenario *s, const struct iface *i)
{
	fputs("name ", f);
	quote_sh(f, i->name);
	fputs(" netns ", f);
	quote_sh(f, s->nodes[i->node].name);
	fprintf(f, " index %u address ", i->ifindex);
	put_mac(f, i->mac);
	fputs(" numtxqueues 1 numrxqueues 1", f);
}

static void put_quiet(FILE *f, const struct scenario *s, const struct iface *i)
{
	fputs("quiet ", f);
	quote_sh(f, s->nodes[i->node].name);
	fputc(' ', f);
	quote_sh(f, i->name);
	fputc('\n', f);
}

static void put_link(FILE *f, const struct scenario *s, const struct link *l)
{
	const struct iface *a = &s->ifaces[l->ifaces[0]], *b = &s->ifaces[l->ifaces[1]];

	fprintf(f, "\n# %s -- %s, %s/%u\n", a->full, b->full, INET_ADDR(l->subnet.addr),
		l->subnet.plen);
	fputs("ip link add ", f);
	put_end(f, s, a);
	fputs(" type veth \\\n\tpeer ", f);
	put_end(f, s, b);
	fputc('\n', f);
	put_quiet(f, s, a);
	put_quiet(f, s, b);
}

static void put_addr(FILE *f, const struct scenario *s, const struct iface *i)
{
	put_on(f, &s->nodes[i->node]);
	fprintf(f, "ip address add %s/%u dev ", INET_ADDR(i->addr), i->plen);
	quote_sh(f, i->name);
	fputc('\n', f);
}

static void put_up(FILE *f, const struct scenario *s, const struct iface *i)
{
	put_on(f, &s->nodes[i->node]);
	fputs("ip link set dev ", f);
	quote_sh(f, i->name);
	fputs(" up\n", f);
}

static void put_neigh(FILE *f, const struct scenario *s, const struct iface *i,
		      const struct iface *other)
{
	put_on(f, &s->nodes[i->node]);
	fprintf(f, "ip neighbour replace %s lladdr ", INET_ADDR(other->addr));
	put_mac(f, other->mac);
	fputs(" nud permanent dev ", f);
	quote_sh(f, i->name);
	fputc('\n', f);
}

static void put_forward(FILE *f, const struct node *n)
{
	put_on(f, n);
	fputs("sysctl -q -w net.ipv4.ip_forward=1\n", f);
}

static void put_route(FILE *f, const struct scenario *s, const struct node *n,
		      const struct route *r)
{
	put_on(f, n);
	if (r->to.plen)
		fprintf(f, "ip route add %s/%u", INET_ADDR(r->to.addr), r->to.plen);
	else
		fputs("ip route add default", f);
	if (r->via.len)
		fprintf(f, " via %s", INET_ADDR(r->via));
	fputs(" dev ", f);
	quote_sh(f, s->ifaces[r->iface].name);
	fputc('\n', f);
}

/* Is @word a whole line of @text? */
static bool has_line(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += len) {
		if ((p == text || p[-1] == '\n') && (p[len] == '\n' || !p[len]))
			return true;
	}
	return false;
}

static void put_nft(FILE *f, const struct node *n, const char *text)
{
	size_t len = strlen(text);
	char end[24] = "RULES";

	for (unsigned i = 2; has_line(text, end); i++)
		snprintf(end, sizeof(end), "RULES%u", i);
	fputc('\n', f);
	put_on(f, n);
	fprintf(f, "nft -f - <<'%s'\n%s%s%s\n", end, text,
		len && text[len - 1] == '\n' ? "" : "\n", end);
}

/* ---- the script ---- */

/* What the steps of a kind do, above the first of them. The forwarding of a node stands among the
 * rules. */
static const char *const headings[] = {
	[STEP_SPACE] = "Nodes: a network namespace each.",
	[STEP_LINK] = "Links: veth pairs, each end placed in its node.",
	[STEP_NFT] = "Rules and forwarding, before anything is up: no packet crosses a NAT that\n"
		     "# does not translate yet.",
	[STEP_ADDR] = "Addresses.",
	[STEP_UP] = "Everything up.",
	[STEP_NEIGH] = "Neighbours by heart instead of by ARP, whose table is small and one for\n"
		       "# all namespaces.",
	[STEP_ROUTE] = "Routes. What lies behind a NAT is unknown in front of it.",
};

static void put_step(FILE *f, const struct scenario *s, const struct step *st)
{
	switch (st->kind) {
	case STEP_SPACE:
		put_space(f, &s->nodes[st->node]);
		return;
	case STEP_LINK:
		put_link(f, s, &s->links[st->link]);
		return;
	case STEP_ADDR:
		put_addr(f, s, &s->ifaces[st->iface]);
		return;
	case STEP_UP:
		put_up(f, s, &s->ifaces[st->iface]);
		return;
	case STEP_NEIGH:
		put_neigh(f, s, &s->ifaces[st->iface], &s->ifaces[st->neighbour]);
		return;
	case STEP_FORWARD:
		put_forward(f, &s->nodes[st->node]);
		return;
	case STEP_ROUTE:
		put_route(f, s, &s->nodes[st->node], st->route);
		return;
	case STEP_NFT:
		put_nft(f, &s->nodes[st->node], st->nft);
		return;
	}
}

/* The node in which a person who says nothing gets a shell: the first client, or the first. */
static const struct node *first_node(const struct scenario *s)
{
	for (size_t i = 0; i < s->n_nodes; i++) {
		if (s->nodes[i].kind == KIND_CLIENT)
			return &s->nodes[i];
	}
	return &s->nodes[0];
}

static void put_head(FILE *f, const struct scenario *s)
{
	const struct node *n = first_node(s);

	fputs("#!/bin/sh\n# natdlab plan: ", f);
	text_put(f, s->topology_name);
	fputs(", scenario ", f);
	text_put(f, s->id);
	fputs("\n#\n", f);
	fputs("# Builds the network of this scenario by hand. Needs no root: it works in\n"
	      "# namespaces of its own, and when it ends everything is gone.\n"
	      "#\n", f);
	fprintf(f, "#   sh plan.sh                        a shell in %s\n", n->name);
	fprintf(f, "#   sh plan.sh %s ip route        a command in a node\n", n->name);
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].vm)
			fprintf(f, "#\n# %s is a virtual machine in a run. Here a namespace stands in "
				   "its place,\n# for there is nothing that QEMU could be plugged "
				   "into by hand without root.\n", s->nodes[i].name);
	fputs("#\n"
	      "# Wants iproute2, nftables, util-linux and procps; ethtool if there.\n"
	      "set -eu\n\n", f);
}

static void put_nodes(FILE *f, const struct scenario *s)
{
	fputs("nodes='", f);
	for (size_t i = 0; i < s->n_nodes; i++)
		fprintf(f, "%s%s", i ? " " : "", s->nodes[i].name);
	fputs("'\n", f);
	fputs("if [ $# -gt 0 ]; then\n"
	      "\tcase \" $nodes \" in\n"
	      "\t*\" $1 \"*) ;;\n"
	      "\t*)\n"
	      "\t\techo \"$0: no node $1; there are: $nodes\" >&2\n"
	      "\t\texit 2\n"
	      "\t\t;;\n"
	      "\tesac\n"
	      "fi\n\n", f);
}

/* The script runs twice: outside it starts itself in new namespaces, inside it builds. It is
 * inside when its network namespace is another one than the outer run saw. */
static const char unshare_text[] =
	"# New user, mount, process and network namespaces, in which we may do everything.\n"
	"here=$(readlink /proc/self/ns/net)\n"
	"outside=${NATDLAB_PLAN_OUTSIDE:-$here}\n"
	"unset NATDLAB_PLAN_OUTSIDE\n"
	"if [ \"$outside\" = \"$here\" ]; then\n"
	"\tif ! grep -q '^# natdlab plan: ' \"$0\" 2>/dev/null; then\n"
	"\t\techo 'save this script in a file and run that: it starts itself again' >&2\n"
	"\t\texit 2\n"
	"\tfi\n"
	"\tuser=yes\n"
	"\tif ! unshare --user --map-root-user --mount --net true 2>/dev/null; then\n"
	"\t\tif [ \"$(id -u)\" -ne 0 ]; then\n"
	"\t\t\techo \"$0: this machine lets nobody but root make namespaces; try sudo sh $0\" >&2\n"
	"\t\t\texit 3\n"
	"\t\tfi\n"
	"\t\tuser=\n"
	"\tfi\n"
	"\tNATDLAB_PLAN_OUTSIDE=$here exec unshare ${user:+--user --map-root-user} \\\n"
	"\t\t--mount --net --pid --fork --kill-child sh \"$0\" \"$@\"\n"
	"fi\n"
	"mount -t proc proc /proc 2>/dev/null || :\n"
	"mount -t tmpfs tmpfs /run\n"
	"PATH=$PATH:/usr/sbin:/sbin\n\n";

static const char functions_text[] =
	"# on NODE COMMAND...: ip netns exec, but for /sys, which containers keep shut.\n"
	"on() {\n"
	"\ton_node=$1\n"
	"\tshift\n"
	"\tnsenter --net=\"/run/netns/$on_node\" \"$@\"\n"
	"}\n"
	"# space NODE: a namespace, loopback up, nothing that the host's settings brought in.\n"
	"space() {\n"
	"\tip netns add \"$1\"\n"
	"\ton \"$1\" ip link set dev lo up\n"
	"\ton \"$1\" sysctl -q -w net.ipv4.ip_forward=0 \\\n"
	"\t\tnet.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \\\n"
	"\t\tnet.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0\n"
	"}\n"
	"# quiet NODE INTERFACE: no IPv6 chatter, and whole checksums in captures.\n"
	"quiet() {\n"
	"\ton \"$1\" ip link set dev \"$2\" addrgenmode none\n"
	"\tif command -v ethtool >/dev/null; then\n"
	"\t\ton \"$1\" ethtool -K \"$2\" tx off >/dev/null 2>&1 || :\n"
	"\tfi\n"
	"}\n";

static void put_tail(FILE *f, const struct scenario *s)
{
	fputs("\n# Everything stands. A command in a node, a shell, or just the addresses.\n"
	      "if [ $# -gt 1 ]; then\n"
	      "\tstatus=0\n"
	      "\ton \"$@\" || status=$?\n"
	      "\texit $status\n"
	      "elif [ $# -eq 1 ] || { [ -t 0 ] && [ -t 1 ]; }; then\n"
	      "\tnode=${1:-", f);
	quote_sh(f, first_node(s)->name);
	fputs("}\n"
	      "\techo \"A shell in $node. nsenter --net=/run/netns/NODE COMMAND is for:\"\n"
	      "\techo \"$nodes\"\n"
	      "\tstatus=0\n"
	      "\ton \"$node\" \"${SHELL:-/bin/sh}\" || status=$?\n"
	      "\texit $status\n"
	      "fi\n"
	      "for node in $nodes; do\n"
	      "\techo \"$node\"\n"
	      "\ton \"$node\" ip -4 -br address show\n"
	      "done\n", f);
}

void plan_script(const struct plan *p, FILE *f)
{
	int last = -1;

	put_head(f, p->s);
	put_nodes(f, p->s);
	fputs(unshare_text, f);
	fputs(functions_text, f);
	for (size_t i = 0; i < p->n_steps; i++) {
		enum step_kind kind = p->steps[i].kind;
		int now = (int)(kind == STEP_FORWARD ? STEP_NFT : kind);

		if (now != last)
			fprintf(f, "\n# %s\n", headings[now]);
		last = now;
		put_step(f, p->s, &p->steps[i]);
	}
	put_tail(f, p->s);
}
