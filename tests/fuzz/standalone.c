/* SPDX-License-Identifier: MIT */
/*
 * standalone.c - drives a fuzz target where there is no libFuzzer.
 *
 *	fuzz_x [-max_total_time=SECONDS] [-seed=N] [FILE|FOLDER...]
 *
 * Runs every file that is given, then changes of them until the time is up: bits flipped, numbers
 * replaced by the ones that break things, pieces cut, doubled and exchanged between files. The
 * same seed gives the same inputs in the same order. No coverage, so no cleverness. Crashes are
 * caught by the sanitizers, and the input in question is left in the file crash-input.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
/* The sanitizers' hook before they end the program; absent without one. */
void __sanitizer_set_death_callback(void (*fn)(void)) __attribute__((weak));

#define INPUT_MAX (1 << 16)
#define INPUTS_MAX 4096

static struct input {
	uint8_t *p;
	size_t len;
} inputs[INPUTS_MAX];
static size_t n_inputs;
static uint64_t rng_state;
static unsigned long runs;

/* xorshift64*: enough to choose mutations with. */
static uint32_t draw(uint32_t bound)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return (uint32_t)((rng_state * UINT64_C(2685821657736338717)) >> 33) % bound;
}

static void add(const char *path)
{
	uint8_t buf[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	struct input *in = &inputs[n_inputs];

	if (!f)
		return;
	in->len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	if (n_inputs == INPUTS_MAX)
		return;
	in->p = malloc(in->len + 1);
	if (!in->p)
		exit(1);
	memcpy(in->p, buf, in->len);
	n_inputs++;
}

static void add_folder(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
		if (list[i]->d_name[0] != '.')
			add(name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

static const uint8_t *current;
static size_t current_len;

static void keep_input(void)
{
	FILE *f = fopen("crash-input", "wb");

	if (!f)
		return;
	fwrite(current, 1, current_len, f);
	fclose(f);
}

/* A buffer of exactly @len bytes, so that the sanitizer sees the first byte behind it. */
static void feed(const uint8_t *p, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		exit(1);
	memcpy(exact, p, len);
	current = p;
	current_len = len;
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	runs++;
}

static size_t mutate(uint8_t *b, size_t len)
{
	static const uint8_t odd[] = {0x00, 0x01, 0x03, 0x04, 0x07, 0x08, 0x7f, 0x80, 0xff};
	const struct input *other = &inputs[draw((uint32_t)n_inputs)];
	size_t at = len ? draw((uint32_t)len) : 0;
	size_t n;

	switch (len ? draw(7) : 6) {
	case 0:
		b[at] = (uint8_t)(b[at] ^ (1U << draw(8)));
		return len;
	case 1:
		b[at] = odd[draw(sizeof(odd))];
		return len;
	case 2:
		b[at] = (uint8_t)draw(256);
		return len;
	case 3: /* the end is cut off */
		return at;
	case 4: /* a piece is cut out */
		n = draw((uint32_t)(len - at)) + 1;
		memmove(b + at, b + at + n, len - at - n);
		return len - n;
	case 5: /* a piece is doubled */
		n = draw((uint32_t)(len - at)) + 1;
		if (len + n > INPUT_MAX)
			return len;
		memmove(b + at + n, b + at, len - at);
		return len + n;
	default: /* the rest comes from another input */
		if (at >= other->len)
			return len;
		memcpy(b + at, other->p + at, other->len - at);
		return other->len;
	}
}

int main(int argc, char **argv)
{
	static uint8_t b[INPUT_MAX];
	long seconds = 5;
	time_t end;

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep_input);
	rng_state = 1;
	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (!strncmp(argv[i], "-max_total_time=", 16))
			seconds = atol(argv[i] + 16);
		else if (!strncmp(argv[i], "-seed=", 6))
			rng_state = (uint64_t)atol(argv[i] + 6) | 1;
		else if (argv[i][0] == '-' || stat(argv[i], &st))
			continue; /* an option of libFuzzer's that has no meaning here */
		else if (S_ISDIR(st.st_mode))
			add_folder(argv[i]);
		else
			add(argv[i]);
	}
	feed(b, 0);
	for (size_t i = 0; i < n_inputs; i++)
		feed(inputs[i].p, inputs[i].len);
	if (!n_inputs)
		inputs[n_inputs++] = (struct input){.p = b, .len = 1};
	for (end = time(NULL) + seconds; time(NULL) < end;) {
		for (int i = 0; i < 256; i++) {
			const struct input *in = &inputs[draw((uint32_t)n_inputs)];
			size_t len = in->len;

			memmove(b, in->p, len);
			for (uint32_t k = draw(4) + 1; k; k--)
				len = mutate(b, len);
			feed(b, len);
		}
	}
	printf("%lu runs\n", runs);
	return 0;
}
