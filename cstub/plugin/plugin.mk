# SPDX-License-Identifier: BSD-3-Clause
# The plugin for QEMU 10.0 and 11.1: built without their headers, and without GLib's.

PLUGIN_CFLAGS  := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Icstub/include -Icstub/model -Icstub/decode -I$(BUILD)/decode -fPIC -fvisibility=hidden -shared
PLUGIN_HEADERS := $(wildcard cstub/plugin/*.h cstub/include/hypercall_*.h cstub/model/*.h) $(DECODE_HEADERS) cstub/include/abi.def

.PHONY: plugin
plugin: $(BUILD)/acrn-plugin.so
$(BUILD)/acrn-plugin.so: $(wildcard cstub/plugin/*.c) $(DECODE_SOURCES) $(MODEL_OBJECTS) $(PLUGIN_HEADERS) | $(BUILD)/
	$(CC) $(PLUGIN_CFLAGS) -o $@ $(filter %.c %.o,$^)
