/* SPDX-License-Identifier: MIT */
/*
 * advice.c - what to say of each signature: the cause, the cure, and what it is not.
 *
 * Sources: Microsoft's rule kb926179; which server forges its hash by which setting
 * strongswan-src, libreswan-src, openswan-src, softether-src (docs/sources.md).
 */
#include "lab/analysis/advice.h"

#include "lab/analysis/windows.h"

#define REG_ADD                                                                                    \
	"On the client, as administrator, then reboot:\n"                                          \
	"reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent "                          \
	"/v AssumeUDPEncapsulationContextOnSendRule /t REG_DWORD /d 2 /f"

#define NOT_BLOCKED                                                                                \
	"Not the pre-shared key: Main Mode finished. Not UDP 500 or 4500: both carried answers. "  \
	"Not UDP 1701: it travels inside ESP and need not be open. Not the user's name or "        \
	"password: neither was sent."

#define NOT_FORCED                                                                                 \
	"Not the client, which did as it was told. Not UDP 1701: it travels inside ESP and need "  \
	"not be open."

static const struct advice advices[SIGNATURES] = {
	[SIG_UNFINISHED] =
		{
			.cause = "Not in this capture: it begins too late or ends too early.",
			.cures = {"Capture from before the client dials until it gives up, 40 "
				  "seconds, "
				  "without a filter narrower than udp port 500 or udp port 4500 or "
				  "esp."},
		},
	[SIG_FINE] =
		{
			.cause =
				"None: the tunnel works. An error after this comes from inside it.",
			.cures = {"Error 691: the server does not know this user or this password.",
				  "Errors 628, 718 or 720: the PPP daemon's log. Windows takes "
				  "MS-CHAPv2 "
				  "unless its user allows more, so the server has to ask for it."},
			.not_the_cause = "Not NAT, not the pre-shared key, not UDP 500 or 4500.",
		},
	[SIG_BLOCKED] =
		{
			.cause =
				"Windows sends nothing to a server behind NAT unless its registry "
				"allows "
				"it, and message 4 says that this server is behind NAT. Error 809.",
			.cures = {REG_ADD,
				  "Or give the server a public address of its own, without 1:1 NAT "
				  "before "
				  "it.",
				  "Or use a server that hides its NAT from Windows: SoftEther "
				  "copies the "
				  "client's hash."},
			.not_the_cause = NOT_BLOCKED,
		},
	[SIG_NO_ESP] =
		{
			.cause = "Windows' rule does not explain it. Either the capture leaves ESP "
				 "out "
				 "(without NAT it is IP protocol 50, not UDP), or a firewall does.",
			.cures = {"Capture without a filter; let IP protocol 50 pass the client's "
				  "firewall."},
			.not_the_cause = "Not the pre-shared key: Main Mode finished.",
		},
	[SIG_L2TP_SILENT] =
		{
			.cause =
				"The server got the client's L2TP and did not answer it: its L2TP "
				"daemon "
				"does not run or does not listen, a firewall drops UDP 1701 behind "
				"IPsec, or another client behind the same router has the tunnel.",
			.cures = {"On the server: is the L2TP daemon (xl2tpd) running, and does "
				  "its log "
				  "show the client? Does a firewall accept UDP 1701 that came by "
				  "IPsec "
				  "(iptables: -m policy --dir in --pol ipsec)?",
				  "Disconnect other clients behind the same router and try again."},
			.not_the_cause =
				"Not the registry value: Windows did send. Not the pre-shared "
				"key, not UDP 500 or 4500.",
		},
	[SIG_ESP_CLOSED] =
		{
			.cause = "Without UDP around it ESP is IP protocol 50, which has no ports, "
				 "and it does not get through: a security group or firewall that "
				 "allows only UDP 500 and 4500, or a NAT.",
			.cures =
				{"Allow IP protocol 50 (ESP) to the server; on AWS that is a rule "
				 "of its own: \"Custom protocol\", 50. UDP 1701 need not be open.",
				 "If there is a NAT in between, switch NAT-T on at the server, so "
				 "that ESP goes in UDP 4500.",
				 "If ESP does arrive at the server, look at its L2TP daemon: is it "
				 "running, may UDP 1701 that came by IPsec pass?"},
			.not_the_cause =
				"Not the registry value: Windows did send. Not the pre-shared "
				"key, not UDP 500: phase 1 and 2 were done.",
		},
	[SIG_SECOND_CLIENT] =
		{
			.cause = "Two clients behind one router: in transport mode both have the "
				 "same "
				 "address and L2TP port for the server's kernel (RFC 3948, 5.2), "
				 "and one "
				 "gets the other's answers, or the server refuses the later one.",
			.cures =
				{"One client at a time: disconnect the other one and try again. If "
				 "that helps, this is it.",
				 "Or use a server that tells them apart: SoftEther, RRAS, or "
				 "strongSwan with the connmark plugin.",
				 "Or IKEv2, in tunnel mode, which has no such limit."},
			.not_the_cause =
				"Not the registry value: Windows did send. Not the pre-shared "
				"key, not UDP 500 or 4500.",
		},
	[SIG_4500_CLOSED] =
		{
			.cause = "UDP port 4500 does not get through. Behind NAT everything from "
				 "message 5 on (3 in Aggressive Mode) goes there.",
			.cures = {"Open UDP 4500 to the server: security group, its own firewall, "
				  "the "
				  "router before it; and from the client outwards.",
				  "If it is open: a server that says nothing to a wrong pre-shared "
				  "key "
				  "looks alike from the client; its log tells."},
			.not_the_cause = "Not UDP 500: the messages before passed. Not the "
					 "registry value: it "
					 "counts only after Quick Mode.",
		},
	[SIG_500_CLOSED] =
		{
			.cause = "UDP port 500 does not get through, or nothing listens there, or "
				 "it is "
				 "the wrong address.",
			.cures = {"Open UDP 500 (and 4500) to the server, and see that its IPsec "
				  "daemon "
				  "runs."},
			.not_the_cause =
				"Not the pre-shared key, not the registry value: neither was "
				"used yet.",
		},
	[SIG_PSK] =
		{
			.cause = "The two sides have different pre-shared keys, or the server has "
				 "none "
				 "for this client's address.",
			.cures =
				{"Type the key again on both sides; mind spaces at the end. On the "
				 "server look which connection was chosen."},
			.not_the_cause =
				"Not UDP 500 or 4500, not the proposals, not the registry value: "
				"it counts only after Quick Mode.",
		},
	[SIG_NO_PROPOSAL] =
		{
			.cause =
				"The server accepts none of the algorithms that the client offers.",
			.cures = {"On the server allow one of the proposals listed above; for "
				  "Windows "
				  "aes256-sha1 with ecp384 or modp2048 will do."},
			.not_the_cause =
				"Not the pre-shared key, not NAT, not the registry value: none "
				"of them was used yet.",
		},
	[SIG_PHASE2] =
		{
			.cause = "The server refuses Quick Mode: algorithms of ESP, or the "
				 "addresses that "
				 "the client names (behind an Elastic IP it names the public one).",
			.cures = {"On the server allow ESP aes-sha1 in transport mode, and for the "
				  "traffic selectors UDP 1701 with any address of its own."},
			.not_the_cause =
				"Not the pre-shared key: Main Mode finished. Not the registry "
				"value.",
		},
	[SIG_REFUSED] =
		{
			.cause = "The other side refuses with an error, which is not encrypted and "
				 "so "
				 "not trustworthy, but usually true.",
			.cures = {"Look for the same moment in the server's log."},
			.not_the_cause = "Not the registry value: it counts only after Quick Mode.",
		},
	[SIG_NO_REPLY] =
		{
			.cause = "One side falls silent in the middle: packets are lost from there "
				 "on, or "
				 "its daemon gives up.",
			.cures = {"Look for the same moment in the log of the side that is silent; "
				  "capture "
				  "on both sides and give both files to natdlab inspect."},
			.not_the_cause = "Not the registry value: it counts only after Quick Mode.",
		},
	[SIG_IKE2] =
		{
			.cause = "Not told: of IKEv2 only the first two messages are in clear, and "
				 "only their NAT detection is judged here.",
			.not_the_cause = "Not the registry value "
					 "AssumeUDPEncapsulationContextOnSendRule: it is a rule "
					 "for L2TP/IPsec with IKEv1, IKEv2 does not need it.",
		},
	[SIG_SUPERSEDED] =
		{
			.cause = "None: SoftEther answers each repetition of message 1 anew.",
		},
};

