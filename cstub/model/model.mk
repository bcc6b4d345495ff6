# SPDX-License-Identifier: BSD-3-Clause
# The model of ACRN, and the program that replays ACRN's recorded answers against it. The model is
# freestanding; who links it into an image compiles MODEL_SOURCES with flags of its own.

MODEL_SOURCES := $(sort $(wildcard cstub/model/*.c))
MODEL_HEADERS := $(wildcard cstub/model/*.h) cstub/include/acrn_types.h cstub/include/acrn_errno.h
MODEL_CFLAGS  := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Icstub/include -Icstub/model
CONFORMANCE   := $(filter-out %/test_%,$(wildcard tests/conformance/*.c))

model_objects = $(patsubst cstub/model/%.c,$(1)/%.o,$(MODEL_SOURCES))

$(BUILD)/model/%.o: cstub/model/%.c $(MODEL_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(MODEL_CFLAGS) -ffreestanding -fPIC -c -o $@ $<

$(BUILD)/acrn-conformance: $(CONFORMANCE) $(wildcard tests/conformance/*.h) $(call model_objects,$(BUILD)/model)
	$(CC) $(MODEL_CFLAGS) -o $@ $(filter %.c %.o,$^) -ljansson

$(BUILD)/model-tests: tests/conformance/test_model.c $(call model_objects,$(BUILD)/model)
	$(CC) $(MODEL_CFLAGS) -o $@ $(filter %.c %.o,$^) -lcmocka
