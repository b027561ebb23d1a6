/* SPDX-License-Identifier: MIT */
/*
 * The script that `natdlab plan` prints and the lab build the same network: what `ip` and `nft`
 * say in each node must agree, after what cannot (numbers that the kernel gives to namespaces).
 */
#include "tests/lab/lab.h"
#include "lab/plan/plan_script.h"

/* What a person would look at, with the kernel's own numbers taken out. The script does not wait
 * until its links are up, so that is done first. */
static const char look[] =
	"PATH=$PATH:/usr/sbin:/sbin\n"
	"i=0\n"
	"while ip -o link | grep -q 'state DOWN' && [ $i -lt 200 ]; do i=$((i + 1)); done\n"
	"echo LINKS; ip -d -o link | sed 's/ link-netns[a-z]* [^ ]*//; s/ *$//' | sort\n"
	"echo ADDRESSES; ip -o addr | sort\n"
	"echo ROUTES; ip route show table all | sort\n"
	"echo NEIGHBOURS; ip neigh | sort\n"
	"echo FORWARDING\n"
	"for f in /proc/sys/net/ipv4/conf/*/; do\n"
	"	case $f in\n"
	"	*/all/ | */default/ | */lo/) ;;\n"
	"	*) echo $f $(cat $f/forwarding) $(cat $f/rp_filter) ;;\n"
	"	esac\n"
	"done\n"
	"echo RULES; nft list ruleset";

static char *output_of(const char *command)
{
	FILE *f = popen(command, "r");
	char *text = NULL;
	size_t len = 0;

	if (f && getdelim(&text, &len, '\0', f) >= 0 && pclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* Says the first line in which they differ. */
static int same_lines(const char *a, const char *b)
{
	while (*a || *b) {
		size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");

		if (la != lb || memcmp(a, b, la) != 0) {
			fprintf(stderr, "# the script: %.*s\n# the lab:    %.*s\n", (int)la, a,
				(int)lb, b);
			return 1;
		}
		a += la + (a[la] != '\0');
		b += lb + (b[lb] != '\0');
	}
	return 0;
}

#define NODES_MAX 16

static char *by_script[NODES_MAX];

static int script_and_lab_agree(struct net *n)
{
	struct err e = {0};

	CHECK(namespaces_keep_capabilities() == 0); /* for nft */
	for (size_t i = 0; i < n->s->n_nodes; i++) {
		char *by_lab;

		CHECK_OK(netns_enter(n->g, (int)i, &e), &e);
		by_lab = output_of("eval \"$LOOK\"");
		CHECK_OK(netns_enter(n->g, -1, &e), &e);
		CHECK(by_lab && strstr(by_lab, "RULES"));
		fprintf(stderr, "# %s\n", n->s->nodes[i].name);
		CHECK(same_lines(by_script[i], by_lab) == 0);
		free(by_lab);
	}
	return 0;
}

static void write_script(const char *path)
{
	struct net n = net_plan(ARTICLE);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	plan_script(n.plan, f);
	assert_int_equal(fclose(f), 0);
	arena_free(n.a);
}

static void the_printed_script_builds_what_the_lab_builds(void **state)
{
	char path[] = "/tmp/natdlab-plan-XXXXXX";
	struct net n;

	(void)state;
	need_labs();
	close(mkstemp(path));
	write_script(path);
	setenv("LOOK", look, 1);
	n = net_plan(ARTICLE);
	assert_true(n.s->n_nodes <= NODES_MAX);
	for (size_t i = 0; i < n.s->n_nodes; i++) {
		char command[200];

		snprintf(command, sizeof(command), "sh %s %s sh -c 'eval \"$LOOK\"'", path,
			 n.s->nodes[i].name);
		by_script[i] = output_of(command);
		assert_non_null(by_script[i]);
	}
	unlink(path);
	arena_free(n.a);
	on_network(ARTICLE, script_and_lab_agree);
	for (size_t i = 0; i < NODES_MAX; i++)
		free(by_script[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_printed_script_builds_what_the_lab_builds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
