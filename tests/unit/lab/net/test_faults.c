/* SPDX-License-Identifier: MIT */
/*
 * Bad links: how often each fault happens, that it happens the same way again, and in which order
 * frames that were held back go on.
 */
#include "tests/unit/topo.h"

#include "lab/net/faults.h"

#define DRAWS 20000

/* left -- middle -- right, with faults on the second link. */
static struct scenario *bad_line(struct arena *a, const char *faults)
{
	return topo_scenario(
		a,
		topo_load(a, arena_printf(a,
					  "name: line\n"
					  "topology:\n"
					  "  nodes:\n"
					  "    left: {kind: host}\n"
					  "    middle: {kind: router}\n"
					  "    right: {kind: host}\n"
					  "  links:\n"
					  "    - {endpoints: [\"left:a\", \"middle:a\"], "
					  "subnet: 192.0.2.0/24}\n"
					  "    - {endpoints: [\"middle:b\", \"right:b\"], "
					  "subnet: 198.51.100.0/24%s}\n",
					  faults)),
		NULL);
}

/* The interfaces of the bad link. */
static unsigned end_of(const struct scenario *s, unsigned k)
{
	return s->links[1].ifaces[k];
}

struct tally {
	unsigned lost, twice, late;
};

static struct tally draw(struct faults *f, unsigned iface, unsigned n)
{
	struct tally t = {0};

	for (unsigned i = 0; i < n; i++) {
		struct fate fate = faults_draw(f, iface);

		t.lost += fate.copies == 0;
		t.twice += fate.copies == 2;
		t.late += fate.copies && fate.delay[0] >= FAULTS_REORDER_BY;
	}
	return t;
}

/* @n of a thousand in DRAWS, by five standard deviations at the most (sqrt(n p q) < 71). */
static void assert_about(unsigned have, unsigned permille)
{
	unsigned want = DRAWS / 1000 * permille, off = permille % 1000 ? 355 : 0;

	if (have + off < want || have > want + off)
		fail_msg("%u of %u, expected about %u", have, DRAWS, want);
}

static void each_fault_happens_as_often_as_the_file_says(void **state)
{
	static const struct {
		const char *faults;
		unsigned lost, twice, late; /* thousandths */
	} rows[] = {
		{"loss: 10%", 100, 0, 0},
		{"loss: 100%", 1000, 0, 0},
		{"loss: 99.9%", 999, 0, 0},
		{"duplicate: 25%", 0, 250, 0},
		{"duplicate: 100%", 0, 1000, 0},
		{"reorder: 50%", 0, 0, 500},
		{"reorder: 100%", 0, 0, 1000},
		{"delay: 20ms", 0, 0, 0},
		/* A lost frame is neither doubled nor late. */
		{"loss: 50%, duplicate: 50%, reorder: 50%", 500, 250, 250},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new();
		struct scenario *s = bad_line(a, arena_printf(a, ", faults: {%s}", rows[i].faults));
		struct tally t = draw(faults_new(a, s, 1), end_of(s, 0), DRAWS);

		assert_about(t.lost, rows[i].lost);
		assert_about(t.twice, rows[i].twice);
		assert_about(t.late, rows[i].late);
		arena_free(a);
	}
}

static void every_copy_is_delayed_and_only_the_first_is_late(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = bad_line(a, ", faults: {duplicate: 100%, reorder: 100%, delay: 20ms}");
	struct fate fate = faults_draw(faults_new(a, s, 1), end_of(s, 0));

	(void)state;
	assert_int_equal(fate.copies, 2);
	assert_int_equal(fate.delay[0], 20 * MSEC + FAULTS_REORDER_BY);
	assert_int_equal(fate.delay[1], 20 * MSEC);
	arena_free(a);
}

/* The first frames' fates as a text: 'x' lost, '1', '2'. */
static char *fates(struct arena *a, struct scenario *s, uint64_t seed, unsigned end)
{
	struct faults *f = faults_new(a, s, seed);
	char *text = arena_alloc(a, 65);

	for (size_t i = 0; i < 64; i++) {
		struct fate fate = faults_draw(f, end_of(s, end));

		text[i] = fate.copies ? (char)('0' + fate.copies) : 'x';
	}
	return text;
}

#define MIXED ", faults: {loss: 30%, duplicate: 30%}"

static void one_seed_has_the_same_fates_and_another_has_others(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = bad_line(a, MIXED);

	(void)state;
	assert_string_equal(fates(a, s, 1, 0), fates(a, s, 1, 0));
	assert_string_not_equal(fates(a, s, 1, 0), fates(a, s, 2, 0));
	/* Each direction has a generator of its own. */
	assert_string_not_equal(fates(a, s, 1, 0), fates(a, s, 1, 1));
	/* And each scenario. */
	struct scenario *other = bad_line(a, MIXED);

	other->id = "other";
	assert_string_not_equal(fates(a, s, 1, 0), fates(a, other, 1, 0));
	arena_free(a);
}

