/* SPDX-License-Identifier: MIT */
/*
 * The eye against real products: every capture in tests/data/captures, seen from the client's
 * end, from the server's, and from both, must give what the JSON beside it says. What one end
 * alone cannot know is expected to be unknown there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "lab/base/packet.h"
#include "lab/capture/pcapng.h"
#include "lab/analysis/natd_judge.h"
#include "nodes/wire/vid.h"

#define FOLDER "tests/data/captures/"
#define NAPT "198.51.100.10" /* the only address that no JSON names */

enum sight { CLIENT, SERVER, BOTH, ONE_AFTER_THE_OTHER, VIEWS };
static const char *const view_names[VIEWS] = {"client", "server", "both", "one after the other"};

/* One answer, seen one way. */
struct seen {
	json_t *json;
	const char *name;
	enum sight view;
	struct arena *a;
	const struct exchange *x;
	struct judgement j;
};

static const char *str(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	assert_non_null(s);
	return s;
}

static struct inet_addr addr(const char *s)
{
	struct inet_addr a;

	assert_true(inet_parse_addr(s, &a));
	return a;
}

/* ---- feeding ---- */

struct source {
	FILE *f;
	struct capture_reader *r;
	const char *place;
	struct capture_frame frame;
	bool more;
};

static void source_next(struct source *s)
{
	int n = capture_next(s->r, &s->frame, NULL);

	assert_true(n >= 0);
	s->more = n > 0;
}

static void source_open(struct source *s, const char *name, const char *side)
{
	char path[256];

	snprintf(path, sizeof(path), FOLDER "%s.%s.pcap", name, side);
	s->f = fopen(path, "r");
	assert_non_null(s->f);
	s->r = capture_open(s->f, path, NULL);
	assert_non_null(s->r);
	s->place = side;
	source_next(s);
}

static void source_feed(struct source *s, struct watch *w)
{
	watch_frame(w, s->place, s->frame.linktype, s->frame.t, (uint32_t)s->frame.number,
		    s->frame.data, s->frame.len);
	source_next(s);
}

static void source_close(struct source *s)
{
	capture_close(s->r);
	fclose(s->f);
}

static struct watch *feed(struct arena *a, const char *name, enum sight view)
{
	struct watch *w = watch_new(a, NULL);
	struct source c, s;

	source_open(&c, name, "client");
	source_open(&s, name, "server");
	while (view != SERVER && c.more) {
		while (view == BOTH && s.more && s.frame.t < c.frame.t)
			source_feed(&s, w);
		source_feed(&c, w);
	}
	while (view != CLIENT && s.more)
		source_feed(&s, w);
	source_close(&c);
	source_close(&s);
	return w;
}

static struct seen look(json_t *json, enum sight view)
{
	struct seen s = {
		.json = json,
		.name = str(json, "name"),
		.view = view,
		.a = arena_new(),
	};
	struct watch *w = feed(s.a, s.name, view);
	struct exchange *const *v;
	size_t n = watch_exchanges(w, &v);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(HEX(v[i]->cky_i, 8), str(json, "cky_i")) &&
		    !strcmp(HEX(v[i]->cky_r, 8), str(json, "cky_r")))
			s.x = v[i];
	assert_non_null(s.x);
	natd_judge(s.x, NULL, 0, NULL, NULL, &s.j);
	return s;
}

/* Runs @check on every answer in every view. */
static void each(void (*check)(const struct seen *s))
{
	glob_t files;

	assert_int_equal(glob(FOLDER "*.json", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 30);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		json_t *json = json_load_file(files.gl_pathv[i], 0, NULL);

		assert_non_null(json);
		for (enum sight v = 0; v < VIEWS; v++) {
			struct seen s = look(json, v);

			print_message("%s, %s\n", s.name, view_names[v]);
			check(&s);
			arena_free(s.a);
		}
		json_decref(json);
	}
	globfree(&files);
}

/* ---- what the messages say ---- */

static void check_hashes(json_t *want, const struct natd_list *got)
{
	char hex[2 * HASH_MAX + 1];

	assert_int_equal(json_array_size(want), got->n); /* null has size 0 */
	for (size_t i = 0; i < got->n; i++)
		assert_string_equal(hex_str(got->v[i].b, got->len, hex),
				    json_string_value(json_array_get(want, i)));
}

