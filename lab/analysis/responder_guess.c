/* SPDX-License-Identifier: MIT */
#include "lab/analysis/responder_guess.h"
#include "nodes/wire/vid.h"

#define PRODUCT_VIDS 6

/* Vendor IDs of message 2, in order, as measured (docs/sources.md: measured-*). */
static const struct {
	const char *name;
	bool silent; /* guess_is_silent() */
	uint8_t n;
	enum vid vids[PRODUCT_VIDS];
} responders[] = {
	{"SoftEther",
	 false,
	 6,
	 {VID_RFC3947, VID_DRAFT03, VID_DRAFT02N, VID_DRAFT02, VID_DRAFT00, VID_DPD}},
	{"strongSwan", false, 4, {VID_XAUTH, VID_DPD, VID_FRAGMENTATION_CAP, VID_RFC3947}},
	{"strongSwan", false, 3, {VID_XAUTH, VID_DPD, VID_RFC3947}},
	{"Libreswan", true, 3, {VID_FRAGMENTATION_CAP, VID_DPD, VID_RFC3947}},
	{"Libreswan", true, 3, {VID_FRAGMENTATION, VID_DPD, VID_RFC3947}},
};

static struct view vid_of(const struct exchange *x, unsigned side, size_t i)
{
	return (struct view){x->vids[side][i].b, x->vids[side][i].len};
}

static bool sends(const struct exchange *x, unsigned side, enum vid v)
{
	for (size_t i = 0; i < x->n_vids[side]; i++)
		if (vid_is(vid_of(x, side, i), v))
			return true;
	return false;
}

/* The row of the responder's vendor IDs; -1: none. */
static int responder_row(const struct exchange *x)
{
	for (size_t r = 0; r < ARRAY_LEN(responders); r++) {
		bool all = x->n_vids[1] == responders[r].n;

		for (size_t i = 0; all && i < responders[r].n; i++)
			all = vid_is(vid_of(x, 1, i), responders[r].vids[i]);
		if (all)
			return (int)r;
	}
	return -1;
}

/* The name by which a Windows tells its version; NULL: it is none. */
static const char *windows_version(const struct exchange *x, unsigned side)
{
	for (size_t i = 0; i < x->n_vids[side]; i++)
		if (vid_windows_version(vid_of(x, side, i)))
			return vid_windows_version(vid_of(x, side, i));
	return NULL;
}

const char *guess_product(const struct exchange *x, unsigned side)
{
	const char *windows = windows_version(x, side);
	int row;

	if (windows)
		return windows;
	if (side == 0)
		return sends(x, 0, VID_DRAFT08) && sends(x, 0, VID_DRAFT_NAT_T) ? "Apple" : NULL;
	row = responder_row(x);
	return row < 0 ? NULL : responders[row].name;
}

bool guess_is_silent(const struct exchange *x)
{
	int row = windows_version(x, 1) ? -1 : responder_row(x);

	return row >= 0 && responders[row].silent;
}
