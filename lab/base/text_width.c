/* SPDX-License-Identifier: MIT */
#include "lab/base/text_width.h"

struct range {
	uint32_t lo, hi;
};

#define R(lo, hi) {0x##lo, 0x##hi}

/* Unicode 14, general categories Mn and Me, and Hangul vowels and finals, which join the syllable
 * before them. Ranges go over code points that are not assigned or are never printed. */
static const struct range zero[] = {
	R(300,36f), R(483,489), R(591,5bd), R(5bf,5bf), R(5c1,5c2), R(5c4,5c5), R(5c7,5c7),
	R(610,61a), R(64b,65f), R(670,670), R(6d6,6dc), R(6df,6e4), R(6e7,6e8), R(6ea,6ed),
	R(711,711), R(730,74a), R(7a6,7b0), R(7eb,7f3), R(7fd,7fd), R(816,819), R(81b,823),
	R(825,827), R(829,82d), R(859,85b), R(898,89f), R(8ca,8e1), R(8e3,902), R(93a,93a),
	R(93c,93c), R(941,948), R(94d,94d), R(951,957), R(962,963), R(981,981), R(9bc,9bc),
	R(9c1,9c4), R(9cd,9cd), R(9e2,9e3), R(9fe,a02), R(a3c,a3c), R(a41,a51), R(a70,a71),
	R(a75,a75), R(a81,a82), R(abc,abc), R(ac1,ac8), R(acd,acd), R(ae2,ae3), R(afa,b01),
	R(b3c,b3c), R(b3f,b3f), R(b41,b44), R(b4d,b56), R(b62,b63), R(b82,b82), R(bc0,bc0),
	R(bcd,bcd), R(c00,c00), R(c04,c04), R(c3c,c3c), R(c3e,c40), R(c46,c56), R(c62,c63),
	R(c81,c81), R(cbc,cbc), R(cbf,cbf), R(cc6,cc6), R(ccc,ccd), R(ce2,ce3), R(d00,d01),
	R(d3b,d3c), R(d41,d44), R(d4d,d4d), R(d62,d63), R(d81,d81), R(dca,dca), R(dd2,dd6),
	R(e31,e31), R(e34,e3a), R(e47,e4e), R(eb1,eb1), R(eb4,ebc), R(ec8,ecd), R(f18,f19),
	R(f35,f35), R(f37,f37), R(f39,f39), R(f71,f7e), R(f80,f84), R(f86,f87), R(f8d,fbc),
	R(fc6,fc6), R(102d,1030), R(1032,1037), R(1039,103a), R(103d,103e), R(1058,1059),
	R(105e,1060), R(1071,1074), R(1082,1082), R(1085,1086), R(108d,108d), R(109d,109d),
	R(1161,11ff), R(135d,135f), R(1712,1714), R(1732,1733), R(1752,1753), R(1772,1773),
	R(17b7,17bd), R(17c6,17c6), R(17c9,17d3), R(17dd,17dd), R(1885,1886), R(18a9,18a9),
	R(1920,1922), R(1927,1928), R(1932,1932), R(1939,193b), R(1a17,1a18), R(1a1b,1a1b),
	R(1a56,1a56), R(1a58,1a60), R(1a62,1a62), R(1a65,1a6c), R(1a73,1a7f), R(1ab0,1b03),
	R(1b34,1b34), R(1b36,1b3a), R(1b3c,1b3c), R(1b42,1b42), R(1b6b,1b73), R(1b80,1b81),
	R(1ba2,1ba5), R(1ba8,1ba9), R(1bab,1bad), R(1be6,1be6), R(1be8,1be9), R(1bed,1bed),
	R(1bef,1bf1), R(1c2c,1c33), R(1c36,1c37), R(1cd0,1cd2), R(1cd4,1ce0), R(1ce2,1ce8),
	R(1ced,1ced), R(1cf4,1cf4), R(1cf8,1cf9), R(1dc0,1dff), R(20d0,20f0), R(2cef,2cf1),
	R(2d7f,2d7f), R(2de0,2dff), R(302a,302d), R(3099,309a), R(a66f,a672), R(a674,a67d),
	R(a69e,a69f), R(a6f0,a6f1), R(a802,a802), R(a806,a806), R(a80b,a80b), R(a825,a826),
	R(a82c,a82c), R(a8c4,a8c5), R(a8e0,a8f1), R(a8ff,a8ff), R(a926,a92d), R(a947,a951),
	R(a980,a982), R(a9b3,a9b3), R(a9b6,a9b9), R(a9bc,a9bd), R(a9e5,a9e5), R(aa29,aa2e),
	R(aa31,aa32), R(aa35,aa36), R(aa43,aa43), R(aa4c,aa4c), R(aa7c,aa7c), R(aab0,aab0),
	R(aab2,aab4), R(aab7,aab8), R(aabe,aabf), R(aac1,aac1), R(aaec,aaed), R(aaf6,aaf6),
	R(abe5,abe5), R(abe8,abe8), R(abed,abed), R(d7b0,d7fb), R(fb1e,fb1e), R(fe20,fe2f),
	R(101fd,101fd), R(102e0,102e0), R(10376,1037a), R(10a01,10a0f), R(10a38,10a3f),
	R(10ae5,10ae6), R(10d24,10d27), R(10eab,10eac), R(10f46,10f50), R(10f82,10f85),
	R(11001,11001), R(11038,11046), R(11070,11070), R(11073,11074), R(1107f,11081),
	R(110b3,110b6), R(110b9,110ba), R(110c2,110c2), R(11100,11102), R(11127,1112b),
	R(1112d,11134), R(11173,11173), R(11180,11181), R(111b6,111be), R(111c9,111cc),
	R(111cf,111cf), R(1122f,11231), R(11234,11234), R(11236,11237), R(1123e,1123e),
	R(112df,112df), R(112e3,112ea), R(11300,11301), R(1133b,1133c), R(11340,11340),
	R(11366,11374), R(11438,1143f), R(11442,11444), R(11446,11446), R(1145e,1145e),
	R(114b3,114b8), R(114ba,114ba), R(114bf,114c0), R(114c2,114c3), R(115b2,115b5),
	R(115bc,115bd), R(115bf,115c0), R(115dc,115dd), R(11633,1163a), R(1163d,1163d),
	R(1163f,11640), R(116ab,116ab), R(116ad,116ad), R(116b0,116b5), R(116b7,116b7),
	R(1171d,1171f), R(11722,11725), R(11727,1172b), R(1182f,11837), R(11839,1183a),
	R(1193b,1193c), R(1193e,1193e), R(11943,11943), R(119d4,119db), R(119e0,119e0),
	R(11a01,11a0a), R(11a33,11a38), R(11a3b,11a3e), R(11a47,11a47), R(11a51,11a56),
	R(11a59,11a5b), R(11a8a,11a96), R(11a98,11a99), R(11c30,11c3d), R(11c3f,11c3f),
	R(11c92,11ca7), R(11caa,11cb0), R(11cb2,11cb3), R(11cb5,11cb6), R(11d31,11d45),
	R(11d47,11d47), R(11d90,11d91), R(11d95,11d95), R(11d97,11d97), R(11ef3,11ef4),
	R(16af0,16af4), R(16b30,16b36), R(16f4f,16f4f), R(16f8f,16f92), R(16fe4,16fe4),
	R(1bc9d,1bc9e), R(1cf00,1cf46), R(1d167,1d169), R(1d17b,1d182), R(1d185,1d18b),
	R(1d1aa,1d1ad), R(1d242,1d244), R(1da00,1da36), R(1da3b,1da6c), R(1da75,1da75),
	R(1da84,1da84), R(1da9b,1daaf), R(1e000,1e02a), R(1e130,1e136), R(1e2ae,1e2ae),
	R(1e2ec,1e2ef), R(1e8d0,1e8d6), R(1e944,1e94a),
};

