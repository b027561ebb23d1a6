/* SPDX-License-Identifier: MIT */
/*
 * report_modes.c - server and client modes for people, in 80 columns: all of them as a table, or
 * one with everything that its row says and where it was learnt.
 *
 * What clients make of a server is not in any row: it is computed by the rule that predicts runs.
 */

#include "lab/report/report_modes.h"

#include <stdarg.h>
#include <string.h>

#include "lab/base/text.h"
#include "nodes/modes/agreement.h"

#define WIDTH 80
#define LABEL 16 /* columns of a label */

/* ---- text ---- */

PRINTF_LIKE(3, 4)
static void line(FILE *f, const char *label, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text_entry(f, label, LABEL, WIDTH, text);
}

static void head(FILE *f, const char *text)
{
	fprintf(f, "\n%s\n", text);
}

/* ---- what clients make of a server ---- */

static const char *ends(const struct client_mode *c, int registry, const struct server_mode *s,
			bool napt, bool eip)
{
	struct four_ends usual = agreement_usual_ends(napt, eip);
	struct agreement p;

	agreement_find(c, registry, s, &usual, &p);
	return p.outcome == OUTCOME_CONNECTED ? "ok"
	       : p.outcome == OUTCOME_BLOCKED ? "refuses"
					      : "fails";
}

static void clients_of(FILE *f, const struct server_mode *s)
{
	static const struct {
		const char *name;
		int registry;
	} clients[] = {{"windows-10", 0}, {"windows-10", 1}, {"windows-10", 2}, {"macos", -1}};
	char label[40];

	head(f, "What clients make of it");
	fprintf(f, "  %-26s%-11s%-11s%-11s%s\n", "client behind NAT?", "yes", "no", "yes", "no");
	fprintf(f, "  %-26s%-11s%-11s%-11s%s\n", "server behind NAT?", "yes", "yes", "no", "no");
	for (size_t i = 0; i < ARRAY_LEN(clients); i++) {
		const struct client_mode *c = mode_client(clients[i].name);

		if (c->gate == GATE_MICROSOFT)
			snprintf(label, sizeof(label), "%s, registry %d", c->name,
				 clients[i].registry);
		else
			snprintf(label, sizeof(label), "%s", c->name);
		fprintf(f, "  %-26s%-11s%-11s%-11s%s\n", label,
			ends(c, clients[i].registry, s, true, true),
			ends(c, clients[i].registry, s, false, true),
			ends(c, clients[i].registry, s, true, false),
			ends(c, clients[i].registry, s, false, false));
	}
}

/* ---- what both kinds have ---- */

static void vendor_ids(FILE *f, const struct vid_rule *v, size_t n, const char *message)
{
	fprintf(f, "\nVendor IDs in message %s, in order\n", message);
	for (size_t i = 0; i < n; i++) {
		struct view bytes = vid_rule_bytes(&v[i]);
		char hex[2 * 32 + 1];

		assert(bytes.len <= 32);
		fprintf(f, "  %-26s%s%s\n", vid_word(v[i].vid),
			hex_str(bytes.p, bytes.len, hex),
			v[i].any_tail	    ? "  if begun"
			: v[i].if_peer_sent ? "  if sent"
					    : "");
	}
}

static const char *esp_name(unsigned esp, unsigned keybits, char buf[24])
{
	switch (esp) {
	case ESP_DES:
		return "des";
	case ESP_3DES:
		return "3des";
	case ESP_NULL:
		return "null";
	case ESP_AES:
		snprintf(buf, 24, "aes-%u", keybits);
		return buf;
	}
	return "?";
}

static const char *auth_name(unsigned auth)
{
	switch (auth) {
	case AUTH_HMAC_MD5:
		return "md5";
	case AUTH_HMAC_SHA1:
		return "sha1";
	case AUTH_HMAC_SHA256:
		return "sha256";
	}
	return "?";
}

static void add(char *text, size_t size, const char *word)
{
	size_t len = strlen(text);

	snprintf(text + len, size - len, "%s%s", len ? " " : "", word);
}

