/* SPDX-License-Identifier: MIT */
/*
 * report_inspect.c - what `inspect` prints for people: the facts of each exchange, then the
 * verdict, and at the end the cause and the cure.
 *
 * Names of places are harmless text (lab/base/text.h): cmd_inspect.c and pcapng.c see to it.
 */
#include "lab/report/report_inspect.h"

#include <inttypes.h>
#include <string.h>

#include "lab/analysis/advice.h"
#include "lab/analysis/inspect.h"
#include "lab/analysis/responder_guess.h"
#include "lab/analysis/windows.h"
#include "nodes/modes/gate.h"
#include "lab/base/text.h"
#include "nodes/wire/isakmp_names.h"

#define COLUMNS 98
#define INDENT 20
#define SHOWN 20 /* exchanges printed in full; the others get a line each */

static void label(FILE *f, const char *text)
{
	fputs("  ", f);
	text_pad(f, text, INDENT - 2);
}

static void line(FILE *f, const char *name, const char *text)
{
	if (text)
		text_entry(f, name, INDENT, COLUMNS, text);
}

/* ---- facts ---- */

/* Days since 1970 to a date (proleptic Gregorian; years are counted from March). */
static void print_date(FILE *f, usec t)
{
	int64_t sec = t / SEC, day = sec / 86400 + 719468;
	int64_t era = day / 146097, doe = day % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t m = (5 * doy + 2) / 153;

	fprintf(f,
		"%04" PRId64 "-%02" PRId64 "-%02" PRId64 " %02" PRId64 ":%02" PRId64 ":%02" PRId64
		" UTC",
		yoe + era * 400 + (m >= 10), m < 10 ? m + 3 : m - 9, doy - (153 * m + 2) / 5 + 1,
		sec / 3600 % 24, sec / 60 % 60, sec % 60);
}

#define YEAR_2001 ((usec)1000000000 * SEC)
#define YEAR_2200 ((usec)7258118400 * SEC)

static void print_when(FILE *f, const struct exchange *x)
{
	label(f, "when");
	if (x->first > YEAR_2001 && x->first < YEAR_2200) {
		print_date(f, x->first);
		fputs(", ", f);
	}
	fprintf(f, "%.1f s long; cookies %s %s\n", (double)(x->last - x->first) / 1e6,
		HEX(x->cky_i, 8), HEX(x->cky_r, 8));
}

/* Where its messages were seen, with the ends that they bear there. */
static void print_places(FILE *f, const struct exchange *x)
{
	const struct mm_seen *mm = NULL;

	for (unsigned n = 1; n <= 6 && !mm; n++)
		if (x->mm[n].n_sightings)
			mm = &x->mm[n];
	if (!mm && x->later.place) {
		label(f, "seen at");
		fprintf(f, "%s: %s > %s (frame %u)%s\n", x->later.place, INET_EP(x->later.src), INET_EP(x->later.dst),
			x->later.frame, x->guessed ? "; who dials is a guess" : "");
	}
	for (size_t i = 0; mm && i < mm->n_sightings; i++) {
		label(f, i ? "" : "seen at");
		fprintf(f, "%s: %s > %s (frame %u)\n", mm->at[i].place, INET_EP(mm->at[i].src),
			INET_EP(mm->at[i].dst), mm->at[i].frame);
	}
}

#define CLOCKS_APART SEC

/* Two captures whose clocks differ: said, because durations and silences are then none. */
static void print_clocks(FILE *f, const struct exchange *x)
{
	char text[1000];

	for (unsigned n = 1; n <= 6; n++) {
		const struct mm_seen *mm = &x->mm[n];

		for (size_t i = 1; i < mm->n_sightings; i++) {
			usec ahead = mm->at[i].t - mm->at[0].t;

			if (ahead > -CLOCKS_APART && ahead < CLOCKS_APART)
				continue;
			snprintf(text, sizeof(text),
				 "%s is %.1f s %s %s: what is said of times may be wrong; "
				 "shift it with editcap -t %.1f",
				 mm->at[i].place,
				 (double)(ahead < 0 ? -ahead : ahead) / 1e6,
				 ahead < 0 ? "behind" : "ahead of", mm->at[0].place,
				 -(double)ahead / 1e6);
			line(f, "clocks", text);
			return;
		}
	}
}

