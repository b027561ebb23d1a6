# natdlab - see README.md. `make help` lists the targets.
#
# Everything that is built lies under $(B). One Makefile, not recursive over folders: the few
# calls of $(MAKE) below build the same tree once more with other flags, under another $(B).

B        ?= build
CC       ?= gcc
PREFIX   ?= /usr/local
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wvla -Wno-string-conversion
LIBS     := libnl-3.0 libnl-route-3.0 libnftables libmnl libcrypto yaml-0.1 jansson
PKG      := $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
LDLIBS   := $(shell pkg-config --libs $(LIBS) 2>/dev/null) -lpthread
CPPFLAGS += -D_GNU_SOURCE -I. $(PKG)
# Hardening: bounds of libc calls, stack canaries and probes, position-independent code, and
# relocations that are read-only once done. A sanitizer has checks of its own.
CF       := $(shell echo 'int x;' | $(CC) -fcf-protection -xc -c -o /dev/null - 2>/dev/null && \
              echo -fcf-protection)
HARDEN    = $(if $(filter -fsanitize%,$(SAN)),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
              -fstack-protector-strong -fstack-clash-protection $(CF) -fPIE)
HARDEN_LD = $(if $(filter -fsanitize%,$(SAN)),,-pie -Wl,-z,relro,-z,now,-z,noexecstack)
CFLAGS   += -std=gnu11 $(OPT) $(HARDEN) $(WARN) $(SAN)
LDFLAGS  += $(HARDEN_LD) $(SAN)

# Seconds that `make fuzz` spends on each target.
FUZZ_SECONDS ?= 10

# "1a2b3c4", with "+" when the tree differs from that commit; nothing without a repository.
COMMIT   := $(shell git rev-parse --short HEAD 2>/dev/null && \
              { git diff --quiet HEAD 2>/dev/null || echo +; })
COMMIT   := $(subst $(eval) ,,$(COMMIT))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

