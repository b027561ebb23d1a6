/* SPDX-License-Identifier: MIT */
#include "lab/infer/emit_topology.h"

#include <stdarg.h>
#include <string.h>

#include "lab/base/text.h"
#include "lab/analysis/inspect.h"
#include "lab/infer/infer.h"
#include "lab/infer/replay.h"
#include "nodes/modes/agreement.h"

#define SERVERS_MAX 32 /* below 2 * 26: give_name() has so many letters */
#define FITS_MAX 2000
#define WIDTH 96

struct server {
	struct observed_server observed;
	const struct emit_seen *seen[OBSERVED_EXCHANGES]; /* as in observed.v */
	struct inference inferred;
	struct infer_equals equals;
	char name[40];
};

struct emitter {
	FILE *f;
	struct arena *a;
	const struct emit_about *about;
	struct server *v[SERVERS_MAX];
	size_t n, more; /* servers; exchanges for which there is no room */
	unsigned fits;	/* that were tried: each takes time */
};

/* ---- remarks ---- */

/* Words in lines of @indent and "# ", the second and later lines further in by @hang. */
static void remark(const struct emitter *e, unsigned indent, unsigned hang, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
static void remark(const struct emitter *e, unsigned indent, unsigned hang, const char *fmt, ...)
{
	char text[2000], margin[40];
	va_list ap;

	va_start(ap, fmt);
	text_format(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(margin, sizeof(margin), "%*s# %*s", (int)indent, "", (int)hang, "");
	fprintf(e->f, "%*s# ", (int)indent, "");
	text_wrap(e->f, text, indent + 2, margin, WIDTH);
}

/* "message 4, frame 4 of client.pcap" */
static const char *where(const struct emitter *e, const struct aspect_seen *f)
{
	const struct exchange *x = f->by->x;
	struct mark at = f->message ? x->kept[f->message].at : x->kept[0].at;
	const char *what = f->message ? arena_printf(e->a, "message %u", f->message)
			   : x->notify ? "the refusal"
				       : "the Delete in clear";

	if (!f->message && !x->notify)
		at = x->delete_at;
	if (f->message > 4) /* encrypted, and not kept */
		at = x->mm[f->message].last;
	if (!e->about->frames || !at.place)
		return what;
	return arena_printf(e->a, "%s, frame %u of %s", what, at.frame, at.place);
}

/* Does another member of the same aspect decide about this one? Then that one's key stands for
 * both. */
static bool is_detail(const struct member *m)
{
	const struct member_if *needs = m->in[ROLE_SERVER].needs;

	for (size_t i = 0; needs && i < mode_members.n; i++)
		if (mode_members.v[i].aspect == m->aspect &&
		    mode_members.v[i].in[ROLE_SERVER].at == needs->at)
			return true;
	return m->implied_by;
}

/* The keys that say an aspect: "ciphers, hashes, groups". */
static const char *aspect_keys(const struct emitter *e, enum aspect a)
{
	const char *s = NULL;

	for (size_t i = 0; i < mode_members.n; i++) {
		const struct member *m = &mode_members.v[i];

		if (m->key && m->aspect == a && !is_detail(m))
			s = s ? arena_printf(e->a, "%s, %s", s, m->key) : m->key;
	}
	return s;
}

/* "a, b, c": the aspects in this state, but for those of which there is a doubt. */
static const char *aspects_in(const struct emitter *e, const struct inference *f, int state)
{
	const char *s = NULL;

	for (enum aspect a = ASPECT_HIDDEN + 1; a < ASPECTS; a++)
		if ((int)f->of[a].state == state && !f->of[a].doubt)
			s = s ? arena_printf(e->a, "%s, %s", s, aspect_keys(e, a)) : aspect_keys(e, a);
	return s;
}

/* ---- one mode ---- */

/* Was nothing seen of what the server says of its own address, although it is asked? Then what
 * Windows makes of it is the model's, and not the server's. */
static bool is_guess(const struct inference *f)
{
	return f->row.natt && f->of[ASPECT_OWN_HASH].state == NOT_SEEN;
}

/* What was checked, by a responder that was given the same messages. */
static void put_proof(const struct emitter *e, const struct server *s)
{
	struct replay *r = arena_new_of(e->a, struct replay);
	unsigned n2 = 0, same2 = 0, n4 = 0, alike4 = 0;

	for (size_t i = 0; i < s->observed.n; i++) {
		const struct exchange *x = s->observed.v[i].x;

		if (!x->kept[1].len || !x->kept[2].len)
			continue;
		replay_exchange(&s->inferred.row, x, s->observed.v[i].j, r);
		n2++;
		same2 += replay_same_message2(x, r);
		n4 += x->kept[3].len && x->kept[4].len;
		alike4 += replay_alike_message4(x, r);
	}
	if (n2)
		remark(e, 2, 9,
		       "checked: the row answers message 1 as the server did, byte for byte but for "
		       "the cookie (%u of %u that were seen)%s", same2, n2,
		       n4 ? arena_printf(e->a, ", and message 3 with the same payloads, each as long "
					       "(%u of %u).", alike4, n4)
			  : ".");
}

static void put_doubts(const struct emitter *e, const struct inference *f)
{
	if (is_guess(f))
		remark(e, 2, 9, "doubt:   server_hash: no NAT-D hash of the server's was seen, and "
		       "it decides what Windows makes of it. The row has that of %s; the server may "
		       "send another one.", f->like->name);
	for (enum aspect a = ASPECT_HIDDEN + 1; a < ASPECTS; a++)
		if (f->of[a].doubt)
			remark(e, 2, 9, "doubt:   %s: %s.%s", aspect_keys(e, a), f->of[a].doubt,
			       f->of[a].by_address ? e->about->hint : "");
}

static void put_knowledge(const struct emitter *e, const struct server *s)
{
	const struct inference *f = &s->inferred;
	const char *alike = aspects_in(e, f, AS_THE_ROW), *unseen = aspects_in(e, f, NOT_SEEN);
	const char *equals = NULL;

	for (size_t i = 0; i < s->equals.n; i++)
		equals = equals ? arena_printf(e->a, "%s, %s", equals, s->equals.v[i]->name)
			    : s->equals.v[i]->name;
	if (equals)
		remark(e, 2, 9, "as near: %s; nothing that was seen tells them from %s.", equals,
		       f->like->name);
	if (alike)
		remark(e, 2, 9, "seen:    as %s does it: %s.", f->like->name, alike);
	if (unseen)
		remark(e, 2, 9, "unseen:  taken from %s: %s.", f->like->name, unseen);
	remark(e, 2, 9,
	       "hidden:  taken from %s: what is encrypted (messages 5 and 6, Quick Mode with its IDs "
	       "and NAT-OA, L2TP, PPP), dead peer detection, keep-alives.", f->like->name);
}

static void put_float(const struct emitter *e, const struct server *s)
{
	for (size_t i = 0; i < s->observed.n; i++) {
		const struct exchange *x = s->observed.v[i].x;

		if (!x->floated && !x->esp[0] && !x->esp[1])
			continue;
		remark(e, 2, 9, "then:    the exchange %s UDP 4500; ESP%s: %u packets from the client, "
		       "%u from the server.", x->floated ? "moved to" : "did not move to",
		       x->esp_udp ? " in UDP" : x->esp_raw ? ", bare" : "", x->esp[0], x->esp[1]);
		return;
	}
}

static void put_mode(const struct emitter *e, const struct server *s)
{
	const struct inference *f = &s->inferred;
	enum aspect last = ASPECTS;

	fputc('\n', e->f);
	remark(e, 2, 0, "%s, %zu exchange%s%s", INET_EP(s->observed.ep), s->observed.n,
	       s->observed.n > 1 ? "s" : "",
	       s->observed.more ? arena_printf(e->a, " and %zu that were not looked at", s->observed.more)
			   : "");
	put_proof(e, s);
	put_float(e, s);
	put_doubts(e, f);
	put_knowledge(e, s);
	fprintf(e->f, "  %s:\n    like: %s\n    title: A server that was met, like %s%s\n", s->name,
		f->like->name, f->like->name,
		is_guess(f) ? "; what it says of NAT is a guess" : "");
	for (size_t i = 0; i < mode_members.n; i++) {
		const struct member *m = &mode_members.v[i];

		if (!f->said[i])
			continue;
		if (m->aspect != last)
			remark(e, 4, 0, "%s", where(e, &f->of[m->aspect]));
		last = m->aspect;
		fprintf(e->f, "    %s: ", m->key);
		member_write(e->f, m, ROLE_SERVER, &f->row);
		fputc('\n', e->f);
	}
}

/* ---- the file ---- */

static void put_head(const struct emitter *e)
{
	const char *places = NULL;
	size_t guesses = 0;

	for (size_t i = 0; i < e->about->n_places && i < 8; i++)
		places = places ? arena_printf(e->a, "%s, %s", places,
					       e->about->places[i])
				: e->about->places[i];
	if (e->about->n_places > 8)
		places = arena_printf(e->a, "%s, ...", places);
	remark(e, 0, 0, "Written by %s from %s.", e->about->how, places ? places : "?");
	fputs("#\n", e->f);
	remark(e, 0, 0, "  natdlab run THIS-FILE           what Windows and a Mac make of it");
	remark(e, 0, 0, "  natdlab modes %-17s what the row says that it is like",
	       e->v[0]->inferred.like->name);
	fputs("#\n", e->f);
	remark(e, 0, 0, "The block under modes: can stand in any other topology file. The network is "
	       "the article's, with addresses of its own.");
	if (e->more)
		remark(e, 0, 0, "%zu more exchanges are left out.", e->more);
	for (size_t i = 0; i < e->n; i++)
		guesses += is_guess(&e->v[i]->inferred);
	fprintf(e->f, "name: %s\n"
		      "title: %s before Windows and a Mac%s\n"
		      "question: Does Windows connect, and with which value of the registry?\n"
		      "\nmodes:", e->about->word,
		e->n == 1 ? "A server that was met," : "Servers that were met,",
		!guesses	  ? ""
		: guesses == e->n ? " - A GUESS, its NAT-D hashes were not seen"
				  : " - some are A GUESS, their NAT-D hashes were not seen");
}

/* Where it stood, as far as the packets tell: by an exchange that knows, or because its hash is the
 * one of the dialled address and the row is none that copies. */
static enum emit_place place_of(const struct server *s)
{
	for (size_t i = 0; i < s->observed.n; i++)
		if (s->seen[i]->server != SERVER_WHO_KNOWS)
			return s->seen[i]->server;
	for (size_t i = 0; i < s->observed.n; i++)
		if (s->observed.v[i].j->server_hash == CLASS_EXACT_OR_COPIED &&
		    s->inferred.row.natd_own == NATD_OWN_EXACT)
			return SERVER_PUBLIC;
	return SERVER_WHO_KNOWS;
}

static bool is_public(const struct server *s)
{
	return place_of(s) == SERVER_PUBLIC;
}

static void put_network(const struct emitter *e)
{
	fprintf(e->f,
		"\ntopology:\n"
		"  kinds:\n"
		"    client: {psk: lab-psk, user: alice, password: wonderland}\n"
		"    server: {psk: lab-psk, user: alice, password: wonderland, pool: "
		"192.168.42.0/24}\n"
		"  nodes:\n"
		"    client:   {kind: client, mode: windows-10, registry: 0, dials: server}\n"
		"    home:     {kind: napt, outside: wan}\n"
		"    internet: {kind: router}\n"
		"    igw:      {kind: eip, outside: wan, map: {203.0.113.10: server}}\n"
		"    server:   {kind: server, mode: %s, allow: [udp/500, udp/4500, esp]}\n"
		"  links:\n"
		"    - {endpoints: [\"client:eth0\", \"home:lan\"], subnet: 192.168.1.0/24}\n"
		"    - {endpoints: [\"home:wan\", \"internet:eth0\"], subnet: 198.51.100.0/24}\n"
		"    - {endpoints: [\"internet:eth1\", \"igw:wan\"], subnet: 203.0.113.0/24}\n"
		"    - {endpoints: [\"igw:vpc\", \"server:eth0\"], subnet: 172.31.0.0/20}\n",
		e->v[0]->name);
}

static void put_matrix(const struct emitter *e)
{
	fputs("\nmatrix:\n  met: # igw.nat: is the server behind a 1:1 NAT, such as an Elastic "
	      "IP?\n", e->f);
	for (size_t i = 0; i < e->n; i++)
		fprintf(e->f, "    %s: {server.mode: %s, igw.nat: %s}%s\n", e->v[i]->name,
			e->v[i]->name, is_public(e->v[i]) ? "false" : "true",
			place_of(e->v[i]) != SERVER_WHO_KNOWS ? "" : " # not known; this is a guess");
	fputs("  place: # of the client\n"
	      "    at-home: {home.nat: true}\n"
	      "    public: {home.nat: false}\n"
	      "  client:\n"
	      "    mac: {mode: macos}\n"
	      "    registry-0: {mode: windows-10, registry: 0}\n"
	      "    registry-1: {mode: windows-10, registry: 1}\n"
	      "    registry-2: {mode: windows-10, registry: 2}\n", e->f);
}

/* ---- expectations ---- */

/* Would Windows get as far as to ask its registry? Without NAT traversal, or without a common
 * proposal, there is nothing to claim. */
static bool gets_there(const struct server *s, bool at_home)
{
	struct four_ends usual = agreement_usual_ends(at_home, !is_public(s));
	struct agreement p;

	agreement_find(mode_client("windows-10"), 2, &s->inferred.row, &usual, &p);
	return p.natt && p.outcome == OUTCOME_CONNECTED;
}

/* What Windows concludes of it: what a client concluded that got the hash that Windows gets. Only
 * a server that copies treats clients differently. */
static enum emit_client conclusion(const struct server *s)
{
	for (size_t i = 0; i < s->observed.n; i++)
		if (s->seen[i]->client != CLIENT_NO_IDEA &&
		    (s->inferred.row.natd_own != NATD_OWN_PARROT ||
		     evidence_microsoft(s->seen[i]->x)))
			return s->seen[i]->client;
	return CLIENT_NO_IDEA;
}

static void claim(const struct emitter *e, const struct server *s, const char *outcome,
		  const char *place, const char *clients)
{
	fprintf(e->f, "  - {outcome: %s, when: {met: %s, place: %s, client: [%s]}}\n", outcome,
		s->name, place, clients);
}

/* Does the client, with a public address, still believe that it is behind a NAT? -1: not known. */
static int public_client_misled(const struct server *s)
{
	const struct aspect_seen *f = &s->inferred.of[ASPECT_PEER_HASH];

	if (f->state == NOT_SEEN || f->doubt)
		return -1;
	return s->inferred.row.natd_peer != NATD_PEER_EXACT;
}

static void put_claims(const struct emitter *e, const struct server *s)
{
	int misled = public_client_misled(s);
	bool nat = conclusion(s) == CLIENT_SEES_NAT;

	if (gets_there(s, true) && nat) {
		claim(e, s, "blocked", "at-home", "registry-0, registry-1");
		claim(e, s, "connected", "at-home", "registry-2");
	} else if (gets_there(s, true)) {
		claim(e, s, "connected", "at-home", "registry-0, registry-1, registry-2");
	}
	if (!gets_there(s, false))
		return;
	if (!nat) {
		claim(e, s, "connected", "public", "registry-0, registry-1, registry-2");
		return;
	}
	claim(e, s, "blocked", "public", "registry-0");
	if (misled >= 0)
		claim(e, s, misled ? "blocked" : "connected", "public", "registry-1");
	claim(e, s, "connected", "public", "registry-2");
}

static bool claims_anything(const struct server *s)
{
	return conclusion(s) != CLIENT_NO_IDEA && (gets_there(s, true) || gets_there(s, false));
}

static void put_expect(const struct emitter *e)
{
	bool any = false;

	for (size_t i = 0; i < e->n; i++)
		any |= claims_anything(e->v[i]);
	fputc('\n', e->f);
	if (!any) {
		remark(e, 0, 0, "Nothing is expected: what was seen does not say what Windows makes "
		       "of it.");
		return;
	}
	remark(e, 0, 0, "What the packets said to a Windows client, in its registry's three values. "
	       "The replay has to come to the same.");
	fputs("expect:\n", e->f);
	for (size_t i = 0; i < e->n; i++)
		if (claims_anything(e->v[i]))
			put_claims(e, e->v[i]);
}

/* ---- servers ---- */

/* Modes do Main Mode only. */
static bool worth_it(const struct exchange *x)
{
	return x->version != 2 && x->type == EXCHANGE_MAIN && x->kept[1].len &&
	       (x->kept[2].len || x->kept[0].len);
}

/* The one to which this exchange belongs. Two products may have had one address: captures of a lab,
 * or a server that was replaced. */
static struct server *server_of(struct emitter *e, struct inet_ep ep, const struct emit_seen *s)
{
	for (size_t i = 0; i < e->n && e->fits < FITS_MAX; i++) {
		if (!inet_ep_eq(e->v[i]->observed.ep, ep))
			continue;
		e->fits++;
		if (infer_joins(&e->v[i]->observed, s->x, s->j, s->searched))
			return e->v[i];
	}
	if (e->n == SERVERS_MAX || e->fits == FITS_MAX) {
		e->more++;
		return NULL;
	}
	e->v[e->n] = arena_new_of(e->a, struct server);
	e->v[e->n]->observed.ep = ep;
	e->v[e->n]->observed.end = e->about->end;
	return e->v[e->n++];
}

static void gather(struct emitter *e, const struct emit_seen *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct inet_ep initiator, responder;
		struct server *s;

		if (!worth_it(v[i].x))
			continue;
		inspect_ends(v[i].x, &initiator, &responder);
		s = server_of(e, responder, &v[i]);
		if (!s)
			continue;
		if (s->observed.n < OBSERVED_EXCHANGES)
			s->seen[s->observed.n] = &v[i];
		evidence_add(e->a, &s->observed, v[i].x, v[i].j, v[i].searched);
	}
}

/* "captured", or of several "captured-203-0-113-10", "captured-203-0-113-10-4501" where it is not
 * port 500, "captured-3" for addresses that are too long. */
static void give_name(const struct emitter *e, size_t i)
{
	struct server *s = e->v[i];
	const struct inet_addr *a = &s->observed.ep.addr;
	char port[8] = "", twin[8] = "";
	unsigned twins = 1;

	for (size_t k = 0; k < i; k++)
		twins += inet_ep_eq(e->v[k]->observed.ep, s->observed.ep);
	if (s->observed.ep.port != IKE_PORT)
		snprintf(port, sizeof(port), "-%u", s->observed.ep.port);
	if (twins > 26) /* behind "-z" stands "-aa" */
		snprintf(twin, sizeof(twin), "-a%c", 'a' + (int)(twins - 27) % 26);
	else if (twins > 1)
		snprintf(twin, sizeof(twin), "-%c", 'a' + (int)twins - 1);
	if (e->n == 1)
		snprintf(s->name, sizeof(s->name), "%s", e->about->word);
	else if (a->len != 4)
		snprintf(s->name, sizeof(s->name), "%s-%zu", e->about->word, i + 1);
	else
		snprintf(s->name, sizeof(s->name), "%s-%u-%u-%u-%u%s%s", e->about->word, a->b[0],
			 a->b[1], a->b[2], a->b[3], port, twin);
}

void emit_judge(struct emit_seen *s)
{
	const struct judgement *j = s->j;
	const struct mm_seen *mm = &s->x->mm[3];

	s->client = !j->complete		     ? CLIENT_NO_IDEA
		    : j->client_sees.peer_behind_nat ? CLIENT_SEES_NAT
						     : CLIENT_SEES_PUBLIC;
	s->server = SERVER_WHO_KNOWS;
	if (j->server_hash == CLASS_COPIED)
		s->server = SERVER_BEHIND_NAT; /* otherwise its own address would be the same */
	else if (j->server_hash == CLASS_EXACT && j->known3[0])
		s->server = inet_addr_eq(j->means3[0].addr, j->means4[1].addr) ? SERVER_PUBLIC
									      : SERVER_BEHIND_NAT;
	else if (j->server_sees_valid && mm->n_sightings)
		s->server = j->server_sees.self_behind_nat ? SERVER_BEHIND_NAT : SERVER_PUBLIC;
}

size_t emit_modes(FILE *f, struct arena *a, const struct emit_about *about,
		  const struct emit_seen *v, size_t n)
{
	struct emitter e = {.f = f, .a = a, .about = about};

	gather(&e, v, n);
	if (!e.n)
		return 0;
	for (size_t i = 0; i < e.n; i++) {
		infer_server(&e.v[i]->observed, &e.v[i]->inferred, &e.v[i]->equals);
		give_name(&e, i);
	}
	put_head(&e);
	for (size_t i = 0; i < e.n; i++)
		put_mode(&e, e.v[i]);
	put_network(&e);
	put_matrix(&e);
	put_expect(&e);
	return e.n;
}