/* What the hashes foretell although this client's connection does not show it. */
static const struct advice foretold = {
	.cause = "Not in this capture, which ends too early; but message 4 says that the server is "
		 "behind NAT, and to such a server Windows sends nothing unless its registry "
		 "allows it (error 809).",
	.cures = {REG_ADD,
		  "Or give the server a public address of its own, without 1:1 NAT before it.",
		  "Or use a server that hides its NAT from Windows: SoftEther copies the client's "
		  "hash."},
};
/* Message 4 is not there to prove it. */
static const struct advice blocked_unseen = {
	.cause = "Not proven, because message 4 is not in this capture: Quick Mode again and again and "
		 "not one ESP packet is what Windows does when message 4 says that the server is "
		 "behind NAT and its registry does not allow that. Error 809.",
	.cures = {REG_ADD,
		  "To be sure, capture from before the client dials: message 4 goes over UDP 500."},
	.not_the_cause = NOT_BLOCKED,
};
static const struct advice one_direction = {
	.cause = "Not in this capture, which shows one direction only: a filter with an address or a "
		 "port on one side, a mirror port of one direction, or two ways through the "
		 "network.",
	.cures = {"Capture both directions, with no filter but udp port 500 or udp port 4500 or esp."},
};
static const struct advice other_client = {
	.cause = "None: the tunnel works for this client. A Windows client in its place would send "
		 "nothing (error 809), because the server's hash says that it is behind NAT.",
	.cures = {REG_ADD},
	.not_the_cause = "For Windows: not the pre-shared key, not UDP 500, 4500 or 1701.",
};

