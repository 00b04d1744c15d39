# The bench's programs: make -f tests/bench/bench.mk B=build
.DEFAULT_GOAL := bench-programs
include Makefile

BENCH := disk load probe spawn sqlite
BENCH_LIB := tests/bench/bench.c tests/bench/events.c
BENCH_L_sqlite := $(shell $(PKG_CONFIG) --libs sqlite3)

bench-programs: $(BENCH:%=$(B)/bench/%) $(B)/bench/slow_sync.so

$(BENCH:%=$(B)/bench/%): $(B)/bench/%: $(B)/obj/tests/bench/%.o $(call obj,$(BENCH_LIB) $(PROTO))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(PROTO_L) $(BENCH_L_$*) $(LDLIBS)
$(B)/bench/slow_sync.so: tests/bench/slow_sync.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared -o $@ $<

.PHONY: bench-programs