/* "again at 2, 4, 6, 8, 10 s, given up at 10 s" */
static void times(FILE *f, const char *label, const struct retry *r)
{
	char text[200] = "again at";
	char one[24];

	if (!r->n) {
		line(f, label, "never again by itself");
		return;
	}
	for (size_t i = 0; i < r->n; i++) {
		snprintf(one, sizeof(one), "%g%s", r->at_ms[i] / 1000.0, i + 1 < r->n ? "," : " s");
		add(text, sizeof(text), one);
	}
	line(f, label, "%s; given up at %g s", text, r->give_up_ms / 1000.0);
}

static void every(FILE *f, const char *label, uint32_t ms, const char *more)
{
	if (ms)
		line(f, label, "every %g s%s", ms / 1000.0, more);
	else
		line(f, label, "none");
}

static void l2tp(FILE *f, const struct l2tp_identity *id)
{
	if (id->vendor)
		line(f, "L2TP", "host name %s, vendor name %s", id->host, id->vendor);
	else
		line(f, "L2TP", "host name %s", id->host);
}

/* "PPP user  asks for eap, then ms-chap-v2, then pap" */
static void authentication(FILE *f, const enum ppp_method *v, const char *verb, const char *link,
			   const char *none)
{
	char text[100];
	size_t at = 0;

	for (size_t i = 0; i < PPP_AUTH_MAX && v[i] != PPP_AUTH_NONE; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? link : verb,
				       ppp_method_name(v[i]));
	line(f, "PPP user", "%s", at ? text : none);
}

static void facts(FILE *f, const struct fact *v, size_t n)
{
	head(f, "Facts, their certainty, and their sources (docs/sources.md)");
	for (size_t i = 0; i < n; i++) {
		char text[600];

		snprintf(text, sizeof(text), "%s [%s]", v[i].what, v[i].source);
		text_entry(f, certainty_name(v[i].certainty), 10, WIDTH, text);
	}
}

/* Of a product that cannot be run beside its mode. */
static void known(FILE *f, const struct field_known *v)
{
	bool any = false;

	for (enum known_field i = 0; i < KNOWN_FIELDS; i++) {
		char text[600];

		if (!v[i].what)
			continue;
		if (!any)
			head(f, "How each field is known, as it cannot be compared with the product");
		any = true;
		snprintf(text, sizeof(text), "%s, %s: %s [%s]", basis_name(v[i].basis),
			 certainty_name(v[i].certainty), v[i].what, v[i].source);
		text_entry(f, known_field_name(i), 24, WIDTH, text);
	}
}

/* ---- one server ---- */

static const char *own_words(const struct server_mode *s)
{
	switch (s->natd_own) {
	case NATD_OWN_EXACT:
		return s->address_zero ? "the hash of 0.0.0.0 and its own port"
				       : "the hash of its own address and port";
	case NATD_OWN_PARROT:
		return s->address_zero
			       ? "message 3's first hash, sent back to a client that it takes for "
				 "Microsoft; to others the hash of 0.0.0.0 and its own port"
			       : "message 3's first hash, sent back to a client that it takes for "
				 "Microsoft; to others the hash of its own address and port";
	case NATD_OWN_RANDOM:
		return "random bytes, so that it seems to be behind NAT";
	case NATD_OWN_PORT_ZERO:
		return "the hash of its own address with port 0, so that it seems to be behind NAT";
	case NATD_OWN_ADDR_ZERO:
		return "the hash of 0.0.0.0 with its own port, so that it seems to be behind NAT";
	}
	return "?";
}

static const char *peer_words(const struct server_mode *s)
{
	switch (s->natd_peer) {
	case NATD_PEER_EXACT:
		return "the hash of the client's address and port as seen";
	case NATD_PEER_UNMATCHED:
		return "a hash that matches nothing, so that every client believes itself behind "
		       "NAT and uses UDP encapsulation";
	case NATD_PEER_PORT_ZERO:
		return "the hash of the client's address with port 0, which matches nothing";
	case NATD_PEER_ADDR_ZERO:
		return "the hash of 0.0.0.0 with the client's port, which matches nothing";
	}
	return "?";
}