SRC      := $(wildcard lab/*/*.c nodes/*/*.c)
LIBOBJ   := $(patsubst %.c,$(B)/%.o,$(filter-out lab/cli/main.c,$(SRC)))
UNIT     := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*/*/test_*.c))
LAB      := $(patsubst %.c,$(B)/%,$(wildcard tests/lab/test_*.c))
CLI      := $(filter-out tests/cli/lib.sh,$(wildcard tests/cli/*.sh))
GUEST    := $(B)/tests/vm/guest
MUTANTS  := $(wildcard tests/mutants/*.sh)
FUZZ     := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH    := $(addprefix $(B)/tests/bench/,setup ike times traffic)
SCRIPTS  := .ci/deps .ci/real .ci/run $(wildcard tests/*.sh tests/*/*.sh)
TESTSRC  := $(wildcard tests/*/*.c tests/unit/*/*/*.c)
OBJ      := $(SRC:%.c=$(B)/%.o)

# Runs test programs and scripts and adds up what they say.
RUN      := B=$(B) tests/run.sh

# A make that was not told how many jobs to run takes one for each processor.
JOBS      = $(if $(filter -j% j%,$(MAKEFLAGS)),,-j$(shell nproc))
AGAIN     = $(MAKE) --no-print-directory $(JOBS)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

.PHONY: all
all: $(B)/natdlab ## Build build/natdlab

.PHONY: demo
demo: ## Install what is missing, build, and run the article as the caller
	$(Q).ci/deps run
	+$(Q)$(AGAIN) all
	$(Q)$(B)/natdlab run topologies/article.yaml

.PHONY: test
test: ## Install what is missing, build, and run every test
	$(Q).ci/deps run test
	+$(Q)$(AGAIN) programs
	+$(Q)$(AGAIN) run-tests

.PHONY: programs run-tests
programs: all $(UNIT) $(LAB) $(GUEST)
run-tests:
	$(Q)$(RUN) $(MUTANTS) $(CLI) $(LAB) $(UNIT)

.PHONY: unit
unit: $(UNIT) ## Run the unit tests: no kernel, no privileges, virtual time
	$(Q)$(RUN) $(UNIT)

.PHONY: lab
lab: all $(LAB) ## Run the tests that build network namespaces
	$(Q)$(RUN) $(LAB)

.PHONY: cli
cli: all $(GUEST) ## Run the tests of the command line
	$(Q)$(RUN) $(CLI)

.PHONY: bench
bench: all $(BENCH) ## Measure what labs cost, as ratios (docs/performance.md)
	$(Q)B=$(B) tests/bench/run.sh

.PHONY: mutants
mutants: all ## Break natdlab on purpose and demand that the tests notice
	$(Q)$(RUN) $(MUTANTS)

ASAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

.PHONY: asan
# Without warnings, of which gcc sees some in a sanitizer's code that are not there.
asan: ## Run unit, lab and cli tests under AddressSanitizer and UBSan, in build-asan
	+$(Q)$(AGAIN) B=build-asan OPT='-O1 -g' WARN= SAN='$(ASAN)' programs
	$(Q)B=build-asan tests/run.sh $(CLI) $(patsubst $(B)/%,build-asan/%,$(LAB) $(UNIT))

.PHONY: fuzz
fuzz: ## Feed each fuzz target for FUZZ_SECONDS seconds (libFuzzer, or a driver of our own)
	$(Q)tests/fuzz/run.sh $(FUZZ_SECONDS)

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ)

.PHONY: lint warnings tidy cppcheck scripts
lint: floors style warnings tidy cppcheck scripts ## All that can be said without running

warnings: ## Both compilers' warnings as errors
	+$(Q)$(AGAIN) B=build-lint/gcc CC=gcc SAN=-Werror objects
	+$(Q)$(AGAIN) B=build-lint/clang CC=clang SAN=-Werror objects

tidy: ## clang-tidy, with the checks of .clang-tidy
	$(call say,TIDY,'$(words $(SRC)) files')printf '%s\n' $(SRC) | \
		xargs -P$$(nproc) -I% sh -c 'said=$$(clang-tidy --quiet % -- -std=gnu11 $(CPPFLAGS) \
		2>&1) || { echo "$$said" | grep -A2 error:; exit 1; }'

cppcheck: ## cppcheck; exceptions with their reasons are in tests/cppcheck.txt
	$(call say,CPPCHK,'$(words $(SRC)) files')cppcheck --quiet --std=c11 --error-exitcode=1 \
		--enable=warning,portability,performance --inline-suppr --force \
		--suppressions-list=tests/cppcheck.txt -I. -D_GNU_SOURCE -j$$(nproc) $(SRC)

scripts: ## shellcheck and mandoc
	$(call say,SHELL,'$(words $(SCRIPTS)) scripts')shellcheck -x $(SCRIPTS)
	$(call say,MANDOC,$(wildcard docs/*.1))mandoc -T lint -W warning $(wildcard docs/*.1)

.PHONY: objects
objects: $(OBJ) $(TESTSRC:%.c=$(B)/%.o)

.PHONY: floors
floors: $(OBJ) ## Check that every file keeps to its room (docs/design.md)
	$(call say,FLOORS,'$(words $(SRC)) files')B=$(B) tests/floors.sh

.PHONY: house
house: $(OBJ) ## Draw docs/house.svg anew: the rooms and which uses which
	$(Q)B=$(B) tests/floors.sh --graph >$(B)/house.graph
	$(Q)awk -f tests/house.awk $(B)/house.graph >docs/house.svg

.PHONY: style
style: ## Check what a formatter does not: licence lines, widths, lengths, words
	$(call say,STYLE,'every file')tests/style.sh

# $(MUTANT)/$(MUTANT_FILE) in the place of the good file of that name (tests/mutants/mutants.sh).
.PHONY: mutant
mutant: $(MUTANT_MAIN) $(B)/libnatdlab.a
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $(MUTANT)/mutant.o $(MUTANT)/$(MUTANT_FILE)
	$(Q)$(CC) $(LDFLAGS) -o $(MUTANT)/program $(MUTANT)/mutant.o $^ $(LDLIBS) \
		$(if $(filter %main.o,$(MUTANT_MAIN)),,-lcmocka)

.PHONY: real prober
real: prober ## Fetch the real strongSwan, Libreswan and SoftEther into build/real; installs nothing
	$(Q).ci/real $(B)/real

# A client that misbehaves (run: prober), in a folder as the products have them.
PROBER   := $(B)/real/prober/usr/bin/prober
prober: $(PROBER)
$(PROBER): $(B)/tests/interop/prober.o $(B)/tests/interop/peer.o $(B)/libnatdlab.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: real-test
real-test: all prober ## Hold modes against real products (make real), all frames against tshark; ten minutes
	$(Q)TEST_TIMEOUT=900 NATDLAB_TSHARK=all $(RUN) tests/interop/real.sh tests/interop/probe.sh \
		tests/cli/tshark.sh

.PHONY: fidelity
fidelity: all prober ## Write docs/fidelity.md from runs of the real products
	$(Q)rm -rf $(B)/fidelity && tests/interop/runs.sh $(B)/fidelity
	$(Q)tests/interop/fidelity.sh $(B)/fidelity >$(B)/fidelity.md; \
		s=$$?; cp $(B)/fidelity.md docs/fidelity.md; exit $$s

.PHONY: deps
deps: ## Say which packages are missing for build, tests and lint, and install them
	$(Q).ci/deps run test lint

.PHONY: install
install: all ## Install under PREFIX (/usr/local), below DESTDIR
	install -D -m 755 $(B)/natdlab $(DESTDIR)$(PREFIX)/bin/natdlab
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/doc/natdlab \
		$(DESTDIR)$(PREFIX)/share/natdlab/topologies
	install -m 644 docs/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 README.md LICENSE LICENSE-NOTES.md docs/*.md docs/*.svg \
		$(DESTDIR)$(PREFIX)/share/doc/natdlab
	install -m 644 topologies/*.yaml $(DESTDIR)$(PREFIX)/share/natdlab/topologies

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf build build-asan build-fuzz build-lint $(B)

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(firstword $(MAKEFILE_LIST)) | \
		expand -t 20

# ---- how things are built ----

$(B)/natdlab: $(B)/lab/cli/main.o $(B)/libnatdlab.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libnatdlab.a: $(LIBOBJ) $(B)/.files
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $(LIBOBJ)

$(B)/%.o: %.c $(B)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libnatdlab.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(B)/tests/lab/%: $(B)/tests/lab/%.o $(B)/libnatdlab.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(B)/tests/vm/%: $(B)/tests/vm/%.o $(B)/libnatdlab.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/bench/setup: $(B)/tests/bench/bare.o
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libnatdlab.a
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# FUZZ_MAIN: -fsanitize=fuzzer, or the object of the stand-alone driver.
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libnatdlab.a $(filter %.o,$(FUZZ_MAIN))
	$(call say,LD,$@)$(CC) $(LDFLAGS) -o $@ $^ $(filter-out %.o,$(FUZZ_MAIN)) $(LDLIBS)

# Other flags, or a source file that came or went, build anew what depends on them. The packages
# are looked at here too: without them the compiler's complaint would name a header, not a remedy.
define note_changes
	@mkdir -p $(@D)
	@echo '$(strip $(1))' | cmp -s - $@ || { $(2) echo '$(strip $(1))' >$@; }
endef
$(B)/.flags: FORCE
	$(call note_changes,$(CC) $(CPPFLAGS) $(CFLAGS),.ci/deps --check run &&)
# The commit that --version names, where there is a repository; only main.c knows it.
$(B)/.commit: FORCE
	$(call note_changes,$(COMMIT),)
$(B)/lab/cli/main.o: $(B)/.commit
# private: the flags of what main.o depends on, .flags among it, are not changed by it.
$(B)/lab/cli/main.o: private CPPFLAGS += $(if $(COMMIT),-DNATDLAB_COMMIT='"$(COMMIT)"')
$(B)/.files: FORCE
	$(call note_changes,$(CC) $(LIBOBJ) $(LDFLAGS) $(LDLIBS),)
.PHONY: FORCE
FORCE:

-include $(wildcard $(B)/lab/*/*.d $(B)/nodes/*/*.d $(B)/tests/*/*.d $(B)/tests/unit/*/*/*.d)
