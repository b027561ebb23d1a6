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
#include "lab/report/report_priv.h"
#include "nodes/modes/agreement.h"
#include "nodes/modes/member_value.h"
#include "nodes/wire/isakmp_names.h"

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

/* ---- members ---- */

/* A line that several members fill. */
struct report_line {
	char text[600];
	size_t len;
	const char *label; /* NULL: no line is begun */
};

PRINTF_LIKE(2, 3)
static void add(struct report_line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, sizeof(l->text) - l->len, fmt, ap);
	va_end(ap);
	l->len = MIN(l->len + (size_t)n, sizeof(l->text) - 1);
}

static void end_line(FILE *f, struct report_line *l)
{
	if (l->label && l->len)
		line(f, l->label, "%s", l->text);
	*l = (struct report_line){0};
}

static void vendor_ids(FILE *f, const struct vid_rule *v, size_t n)
{
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

static void offers(FILE *f, const char *label, const struct phase1_transform *v, size_t n)
{
	char buf[24];

	for (size_t i = 0; i < n; i++)
		line(f, i ? "" : label, "%s %s %s, %u s",
		     isakmp_cipher_name(v[i].cipher, v[i].keybits, buf),
		     isakmp_hash_name(v[i].hash), isakmp_group_name(v[i].group), v[i].life);
}

static void esp_offers(FILE *f, const char *label, const struct phase2_transform *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		line(f, i ? "" : label, "%s hmac-%s",
		     word_of(&esp_words, SUITE(v[i].esp, v[i].keybits)),
		     word_of(&esp_auth_words, v[i].auth));
}

/* "again at 2, 4, 6, 8, 10 s; given up at 10 s" */
static void times(struct report_line *l, const struct retry *r, const char *none)
{
	if (!r->n) {
		add(l, "%s", none ? none : "never again by itself");
		return;
	}
	for (size_t i = 0; i < r->n; i++)
		add(l, "%s%g", i ? ", " : "again at ", r->at_ms[i] / 1000.0);
	add(l, " s; given up at %g s", r->give_up_ms / 1000.0);
}

/* "short, bad-proposal: PAYLOAD-MALFORMED;": what each notify answers. */
static void wrong_input(struct report_line *l, const struct wrong_answer *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = isakmp_notify_name(v[i].notify);
		bool last = i + 1 == n || v[i + 1].notify != v[i].notify;

		add(l, "%s%s", i ? " " : "", drop_name(v[i].drop));
		if (last)
			add(l, ": %s%s", name ? name : "", i + 1 < n ? ";" : "");
		else
			add(l, ",");
	}
}

static void words(struct report_line *l, const struct member *m, enum mode_role role,
		  const void *mode)
{
	const char *v[MEMBER_WORDS_MAX], *between = m->in[role].between;
	size_t n = member_words(m, role, mode, v);

	for (size_t i = 0; i < n; i++)
		add(l, "%s%s", !i ? "" : between ? between : " ", v[i]);
}

/* The value alone; nothing of a list that is empty, a time that is 0, a text that is not there. */
static void value(struct report_line *l, const struct member *m, enum mode_role role,
		  const void *mode)
{
	const struct member_place *p = &m->in[role];
	const void *at = (const uint8_t *)mode + p->at;
	const char *text;

	switch (m->kind) {
	case MEMBER_TEXT:
		text = *(const char *const *)at;
		add(l, "%s", text ? text : "");
		return;
	case MEMBER_NUMBER:
		if (member_number(p, mode))
			add(l, "%u", member_number(p, mode));
		return;
	case MEMBER_TIME:
		if (member_number(p, mode))
			add(l, "%g s", member_number(p, mode) / 1000.0);
		return;
	case MEMBER_TIMES:
		times(l, at, p->none);
		return;
	case MEMBER_WRONG:
		wrong_input(l, at, member_count(p, mode));
		return;
	case MEMBER_BOOL:
	case MEMBER_NOT:
	case MEMBER_WORD:
	case MEMBER_SUITES:
	case MEMBER_SET:
	case MEMBER_LIST:
		words(l, m, role, mode);
		return;
	case MEMBER_PARTS: /* lines of their own, or none */
	case MEMBER_VIDS:
	case MEMBER_OFFERS:
	case MEMBER_ESP_OFFERS:
		return;
	}
}