static void print_vids(FILE *f, const struct exchange *x, unsigned side, bool verbose)
{
	const char *product = guess_product(x, side);
	size_t column = INDENT;

	if (!x->n_vids[side] && !product)
		return;
	label(f, side ? "server" : "client");
	if (product)
		column += (size_t)fprintf(f, "looks like %s; ", product);
	column += (size_t)fprintf(f, "vendor IDs:");
	for (size_t i = 0; i < x->n_vids[side]; i++) {
		struct view v = {x->vids[side][i].b, x->vids[side][i].len};
		char buf[64], text[160];
		const char *name = vid_name(v, buf);
		int len = snprintf(
			text, sizeof(text), " %s%s%s%s%s", name ? name : "",
			name && verbose ? " " : "", !name || verbose ? HEX(v.p, v.len) : "",
			!name && !v.len ? "(empty)" : "", i + 1 < x->n_vids[side] ? "," : "");

		if (column + (size_t)len > COLUMNS) {
			fprintf(f, "\n%*s", INDENT - 1, "");
			column = INDENT - 1;
		}
		fputs(text, f);
		column += (size_t)len;
	}
	fputc('\n', f);
}

static const char *or_number(const char *name, const char *what, unsigned n, char buf[24])
{
	if (strcmp(name, "?") != 0)
		return name;
	snprintf(buf, 24, "%s %u", what, n);
	return buf;
}

static const char *transform_text(unsigned cipher, unsigned keybits, unsigned hash, unsigned group,
				  char buf[80])
{
	char c[24], c2[24], h[24], g[24];

	snprintf(buf, 80, "%s-%s-%s",
		 or_number(isakmp_cipher_name(cipher, keybits, c), "cipher", cipher, c2),
		 or_number(isakmp_hash_name(hash), "hash", hash, h),
		 or_number(isakmp_group_name(group), "group", group, g));
	return buf;
}

/* RFC 2409 appendix A; draft-ietf-ipsec-isakmp-xauth. */
static const char *auth_text(unsigned auth)
{
	switch (auth) {
	case 1:
		return ", pre-shared key";
	case 2:
	case 3:
		return ", signatures";
	case 65001:
		return ", pre-shared key and XAUTH";
	case 64221:
		return ", hybrid XAUTH";
	}
	return "";
}

static void print_proposals(FILE *f, const struct exchange *x)
{
	char text[WATCH_OFFERS * 82 + 1] = "", one[80];
	size_t len = 0;

	for (size_t i = 0; i < x->n_offers; i++) {
		const struct offer *o = &x->offers[i];

		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%s", i ? ", " : "",
			transform_text(o->cipher, o->keybits, o->hash, o->group, one));
	}
	if (len)
		line(f, "offered", text);
	if (x->chosen) {
		label(f, "chosen");
		fprintf(f, "%s%s\n", transform_text(x->cipher, x->keybits, x->hash, x->group, one),
			auth_text(x->auth));
	}
}

static const char *id_type_name(uint8_t type)
{
	switch (type) {
	case 1:
		return "IPv4 address";
	case 2:
		return "name (FQDN)";
	case 3:
		return "user (USER_FQDN)";
	case 5:
		return "IPv6 address";
	case 9:
		return "distinguished name";
	case 11:
		return "key ID";
	}
	return "identity of another type";
}

/* "key ID \"sales\"" */
static size_t id_text(const struct identity *id, char *buf, size_t size)
{
	bool address = (id->type == 1 && id->len == 4) || (id->type == 5 && id->len == 16);
	char text[6 * sizeof(id->b) + 4];

	text_show(text, sizeof(text), (const char *)id->b, id->len);
	if (address)
		return (size_t)snprintf(buf, size, "%s",
					INET_ADDR(inet_from_bytes(id->b, id->len)));
	return (size_t)snprintf(buf, size, "%s \"%s\"", id_type_name(id->type), text);
}

/* Aggressive Mode says in clear who is who, and lets everybody guess the key. */
static void print_aggressive(FILE *f, const struct exchange *x)
{
	static const char *const names[] = {"client", "; server"};
	char text[1000];
	size_t len = 0;

	if (x->type != EXCHANGE_AGGRESSIVE)
		return;
	for (unsigned side = 0; side < 2; side++) {
		if (!x->ids[side].type)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s ", names[side]);
		len += id_text(&x->ids[side], text + len, sizeof(text) - len);
	}
	if (len)
		line(f, "identities", text);
	if (x->mm[2].seen && x->chosen && (x->auth == 1 || x->auth == 65001))
		line(f, "mind",
		     "Aggressive Mode: message 2 holds a hash of the pre-shared key, on which "
		     "whoever has this capture can try passwords.");
}

