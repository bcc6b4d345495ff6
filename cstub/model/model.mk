# SPDX-License-Identifier: BSD-3-Clause
# The model of ACRN, and the program that replays ACRN's recorded answers against it. The model is
# freestanding; who links it into an image compiles MODEL_SOURCES with flags of its own.

MODEL_SOURCES := $(sort $(wildcard cstub/model/*.c))
MODEL_HEADERS := $(wildcard cstub/model/*.h) $(addprefix cstub/include/,acrn_types.h acrn_errno.h hypercall_abi.h hypercall_record.h abi.def)
MODEL_CFLAGS  := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Icstub/include -Icstub/model
MODEL_OBJECTS := $(MODEL_SOURCES:cstub/model/%.c=$(BUILD)/model/%.o)
SANITIZE      := -fsanitize=address,undefined -fno-sanitize-recover
REPLAY        := $(addprefix tests/conformance/,conformance.c guest_memory.c recording.c replay.c)

$(BUILD)/model/%.o: cstub/model/%.c $(MODEL_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(MODEL_CFLAGS) -ffreestanding -fPIC -c -o $@ $<

$(BUILD)/acrn-conformance: $(REPLAY) $(wildcard tests/conformance/*.h) $(MODEL_OBJECTS)
	$(CC) $(MODEL_CFLAGS) -o $@ $(REPLAY) $(MODEL_OBJECTS) -ljansson

# For the debugger, which plays the model with it (model_library.py).
$(BUILD)/libacrn-model.so: $(MODEL_OBJECTS) $(wildcard cstub/reader/tsc_clock.*)
	$(CC) $(MODEL_CFLAGS) -Icstub/reader -fPIC -shared -o $@ $(MODEL_OBJECTS) cstub/reader/tsc_clock.c

# The tests of the model, and the replay for its own tests, with every access checked.
MODEL_CHECKED := $(MODEL_SOURCES:cstub/model/%.c=$(BUILD)/model/checked/%.o)
$(BUILD)/model/checked/%.o: cstub/model/%.c $(MODEL_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(MODEL_CFLAGS) $(SANITIZE) -c -o $@ $<

$(BUILD)/acrn-conformance-checked: $(REPLAY) $(wildcard tests/conformance/*.h) $(MODEL_CHECKED)
	$(CC) $(MODEL_CFLAGS) $(SANITIZE) -o $@ $(REPLAY) $(MODEL_CHECKED) -ljansson

# A test with the Service VM that it plays.
PLAYED := $(addprefix tests/conformance/,service_vm.c service_vm.h guest_memory.c guest_memory.h)
$(BUILD)/test-%: tests/conformance/test_%.c $(PLAYED) $(MODEL_CHECKED)
	$(CC) $(MODEL_CFLAGS) $(SANITIZE) -Itests/conformance -o $@ $(filter-out %.h,$^) -lcmocka