/* How a server's hash of itself is forged tells whose setting it is. */
static const struct advice forced_port = {
	.cause = "The server pretends to be behind NAT: both its hashes are made with port 0. "
		 "That is Libreswan's encapsulation=yes or Openswan's forceencaps=yes. Windows "
		 "believes it and sends nothing. Error 809.",
	.cures = {"On the server: encapsulation=auto (Openswan: forceencaps=no). If it has a "
		  "public address of its own that is enough.",
		  REG_ADD},
	.not_the_cause = NOT_FORCED,
};
static const struct advice forced_address = {
	.cause = "The server hashes the address 0.0.0.0 as its own, as SoftEther without ListenIP "
		 "and racoon's nat_traversal force do. Windows takes it for a server behind NAT "
		 "and sends nothing. Error 809.",
	.cures = {"On the server: set SoftEther's ListenIP, or racoon's nat_traversal on.",
		  REG_ADD},
	.not_the_cause = NOT_FORCED,
};
static const struct advice forced_random = {
	.cause = "The server pretends to be behind NAT: its hash of itself is made of nothing. "
		 "That is strongSwan's encap=yes (forceencaps=yes), or its kernel-libipsec. "
		 "Windows believes it and sends nothing. Error 809.",
	.cures = {"On the server: encap=no (forceencaps=no). If it has a public address of its "
		  "own that is enough.",
		  REG_ADD},
	.not_the_cause = NOT_FORCED,
};

static const struct advice forced_guess = {
	.cause = "The server's hash of itself fits no private address, so most likely it is made of "
		 "nothing, and the server only pretends to be behind NAT. That is strongSwan's "
		 "encap=yes (forceencaps=yes), or its kernel-libipsec. Windows believes it and "
		 "sends nothing. Error 809.",
	.cures = {"On the server: encap=no (forceencaps=no). If it has a public address of its "
		  "own that is enough.",
		  REG_ADD,
		  "To be sure, capture on the server, or say what its own interface has: "
		  "--server IP."},
	.not_the_cause = NOT_FORCED,
};
/* Behind NAT, or a lie: from here they look alike. */
#define LOOKS_ALIKE                                                                                \
	"If it is not behind NAT at all, it only pretends to be, which looks alike from here: "    \
	"strongSwan's encap=yes (forceencaps=yes), Libreswan's encapsulation=yes. "                \
	"natdlab inspect --unmask tells."
#define OR_NOT_FORCED                                                                              \
	"Or, if it only pretends: encap=no (strongSwan), encapsulation=auto (Libreswan)."
static const struct advice blocked_or_forced = {
	.cause = "Windows sends nothing to a server behind NAT unless its registry allows it, and "
		 "message 4 says that this server is behind NAT. Error 809. " LOOKS_ALIKE,
	.cures = {REG_ADD,
		  "Or give the server a public address of its own, without 1:1 NAT before it; or "
		  "use one that hides its NAT from Windows: SoftEther copies the client's hash.",
		  OR_NOT_FORCED},
	.not_the_cause = NOT_BLOCKED,
};
static const struct advice foretold_or_forced = {
	.cause = "Not in this capture, which ends too early; but message 4 says that the server is "
		 "behind NAT, and to such a server Windows sends nothing unless its registry "
		 "allows it (error 809). " LOOKS_ALIKE,
	.cures = {REG_ADD,
		  "Or give the server a public address of its own, without 1:1 NAT before it; or "
		  "use one that hides its NAT from Windows: SoftEther copies the client's hash.",
		  OR_NOT_FORCED},
};

static const struct advice *forced_advice(const struct judgement *j, const struct diagnosis *d)
{
	if (d->suspected)
		return &forced_guess;
	if (!j->known4[1])
		return &forced_random;
	return inet_addr_is_zero(j->means4[1].addr) ? &forced_address : &forced_port;
}

const struct advice *diagnose_advice(const struct exchange *x, const struct judgement *j,
				     const struct diagnosis *d)
{
	bool blocks = exchange_windows(x, j, 0).result == WINDOWS_BLOCKED;
	bool nobody_knows = x->natd4.n > 1 && j->server_hash == CLASS_UNKNOWN;

	if (d->sig == SIG_FORCED)
		return forced_advice(j, d);
	if (d->sig == SIG_BLOCKED && !j->complete)
		return &blocked_unseen;
	if (d->sig == SIG_BLOCKED && nobody_knows)
		return &blocked_or_forced;
	if (d->one_direction)
		return &one_direction;
	/* Windows itself never does Aggressive Mode: there this is not what people ask. */
	if (blocks && x->type != EXCHANGE_AGGRESSIVE &&
	    (d->sig == SIG_UNFINISHED || d->sig == SIG_NO_ESP))
		return d->forced || d->suspected ? forced_advice(j, d)
		       : nobody_knows		 ? &foretold_or_forced
						 : &foretold;
	if (blocks && d->sig == SIG_FINE && !d->windows)
		return &other_client;
	return &advices[d->sig];
}
