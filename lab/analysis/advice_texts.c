/* SPDX-License-Identifier: MIT */
#include "lab/analysis/advice_texts.h"

#include <stddef.h>

static const char *const texts[ADVICE_TEXTS] = {
	[ADVICE_UNFINISHED_CAUSE] =
		"Not in this capture: it begins too late or ends too early.",
	[ADVICE_UNFINISHED_CURE] =
		"Capture from before the client dials until it gives up, 40 seconds, without a "
		"filter narrower than udp port 500 or udp port 4500 or esp.",
	[ADVICE_FINE_CAUSE] =
		"None: the tunnel works. An error after this comes from inside it.",
	[ADVICE_FINE_CURE1] =
		"Error 691: the server does not know this user or this password.",
	[ADVICE_FINE_CURE2] =
		"Errors 628, 718 or 720: the PPP daemon's log. Windows takes MS-CHAPv2 unless its "
		"user allows more, so the server has to ask for it.",
	[ADVICE_NOT_FINE] =
		"Not NAT, not the pre-shared key, not UDP 500 or 4500.",
	[ADVICE_BLOCKED_CAUSE] =
		"Windows sends nothing to a server behind NAT unless its registry allows it, and "
		"message 4 says that this server is behind NAT. Error {error}.",
	[ADVICE_REGISTRY_EDIT] =
		"On the client, as administrator, then reboot:\n"
		"reg add {key} /v {value} /t REG_DWORD /d 2 /f",
	[ADVICE_PUBLIC_ADDRESS] =
		"Or give the server a public address of its own, without 1:1 NAT before it.",
	[ADVICE_HIDDEN_NAT] =
		"Or use a server that hides its NAT from Windows: SoftEther copies the client's "
		"hash.",
	[ADVICE_NOT_WHEN_BLOCKED] =
		"Not the pre-shared key: Main Mode finished. Not UDP 500 or 4500: both carried "
		"answers. Not UDP 1701: it travels inside ESP and need not be open. Not the user's "
		"name or password: neither was sent.",
	[ADVICE_NO_ESP_CAUSE] =
		"Windows' rule does not explain it. Either the capture leaves ESP out (without NAT "
		"it is IP protocol 50, not UDP), or a firewall does.",
	[ADVICE_NO_ESP_CURE] =
		"Capture without a filter; let IP protocol 50 pass the client's firewall.",
	[ADVICE_NOT_NO_ESP] =
		"Not the pre-shared key: Main Mode finished.",
	[ADVICE_L2TP_SILENT_CAUSE] =
		"The server got the client's L2TP and did not answer it: its L2TP daemon does not "
		"run or does not listen, a firewall drops UDP 1701 behind IPsec, or another client "
		"behind the same router has the tunnel.",
	[ADVICE_L2TP_SILENT_CURE1] =
		"On the server: is the L2TP daemon (xl2tpd) running, and does its log show the "
		"client? Does a firewall accept UDP 1701 that came by IPsec (iptables: -m policy "
		"--dir in --pol ipsec)?",
	[ADVICE_L2TP_SILENT_CURE2] =
		"Disconnect other clients behind the same router and try again.",
	[ADVICE_WINDOWS_DID_SEND] =
		"Not the registry value: Windows did send. Not the pre-shared key, not UDP 500 or "
		"4500.",
	[ADVICE_ESP_CLOSED_CAUSE] =
		"Without UDP around it ESP is IP protocol 50, which has no ports, and it does not "
		"get through: a security group or firewall that allows only UDP 500 and 4500, or a "
		"NAT.",
	[ADVICE_ESP_CLOSED_CURE1] =
		"Allow IP protocol 50 (ESP) to the server; on AWS that is a rule of its own: "
		"\"Custom protocol\", 50. UDP 1701 need not be open.",
	[ADVICE_ESP_CLOSED_CURE2] =
		"If there is a NAT in between, switch NAT-T on at the server, so that ESP goes in "
		"UDP 4500.",
	[ADVICE_ESP_CLOSED_CURE3] =
		"If ESP does arrive at the server, look at its L2TP daemon: is it running, may UDP "
		"1701 that came by IPsec pass?",
	[ADVICE_NOT_ESP_CLOSED] =
		"Not the registry value: Windows did send. Not the pre-shared key, not UDP 500: "
		"phase 1 and 2 were done.",
	[ADVICE_SECOND_CLIENT_CAUSE] =
		"Two clients behind one router: in transport mode both have the same address and "
		"L2TP port for the server's kernel (RFC 3948, 5.2), and one gets the other's "
		"answers, or the server refuses the later one.",
	[ADVICE_SECOND_CLIENT_CURE1] =
		"One client at a time: disconnect the other one and try again. If that helps, this "
		"is it.",
	[ADVICE_SECOND_CLIENT_CURE2] =
		"Or use a server that tells them apart: SoftEther, RRAS, or strongSwan with the "
		"connmark plugin.",
	[ADVICE_SECOND_CLIENT_CURE3] =
		"Or IKEv2, in tunnel mode, which has no such limit.",
	[ADVICE_4500_CLOSED_CAUSE] =
		"UDP port 4500 does not get through. Behind NAT everything from message 5 on (3 in "
		"Aggressive Mode) goes there.",
	[ADVICE_4500_CLOSED_CURE1] =
		"Open UDP 4500 to the server: security group, its own firewall, the router before "
		"it; and from the client outwards.",
	[ADVICE_4500_CLOSED_CURE2] =
		"If it is open: a server that says nothing to a wrong pre-shared key looks alike "
		"from the client; its log tells.",
	[ADVICE_NOT_4500_CLOSED] =
		"Not UDP 500: the messages before passed. Not the registry value: it counts only "
		"after Quick Mode.",
	[ADVICE_500_CLOSED_CAUSE] =
		"UDP port 500 does not get through, or nothing listens there, or it is the wrong "
		"address.",
	[ADVICE_500_CLOSED_CURE] =
		"Open UDP 500 (and 4500) to the server, and see that its IPsec daemon runs.",
	[ADVICE_NOT_500_CLOSED] =
		"Not the pre-shared key, not the registry value: neither was used yet.",
	[ADVICE_PSK_CAUSE] =
		"The two sides have different pre-shared keys, or the server has none for this "
		"client's address.",
	[ADVICE_PSK_CURE] =
		"Type the key again on both sides; mind spaces at the end. On the server look "
		"which connection was chosen.",
	[ADVICE_NOT_PSK] =
		"Not UDP 500 or 4500, not the proposals, not the registry value: it counts only "
		"after Quick Mode.",
	[ADVICE_NO_PROPOSAL_CAUSE] =
		"The server accepts none of the algorithms that the client offers.",
	[ADVICE_NO_PROPOSAL_CURE] =
		"On the server allow one of the proposals listed above; for Windows aes256-sha1 "
		"with ecp384 or modp2048 will do.",
	[ADVICE_NOT_NO_PROPOSAL] =
		"Not the pre-shared key, not NAT, not the registry value: none of them was used "
		"yet.",
	[ADVICE_PHASE2_CAUSE] =
		"The server refuses Quick Mode: algorithms of ESP, or the addresses that the "
		"client names (behind an Elastic IP it names the public one).",
	[ADVICE_PHASE2_CURE] =
		"On the server allow ESP aes-sha1 in transport mode, and for the traffic selectors "
		"UDP 1701 with any address of its own.",
	[ADVICE_NOT_PHASE2] =
		"Not the pre-shared key: Main Mode finished. Not the registry value.",
	[ADVICE_REFUSED_CAUSE] =
		"The other side refuses with an error, which is not encrypted and so not "
		"trustworthy, but usually true.",
	[ADVICE_REFUSED_CURE] =
		"Look for the same moment in the server's log.",
	[ADVICE_REGISTRY_COUNTS_LATER] =
		"Not the registry value: it counts only after Quick Mode.",
	[ADVICE_NO_REPLY_CAUSE] =
		"One side falls silent in the middle: packets are lost from there on, or its "
		"daemon gives up.",
	[ADVICE_NO_REPLY_CURE] =
		"Look for the same moment in the log of the side that is silent; capture on both "
		"sides and give both files to natdlab inspect.",
	[ADVICE_IKE2_CAUSE] =
		"Not told: of IKEv2 only the first two messages are in clear, and only their NAT "
		"detection is judged here.",
	[ADVICE_NOT_IKE2] =
		"Not the registry value {value}: it is a rule for L2TP/IPsec with IKEv1, IKEv2 "
		"does not need it.",
	[ADVICE_SUPERSEDED_CAUSE] =
		"None: SoftEther answers each repetition of message 1 anew.",
	[ADVICE_TOO_EARLY_CAUSE] =
		"Not in this capture, which ends too early; but message 4 says that the server is "
		"behind NAT, and to such a server Windows sends nothing unless its registry allows "
		"it (error {error}).",
	[ADVICE_BLOCKED_UNSEEN_CAUSE] =
		"Not proven, because message 4 is not in this capture: Quick Mode again and again "
		"and not one ESP packet is what Windows does when message 4 says that the server "
		"is behind NAT and its registry does not allow that. Error {error}.",
	[ADVICE_BLOCKED_UNSEEN_CURE2] =
		"To be sure, capture from before the client dials: message 4 goes over UDP 500.",
	[ADVICE_ONE_DIRECTION_CAUSE] =
		"Not in this capture, which shows one direction only: a filter with an address or "
		"a port on one side, a mirror port of one direction, or two ways through the "
		"network.",
	[ADVICE_ONE_DIRECTION_CURE] =
		"Capture both directions, with no filter but udp port 500 or udp port 4500 or esp.",
	[ADVICE_OTHER_CLIENT_CAUSE] =
		"None: the tunnel works for this client. A Windows client in its place would send "
		"nothing (error {error}), because the server's hash says that it is behind NAT.",
	[ADVICE_NOT_OTHER_CLIENT] =
		"For Windows: not the pre-shared key, not UDP 500, 4500 or 1701.",
	[ADVICE_FORCED_PORT_CAUSE] =
		"The server pretends to be behind NAT: both its hashes are made with port 0. That "
		"is Libreswan's encapsulation=yes or Openswan's forceencaps=yes. Windows believes "
		"it and sends nothing. Error {error}.",
	[ADVICE_FORCED_PORT_CURE1] =
		"On the server: encapsulation=auto (Openswan: forceencaps=no). If it has a public "
		"address of its own that is enough.",
	[ADVICE_NOT_WHEN_FORCED] =
		"Not the client, which did as it was told. Not UDP 1701: it travels inside ESP and "
		"need not be open.",
	[ADVICE_FORCED_ADDRESS_CAUSE] =
		"The server hashes the address 0.0.0.0 as its own, as SoftEther without ListenIP "
		"and racoon's nat_traversal force do. Windows takes it for a server behind NAT and "
		"sends nothing. Error {error}.",
	[ADVICE_FORCED_ADDRESS_CURE1] =
		"On the server: set SoftEther's ListenIP, or racoon's nat_traversal on.",
	[ADVICE_FORCED_RANDOM_CAUSE] =
		"The server pretends to be behind NAT: its hash of itself is made of nothing. That "
		"is strongSwan's encap=yes (forceencaps=yes), or its kernel-libipsec. Windows "
		"believes it and sends nothing. Error {error}.",
	[ADVICE_ENCAP_NO] =
		"On the server: encap=no (forceencaps=no). If it has a public address of its own "
		"that is enough.",
	[ADVICE_FORCED_GUESS_CAUSE] =
		"The server's hash of itself fits no private address, so most likely it is made of "
		"nothing, and the server only pretends to be behind NAT. That is strongSwan's "
		"encap=yes (forceencaps=yes), or its kernel-libipsec. Windows believes it and "
		"sends nothing. Error {error}.",
	[ADVICE_FORCED_GUESS_CURE3] =
		"To be sure, capture on the server, or say what its own interface has: --server "
		"IP.",
	[ADVICE_LOOKS_ALIKE] =
		"If it is not behind NAT at all, it only pretends to be, which looks alike from "
		"here: strongSwan's encap=yes (forceencaps=yes), Libreswan's encapsulation=yes. "
		"natdlab inspect --unmask tells.",
	[ADVICE_BLOCKED_OR_FORCED_CURE2] =
		"Or give the server a public address of its own, without 1:1 NAT before it; or use "
		"one that hides its NAT from Windows: SoftEther copies the client's hash.",
	[ADVICE_OR_NOT_FORCED] =
		"Or, if it only pretends: encap=no (strongSwan), encapsulation=auto (Libreswan).",
};

const char *advice_text(enum advice_text text)
{
	return texts[text];
}
