# tt: make, make demo, make check, make install. `make help` lists the rest.
B ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
PKG_CONFIG ?= pkg-config
INSTALL ?= install
CFLAGS ?= -O2 -g

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla -Wundef
override CPPFLAGS += -I. -D_GNU_SOURCE
override CFLAGS += -std=c11 $(WARN) $(if $(WERROR),-Werror)
# Debian 12 and older call the C library's file msgpack.pc.
MSGPACK := $(shell $(PKG_CONFIG) --exists msgpack-c && echo msgpack-c || echo msgpack)
LIBDIR := $(shell $(PKG_CONFIG) --variable=libdir $(MSGPACK))

ifdef SANITIZE
override CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
override LDFLAGS += -fsanitize=$(SANITIZE)
else
# Clients start in half the time when nothing is left to relocate.
STATIC := -static
endif

PROTO := proto/calendar.c proto/codec.c proto/codec_put.c \
	proto/codec_report.c proto/config.c proto/error.c \
	proto/event.c proto/json.c proto/money.c proto/places.c proto/put.c \
	proto/report.c proto/sums.c proto/text.c proto/wire.c
LEDGER := collectord/ledger/apply.c collectord/ledger/bytes.c \
	collectord/ledger/digest.c collectord/ledger/dims.c \
	collectord/ledger/group.c collectord/ledger/ids.c \
	collectord/ledger/ledger.c collectord/ledger/map.c \
	collectord/ledger/merge.c collectord/ledger/query.c \
	collectord/ledger/record.c collectord/ledger/slots.c \
	collectord/ledger/sources.c collectord/ledger/store.c \
	collectord/ledger/writer.c
DAEMON := collectord/clock.c collectord/log.c collectord/sys.c \
	collectord/peers/batch.c collectord/peers/conn.c \
	collectord/peers/dispatch.c collectord/peers/server.c \
	collectord/jobs/spool.c
COMMON := clients/common/client.c clients/common/launch.c \
	clients/common/ndjson.c clients/common/options.c \
	clients/common/output.c clients/common/period.c \
	clients/common/spool.c clients/common/uuid.c
VIEWS := clients/common/figure.c clients/common/table.c \
	$(sort $(wildcard clients/report/*.c))

PROGRAMS := collectord tt tt-send tt-report
MAN1 := clients/tt.1 clients/tt-send.1 clients/tt-report.1
MAN8 := collectord/collectord.8

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
# The archive where there is one, so that programs need no more than libc.
archive = $(or $(wildcard $(LIBDIR)/lib$(1).a),-l$(2))
PROTO_L := $(call archive,msgpackc,msgpackc) $(call archive,inih,inih)
DAEMON_L := $(shell $(PKG_CONFIG) --libs libuv lmdb) -lpthread

all: $(PROGRAMS:%=$(B)/%)

$(B)/collectord: $(call obj,collectord/main.c $(DAEMON) $(LEDGER) $(PROTO))
	$(CC) $(LDFLAGS) -o $@ $^ $(PROTO_L) $(DAEMON_L) $(LDLIBS)
$(B)/tt: $(call obj,clients/tt.c)
	$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(LDLIBS)
$(B)/tt-send: $(call obj,clients/tt-send.c $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) $(STATIC) -o $@ $^ $(PROTO_L) $(LDLIBS)
# Tables come from libsmartcols, which is a shared library only.
$(B)/tt-report: $(call obj,clients/tt-report.c $(VIEWS) $(COMMON) $(PROTO))
	$(CC) $(LDFLAGS) -o $@ $^ $(PROTO_L) -lsmartcols $(LDLIBS)

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Unit tests link the layer they test and what it rests on, nothing else.
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/test_*.c))
CRITERION_L := $(shell $(PKG_CONFIG) --libs criterion)
UNIT_proto := $(PROTO)
UNIT_ledger := tests/unit/ledger/sights.c $(LEDGER) $(PROTO)
UNIT_daemon := collectord/clock.c collectord/log.c collectord/sys.c $(PROTO)
UNIT_clients := $(VIEWS) $(COMMON) $(PROTO)
define unit_rule
$(B)/unit/$(1)/%: $(B)/obj/tests/unit/$(1)/%.o $(call obj,$(UNIT_$(1)))
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(PROTO_L) $(2) $$(CRITERION_L) $$(LDLIBS)
endef
$(eval $(call unit_rule,proto,))
$(eval $(call unit_rule,ledger,-llmdb))
$(eval $(call unit_rule,daemon,))
$(eval $(call unit_rule,clients,-lsmartcols))
unit: $(UNIT)

deps:
	@contrib/install-deps build
deps-test:
	@contrib/install-deps test

layers:
	@tests/layers.sh

clean:
	rm -rf build

.PHONY: all unit deps deps-test layers clean
.SECONDARY:
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