static void accepted(FILE *f, const struct server_mode *s)
{
	char ciphers[100] = "", hashes[100] = "", groups[100] = "", esp[100] = "", auths[100] = "";
	char buf[24];

	for (unsigned v = 0; v < 32; v++) {
		if (s->phase1.ciphers & ACCEPT(v) && v != CIPHER_AES)
			add(ciphers, sizeof(ciphers), isakmp_cipher_name(v, 0, buf));
		if (s->phase1.hashes & ACCEPT(v))
			add(hashes, sizeof(hashes), isakmp_hash_name(v));
		if (s->phase1.groups & ACCEPT(v))
			add(groups, sizeof(groups), isakmp_group_name(v));
		if (s->phase2.esp & ACCEPT(v) && v != ESP_AES)
			add(esp, sizeof(esp), esp_name(v, 0, buf));
		if (s->phase2.auths & ACCEPT(v))
			add(auths, sizeof(auths), auth_name(v));
	}
	for (unsigned bits = 64; bits <= 256; bits += 64) {
		if (s->phase1.keys & ACCEPT_KEY(bits))
			add(ciphers, sizeof(ciphers), isakmp_cipher_name(CIPHER_AES, bits, buf));
		if (s->phase2.keys & ACCEPT_KEY(bits))
			add(esp, sizeof(esp), esp_name(ESP_AES, bits, buf));
	}
	head(f, "What it accepts: the first transform of the client's list made of these");
	line(f, "ciphers", "%s", ciphers);
	line(f, "hashes", "%s", hashes);
	line(f, "groups", "%s", groups);
	line(f, "ESP", "%s with hmac %s", esp, auths);
	line(f, "sent back", "%s",
	     s->sa_encoding == SA_AS_OFFERED
		     ? "as it was offered, byte for byte"
		     : "written anew: number 1, attributes in an order of its own");
}

static void overlooked(FILE *f, uint32_t ignores)
{
	static const char *const names[] = {
		"lengths", "versions", "message IDs", "useless payloads", "DOI and situation",
		"authentication method", "length of keys", "value of keys", "length of nonces",
		"tunnel mode", "ports of Quick Mode",
	};
	char text[300] = "";

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (ignores & UINT32_C(1) << i) {
			size_t len = strlen(text);

			snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "", names[i]);
		}
	if (*text)
		line(f, "not looked at", "%s", text);
}

/* "short, bad-proposal: PAYLOAD-MALFORMED;": what each notify answers. */
static void wrong_input(FILE *f, const struct server_mode *s)
{
	char text[600] = "", word[100];

	for (size_t i = 0; i < s->n_wrong; i++) {
		const char *name = isakmp_notify_name(s->wrong[i].notify);
		bool last = i + 1 == s->n_wrong || s->wrong[i + 1].notify != s->wrong[i].notify;

		snprintf(word, sizeof(word), "%s%s%s%s", drop_name(s->wrong[i].drop),
			 last ? ": " : ",", last && name ? name : "",
			 last && i + 1 < s->n_wrong ? ";" : "");
		add(text, sizeof(text), word);
	}
	line(f, "wrong input", "%s", *text ? text : "silence");
	overlooked(f, s->ignores);
}

