/* SPDX-License-Identifier: MIT */
#include "lab/run/output_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lab/capture/pcapng_write.h"
#include "lab/plan/plan_script.h"
#include "lab/report/json.h"
#include "nodes/vpn/vpn_secrets.h"
#include "lab/capture/pcapng.h"

/* A capture file that is being written. */
struct kept_capture {
	const char *name;
	FILE *f;
	struct capture_writer *w;
};

/* Tells an ISAKMP SA (its cookie) or an ESP SA (its SPI) from others. */
struct secret {
	uint64_t id;
};

struct output_dir {
	struct arena *a;
	const char *dir;
	const struct plan *plan;
	usec epoch;
	struct kept_capture all, *links; /* one for each of the scenario's links */
	FILE *isakmp_keys, *esp_keys, *events, *log;
	VEC(struct secret) written; /* both ends know the same secrets: each is written once */
};

/* The folder is the user's choice: that nothing can be kept in it is no fault of the machine. */
static int bad_dir(struct err *e, const char *what, const char *path)
{
	return err_set(e, ERR_INPUT, "cannot %s the folder %s: %s", what, path, strerror(errno));
}

int output_dir_make_dir(const char *path, struct err *e)
{
	char part[4096];
	size_t len = strlen(path);
	struct stat st;

	if (len >= sizeof(part))
		return err_set(e, ERR_INPUT, "the folder's name is too long: %s", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			return bad_dir(e, "make", part);
	}
	if (!stat(path, &st) && !S_ISDIR(st.st_mode))
		return err_set(e, ERR_INPUT, "%s is a file, not a folder", path);
	if (access(path, W_OK | X_OK))
		return bad_dir(e, "write in", path);
	return 0;
}

static FILE *open_in(struct output_dir *k, const char *name, struct err *e)
{
	char *path = arena_printf(k->a, "%s/%s", k->dir, name);
	FILE *f = fopen(path, "we");

	if (!f)
		err_sys(e, "cannot write %s", path);
	return f;
}

/* Closes; what could not be written is an error. */
static int close_file(FILE *f, const struct output_dir *k, const char *name, struct err *e)
{
	bool bad = fflush(f) || ferror(f);

	if (fclose(f) || bad)
		return err_sys(e, "cannot write %s/%s", k->dir, name);
	return 0;
}

/* Dissects ESP, tries the keys, and leaves nothing else as it finds it. */
static int write_preferences(struct output_dir *k, struct err *e)
{
	FILE *f = open_in(k, "wireshark/preferences", e);

	if (!f)
		return -1;
	fputs("# With this folder as its configuration Wireshark decrypts the captures:\n"
	      "#   WIRESHARK_CONFIG_DIR=wireshark wireshark links/client-home.pcapng\n"
	      "# Each file in links/ shows one link, with ISAKMP and ESP in clear. capture.pcapng "
	      "shows\n"
	      "# all links, and so each message several times: Wireshark takes the copies for "
	      "further\n"
	      "# messages and loses the chain of IVs of ISAKMP. ESP is in clear there too.\n"
	      "esp.enable_encryption_decode: TRUE\n"
	      "esp.enable_authentication_check: TRUE\n"
	      "# The UDP checksum inside ESP is made with the addresses before the NATs (RFC 3948 "
	      "3.1.2):\n"
	      "# behind them it is wrong, and the receiver mends it.\n"
	      "udp.check_checksum: FALSE\n",
	      f);
	return close_file(f, k, "wireshark/preferences", e);
}

static int write_plan(struct output_dir *k, struct err *e)
{
	FILE *f = open_in(k, "plan.sh", e);

	if (!f)
		return -1;
	plan_script(k->plan, f);
	fchmod(fileno(f), 0755);
	return close_file(f, k, "plan.sh", e);
}

static int open_capture(struct output_dir *k, struct kept_capture *c, const char *name,
			const char *const *links, size_t n, struct err *e)
{
	c->name = name;
	c->f = open_in(k, name, e);
	if (!c->f)
		return -1;
	c->w = capture_create(c->f, "natdlab " NATDLAB_VERSION, links, n);
	return 0;
}

static int open_captures(struct output_dir *k, struct err *e)
{
	const struct scenario *s = k->plan->s;
	const char **names = arena_array_of(k->a, s->n_links, const char *);

	k->links = arena_array_of(k->a, s->n_links, struct kept_capture);
	for (size_t i = 0; i < s->n_links; i++) {
		names[i] = s->links[i].name;
		if (open_capture(k, &k->links[i], arena_printf(k->a, "links/%s.pcapng", names[i]),
				 &names[i], 1, e))
			return -1;
	}
	return open_capture(k, &k->all, "capture.pcapng", names, s->n_links, e);
}

static int close_capture(struct output_dir *k, struct kept_capture *c, struct err *e)
{
	int status = capture_finish(c->w, e);

	return status | close_file(c->f, k, c->name, e);
}