static void check_messages(const struct seen *s)
{
	json_t *chosen = json_object_get(s->json, "chosen");
	json_t *vids = json_object_get(s->json, "vendor_ids_of_server");
	json_t *floated = json_object_get(s->json, "floated");

	check_hashes(json_object_get(s->json, "natd3"), &s->x->natd3);
	check_hashes(json_object_get(s->json, "natd4"), &s->x->natd4);
	assert_int_equal(s->x->natd_type, s->x->natd3.n ? PAYLOAD_NATD : 0);
	assert_true(s->x->offered_natt && s->x->answered_natt);

	assert_true(s->x->chosen);
	assert_int_equal(s->x->cipher, json_integer_value(json_object_get(chosen, "enc")));
	assert_int_equal(s->x->keybits, json_integer_value(json_object_get(chosen, "keylen")));
	assert_int_equal(s->x->hash, json_integer_value(json_object_get(chosen, "hash")));
	assert_int_equal(s->x->group, json_integer_value(json_object_get(chosen, "group")));
	assert_int_equal(s->x->auth, json_integer_value(json_object_get(chosen, "auth")));

	assert_int_equal(s->x->n_vids[1], json_array_size(vids));
	for (size_t i = 0; i < s->x->n_vids[1]; i++) {
		json_t *vid = json_array_get(vids, i);
		struct view v = {s->x->vids[1][i].b, s->x->vids[1][i].len};
		char buf[64], hex[2 * 32 + 1];

		assert_string_equal(hex_str(v.p, v.len, hex),
				    json_string_value(json_array_get(vid, 0)));
		assert_string_equal(vid_name(v, buf), json_string_value(json_array_get(vid, 1)));
	}
	/* null where the client never came so far as to send message 5 */
	assert_int_equal(s->x->floated, json_is_true(floated));
	for (unsigned n = 1; n <= (s->x->natd3.n ? 4 : 2); n++) {
		assert_true(s->x->mm[n].seen);
		assert_int_equal(s->x->mm[n].n_sightings, s->view >= BOTH ? 2 : 1);
		if (s->view >= BOTH) /* the path begins at the sender, whichever file came first */
			assert_string_equal(s->x->mm[n].at[0].place, n % 2 ? "client" : "server");
	}
}

static void cookies_hashes_proposal_and_vendor_ids_are_those_of_the_answers(void **state)
{
	(void)state;
	each(check_messages);
}

/* ---- what the client concludes ---- */

static void check_verdict(const struct seen *s)
{
	json_t *verdict = json_object_get(s->json, "verdict");

	if (json_is_null(verdict)) {
		assert_false(s->j.natt || s->j.complete);
		return;
	}
	assert_true(s->j.complete);
	assert_int_equal(s->j.client_sees.self_behind_nat,
			 json_is_true(json_object_get(verdict, "self_behind_nat")));
	assert_int_equal(s->j.client_sees.peer_behind_nat,
			 json_is_true(json_object_get(verdict, "server_behind_nat")));
	assert_int_equal(s->j.letter4[1] == s->j.letter3[0],
			 json_is_true(json_object_get(verdict, "parroted")));
	assert_int_equal(s->j.letter3[0], 'A');
	assert_int_equal(s->j.letter3[1], 'B');
}

static void the_client_concludes_what_the_answers_say(void **state)
{
	(void)state;
	each(check_verdict);
}

/* ---- what hashes are made of ---- */

static bool is_public(const struct seen *s)
{
	return !strcmp(str(s->json, "topology"), "pub:pub");
}

/* Does this address appear in the packets of this view? */
static bool visible(const struct seen *s, struct inet_addr a)
{
	bool from_client = inet_addr_eq(a, addr(str(s->json, "client_own_address"))) ||
			   inet_addr_eq(a, addr(str(s->json, "server_address_seen_by_client")));
	bool from_server = inet_addr_eq(a, addr(NAPT)) ||
			   inet_addr_eq(a, addr(str(s->json, "server_own_address")));

	if (inet_addr_eq(a, inet_v4(0)))
		return true;
	switch (s->view) {
	case CLIENT:
		return from_client;
	case SERVER:
		return is_public(s) ? from_client : from_server;
	case BOTH:
	case ONE_AFTER_THE_OTHER:
	case VIEWS:
		break;
	}
	return from_client || from_server;
}

/* "HASH(a.b.c.d:port)" or "natd3[0]=words(a.b.c.d:port)"; "other" is none: false. */
static bool parse_match(const char *s, struct inet_ep *ep)
{
	char text[64];
	char *colon;

	s = strchr(s, '(');
	if (!s)
		return false;
	snprintf(text, sizeof(text), "%s", s + 1);
	colon = strchr(text, ':');
	assert_non_null(colon);
	*colon = '\0';
	*ep = inet_ep(addr(text), (uint16_t)atoi(colon + 1));
	return true;
}