static void manners(FILE *f, const struct server_mode *s)
{
	static const char *const no_proposal[] = {
		[NO_PROPOSAL_PLAIN] = "NO-PROPOSAL-CHOSEN in 40 bytes, no cookie of its own",
		[NO_PROPOSAL_SPI16] = "NO-PROPOSAL-CHOSEN in 56 bytes, both cookies as SPI",
		[NO_PROPOSAL_RANDOM_COOKIE] =
			"NO-PROPOSAL-CHOSEN in 56 bytes, random cookies in the header",
		[NO_PROPOSAL_SILENCE] = "silence",
	};
	static const char *const duplicate[] = {
		[DUP_SAME_ANSWER] = "the same answer",
		[DUP_NEW_EXCHANGE] = "a new exchange",
		[DUP_SILENCE] = "silence",
	};
	static const char *const other3[] = {
		[OTHER_MESSAGE3_DROPS] = "ends the exchange",
		[OTHER_MESSAGE3_IGNORED] = "is ignored",
	};

	head(f, "Manners");
	line(f, "nonce", "%u bytes", s->nonce_len);
	line(f, "no NAT-D", "in message 3: %s",
	     !s->natt	       ? "none in message 4"
	     : s->natd_unasked ? "two in message 4 all the same"
			       : "none in message 4");
	line(f, "no proposal", "%s", no_proposal[s->no_proposal]);
	line(f, "duplicates", "of message 1: %s; of 3: %s; of 5: %s", duplicate[s->dup_message1],
	     duplicate[s->dup_message3], duplicate[s->dup_message5]);
	line(f, "message 3", "another one %s", other3[s->other_message3]);
	line(f, "wrong key", "%s",
	     s->bad_psk == BAD_PSK_NOTIFY ? "an encrypted notify instead of message 6" : "silence");
	wrong_input(f, s);
	line(f, "Quick Mode", "IDs %s; %s", s->qm_ids_rewritten ? "rewritten" : "echoed",
	     !s->natoa		? "no NAT-OA"
	     : s->natoa_unasked ? "NAT-OA to everybody in UDP"
				: "NAT-OA to a client that sends it");
	l2tp(f, &s->l2tp);
	authentication(f, s->auth, "asks for ", ", then ", "asks nobody");
}

static void server_times(FILE *f, const struct server_mode *s)
{
	head(f, "Times");
	times(f, "message 2", &s->message2_retry);
	times(f, "message 4", &s->message4_retry);
	if (s->message6_retry.n)
		times(f, "message 6", &s->message6_retry);
	times(f, "Quick Mode", &s->quick_retry);
	times(f, "L2TP", &s->l2tp_retry);
	if (s->unused_ms)
		line(f, "unused", "deleted after %g s without a Quick Mode",
		     s->unused_ms / 1000.0);
	line(f, "half open", "forgotten after %g s%s", s->half_open_ms / 1000.0,
	     s->half_open_delete ? ", with a Delete in clear" : "");
	every(f, "keep-alive", s->keepalive_ms,
	      s->keepalive_always ? " to every floated client" : " when it is behind NAT itself");
	every(f, "R-U-THERE", s->dpd_ms, " without traffic");
	every(f, "L2TP Hello", s->hello_ms, " without a word");
}

void report_server_mode(FILE *f, const struct server_mode *s)
{
	fprintf(f, "%s: %s (server mode)\n", s->name, s->title);
	head(f, "What it says of addresses in message 4");
	if (s->natt) {
		line(f, "second hash", "%s: %s", natd_own_name(s->natd_own), own_words(s));
		line(f, "first hash", "%s: %s", natd_peer_name(s->natd_peer), peer_words(s));
	} else {
		line(f, "nothing", "it knows no NAT traversal");
	}
	clients_of(f, s);
	vendor_ids(f, s->vids, s->n_vids, "2");
	accepted(f, s);
	manners(f, s);
	server_times(f, s);
	known(f, s->known);
	facts(f, s->facts, s->n_facts);
}

/* ---- one client ---- */

static void offered(FILE *f, const struct client_mode *c)
{
	char buf[24];

	head(f, "What it offers, in order");
	for (size_t i = 0; i < c->n_phase1; i++) {
		const struct phase1_transform *t = &c->phase1[i];

		line(f, i ? "" : "Main Mode", "%s %s %s, %u s",
		     isakmp_cipher_name(t->cipher, t->keybits, buf), isakmp_hash_name(t->hash),
		     isakmp_group_name(t->group), t->life);
	}
	for (size_t i = 0; i < c->n_phase2; i++)
		line(f, i ? "" : "ESP", "%s hmac-%s",
		     esp_name(c->phase2[i].esp, c->phase2[i].keybits, buf),
		     auth_name(c->phase2[i].auth));
}

