/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lab/base/wire.h"
#include "nodes/crypto/crypto.h"

static size_t unhex(const char *s, uint8_t *out, size_t cap)
{
	int n = hex_parse(s, out, cap);

	assert_true(n >= 0);
	return (size_t)n;
}

static void assert_hex(const uint8_t *got, const char *want)
{
	uint8_t b[512];
	size_t n = unhex(want, b, sizeof(b));

	assert_string_equal(hex_str(got, n, (char[1025]){0}), want);
}

static void hashes_give_the_published_digests(void **state)
{
	/* RFC 1321 A.5, RFC 3174 7.3 and FIPS 180-2 appendices */
	static const struct {
		enum ike_hash alg;
		const char *text, *want;
	} v[] = {
		{HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e"},
		{HASH_MD5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{HASH_SHA256, "abc",
		 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{HASH_SHA384, "abc",
		 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		 "8086072ba1e7cc2358baeca134c825a7"},
		{HASH_SHA512, "abc",
		 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	};
	uint8_t out[HASH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		hash_digest(v[i].alg, CHUNKS({v[i].text, strlen(v[i].text)}), out);
		assert_hex(out, v[i].want);
		assert_int_equal(hash_len(v[i].alg) * 2, strlen(v[i].want));
	}
}

static void pieces_are_hashed_as_one(void **state)
{
	/* RFC 3174 7.3, test 4: "01234567" 80 times */
	struct chunk v[80];
	uint8_t out[HASH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		v[i] = (struct chunk){"01234567", 8};
	hash_digest(HASH_SHA1, v, ARRAY_LEN(v), out);
	assert_hex(out, "dea356a2cddd90c7a7ecedc5ebb563934f460452");
	hash_digest(HASH_SHA1, CHUNKS({"a", 1}, {NULL, 0}, {"bc", 2}), out);
	assert_hex(out, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

/* RFC 2202 (MD5, SHA-1) and RFC 4231 (SHA-2) */
static const struct {
	enum ike_hash alg;
	uint8_t key_byte;
	size_t key_len; /* 0: "Jefe" */
	const char *text, *want;
} hmac_vectors[] = {
	{HASH_MD5, 0x0b, 16, "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"},
	{HASH_SHA1, 0x0b, 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
	{HASH_MD5, 0, 0, "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738"},
	{HASH_SHA1, 0, 0, "what do ya want for nothing?",
	 "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
	{HASH_MD5, 0xaa, 80, "Test Using Larger Than Block-Size Key - Hash Key First",
	 "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
	{HASH_SHA1, 0xaa, 80, "Test Using Larger Than Block-Size Key - Hash Key First",
	 "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
	{HASH_SHA256, 0x0b, 20, "Hi There",
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{HASH_SHA384, 0x0b, 20, "Hi There",
	 "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
	 "faea9ea9076ede7f4af152e8b2fa9cb6"},
	{HASH_SHA512, 0x0b, 20, "Hi There",
	 "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
	 "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"},
	{HASH_SHA256, 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
	 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{HASH_SHA512, 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
	 "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
	 "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
};

static size_t hmac_key(size_t i, uint8_t key[131])
{
	memset(key, hmac_vectors[i].key_byte, 131);
	if (hmac_vectors[i].key_len)
		return hmac_vectors[i].key_len;
	memcpy(key, "Jefe", 4);
	return 4;
}

static void hmacs_give_the_published_values(void **state)
{
	uint8_t key[131], out[HASH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hmac_vectors); i++) {
		size_t len = hmac_key(i, key);

		hash_hmac(hmac_vectors[i].alg, key, len,
			  CHUNKS({hmac_vectors[i].text, strlen(hmac_vectors[i].text)}), out);
		assert_hex(out, hmac_vectors[i].want);
	}
}

static void a_seal_gives_the_same_hmac_packet_after_packet(void **state)
{
	static const uint8_t cipher_key[32];
	uint8_t key[131], out[HASH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hmac_vectors); i++) {
		size_t len = hmac_key(i, key);
		struct seal *s =
			seal_new(CIPHER_AES, 256, cipher_key, hmac_vectors[i].alg, key, len);

		for (int packet = 0; packet < 3; packet++) {
			memset(out, 0, sizeof(out));
			seal_hmac(s, CHUNKS({hmac_vectors[i].text, strlen(hmac_vectors[i].text)}),
				  out);
			assert_hex(out, hmac_vectors[i].want);
		}
		seal_free(s);
	}
}

/* NIST SP 800-38A F.2 (the first two blocks), FIPS 81 table C1, and SP 800-67 rev 1 B.1 (ECB,
 * so one block under a zero IV). */
static const struct {
	enum ike_cipher alg;
	unsigned keybits;
	const char *key, *iv, *clear, *cipher;
} cbc_vectors[] = {
	{CIPHER_AES, 128, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	 "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"},
	{CIPHER_AES, 192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
	 "000102030405060708090a0b0c0d0e0f",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	 "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"},
	{CIPHER_AES, 256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
	 "000102030405060708090a0b0c0d0e0f",
	 "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51",
	 "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"},
	{CIPHER_3DES, 0, "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000",
	 "5468652071756663", "a826fd8ce53b855f"},
	{CIPHER_DES, 0, "0123456789abcdef", "1234567890abcdef",
	 "4e6f77206973207468652074696d6520666f7220616c6c20",
	 "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
};

static void ciphers_give_the_published_blocks_and_chain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cbc_vectors); i++) {
		enum ike_cipher alg = cbc_vectors[i].alg;
		unsigned bits = cbc_vectors[i].keybits;
		uint8_t key[KEY_MAX], iv[BLOCK_MAX], data[64];
		size_t block = cipher_block(alg), len;

		if (!cipher_known(alg, bits)) {
			assert_int_equal(alg, CIPHER_DES); /* no legacy provider: nothing else */
			continue;
		}
		assert_int_equal(unhex(cbc_vectors[i].key, key, sizeof(key)),
				 cipher_key_len(alg, bits));
		assert_int_equal(unhex(cbc_vectors[i].iv, iv, sizeof(iv)), block);
		len = unhex(cbc_vectors[i].clear, data, sizeof(data));
		/* One block a call: the IV chains as it does from message to message. */
		for (size_t at = 0; at < len; at += block)
			cipher_cbc(alg, bits, key, iv, true, data + at, block);
		assert_hex(data, cbc_vectors[i].cipher);
		assert_memory_equal(iv, data + len - block, block);
		unhex(cbc_vectors[i].iv, iv, sizeof(iv));
		cipher_cbc(alg, bits, key, iv, false, data, len);
		assert_hex(data, cbc_vectors[i].clear);
		assert_hex(iv, cbc_vectors[i].cipher + 2 * (len - block));
	}
}

static void a_seal_encrypts_and_decrypts_packet_after_packet(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cbc_vectors); i++) {
		uint8_t key[KEY_MAX], iv[BLOCK_MAX], data[64];
		struct seal *s;
		size_t len;

		if (!cipher_known(cbc_vectors[i].alg, cbc_vectors[i].keybits))
			continue;
		unhex(cbc_vectors[i].key, key, sizeof(key));
		unhex(cbc_vectors[i].iv, iv, sizeof(iv));
		s = seal_new(cbc_vectors[i].alg, cbc_vectors[i].keybits, key, HASH_SHA1, key, 20);
		for (int packet = 0; packet < 2; packet++) {
			len = unhex(cbc_vectors[i].clear, data, sizeof(data));
			seal_cbc(s, iv, true, data, len);
			assert_hex(data, cbc_vectors[i].cipher);
			seal_cbc(s, iv, false, data, len);
			assert_hex(data, cbc_vectors[i].clear);
		}
		seal_free(s);
	}
}

static void only_what_is_there_is_known(void **state)
{
	(void)state;
	assert_true(cipher_known(CIPHER_3DES, 0));
	assert_true(cipher_known(CIPHER_AES, 192));
	assert_false(cipher_known(CIPHER_AES, 0));
	assert_false(cipher_known(CIPHER_AES, 512));
	assert_false(cipher_known(3, 0)); /* Blowfish */
	assert_false(cipher_known(65535, 65535));
	assert_false(hash_known(0));
	assert_false(hash_known(3)); /* Tiger */
	assert_false(group_known(0));
	assert_false(group_known(3)); /* EC2N */
	assert_false(group_known(21));
	assert_int_equal(group_public_len(GROUP_ECP384), 96);
	assert_int_equal(group_shared_len(GROUP_ECP384), 48);
	assert_int_equal(group_public_len(GROUP_MODP1536), 192);
}

static void curves_give_the_values_of_rfc_5903(void **state)
{
	static const struct {
		enum ike_group g;
		const char *i, *r, *gi, *gr, *gir;
	} v[] = {
		{GROUP_ECP256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
		 "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
		 "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
		 "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
		 "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
		 "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
		 "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
		{GROUP_ECP384,
		 "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655"
		 "e35b538041e649ee3faef896783ab194",
		 "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942"
		 "e0308312916b8ed2960e4bd55a7448fc",
		 "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6"
		 "de3ac808acb4bdb4c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc23f"
		 "65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c",
		 "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d"
		 "0d1ac43a0336def96fda41d0774a3571dcfbec7aacf3196472169e838430367f"
		 "66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c",
		 "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4"
		 "d603135569b9e9d09cf5d4a270f59746"},
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(v); k++) {
		uint8_t b[DH_PUBLIC_MAX], out[DH_PUBLIC_MAX];
		struct dh *i, *r;
		size_t len;

		len = unhex(v[k].i, b, sizeof(b));
		i = dh_new_private(v[k].g, b, len);
		len = unhex(v[k].r, b, sizeof(b));
		r = dh_new_private(v[k].g, b, len);
		assert_hex(dh_public(i), v[k].gi);
		assert_hex(dh_public(r), v[k].gr);
		len = unhex(v[k].gr, b, sizeof(b));
		assert_true(dh_shared(i, b, len, out));
		assert_hex(out, v[k].gir);
		len = unhex(v[k].gi, b, sizeof(b));
		assert_true(dh_shared(r, b, len, out));
		assert_hex(out, v[k].gir);
		dh_free(i);
		dh_free(r);
	}
}

static void bytes_that_are_no_point_are_refused(void **state)
{
	static const enum ike_group groups[] = {GROUP_ECP256, GROUP_ECP384};
	struct rng *rng = rng_new(1, "points");

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(groups); k++) {
		uint8_t b[DH_PUBLIC_MAX], out[DH_PUBLIC_MAX];
		struct dh *mine = dh_new(groups[k], rng), *other = dh_new(groups[k], rng);
		size_t len = group_public_len(groups[k]);

		memcpy(b, dh_public(other), len);
		assert_true(dh_shared(mine, b, len, out));
		assert_false(dh_shared(mine, b, len - 1, out));
		assert_false(dh_shared(mine, b, 0, out));
		b[len - 1] ^= 1; /* off the curve */
		assert_false(dh_shared(mine, b, len, out));
		memset(b, 0, len);
		assert_false(dh_shared(mine, b, len, out));
		memset(b, 0xff, len); /* not below p */
		assert_false(dh_shared(mine, b, len, out));
		dh_free(mine);
		dh_free(other);
	}
	rng_free(rng);
}

/* The primes of RFC 2409 6.1 and 6.2 and RFC 3526 2 and 3 begin alike; each has its own end. */
#define PRIME_HEAD                                                                                 \
	"ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"                         \
	"020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"                         \
	"4fe1356d6d51c245e485b576625e7ec6f44c42e9"
#define PRIME_TO_1024 "a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651"
#define PRIME_TO_1536                                                                              \
	"ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23"                         \
	"dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08"

static void modp_primes_are_those_of_the_rfcs(void **state)
{
	static const struct {
		enum ike_group g;
		const char *p;
	} v[] = {
		{GROUP_MODP768, PRIME_HEAD "a63a3620ffffffffffffffff"},
		{GROUP_MODP1024, PRIME_HEAD PRIME_TO_1024 "ece65381ffffffffffffffff"},
		{GROUP_MODP1536, PRIME_HEAD PRIME_TO_1024 PRIME_TO_1536 "ca237327ffffffffffffffff"},
		{GROUP_MODP2048, PRIME_HEAD PRIME_TO_1024 PRIME_TO_1536
		 "ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df0"
		 "6f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a"
		 "8aacaa68ffffffffffffffff"},
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(v); k++) {
		struct dh *d = dh_new_private(v[k].g, (const uint8_t[]){2}, 1);
		uint8_t y[DH_PUBLIC_MAX], out[DH_PUBLIC_MAX], four[DH_PUBLIC_MAX] = {0};
		size_t len = unhex(v[k].p, y, sizeof(y));

		assert_int_equal(len, group_public_len(v[k].g));
		assert_false(dh_shared(d, y, len, out)); /* p */
		y[len - 1] = 0xfe;
		assert_false(dh_shared(d, y, len, out)); /* p - 1 */
		y[len - 1] = 0xfd;
		assert_true(dh_shared(d, y, len, out)); /* (p - 2)^2 is 4, modulo no other p */
		four[len - 1] = 4;
		assert_memory_equal(out, four, len);
		assert_memory_equal(dh_public(d), four, len);
		memset(y, 0, len);
		assert_false(dh_shared(d, y, len, out)); /* 0 */
		y[len - 1] = 1;
		assert_false(dh_shared(d, y, len, out));
		y[len - 1] = 2;
		assert_true(dh_shared(d, y, len, out));
		assert_memory_equal(out, four, len);
		assert_false(dh_shared(d, y + 1, len - 1, out));
		dh_free(d);
	}
}

static void both_sides_agree_in_every_group(void **state)
{
	static const enum ike_group groups[] = {GROUP_MODP768,	GROUP_MODP1024, GROUP_MODP1536,
						GROUP_MODP2048, GROUP_ECP256,	GROUP_ECP384};
	struct rng *rng = rng_new(1, "groups");

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(groups); k++) {
		struct dh *i = dh_new(groups[k], rng), *r = dh_new(groups[k], rng);
		uint8_t a[DH_PUBLIC_MAX], b[DH_PUBLIC_MAX];
		size_t len = group_public_len(groups[k]);

		assert_true(dh_shared(i, dh_public(r), len, a));
		assert_true(dh_shared(r, dh_public(i), len, b));
		assert_memory_equal(a, b, group_shared_len(groups[k]));
		assert_memory_not_equal(dh_public(i), dh_public(r), len);
		dh_free(i);
		dh_free(r);
	}
	rng_free(rng);
}

static void a_seeded_generator_is_chacha20_under_sha256(void **state)
{
	/* head -c 300 /dev/zero | openssl enc -chacha20 -iv 0..0 -K $( (printf '\0\0\0\0\0\0\0\1';
	 * printf article/registry-0) | openssl sha256): the first, middle and last bytes */
	uint8_t out[300];
	struct rng *r = rng_new(1, "article/registry-0");

	(void)state;
	rng_bytes(r, out, 3);
	rng_bytes(r, out + 3, sizeof(out) - 3);
	assert_hex(out, "88904cf25226102d760c649d85335551");
	assert_hex(out + 248, "4fc5da9988108467a1b669a3d537ec37");
	assert_hex(out + 292, "ca65846067e3a188");
	rng_free(r);
}

static void seed_and_label_both_matter(void **state)
{
	struct rng *r[] = {rng_new(1, "a"), rng_new(1, "a"), rng_new(2, "a"), rng_new(1, "b")};
	uint8_t out[4][16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(r); i++) {
		rng_bytes(r[i], out[i], sizeof(out[i]));
		rng_free(r[i]);
	}
	assert_memory_equal(out[0], out[1], sizeof(out[0]));
	assert_memory_not_equal(out[0], out[2], sizeof(out[0]));
	assert_memory_not_equal(out[0], out[3], sizeof(out[0]));
}

static void numbers_below_a_bound_reach_all_and_only_those(void **state)
{
	struct rng *r = rng_new(1, "below");
	unsigned seen[7] = {0};

	(void)state;
	for (int i = 0; i < 7000; i++) {
		uint32_t v = rng_below(r, 7);

		assert_true(v < 7);
		seen[v]++;
	}
	for (size_t i = 0; i < ARRAY_LEN(seen); i++)
		assert_true(seen[i] > 800 && seen[i] < 1200);
	assert_int_equal(rng_below(r, 1), 0);
	rng_free(r);
}

static void the_kernels_generator_does_not_repeat(void **state)
{
	struct rng *a = rng_new_os(), *b = rng_new_os();
	uint8_t x[600], y[600];

	(void)state;
	rng_bytes(a, x, sizeof(x));
	rng_bytes(b, y, sizeof(y));
	assert_memory_not_equal(x, y, 32);
	assert_memory_not_equal(x, x + 256, 32);
	rng_free(a);
	rng_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_give_the_published_digests),
		cmocka_unit_test(pieces_are_hashed_as_one),
		cmocka_unit_test(hmacs_give_the_published_values),
		cmocka_unit_test(a_seal_gives_the_same_hmac_packet_after_packet),
		cmocka_unit_test(ciphers_give_the_published_blocks_and_chain),
		cmocka_unit_test(a_seal_encrypts_and_decrypts_packet_after_packet),
		cmocka_unit_test(only_what_is_there_is_known),
		cmocka_unit_test(curves_give_the_values_of_rfc_5903),
		cmocka_unit_test(bytes_that_are_no_point_are_refused),
		cmocka_unit_test(modp_primes_are_those_of_the_rfcs),
		cmocka_unit_test(both_sides_agree_in_every_group),
		cmocka_unit_test(a_seeded_generator_is_chacha20_under_sha256),
		cmocka_unit_test(seed_and_label_both_matter),
		cmocka_unit_test(numbers_below_a_bound_reach_all_and_only_those),
		cmocka_unit_test(the_kernels_generator_does_not_repeat),
	};

	return cmocka_run_group_tests_name("crypto", tests, NULL, NULL);
}