static const char *sentence(const struct member_place *p, const void *mode)
{
	bool other = p->other && member_holds(p->other, mode);

	return (other ? p->other_says : p->says)[member_number(p, mode)];
}

/* Adds "before value after", or what stands in its place. */
static void add_member(struct report_line *l, const struct member *m, enum mode_role role,
		       const void *mode)
{
	const struct member_place *p = &m->in[role];
	struct report_line one = {0};

	if (p->says) {
		const char *says = sentence(p, mode);

		if (says && p->named)
			words(&one, m, role, mode);
		if (says)
			add(&one, "%s%s", p->named ? ": " : "", says);
	} else {
		value(&one, m, role, mode);
	}
	if (one.len)
		add(l, "%s%s%s", p->before ? p->before : "", one.text, p->after ? p->after : "");
	else if (p->none)
		add(l, "%s", p->none);
}

void members_text(FILE *f, const struct member_table *t, enum mode_role role, const void *mode,
		  enum member_section section)
{
	struct report_line l = {0};

	for (size_t i = 0; i < t->n; i++) {
		const struct member *m = &t->v[i];
		const struct member_place *p = &m->in[role];
		const void *at = (const uint8_t *)mode + p->at;

		if (!p->size || p->section != section || !member_holds(p->shown_if, mode))
			continue;
		if (p->label) {
			end_line(f, &l);
			l.label = p->label;
		}
		if (m->kind == MEMBER_VIDS)
			vendor_ids(f, at, member_count(p, mode));
		else if (m->kind == MEMBER_OFFERS)
			offers(f, p->label, at, member_count(p, mode));
		else if (m->kind == MEMBER_ESP_OFFERS)
			esp_offers(f, p->label, at, member_count(p, mode));
		else
			add_member(&l, m, role, mode);
	}
	end_line(f, &l);
}

/* ---- what is known of a product ---- */

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

/* ---- one mode ---- */

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

static void sections(FILE *f, enum mode_role role, const void *mode)
{
	static const char *const heads[ROLES][SECTIONS] = {
		[ROLE_CLIENT] =
			{
				[SECTION_VIDS] = "Vendor IDs in message 1, in order",
				[SECTION_ALGORITHMS] = "What it offers, in order",
				[SECTION_BEHAVIOUR] = "Manners",
				[SECTION_TIMES] = "Times",
			},
		[ROLE_SERVER] =
			{
				[SECTION_VIDS] = "Vendor IDs in message 2, in order",
				[SECTION_ALGORITHMS] =
					("What it accepts: the first transform of the "
					 "client's list made of these"),
				[SECTION_BEHAVIOUR] = "Manners",
				[SECTION_TIMES] = "Times",
			},
	};

	for (enum member_section part = SECTION_VIDS; part < SECTIONS; part++) {
		head(f, heads[role][part]);
		members_text(f, &mode_members, role, mode, part);
	}
}

void report_server_mode(FILE *f, const struct server_mode *s)
{
	fprintf(f, "%s: %s (server mode)\n", s->name, s->title);
	head(f, "What it says of addresses in message 4");
	members_text(f, &mode_members, ROLE_SERVER, s, SECTION_ADDRESSES);
	clients_of(f, s);
	sections(f, ROLE_SERVER, s);
	known(f, s->known);
	facts(f, s->facts, s->n_facts);
}

void report_client_mode(FILE *f, const struct client_mode *c)
{
	fprintf(f, "%s: %s (client mode)\n", c->name, c->title);
	head(f, "Its rule about servers behind NAT");
	members_text(f, &mode_members, ROLE_CLIENT, c, SECTION_ADDRESSES);
	servers_of(f, c);
	sections(f, ROLE_CLIENT, c);
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
	const struct member *hash =
		&mode_members.v[member_find(&mode_members, "server_hash", ROLE_SERVER)];

	fprintf(f, "%-25s%-14s%-9s%s\n", "server mode", "own hash", "Windows", "like");
	for (size_t i = 0; i < n_servers; i++)
		fprintf(f, "%-25s%-14s%-9s%s\n", s[i]->name,
			s[i]->natt ? word_of(hash->words, s[i]->natd_own) : "none",
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