static void servers_of(FILE *f, const struct client_mode *c)
{
	size_t n;
	const struct server_mode *const *s = mode_servers(&n);

	head(f, "With servers behind an Elastic IP, itself behind a home router");
	if (c->gate == GATE_MICROSOFT)
		fprintf(f, "  %-26s%-11s%-11s%s\n", "registry", "0", "1", "2");
	for (size_t i = 0; i < n; i++) {
		if (c->gate == GATE_MICROSOFT)
			fprintf(f, "  %-26s%-11s%-11s%s\n", s[i]->name,
				ends(c, 0, s[i], true, true),
				ends(c, 1, s[i], true, true),
				ends(c, 2, s[i], true, true));
		else
			fprintf(f, "  %-26s%s\n", s[i]->name, ends(c, -1, s[i], true, true));
	}
}

void report_client_mode(FILE *f, const struct client_mode *c)
{
	fprintf(f, "%s: %s (client mode)\n", c->name, c->title);
	head(f, "Its rule about servers behind NAT");
	line(f, "rule", "%s",
	     c->gate == GATE_MICROSOFT
		     ? "AssumeUDPEncapsulationContextOnSendRule: 0 or absent refuses a server "
		       "behind NAT; 1 refuses it when the client is behind NAT too; 2 refuses "
		       "nothing"
		     : "none: it connects whoever is behind NAT");
	servers_of(f, c);
	vendor_ids(f, c->vids, c->n_vids, "1");
	offered(f, c);
	head(f, "Manners");
	line(f, "nonce", "%u bytes", c->nonce_len);
	line(f, "message 5", "%s", c->initial_contact ? "ID, HASH, INITIAL-CONTACT" : "ID, HASH");
	line(f, "Quick Mode", "message IDs %s; NAT-OA %s", c->msgid_counts ? "1, 2, 3" : "random",
	     c->natoa_always ? "when any NAT was found" : "when it is behind NAT itself");
	overlooked(f, c->ignores);
	l2tp(f, &c->l2tp);
	if (c->l2tp_port)
		line(f, "L2TP port", "%u", c->l2tp_port);
	else
		line(f, "L2TP port", "an ephemeral one");
	authentication(f, c->auth, "agrees to ", " and ", "agrees to nothing");
	head(f, "Times");
	times(f, "message 1", &c->main_retry);
	times(f, "messages 3, 5", &c->later_retry);
	times(f, "Quick Mode", &c->quick_retry);
	times(f, "L2TP", &c->l2tp_retry);
	every(f, "keep-alive", c->keepalive_ms, " when it is behind NAT itself");
	known(f, c->known);
	facts(f, c->facts, c->n_facts);
}

/* ---- all of them ---- */

void report_modes(FILE *f)
{
	size_t n_servers, n_clients;
	const struct server_mode *const *s = mode_servers(&n_servers);
	const struct client_mode *const *c = mode_clients(&n_clients);
	const struct client_mode *windows = mode_client("windows-10");

	fprintf(f, "%-25s%-14s%-9s%s\n", "server mode", "own hash", "Windows", "like");
	for (size_t i = 0; i < n_servers; i++)
		fprintf(f, "%-25s%-14s%-9s%s\n", s[i]->name,
			s[i]->natt ? natd_own_name(s[i]->natd_own) : "none",
			ends(windows, 0, s[i], true, true), s[i]->title);
	fputs("\nown hash: what the second NAT-D hash of message 4 is\n"
	      "Windows:  what a Windows 10 behind a home router, registry value 0, does when it\n"
	      "          dials such a server behind an Elastic IP\n\n",
	      f);
	fprintf(f, "%-18s%-19s%s\n", "client mode", "server behind NAT", "like");
	for (size_t i = 0; i < n_clients; i++)
		fprintf(f, "%-18s%-19s%s\n", c[i]->name,
			c[i]->gate == GATE_NONE ? "never minds" : "asks its registry",
			c[i]->title);
	fputs("\nnatdlab modes NAME tells everything of one, with sources.\n", f);
}
