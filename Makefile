# tt: make, make demo, make check, make install. `make help` lists the rest.
B ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
LOCALEDIR ?= $(PREFIX)/share/locale
SHAREDIR ?= $(PREFIX)/share/tt
MSGFMT ?= msgfmt
PKG_CONFIG ?= pkg-config
INSTALL ?= install
CFLAGS ?= -O2 -g

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla -Wundef
override CPPFLAGS += -I. -D_GNU_SOURCE
override CFLAGS += -std=c11 $(WARN) $(if $(WERROR),-Werror)
# Debian 12 and older call the C library's file msgpack.pc.
MSGPACK := $(shell $(PKG_CONFIG) --exists msgpack-c && echo msgpack-c || echo msgpack)
# Where the compiler finds libmsgpackc.a, or just the name where there is none.
find_archive = $(shell $(CC) -print-file-name=lib$(1).a)

ifdef SANITIZE
override CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SANITIZE)
# What gcc guesses of lengths depends on how much the sanitizers let it see.
override CFLAGS += $(if $(findstring clang,$(CC)),,-Wno-format-truncation)
else
# Clients start in half the time when nothing is left to relocate.
STATIC := -static
# Those that may load a library later: as little as possible.
DYNAMIC := -no-pie
endif

PROTO := proto/aggregate.c proto/budget.c proto/calendar.c proto/codec.c \
	proto/codec_budget.c proto/codec_put.c \
	proto/codec_report.c proto/config.c proto/error.c \
	proto/event.c proto/filling.c proto/json.c proto/lang.c proto/money.c proto/notice.c \
	proto/notice_text.c proto/places.c proto/put.c proto/report.c \
	proto/sums.c proto/text.c proto/wire.c
LEDGER := $(sort $(wildcard collectord/ledger/*.c collectord/ledger/*/*.c))
PROVIDERS := $(sort $(wildcard collectord/jobs/providers/*.c))
DAEMON := $(filter-out collectord/main.c,$(sort $(wildcard collectord/*.c \
	collectord/peers/*.c collectord/jobs/*.c collectord/jobs/sync/*.c))) \
	$(PROVIDERS)
COMMON := clients/common/client.c clients/common/launch.c \
	clients/common/ndjson.c clients/common/options.c \
	clients/common/output.c clients/common/period.c \
	clients/common/reply.c clients/common/response.c \
	clients/common/safe_name.c clients/common/slim.c clients/common/spool.c clients/common/text_lang.c \
	clients/common/usage.c clients/common/uuid.c clients/common/verbs.c
TABLES := clients/common/figure.c clients/common/table.c \
	clients/common/table_draw.c clients/common/table_lib.c \
	clients/common/table_plain.c
VIEWS := $(TABLES) $(sort $(wildcard clients/report/*.c clients/report/*/*.c))

# What other programs need of the reports: to ask, and to tell without a library.
ASKING := $(TABLES) clients/report/fetch.c clients/report/setup.c
PLAIN := clients/common/figure.c clients/common/hook_input.c clients/common/table.c \
	clients/common/table_plain.c clients/common/table_static.c \
	clients/report/ask.c clients/report/fetch.c clients/report/field.c \
	clients/report/heard.c clients/report/setup.c