static void check_meaning(const struct seen *s, bool known, struct inet_ep got, bool want_known,
			  struct inet_ep want)
{
	if (!want_known || !visible(s, want.addr)) {
		assert_false(known);
		return;
	}
	assert_true(known);
	assert_string_equal(INET_EP(got), INET_EP(want));
}

static void check_meanings(const struct seen *s)
{
	json_t *matches = json_object_get(s->json, "natd4_matches");
	struct inet_ep dialled = inet_ep(addr(str(s->json, "server_address_seen_by_client")), 500);
	struct inet_ep own = inet_ep(addr(str(s->json, "client_own_address")), 500);
	bool port_zero = strstr(s->name, "libreswan-encapsulation") != NULL;

	if (json_is_null(matches))
		return check_verdict(s);
	check_meaning(s, s->j.known3[0], s->j.means3[0], true, dialled);
	check_meaning(s, s->j.known3[1], s->j.means3[1], true, own);
	for (size_t i = 0; i < 2; i++) {
		const char *text = json_string_value(json_array_get(matches, i));
		struct inet_ep want = {0};
		bool known = parse_match(text, &want);

		if (port_zero) { /* the answers do not know this trick, but real-peers do */
			const char *peer =
				is_public(s) ? str(s->json, "client_own_address") : NAPT;

			assert_false(known);
			want = inet_ep(addr(i ? str(s->json, "server_own_address") : peer), 0);
			known = true;
		}
		check_meaning(s, s->j.known4[i], s->j.means4[i], known, want);
	}
}

static void every_hash_is_traced_to_an_address_that_was_seen(void **state)
{
	(void)state;
	each(check_meanings);
}

/* ---- classes ---- */

/* U unknown, E exact, C copied, F faked, ? exact or copied; for the views client, server, both. */
static const struct {
	const char *name; /* the beginning of it; the first that fits */
	bool public;
	const char *server_hash, *peer_hash;
	const char *server_sees; /* is what RFC 3947 concludes there known? y n */
} classes[] = {
	{"rt-se-mm2", true, "UUU", "UUU", "nnn"},
	{"rt-se", false, "?CC", "UFF", "nyy"},
	{"rt-", false, "UEE", "UEE", "nyy"},
	{"kat-se", false, "?CC", "UFF", "nyy"},
	{"kat-ss", false, "UEE", "UEE", "nyy"},
	{"strongswan-encap-", false, "UFF", "UEE", "nyy"},
	{"strongswan-encap-", true, "UFF", "EEE", "nyy"},
	{"strongswan-", false, "UEE", "UEE", "nyy"},
	{"strongswan-", true, "???", "EEE", "yyy"},
	{"libreswan-encapsulation-", false, "UFF", "UFF", "nyy"},
	{"libreswan-encapsulation-", true, "FFF", "FFF", "nyy"},
	{"libreswan-", false, "UEE", "UEE", "nyy"},
	{"libreswan-", true, "???", "EEE", "yyy"},
	{"softether-any-eip-napt-none", false, "FFF", "UFF", "nyy"},
	{"softether-eip-napt-none", false, "UEE", "UFF", "nyy"},
	{"softether-", false, "?CC", "UFF", "nyy"},
	{"softether-", true, "???", "UFF", "nyy"},
};

static char class_letter(enum hash_class c)
{
	switch (c) {
	case CLASS_UNKNOWN:
		return 'U';
	case CLASS_EXACT:
		return 'E';
	case CLASS_COPIED:
		return 'C';
	case CLASS_FAKED:
		return 'F';
	case CLASS_EXACT_OR_COPIED:
		return '?';
	}
	return '!';
}

static void check_classes(const struct seen *s)
{
	size_t view = MIN(s->view, BOTH), i;

	for (i = 0; i < ARRAY_LEN(classes); i++)
		if (classes[i].public == is_public(s) &&
		    !strncmp(s->name, classes[i].name, strlen(classes[i].name)))
			break;
	assert_true(i < ARRAY_LEN(classes));
	assert_int_equal(class_letter(s->j.server_hash), classes[i].server_hash[view]);
	assert_int_equal(class_letter(s->j.peer_hash), classes[i].peer_hash[view]);
	assert_int_equal(s->j.server_sees_valid ? 'y' : 'n', classes[i].server_sees[view]);
	if (s->j.server_sees_valid) {
		assert_int_equal(s->j.server_sees.self_behind_nat, !is_public(s));
		assert_int_equal(s->j.server_sees.peer_behind_nat, !is_public(s));
	}
}

static void hashes_are_exact_copied_or_faked_as_far_as_can_be_proved(void **state)
{
	(void)state;
	each(check_classes);
}