static void traffic_one_way_does_not_change_the_fates_of_the_other(void **state)
{
	struct arena *a = arena_new();
	struct scenario *s = bad_line(a, MIXED);
	struct faults *f = faults_new(a, s, 1);
	const char *alone = fates(a, s, 1, 0);

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		struct fate fate = faults_draw(f, end_of(s, 0));

		assert_int_equal(fate.copies ? '0' + fate.copies : 'x', alone[i]);
		draw(f, end_of(s, 1), (unsigned)i % 3);
	}
	arena_free(a);
}

/* Adding a second fault leaves the losses where they were. */
static void one_fault_does_not_shift_another(void **state)
{
	struct arena *a = arena_new();
	const char *both = fates(a, bad_line(a, MIXED), 1, 0);
	const char *loss = fates(a, bad_line(a, ", faults: {loss: 30%}"), 1, 0);

	(void)state;
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(both[i] == 'x', loss[i] == 'x');
	arena_free(a);
}

static void a_network_of_good_links_has_none(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_null(faults_new(a, bad_line(a, ""), 1));
	assert_int_equal(faults_deadline(NULL), USEC_NEVER);
	assert_false(faults_take(NULL, USEC_NEVER - 1, NULL, NULL, NULL));
	arena_free(a);
}

/* ---- what is held back ---- */

static struct faults *queue_of(struct arena *a)
{
	return faults_new(a, bad_line(a, ", faults: {delay: 1ms}"), 1);
}

static char taken(struct faults *f, usec now)
{
	const uint8_t *data;
	unsigned iface;
	size_t len;

	if (!faults_take(f, now, &iface, &data, &len))
		return '-';
	assert_int_equal(len, 1);
	assert_int_equal(iface, data[0] % 4);
	return (char)data[0];
}

static void hold(struct faults *f, usec due, char what)
{
	assert_true(faults_hold(f, (unsigned)what % 4, due, &what, 1));
}

static void frames_go_on_by_time_and_then_in_their_order(void **state)
{
	struct arena *a = arena_new();
	struct faults *f = queue_of(a);

	(void)state;
	assert_int_equal(faults_deadline(f), USEC_NEVER);
	hold(f, 30, 'c');
	hold(f, 10, 'a');
	hold(f, 20, 'x');
	hold(f, 20, 'y');
	hold(f, 20, 'z');
	assert_int_equal(faults_deadline(f), 10);
	assert_int_equal(taken(f, 9), '-');
	assert_int_equal(taken(f, 10), 'a');
	assert_int_equal(taken(f, 10), '-');
	assert_int_equal(faults_deadline(f), 20);
	assert_int_equal(taken(f, 25), 'x');
	hold(f, 20, 'w'); /* due as long ago, held after */
	assert_int_equal(taken(f, 25), 'y');
	assert_int_equal(taken(f, 25), 'z');
	assert_int_equal(taken(f, 25), 'w');
	assert_int_equal(taken(f, 25), '-');
	assert_int_equal(taken(f, 99), 'c');
	assert_int_equal(faults_deadline(f), USEC_NEVER);
	assert_int_equal(taken(f, 99), '-');
	arena_free(a);
}

/* Memory of what has gone on is used again: a lab that runs for days does not grow. */
static void a_long_run_needs_no_more_memory_than_a_short_one(void **state)
{
	struct arena *a = arena_new();
	struct faults *f = queue_of(a);
	size_t used;

	(void)state;
	for (int i = 0; i < 8; i++)
		hold(f, i, 'a');
	while (taken(f, 100) != '-')
		;
	used = arena_used(a);
	for (int n = 0; n < 10000; n++) {
		for (int i = 0; i < 8; i++)
			hold(f, i, 'a');
		while (taken(f, 100) != '-')
			;
	}
	assert_int_equal(arena_used(a), used);
	arena_free(a);
}

static void a_full_queue_and_a_giant_are_refused(void **state)
{
	static uint8_t giant[4096];
	struct arena *a = arena_new();
	struct faults *f = queue_of(a);

	(void)state;
	assert_false(faults_hold(f, 0, 1, giant, sizeof(giant)));
	assert_int_equal(faults_deadline(f), USEC_NEVER);
	for (int i = 0; i < FAULTS_HELD_MAX; i++)
		hold(f, 2, 'd');
	assert_false(faults_hold(f, 0, 1, "e", 1));
	assert_int_equal(taken(f, 2), 'd');
	hold(f, 1, 'e');
	assert_int_equal(taken(f, 2), 'e');
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_happens_as_often_as_the_file_says),
		cmocka_unit_test(every_copy_is_delayed_and_only_the_first_is_late),
		cmocka_unit_test(one_seed_has_the_same_fates_and_another_has_others),
		cmocka_unit_test(traffic_one_way_does_not_change_the_fates_of_the_other),
		cmocka_unit_test(one_fault_does_not_shift_another),
		cmocka_unit_test(a_network_of_good_links_has_none),
		cmocka_unit_test(frames_go_on_by_time_and_then_in_their_order),
		cmocka_unit_test(a_long_run_needs_no_more_memory_than_a_short_one),
		cmocka_unit_test(a_full_queue_and_a_giant_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
