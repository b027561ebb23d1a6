# natdlab - see README.md. `make help` lists the targets.
#
# Everything that is built lies under $(B). One Makefile, not recursive.

B        ?= build
CC       ?= gcc
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wvla
LIBS     := libnl-3.0 libnl-route-3.0 libnftables libmnl libcrypto yaml-0.1 jansson
PKG      := $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
LDLIBS   := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lpthread
CPPFLAGS += -D_GNU_SOURCE -I. $(PKG)
CFLAGS   += -std=gnu11 $(OPT) $(WARN) $(SAN)
LDFLAGS  += $(SAN)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

SRC      := $(wildcard lab/base/*.c nodes/*.c lab/*.c)
LIBOBJ   := $(patsubst %.c,$(B)/%.o,$(filter-out lab/main.c,$(SRC)))
UNIT     := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all
all: $(B)/natdlab ## Build natdlab

$(B)/natdlab: $(B)/lab/main.o $(B)/libnatdlab.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libnatdlab.a: $(LIBOBJ)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libnatdlab.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

.PHONY: unit
unit: $(UNIT) ## Run the unit tests
	$(Q)set -e; for t in $(UNIT); do $$t; done

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf $(B)

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

.SECONDARY:
-include $(SRC:%.c=$(B)/%.d) $(wildcard $(B)/tests/unit/*.d)
