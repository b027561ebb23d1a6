/* SPDX-License-Identifier: MIT */
#include "lab/result/predict.h"

#include <string.h>

#include "lab/topology/scenario_query.h"
#include "nodes/ppp/ppp_auth.h"

/* What is typed into a virtual machine its owner knows. */
static bool same_secret(const struct node *a, const struct node *b)
{
	if (a->vm || b->vm)
		return true;
	return a->psk && b->psk && strcmp(a->psk, b->psk) == 0;
}

static bool connects(const struct prediction *p)
{
	return p->agreed.outcome == OUTCOME_CONNECTED;
}

/* What stands between the two beside NATs; in the order in which the packets meet it. */
static void predict_obstacles(struct prediction *p, const struct node *client,
			      const struct node *server)
{
	const struct client_mode *c = client->client;

	if (p->agreed.floated && !node_allows(server, 17, 4500))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_NO_REPLY);
	else if (!same_secret(client, server))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_PSK_MISMATCH);
	else if (connects(p) && !p->agreed.floated && !node_allows(server, 50, 0))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_NO_REPLY);
}

static bool method_in_common(const struct client_mode *c, const struct server_mode *s)
{
	for (size_t i = 0; i < PPP_AUTH_MAX && s->auth[i] != PPP_AUTH_NONE; i++)
		for (size_t k = 0; k < PPP_AUTH_MAX && c->auth[k] != PPP_AUTH_NONE; k++)
			if (s->auth[i] == c->auth[k])
				return true;
	return false;
}

/* When all else is well, a server of ours that knows a user asks who is there. */
static void predict_user(struct prediction *p, const struct node *client, const struct node *server)
{
	const struct ppp_account known = {server->user, server->password};
	const struct client_mode *c = client->client;

	if (!connects(p) || client->run || client->vm || server->vm ||
	    !ppp_auth_asks(server->server->auth, &known))
		return;
	if (!method_in_common(c, server->server))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_PPP_FAILED);
	else if (!client->user || !client->password)
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_NO_CREDENTIALS);
	else if (strcmp(client->user, server->user) || strcmp(client->password, server->password))
		agreement_ends(&p->agreed, c, OUTCOME_FAILED, REASON_AUTH_FAILED);
}

static void predict_client(struct paths *paths, const struct scenario *s,
			   const struct node *client, struct prediction *out)
{
	const struct node *server;

	path_walk(paths, client, 500, &out->walk);
	if (!out->walk.arrives) {
		agreement_ends(&out->agreed, client->client, OUTCOME_FAILED, REASON_NO_REPLY);
		return;
	}
	server = &s->nodes[out->walk.server];
	agreement_find(client->client, client->registry, server->server, &out->walk.ends,
		       &out->agreed);
	if (out->agreed.reason != REASON_NO_PROPOSAL)
		predict_obstacles(out, client, server);
	predict_user(out, client, server);
}

const struct prediction *predict(struct arena *a, const struct scenario *s, unsigned phase)
{
	struct prediction *out = arena_array_of(a, s->n_nodes, struct prediction);
	struct paths *paths = paths_new(a, s, 1);

	assert(phase == 0);
	for (size_t i = 0; i < s->n_nodes; i++)
		if (s->nodes[i].kind == KIND_CLIENT && s->nodes[i].dials.len)
			predict_client(paths, s, &s->nodes[i], &out[i]);
	return out;
}