/* ---- the hash table ---- */

void report_hash(const struct natd_list *l, size_t i, char letter, bool known,
		      struct inet_ep means, bool verbose, char *buf, size_t size)
{
	char hex[2 * HASH_MAX + 1];

	if (i >= l->n) {
		snprintf(buf, size, "-");
		return;
	}
	hex_str(l->v[i].b, verbose ? l->len : MIN(l->len, 3), hex);
	snprintf(buf, size, "%c %s%s %s", letter, hex, verbose ? "" : "..",
		 known ? INET_EP(means) : "fits no known address");
}

static void print_hash_row(FILE *f, const char *name, const struct natd_list *l,
			   const char *letters, const bool *known, const struct inet_ep *means,
			   int width, bool verbose)
{
	char text[2 * HASH_MAX + 80];

	for (size_t i = 0; i < MAX(l->n, 2U); i += 2) { /* more than two: further lines */
		label(f, i ? "" : name);
		report_hash(l, i, letters[i], known[i], means[i], verbose, text, sizeof(text));
		fprintf(f, "%-*s  ", width, text);
		if (i + 1 < MAX(l->n, 2U))
			report_hash(l, i + 1, letters[i + 1], known[i + 1], means[i + 1], verbose,
				  text, sizeof(text));
		else
			text[0] = '\0';
		fprintf(f, "%s\n", text);
	}
}

static void print_hashes(FILE *f, const struct inspected *in, bool verbose)
{
	const struct exchange *x = in->x;
	const struct judgement *j = &in->j;
	int width = 0;

	if (!j->natt)
		return;
	for (size_t i = 0; i < 8; i++) {
		char text[2 * HASH_MAX + 80];

		report_hash(&x->natd3, i, j->letter3[i], j->known3[i], j->means3[i], verbose, text,
			  sizeof(text));
		width = MAX(width, i % 2 ? 0 : (int)strlen(text));
		report_hash(&x->natd4, i, j->letter4[i], j->known4[i], j->means4[i], verbose, text,
			  sizeof(text));
		width = MAX(width, i % 2 ? 0 : (int)strlen(text));
	}
	label(f, "NAT-D hashes");
	fprintf(f, "%-*s  second payload\n", width, "first payload");
	if (x->type == EXCHANGE_AGGRESSIVE) {
		print_hash_row(f, "message 2", &x->natd4, j->letter4, j->known4, j->means4, width,
			       verbose);
		if (x->natd3.n)
			print_hash_row(f, "message 3", &x->natd3, j->letter3, j->known3, j->means3,
				       width, verbose);
		else
			line(f, "message 3", x->mm[3].seen ? "is encrypted" : "was not seen");
		return;
	}
	print_hash_row(f, x->version == 2 ? "request" : "message 3", &x->natd3, j->letter3,
		       j->known3, j->means3, width, verbose);
	print_hash_row(f, x->version == 2 ? "response" : "message 4", &x->natd4, j->letter4,
		       j->known4, j->means4, width, verbose);
}

static void print_conclusion(FILE *f, const char *name, const struct natd_seen *s,
			     const char *other)
{
	char text[80] = "no NAT between us";

	if (s->self_behind_nat)
		snprintf(text, sizeof(text), s->peer_behind_nat ? "I am behind NAT, and so is the %s"
								: "I am behind NAT; the %s is public",
			 other);
	else if (s->peer_behind_nat)
		snprintf(text, sizeof(text), "the %s is behind NAT; I am not", other);
	line(f, name, text);
}

static const char *class_text(enum hash_class c)
{
	switch (c) {
	case CLASS_UNKNOWN:
		return "unknown: a private address, or random bytes; from here they look alike "
		       "(--server IP or --unmask may tell)";
	case CLASS_EXACT:
		return "exact: its own address";
	case CLASS_COPIED:
		return "copied from message 3, so that the server looks public";
	case CLASS_FAKED:
		return "faked: not its own address";
	case CLASS_EXACT_OR_COPIED:
		return "what the client dialled: exact on a public server, copied on one behind "
		       "NAT";
	}
	return "?";
}

/* Are there no hashes, where there might be? */
static bool lacks_natd(const struct inspected *in)
{
	const struct exchange *x = in->x;

	return !in->j.natt &&
	       x->mm[exchange_natd_message(x, true)].seen;
}

