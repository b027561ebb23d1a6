/* SPDX-License-Identifier: MIT */
/*
 * products.h - real products that a node may run (`run:`): their names, and the modes of ours that
 * stand for them in predictions. How each is set up: lab/product/product.h. Pure.
 */
#ifndef NATDLAB_TOPOLOGY_PRODUCTS_H
#define NATDLAB_TOPOLOGY_PRODUCTS_H

#include "lab/base/words.h"
#include "lab/topology/topology.h"

/* "strongswan", ... as `run:` has it. */
extern const struct words product_words;
const char *product_name(enum product p);
/* The mode of ours that behaves like this node's product, by its settings; NULL when a node of its
 * kind cannot run it. */
const char *product_mode(const struct node *n);
/* How the node is called in tables: "real strongswan, encapsulation forced". Lives in @a. */
const char *product_title(struct arena *a, const struct node *n);
/* Can this text stand unquoted in every product's configuration? Letters, digits, '-', '_', '.'. */
bool product_can_say(const char *secret);

#endif