/* ---- counting ---- */

/* Counted with nothing of watch's: packets of UDP 4500 that begin neither with four zero bytes
 * nor are too short, at the client; those to and those from the server. */
static void count_esp(const char *name, struct inet_addr server, uint32_t n[2])
{
	struct source c;
	struct packet pkt;

	n[0] = n[1] = 0;
	for (source_open(&c, name, "client"); c.more; source_next(&c)) {
		if (!packet_parse(&pkt, c.frame.linktype, c.frame.data, c.frame.len) ||
		    pkt.proto != IPPROTO_UDP_ || pkt.len < 8 || !le32(pkt.payload))
			continue;
		n[0] += inet_addr_eq(pkt.dst.addr, server) && pkt.dst.port == 4500;
		n[1] += inet_addr_eq(pkt.src.addr, server) && pkt.src.port == 4500;
	}
	source_close(&c);
}

static void check_counts(const struct seen *s)
{
	struct inet_addr server = addr(str(s->json, "server_address_seen_by_client"));
	struct seen c, v;
	uint32_t esp[2];

	if (s->view < BOTH)
		return;
	c = look(s->json, CLIENT);
	v = look(s->json, SERVER);
	count_esp(s->name, server, esp);
	for (size_t d = 0; d < 2; d++) {
		assert_int_equal(c.x->esp[d], esp[d]);
		assert_int_equal(s->x->esp[d], MAX(c.x->esp[d], v.x->esp[d]));
		assert_int_equal(s->x->keepalives[d], MAX(c.x->keepalives[d], v.x->keepalives[d]));
		assert_int_equal(s->x->informationals[d],
				 MAX(c.x->informationals[d], v.x->informationals[d]));
	}
	assert_int_equal(s->x->quick_modes, MAX(c.x->quick_modes, v.x->quick_modes));
	for (unsigned n = 1; n <= 6; n++)
		assert_int_equal(s->x->mm[n].copies, MAX(c.x->mm[n].copies, v.x->mm[n].copies));
	/* SoftEther answered a ping; the others had no ESP in their kernel. */
	assert_int_equal(esp[0] >= 20 && esp[1] >= 20, strstr(str(s->json, "why"), "ping") != NULL);
	assert_int_equal(s->x->esp_udp, esp[0] > 0);
	assert_false(s->x->esp_raw);
	arena_free(c.a);
	arena_free(v.a);
}

static void what_passes_two_places_counts_once(void **state)
{
	(void)state;
	each(check_counts);
}

/* As another program (tshark) counts them. */
static void check_numbers(const struct seen *s)
{
	static const struct {
		const char *name;
		unsigned message, copies, quick_modes, informationals, keepalives;
	} sent[] = {
		{"rt-se-mm2", 2, 6, 0, 0, 0}, /* and five times more, every two seconds */
		{"rt-se-mm4", 4, 6, 0, 0, 0},
		{"rt-ls-mm4", 4, 8, 0, 0, 0}, /* at 0.5, 1, 2, 4, 8, 16, 32 s */
		{"rt-ss-mm4", 4, 1, 0, 0, 1}, /* on port 500, after 20 s */
		{"strongswan-eip-napt-ms", 4, 1, 1, 3, 0},
		{"softether-eip-napt-ms", 4, 1, 2, 6, 0},
		{"kat-se-eip-napt", 4, 1, 1, 5, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		if (strcmp(s->name, sent[i].name))
			continue;
		assert_int_equal(s->x->mm[sent[i].message].copies, sent[i].copies);
		assert_int_equal(s->x->quick_modes, sent[i].quick_modes);
		assert_int_equal(s->x->informationals[0] + s->x->informationals[1],
				 sent[i].informationals);
		assert_int_equal(s->x->keepalives[1], sent[i].keepalives);
		assert_int_equal(s->x->keepalives[0], 0);
	}
}

static void retransmissions_and_encrypted_messages_are_counted(void **state)
{
	(void)state;
	each(check_numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cookies_hashes_proposal_and_vendor_ids_are_those_of_the_answers),
		cmocka_unit_test(the_client_concludes_what_the_answers_say),
		cmocka_unit_test(every_hash_is_traced_to_an_address_that_was_seen),
		cmocka_unit_test(hashes_are_exact_copied_or_faked_as_far_as_can_be_proved),
		cmocka_unit_test(what_passes_two_places_counts_once),
		cmocka_unit_test(retransmissions_and_encrypted_messages_are_counted),
	};

	return cmocka_run_group_tests_name("captures", tests, NULL, NULL);
}