BUDGET := $(sort $(wildcard clients/budget/*.c))
NOTICES := clients/report/digest.c $(sort $(wildcard clients/notices/*.c))
PRICE := $(sort $(wildcard clients/price/*.c))
ACCOUNTS := $(sort $(wildcard clients/provider/*.c))
IMPORT := $(sort $(wildcard clients/import/*.c clients/import/*/*.c))
SETUP := $(sort $(wildcard clients/setup/*.c))

PROGRAMS := collectord tt tt-send tt-report tt-price tt-import tt-setup \
	tt-budget tt-notices tt-provider
MAN1 := $(patsubst %,clients/%.1,$(filter-out collectord,$(PROGRAMS)))
MAN8 := collectord/collectord.8
# Below locale/, which programs find beside them or in LOCALEDIR.
CATALOGUES := zh_CN/LC_MESSAGES/tt.mo
# Below contrib/, for who hooks agents up by hand.
SHARED := $(patsubst contrib/%,%,$(wildcard contrib/hooks/*.md contrib/hooks/*/* \
	contrib/skills/*/* contrib/systemd/* contrib/completions/* \
	contrib/providers/*))

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
# The archive where there is one, so that programs need no more than libc.
archive = $(or $(wildcard $(call find_archive,$(1))),-l$(1))
PROTO_L := $(call archive,msgpackc) $(call archive,inih)
IMPORT_L := $(call archive,sqlite3) $(call archive,zstd) -lm \
	$(or $(wildcard $(call find_archive,uv_a)),$(shell $(PKG_CONFIG) --libs libuv)) -lpthread -ldl
DAEMON_L := $(shell $(PKG_CONFIG) --libs libuv lmdb) -lpthread -ldl

all: $(PROGRAMS:%=$(B)/%) $(CATALOGUES:%=$(B)/locale/%)

$(B)/collectord: $(call obj,collectord/main.c $(DAEMON) $(LEDGER) $(PROTO))
	$(CC) $(LDFLAGS) -o $@ $^ $(PROTO_L) $(DAEMON_L) $(LDLIBS)
$(B)/tt: $(call obj,clients/tt.c proto/lang.c)
	$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(LDLIBS)
$(B)/tt-send: $(call obj,clients/tt-send.c $(sort $(wildcard clients/send/*.c)) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(PROTO_L) $(LDLIBS)
# They load libsmartcols, which is a shared library only, when they draw a table.
$(B)/tt-report: $(call obj,clients/tt-report.c $(VIEWS) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(DYNAMIC) -o $@ $^ $(PROTO_L) -ldl $(LDLIBS)
$(B)/tt-price: $(call obj,clients/tt-price.c $(PRICE) $(ASKING) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(DYNAMIC) -o $@ $^ $(PROTO_L) -ldl $(LDLIBS)
$(B)/tt-provider: $(call obj,clients/tt-provider.c $(ACCOUNTS) $(ASKING) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(DYNAMIC) -o $@ $^ $(PROTO_L) -ldl $(LDLIBS)

# A gate before every call of a tool starts as fast as a process can.
$(B)/tt-budget: $(call obj,clients/tt-budget.c $(BUDGET) $(PLAIN) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(PROTO_L) $(LDLIBS)
$(B)/tt-notices: $(call obj,clients/tt-notices.c $(NOTICES) $(PLAIN) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(PROTO_L) $(LDLIBS)

# Hooks start it too. Static where all its libraries are there as archives.
ifneq ($(STATIC),)
IMPORT_A := $(wildcard $(foreach l,sqlite3 zstd uv_a,$(call find_archive,$(l))))
WRAPPED := -Wl,--wrap=dlopen,--wrap=getpwuid_r
IMPORT_S := $(if $(word 3,$(IMPORT_A)),$(STATIC) $(WRAPPED))
endif
$(B)/tt-import: $(call obj,clients/tt-import.c $(IMPORT) clients/common/figure.c $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(IMPORT_S) -o $@ $^ $(PROTO_L) $(IMPORT_L) $(LDLIBS)
$(B)/tt-setup: $(call obj,clients/tt-setup.c $(SETUP) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(PROTO_L) $(LDLIBS)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The hooks of contrib are part of tt-setup.
$(B)/obj/clients/setup/contrib.o: $(wildcard contrib/hooks/*/* contrib/skills/*/* contrib/systemd/*)

$(B)/obj/proto/lang.o: override CPPFLAGS += -DLOCALEDIR='"$(LOCALEDIR)"'
$(B)/locale/%/LC_MESSAGES/tt.mo: clients/po/%.po
	@mkdir -p $(@D)
	$(MSGFMT) -c -o $@.tmp $<
	@mv $@.tmp $@

# Unit tests link the layer they test and what it rests on, nothing else.
CRITERION_L := $(shell $(PKG_CONFIG) --libs criterion)
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c))
UNIT_proto := $(PROTO)
UNIT_ledger := tests/unit/ledger/sights.c $(sort $(wildcard tests/unit/ledger/*_help.c)) $(LEDGER) $(PROTO)
UNIT_daemon := collectord/clock.c collectord/log.c collectord/sys.c \
	collectord/secret_file.c collectord/sink_config.c collectord/jobs/http.c collectord/loopback.c \
	collectord/jobs/http_lib.c collectord/jobs/http_memory.c \
	collectord/jobs/notice_body.c $(PROTO)
UNIT_jobs := tests/unit/jobs/provider_help.c collectord/loopback.c collectord/jobs/sync/sync_plan.c \
	collectord/ledger/digest.c $(PROVIDERS) $(PROTO)
UNIT_clients := $(sort $(wildcard tests/unit/clients/*_help.c)) $(VIEWS) $(PRICE) $(ACCOUNTS) $(BUDGET) $(NOTICES) clients/common/hook_input.c $(COMMON) $(PROTO)
UNIT_import := $(sort $(wildcard tests/unit/import/*_help.c)) $(IMPORT) clients/common/figure.c $(COMMON) $(PROTO)
UNIT_setup := $(SETUP) $(COMMON) $(PROTO)
define unit_rule
$(B)/unit/$(1)/%: $(B)/obj/tests/unit/$(1)/%.o $(call obj,$(UNIT_$(1)))
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(PROTO_L) $(2) $$(CRITERION_L) $$(LDLIBS)
endef
$(eval $(call unit_rule,proto,))
$(eval $(call unit_rule,ledger,-llmdb))
$(eval $(call unit_rule,daemon,-luv -ldl))
$(eval $(call unit_rule,jobs,))
$(eval $(call unit_rule,clients,-ldl))
$(eval $(call unit_rule,import,$(IMPORT_L)))
$(eval $(call unit_rule,setup,))

# End-to-end tests drive the real programs of $(B).
E2E := $(patsubst tests/%.c,$(B)/%,$(wildcard tests/e2e/test_*.c tests/crash/test_*.c))
E2E_LIB := $(filter-out tests/e2e/test_%,$(wildcard tests/e2e/*.c))
$(E2E): $(B)/%: $(B)/obj/tests/%.o $(call obj,$(E2E_LIB) $(PROTO))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(PROTO_L) $(CRITERION_L) $(LDLIBS)

# The daemon whose commits fail, or kill it, at a chosen moment.
$(B)/collectord-fault: $(call obj,collectord/main.c tests/crash/fault.c $(DAEMON) $(LEDGER) $(PROTO))
	$(CC) $(LDFLAGS) -Wl,--wrap=mdb_txn_commit -o $@ $^ $(PROTO_L) $(DAEMON_L) $(LDLIBS)

# Fuzz targets: `check` replays their corpora, `fuzz` looks for more.
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_DRIVER ?= $(B)/obj/tests/fuzz/replay.o
FUZZ_ndjson := clients/common/ndjson.c clients/common/output.c \
	clients/common/usage.c
FUZZ_response := clients/common/reply.c clients/common/response.c \
	clients/common/slim.c $(FUZZ_ndjson)
FUZZ_catalog := clients/price/catalog.c
FUZZ_provider := collectord/loopback.c $(PROVIDERS)
FUZZ_record := $(LEDGER)
FUZZ_record_L := -llmdb
FUZZ_json := tests/fuzz/oracle.c
FUZZ_json_L := -ljansson
FUZZ_import := tests/fuzz/oracle.c $(IMPORT) clients/common/figure.c $(COMMON)
FUZZ_import_L := $(IMPORT_L) -ljansson
define fuzz_rule
$(B)/fuzz/$(1): $(B)/obj/tests/fuzz/fuzz_$(1).o $(FUZZ_DRIVER) $(call obj,$(FUZZ_$(1)) $(PROTO))
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(PROTO_L) $$(FUZZ_$(1)_L) $$(LDLIBS)
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rule,$(f))))

# --- Checks ------------------------------------------------------------------

ASAN := B=$(B)/asan SANITIZE=address,undefined CFLAGS='-O1 -g'
TSAN := B=$(B)/tsan SANITIZE=thread CFLAGS='-O1 -g'
FUZZ_SECONDS ?= 60
JOBS ?= $(shell nproc)

tests-build: all $(UNIT) $(E2E) $(B)/collectord-fault $(FUZZ:%=$(B)/fuzz/%)

# Runs what tests-build made; ends with one line, "N passed, N failed".
tests-run:
	@TT_BUILD=$(B) tests/run.sh $(RUN_ONLY)

# Everything that must hold before a commit. Ten minutes at the most.
check: deps-test
	@$(MAKE) -s --no-print-directory -j$(JOBS) WERROR=1 tests-build
	@$(MAKE) -s --no-print-directory -j$(JOBS) WERROR=1 $(ASAN) tests-build
	@$(MAKE) -s --no-print-directory -j$(JOBS) WERROR=1 $(TSAN) all
	@$(MAKE) -s --no-print-directory -j$(JOBS) WERROR=1 B=$(B)/clang CC=clang all
	@tests/check.sh $(B)

# The same tests, the kill loops 40 times as long.
torture: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) tests-build
	@TT_BUILD=$(B) TT_KILLS=2000 TT_STEPS=2000 TT_YEAR=1000000 \
	    TT_QUARTERS=60 tests/run.sh

check-asan: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) WERROR=1 $(ASAN) tests-build
	@$(MAKE) --no-print-directory $(ASAN) tests-run

# Real agents from npm with our hooks, and ccusage beside tt-import. What npm
# cannot give is skipped and counted.
check-agents: deps-test
	@$(MAKE) -s --no-print-directory -j$(JOBS) WERROR=1 all
	@TT_BUILD=$(B) tests/run.sh tests/agents/agents.py tests/agents/compare.py

# libFuzzer writes what it finds into the first directory.
fuzz: deps-test
	@$(MAKE) --no-print-directory -j$(JOBS) B=$(B)/libfuzzer CC=clang \
	    SANITIZE=fuzzer-no-link,address,undefined CFLAGS='-O1 -g' FUZZ_DRIVER= \
	    LDFLAGS=-fsanitize=fuzzer $(FUZZ:%=$(B)/libfuzzer/fuzz/%)
	@for f in $(FUZZ); do mkdir -p $(B)/corpus/$$f && \
	    $(B)/libfuzzer/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 \
	    $(B)/corpus/$$f tests/fuzz/corpus/$$f || exit 1; done

bench: deps-bench all
	@$(MAKE) --no-print-directory -j$(JOBS) -f tests/bench/bench.mk B=$(B)
	@TT_BUILD=$(B) tests/bench/run.py $(BENCH_ARGS)

layers:
	@tests/layers.sh

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

# --- For users ---------------------------------------------------------------

demo: deps
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@contrib/demo $(B)

install: all
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 755 $(PROGRAMS:%=$(B)/%) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 644 $(MAN1) $(DESTDIR)$(MANDIR)/man1
	$(INSTALL) -m 644 $(MAN8) $(DESTDIR)$(MANDIR)/man8
	for f in $(SHARED); do \
	    $(INSTALL) -D -m 644 contrib/$$f $(DESTDIR)$(SHAREDIR)/$$f || exit 1; done
	for c in $(CATALOGUES); do \
	    $(INSTALL) -D -m 644 $(B)/locale/$$c $(DESTDIR)$(LOCALEDIR)/$$c || exit 1; done

uninstall:
	rm -f $(PROGRAMS:%=$(DESTDIR)$(BINDIR)/%)
	rm -f $(MAN1:clients/%=$(DESTDIR)$(MANDIR)/man1/%)
	rm -f $(MAN8:collectord/%=$(DESTDIR)$(MANDIR)/man8/%)
	rm -f $(CATALOGUES:%=$(DESTDIR)$(LOCALEDIR)/%)
	rm -rf $(DESTDIR)$(SHAREDIR)

deps:
	@contrib/install-deps build
deps-test:
	@contrib/install-deps test
deps-bench:
	@contrib/install-deps bench

clean:
	rm -rf $(B)

help:
	@echo 'make            build the programs into $(B)/'
	@echo 'make demo       install what is missing, build, show a report'
	@echo 'make install    PREFIX=$(PREFIX), DESTDIR honoured; also uninstall'
	@echo 'make check      install what tests need, run every test'
	@echo 'make check-asan the tests under address and undefined sanitizers'
	@echo 'make check-agents  real agents from npm, and ccusage, beside ours'
	@echo 'make torture    the same tests with long kill loops'
	@echo 'make fuzz       FUZZ_SECONDS=$(FUZZ_SECONDS) for each fuzz target'
	@echo 'make bench      the figures, as ratios in one run'

.PHONY: all tests-build tests-run check torture check-agents check-asan fuzz \
	bench layers format demo install uninstall deps deps-test deps-bench \
	clean help
.SECONDARY:
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