struct output_dir *output_dir_new(struct arena *a, const char *dir, const struct plan *plan,
				  usec epoch, struct err *e)
{
	struct output_dir *k = arena_new_of(a, struct output_dir);

	*k = (struct output_dir){.a = a, .dir = dir, .plan = plan, .epoch = epoch};
	if (output_dir_make_dir(arena_printf(a, "%s/wireshark", dir), e) ||
	    output_dir_make_dir(arena_printf(a, "%s/links", dir), e) || write_plan(k, e) ||
	    write_preferences(k, e))
		return NULL;
	k->isakmp_keys = open_in(k, "wireshark/ikev1_decryption_table", e);
	k->esp_keys = k->isakmp_keys ? open_in(k, "wireshark/esp_sa", e) : NULL;
	k->events = k->esp_keys ? open_in(k, "events.jsonl", e) : NULL;
	k->log = k->events ? open_in(k, "log.txt", e) : NULL;
	if (!k->log || open_captures(k, e))
		return NULL;
	return k;
}

void output_dir_frame(struct output_dir *k, unsigned link, usec t, const uint8_t *data, size_t len)
{
	capture_put(k->all.w, link, k->epoch + t, data, len, NULL);
	capture_put(k->links[link].w, 0, k->epoch + t, data, len, NULL);
}

static bool first_time(struct output_dir *k, uint64_t id)
{
	for (size_t i = 0; i < k->written.n; i++)
		if (k->written.v[i].id == id)
			return false;
	vec_push(k->a, &k->written)->id = id;
	return true;
}

static void isakmp_secret(void *ctx, const uint8_t cky_i[8], const uint8_t *key, size_t len)
{
	struct output_dir *k = ctx;
	struct rd r = rd_new(cky_i, 8);

	if (first_time(k, rd_u64(&r, NULL)))
		fprintf(k->isakmp_keys, "%s,%s\n", HEX(cky_i, 8), HEX(key, len));
}

static const char *wireshark_cipher(enum ike_cipher c)
{
	switch (c) {
	case CIPHER_NONE:
		return "NULL";
	case CIPHER_DES:
		return "DES-CBC [RFC2405]";
	case CIPHER_3DES:
		return "TripleDES-CBC [RFC2451]";
	case CIPHER_AES:
		return "AES-CBC [RFC3602]";
	}
	return "NULL";
}

static const char *wireshark_auth(enum ike_hash h)
{
	switch (h) {
	case HASH_NONE:
		return "NULL";
	case HASH_MD5:
		return "HMAC-MD5-96 [RFC2403]";
	case HASH_SHA1:
		return "HMAC-SHA-1-96 [RFC2404]";
	case HASH_SHA256:
		return "HMAC-SHA-256-128 [RFC4868]";
	case HASH_SHA384:
		return "HMAC-SHA-384-192 [RFC4868]";
	case HASH_SHA512:
		return "HMAC-SHA-512-256 [RFC4868]";
	}
	return "NULL";
}

/* The addresses of an SA differ on each side of a NAT: "*" fits all links of the capture. */
static void esp_secret(void *ctx, struct inet_addr src, struct inet_addr dst, uint32_t spi,
		       enum ike_cipher cipher, const uint8_t *key, size_t key_len,
		       enum ike_hash auth, const uint8_t *auth_key, size_t auth_key_len)
{
	struct output_dir *k = ctx;

	(void)src;
	(void)dst;
	if (!first_time(k, spi))
		return;
	fprintf(k->esp_keys, "\"IPv4\",\"*\",\"*\",\"0x%08x\",\"%s\",\"0x%s\",\"%s\",\"0x%s\"\n",
		spi, wireshark_cipher(cipher), HEX(key, key_len), wireshark_auth(auth),
		HEX(auth_key, auth_key_len));
}

void output_dir_secrets(struct output_dir *k, const struct vpn *vpn)
{
	const struct vpn_secrets out = {.isakmp = isakmp_secret, .esp = esp_secret, .ctx = k};

	vpn_each_secret(vpn, &out);
}

void output_dir_event(struct output_dir *k, const struct event *e)
{
	json_event(k->events, e);
	ev_print(k->log, e);
}

void output_dir_flush(struct output_dir *k)
{
	fflush(k->events);
	fflush(k->log);
}

/* One file for all nodes: a heading and what @print says, for each node that has rules. */
static int write_per_node(struct output_dir *k, struct net *net, const char *name,
			  int (*print)(struct net *net, unsigned node, FILE *f, struct err *e),
			  struct err *e)
{
	const struct scenario *s = k->plan->s;
	FILE *f = open_in(k, name, e);
	int status = 0;

	if (!f)
		return -1;
	for (size_t i = 0; i < k->plan->n_steps && !status; i++) {
		const struct step *step = &k->plan->steps[i];

		if (step->kind != STEP_NFT)
			continue;
		fprintf(f, "# ---- node %s ----\n", s->nodes[step->node].name);
		status = print(net, step->node, f, e);
	}
	if (close_file(f, k, name, status ? NULL : e))
		status = -1;
	return status;
}

int output_dir_finish(struct output_dir *k, const struct net_ops *ops, struct net *net,
		      struct err *e)
{
	int status = close_capture(k, &k->all, e);

	for (size_t i = 0; i < k->plan->s->n_links; i++)
		status |= close_capture(k, &k->links[i], e);
	status |= close_file(k->isakmp_keys, k, "wireshark/ikev1_decryption_table", e);
	status |= close_file(k->esp_keys, k, "wireshark/esp_sa", e);
	status |= close_file(k->events, k, "events.jsonl", e);
	status |= close_file(k->log, k, "log.txt", e);
	status |= write_per_node(k, net, "rules.nft", ops->ruleset, e);
	status |= write_per_node(k, net, "conntrack.txt", ops->conntrack, e);
	return status ? -1 : 0;
}