/* ... and why. */
static void print_without_natd(FILE *f, const struct inspected *in)
{
	const struct exchange *x = in->x;
	unsigned last = exchange_natd_message(x, true);
	const char *why = "none";

	if (!lacks_natd(in))
		return;
	for (unsigned n = 1; n <= last; n++)
		if (x->mm[n].seen && !x->mm[n].read)
			why = "not known: messages were captured without their ends";
	if (x->version != 2 && x->mm[last].read && x->mm[1].read && !x->offered_natt)
		why = "none: the client does not offer NAT-T";
	else if (x->version != 2 && x->mm[last].read && x->mm[2].read && !x->answered_natt)
		why = "none: the server does not do NAT-T";
	line(f, "NAT-D", why);
}

static void print_conclusions(FILE *f, const struct inspected *in)
{
	const struct exchange *x = in->x;

	if (in->j.complete)
		print_conclusion(f, "client concludes", &in->j.client_sees, "server");
	else if (x->type == EXCHANGE_AGGRESSIVE && x->natd4.n)
		line(f, "client concludes",
		     "not known: its own hashes are encrypted, and this capture was not made at "
		     "the client");
	if (in->j.server_sees_valid)
		print_conclusion(f, "server concludes", &in->j.server_sees, "client");
	if (in->searched && in->j.server_hash == CLASS_UNKNOWN)
		line(f, "server's hash",
		     "fits no private address: most likely random bytes, as strongSwan's encap=yes "
		     "(forceencaps=yes) sends them");
	else if (x->natd4.n > 1)
		line(f, "server's hash", class_text(in->j.server_hash));
	print_without_natd(f, in);
}

static bool has_traffic(const struct exchange *x)
{
	return x->mm[x->type == EXCHANGE_AGGRESSIVE ? 3 : 5].seen || x->quick_modes || x->esp[0] ||
	       x->esp[1];
}

static void print_traffic(FILE *f, const struct exchange *x)
{
	char text[240], xauth[60] = "";

	if (!has_traffic(x))
		return;
	if (x->transactions)
		snprintf(xauth, sizeof(xauth), "; XAUTH and Mode Config: %u messages",
			 x->transactions);
	snprintf(text, sizeof(text),
		 "%s%s; Quick Modes: %u; ESP: %u from the client, %u from the server%s",
		 x->floated ? "moved to UDP 4500" : "stayed on UDP 500", xauth, x->quick_modes,
		 x->esp[0], x->esp[1],
		 x->esp_udp   ? ", in UDP"
		 : x->esp_raw ? ", bare"
			      : "");
	line(f, "then", text);
}

/* ---- verdict ---- */

static const char *certainty_text(enum certainty c)
{
	switch (c) {
	case CERTAIN_HIGH:
		return "certain";
	case CERTAIN_MEDIUM:
		return "likely";
	case CERTAIN_LOW:
		return "a guess";
	}
	return "?";
}

static void print_windows(FILE *f, const struct inspected *in)
{
	char text[200] = "";
	bool dagger = false;
	size_t len = 0, last = 0;

	for (int registry = 0; registry <= 2; registry++) {
		struct windows_verdict v = exchange_windows(in->x, &in->j, registry);
		bool sure = v.certainty == CERTAIN_HIGH;

		if (v.result == WINDOWS_UNKNOWN)
			return;
		last = len;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%sregistry %d%s ",
					registry ? "; " : "", registry,
					registry ? "" : " or absent");
		if (v.result == WINDOWS_CONNECTS)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "connects");
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "is blocked (%u)",
						windows_error(REASON_SERVER_BEHIND_NAT));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", sure ? "" : "†");
		dagger |= !sure;
	}
	if (text_columns(text) > COLUMNS - INDENT)
		text[last + 1] = '\n'; /* no line ends between "registry" and its number */
	line(f, "Windows' rule", text);
	if (dagger)
		line(f, "", "† Microsoft's text says so; no capture of it is known");
}

static void print_evidence(FILE *f, const struct diagnosis *d)
{
	for (unsigned i = 0; i < d->n_evidence; i++) {
		const struct evidence *e = &d->evidence[i];

		label(f, i ? "" : "look at");
		fprintf(f, "%s: frame %u of %s\n", e->what, e->at.frame, e->at.place);
	}
}