/* East_Asian_Width W and F (UAX 11). */
static const struct range two[] = {
	R(1100,115e), R(231a,231b), R(2329,232a), R(23e9,23ec), R(23f0,23f0), R(23f3,23f3),
	R(25fd,25fe), R(2614,2615), R(2648,2653), R(267f,267f), R(2693,2693), R(26a1,26a1),
	R(26aa,26ab), R(26bd,26be), R(26c4,26c5), R(26ce,26ce), R(26d4,26d4), R(26ea,26ea),
	R(26f2,26f3), R(26f5,26f5), R(26fa,26fa), R(26fd,26fd), R(2705,2705), R(270a,270b),
	R(2728,2728), R(274c,274c), R(274e,274e), R(2753,2755), R(2757,2757), R(2795,2797),
	R(27b0,27b0), R(27bf,27bf), R(2b1b,2b1c), R(2b50,2b50), R(2b55,2b55), R(2e80,3029),
	R(302e,303e), R(3041,3096), R(309b,3247), R(3250,4dbf), R(4e00,a4c6), R(a960,a97c),
	R(ac00,d7a3), R(f900,fad9), R(fe10,fe19), R(fe30,fe6b), R(ff01,ff60), R(ffe0,ffe6),
	R(16fe0,16fe3), R(16ff0,1b2fb), R(1f004,1f004), R(1f0cf,1f0cf), R(1f18e,1f18e),
	R(1f191,1f19a), R(1f200,1f320), R(1f32d,1f335), R(1f337,1f37c), R(1f37e,1f393),
	R(1f3a0,1f3ca), R(1f3cf,1f3d3), R(1f3e0,1f3f0), R(1f3f4,1f3f4), R(1f3f8,1f43e),
	R(1f440,1f440), R(1f442,1f4fc), R(1f4ff,1f53d), R(1f54b,1f54e), R(1f550,1f567),
	R(1f57a,1f57a), R(1f595,1f596), R(1f5a4,1f5a4), R(1f5fb,1f64f), R(1f680,1f6c5),
	R(1f6cc,1f6cc), R(1f6d0,1f6d2), R(1f6d5,1f6df), R(1f6eb,1f6ec), R(1f6f4,1f6fc),
	R(1f7e0,1f7f0), R(1f90c,1f93a), R(1f93c,1f945), R(1f947,1f9ff), R(1fa70,1faf6),
	R(20000,3fffd),
};

static bool is_in(uint32_t c, const struct range *r, size_t n)
{
	while (n) {
		size_t half = n / 2;

		if (c >= r[half].lo && c <= r[half].hi)
			return true;
		if (c > r[half].hi) {
			r += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return false;
}

unsigned text_width(uint32_t c)
{
	if (c < zero[0].lo)
		return 1;
	return is_in(c, zero, ARRAY_LEN(zero)) ? 0 : is_in(c, two, ARRAY_LEN(two)) ? 2 : 1;
}
