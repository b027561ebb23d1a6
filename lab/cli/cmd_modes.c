/* SPDX-License-Identifier: MIT */
/*
 * cmd_modes.c - `natdlab modes [NAME]`: the server and client modes, and where each was learnt.
 */
#include "lab/cli/cli_priv.h"
#include "lab/cli/confine.h"
#include "lab/base/suggest.h"
#include "lab/report/json_modes.h"
#include "lab/report/report_modes.h"

static const struct option options[] = {
	{"format", 'f', "table|json", false, "what is printed (table)"},
};

static int unknown(const char *name, struct err *e)
{
	size_t n_servers, n_clients;
	const struct server_mode *const *s = mode_servers(&n_servers);
	const struct client_mode *const *c = mode_clients(&n_clients);
	struct suggest near = suggest_new(name);

	for (size_t i = 0; i < n_servers; i++)
		suggest_try(&near, s[i]->name);
	for (size_t i = 0; i < n_clients; i++)
		suggest_try(&near, c[i]->name);
	err_set(e, ERR_INPUT, "unknown mode \"%s\"", name);
	return err_suggest(e, &near, "natdlab modes lists them");
}

static int run(const struct args *args)
{
	const char *name = args->n ? args->v[0] : NULL;
	const struct server_mode *server = name ? mode_server(name) : NULL;
	const struct client_mode *client = name ? mode_client(name) : NULL;
	struct err e = {0};

	confine();
	if (name && !server && !client) {
		unknown(name, &e);
		return report_err(&e);
	}
	if (args_choice(args, "format") == FORMAT_JSON)
		json_modes(stdout, server, client);
	else if (server)
		report_server_mode(stdout, server);
	else if (client)
		report_client_mode(stdout, client);
	else
		report_modes(stdout);
	return 0;
}

const struct verb verb_modes = {
	.name = "modes",
	.args = "[NAME]",
	.summary = "how the products behave, and how sure that is",
	.more = "Without a name, all server and client modes. With one, everything about it: what "
		"it says of addresses, vendor IDs, proposals, times, and each fact with its source "
		"and certainty.",
	.max_args = 1,
	OPTIONS(options),
	.run = run,
};