static void print_verdict(FILE *f, const struct inspected *in, bool colour)
{
	const struct diagnosis *d = &in->d;
	const char *paint = d->outcome == OUTCOME_CONNECTED   ? "\033[32m"
			    : d->outcome == OUTCOME_UNDECIDED ? ""
							      : "\033[31m";
	char text[400];

	label(f, "verdict");
	if (colour)
		fputs(paint, f);
	fprintf(f, "%s: %s (%s)%s\n", outcome_name(d->outcome), signature_name(d->sig),
		certainty_text(d->certainty), colour ? "\033[0m" : "");
	snprintf(text, sizeof(text), "%s", d->sentence);
	line(f, "", text);
	print_evidence(f, d);
}

static void print_advice(FILE *f, const struct inspected *in)
{
	struct arena *arena CLEANUP(arena_freep) = arena_new();
	const struct advice a = advice_for(arena, in->x, &in->j, &in->d);

	line(f, "cause", a.cause);
	for (size_t i = 0; i < ADVICE_CURES; i++)
		line(f, i ? "" : "cure", a.cures[i]);
	line(f, "not the cause", a.not_the_cause);
}

static void print_head(FILE *f, const struct inspected *in, size_t number, size_t of)
{
	struct inet_ep i, r;

	inspect_ends(in->x, &i, &r);
	fprintf(f, "exchange %zu of %zu: %s dials %s%s\n", number, of, INET_EP(i), INET_EP(r),
		in->x->version == 2		     ? " (IKEv2)"
		: in->x->type == EXCHANGE_AGGRESSIVE ? " (Aggressive Mode)"
						     : "");
}

static void print_one(FILE *f, const struct inspected *in, const struct inspect_style *style)
{
	print_when(f, in->x);
	print_places(f, in->x);
	print_clocks(f, in->x);
	print_vids(f, in->x, 0, style->verbose);
	print_vids(f, in->x, 1, style->verbose);
	print_proposals(f, in->x);
	print_aggressive(f, in->x);
	if (in->j.natt || lacks_natd(in) || has_traffic(in->x))
		fputc('\n', f);
	print_hashes(f, in, style->verbose);
	print_conclusions(f, in);
	print_traffic(f, in->x);
	fputc('\n', f);
	print_windows(f, in);
	print_verdict(f, in, style->colour);
	fputc('\n', f);
	print_advice(f, in);
}

static void print_short(FILE *f, const struct inspected *in, size_t number)
{
	struct inet_ep i, r;

	inspect_ends(in->x, &i, &r);
	fprintf(f, "exchange %zu: %s dials %s: %s: %s\n", number, INET_EP(i), INET_EP(r),
		outcome_name(in->d.outcome), signature_name(in->d.sig));
}

void report_inspect(FILE *f, const struct inspection *in, const struct inspect_style *style)
{
	size_t number = 0, of = in->n - in->hidden;
	bool read = in->frames > in->unread; /* any frame at all */

	if (!of && read && !in->packets)
		fprintf(f,
			"no IP packet in %" PRIu64 " frames: a wrong link type (editcap -T writes "
			"another), encrypted Wi-Fi, or a filter for something else\n",
			in->frames - in->unread);
	else if (!of)
		fprintf(f,
			"no IKE exchange in %" PRIu64 " frames; capture UDP ports 500 and 4500 "
			"and IP protocol 50 while the client dials\n",
			in->frames);
	if (!of && in->stray_esp)
		fprintf(f,
			"%" PRIu64 " ESP packets are there: the tunnel was made before the capture "
			"began, and they alone do not tell how\n",
			in->stray_esp);
	for (size_t i = 0; i < in->n; i++) {
		if (in->v[i].d.sig == SIG_SUPERSEDED)
			continue;
		number++;
		if (number > SHOWN && !style->verbose) {
			if (number == SHOWN + 1)
				fprintf(f,
					"\nfrom here on one line each, %zu of %zu; --verbose prints "
					"all in full\n",
					of - SHOWN, of);
			print_short(f, &in->v[i], number);
			continue;
		}
		if (number > 1)
			fputc('\n', f);
		print_head(f, &in->v[i], number, of);
		print_one(f, &in->v[i], style);
	}
	if (in->unread)
		fprintf(f,
			"\n%" PRIu64 " of %" PRIu64 " frames have link type %u, which is not read "
			"here; capture on another interface, or convert them (editcap)\n",
			in->unread, in->frames, in->linktype);
	if (in->cut)
		fprintf(f,
			"\n%" PRIu64 " of %" PRIu64 " frames were cut short when they were "
			"captured (tcpdump -s 0 and pktmon --pkt-size 0 keep them whole)\n",
			in->cut, in->frames);
}
