/* SPDX-License-Identifier: MIT */
/*
 * times.c - how long commands take, measured in turns.
 *
 *	times REPEATS COMMAND...
 *
 * Each COMMAND is run by the shell, one after the other, REPEATS times over. For each a line: the
 * median of the seconds that pass, of the seconds of processors that it and all that it waited for
 * have used, and of the most memory that one of them had at once, in KiB. For other programs to
 * divide; not results by themselves. A command that fails ends everything.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void run(const char *command, double *wall, double *cpu, double *peak)
{
	double began = bench_now();
	struct rusage used;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0 || status != 0) {
		fprintf(stderr, "times: this fails: %s\n", command);
		exit(1);
	}
	*wall = bench_now() - began;
	*peak = (double)used.ru_maxrss;
	*cpu = seconds(used.ru_utime) + seconds(used.ru_stime);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? (size_t)atoi(argv[1]) : 0, commands = (size_t)argc - 2;
	double *wall, *cpu, *peak;

	if (argc < 3 || n < 1) {
		fprintf(stderr, "usage: times REPEATS COMMAND...\n");
		return 2;
	}
	wall = calloc(n * commands, sizeof(*wall));
	cpu = calloc(n * commands, sizeof(*cpu));
	peak = calloc(n * commands, sizeof(*peak));
	if (!wall || !cpu || !peak)
		return 1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < commands; k++)
			run(argv[2 + k], &wall[k * n + i], &cpu[k * n + i], &peak[k * n + i]);
	for (size_t k = 0; k < commands; k++)
		printf("%.6f %.6f %.0f\n", bench_median(wall + k * n, n),
		       bench_median(cpu + k * n, n), bench_median(peak + k * n, n));
	free(wall);
	free(cpu);
	return 0;
}
