# SPDX-License-Identifier: BSD-3-Clause
# make demo and make check need nothing but make: they install what is missing (.ci/setup).

BUILD  := build
CC     := gcc
PYTHON := /usr/bin/python3
PREFIX := /usr/local
OPTS   :=
PYTEST := $(PYTHON) -m pytest -q -n 2 --dist loadgroup --timeout 1500

.PHONY: all lint-matrix types bytecode demo show check check-long checkable check-newer linux check-linux bench lint install clean help
all:

include cstub/cstub.mk
include cstub/model/model.mk
include cstub/decode/decode.mk
include cstub/reader/reader.mk
include cstub/plugin/plugin.mk
include examples/examples.mk
-include tests/guests/guests.mk
-include tests/kvm/kvm.mk
-include tests/xen/xen.mk

all: examples types bytecode $(BUILD)/acrn.table $(BUILD)/acrn-conformance $(BUILD)/libacrn-model.so readers plugin

help:
	@echo 'make demo            a real hypervisor, a guest, and the trace of its calls'
	@echo 'make check           every test; check-long: fuzzing and the whole compiler matrix too'
	@echo 'make check-PART      the tests of a part alone: $(PARTS)'
	@echo 'make check T=NAME    those with NAME in their names; check-PART takes T too'
	@echo 'make check-newer     the tests that drive GDB and QEMU, with newer ones: $(NEWER)'
	@echo 'make run-NAME        an example untraced: $(EXAMPLES)'
	@echo 'make trace-NAME      an example traced, OPTS="…" being options of acrn-trace'
	@echo 'make linux            a stock kernel as guest; check-linux: its tests'
	@echo 'make all, bench, lint, install PREFIX=…, clean'

# The layouts of hypervisors' structures, as debug information, for guests that have none. Linked, as the
# relocations of an object take longer to read than all else.
TYPES := $(wildcard cstub/include/*_types.h)
types: $(BUILD)/acrn-types.o
$(BUILD)/acrn-types.o: cstub/src/types.c $(TYPES) cstub/include/xen.def | $(BUILD)/
	$(CC) -std=gnu11 -g -fno-eliminate-unused-debug-types $(addprefix -include ,$(TYPES)) -nostdlib -static \
		-Wl,--entry=0 -Wl,--build-id=none -o $@ $<

# Python writes it itself, unless it was told not to, as containers do: each start of the launcher and of GDB
# would compile all that it loads.
bytecode:
	@$(PYTHON) -m compileall -q gdbscripts

%/:
	mkdir -p $@

# An example, as its folder says how QEMU runs it.
ARGS = $(if $(filter $*,$(EXAMPLES)),$(shell cat examples/qemu.args examples/$*/qemu.args),$(error \
	there is no example '$*'; take one of $(EXAMPLES)))
run-%: examples
	qemu-system-x86_64 $(ARGS)
trace-%: examples types
	gdbscripts/acrn-trace $(OPTS) $(BUILD)/examples/$*.elf -- $(ARGS)

demo:
	@.ci/setup demo
	@$(MAKE) --no-print-directory -s examples types
	@$(MAKE) --no-print-directory -s show

show:
	@echo '== A Service VM walks a User VM through its life, under a hypervisor of our own:'
	@$(MAKE) --no-print-directory trace-service
	@echo '== A hypervisor that breaks registers, caught in the act:'
	@$(MAKE) --no-print-directory trace-clobber OPTS='-e trace=get_api_version -e vcpu=0'
	@echo '== The first guest again, as a summary:'
	@$(MAKE) --no-print-directory trace-service OPTS=-c

# The folders of tests by what they need: Python, compilers, GDB and QEMU, the documents' tools. tests/linux
# stands apart; a test holds that each other folder is in one part.
PARTS      := unit c gdb docs
unit-TESTS := unit
c-TESTS    := c conformance corpus fuzz
gdb-TESTS  := gdb traces launcher crash kvm xen plugin
docs-TESTS := docs install

CHECKS := check $(PARTS:%=check-%)
NAMED   = $(if $(T),-k '$(T)')
.PHONY: $(CHECKS)
check: FOLDERS := tests
$(PARTS:%=check-%): FOLDERS = $(addprefix tests/,$($(@:check-%=%)-TESTS))
$(CHECKS): checkable
	$(PYTEST) $(NAMED) $(FOLDERS)

check-long: checkable
	ACRN_CHECK_LONG=1 $(PYTEST) --timeout 14400 $(NAMED) tests
	@$(MAKE) --no-print-directory check-moved

# Where guest-physical memory is not the machine's. Left out is what has GDB read memory by itself (displays,
# 'finish', disassemblies, 'x', calls by hand beside those), which reads the machine's in any case; dumps without
# the image that tells whose memory it is; and texts that say where the machine has no memory.
MOVED := not (beside_gdb or callbacks or catch_forms or call_caught or call_event or call_everywhere \
	or call_refused or call_stop or stop_leaves or define-mocked or dumps or wrong_arguments or no_device)
check-moved: checkable
	ACRN_HYPERVISOR=hypervisor-moved.elf $(PYTEST) --timeout 300 -k '$(strip $(MOVED))' tests/traces tests/gdb

checkable:
	@.ci/setup check
	@$(MAKE) --no-print-directory all stating-guests

# What drives GDB and QEMU, with newer ones than the machine's, out of each of these Debian suites.
NEWER := trixie trixie-backports
check-newer:
	@.ci/setup check
	@for suite in $(NEWER); do .ci/fetch-newer $(BUILD)/newer/$$suite || exit; done
	@$(MAKE) --no-print-directory all stating-guests
	@for suite in $(NEWER); do $(MAKE) --no-print-directory check-with-$$suite || exit; done
check-with-%: BIN = $(abspath $(BUILD)/newer/$*/bin)
check-with-%:
	@$(BIN)/qemu-system-x86_64 --version | head -n 1
	@$(BIN)/gdb --version | head -n 1
	PATH="$(BIN):$$PATH" $(PYTEST) tests/gdb tests/traces tests/launcher tests/docs tests/plugin

# A stock Linux as guest: 3 GB, 5 minutes the first time. Not part of make check.
# ANSWERS is the suite whose QEMU has plugins that answer calls.
LINUX := $(BUILD)/linux
ANSWERS := trixie-backports
linux:
	examples/linux/build.sh $(LINUX)
check-linux: all linux
	@.ci/setup check
	@.ci/fetch-newer $(BUILD)/newer/$(ANSWERS)
	ACRN_LINUX=$(abspath $(LINUX)) ACRN_NEWER_QEMU=$(abspath $(BUILD)/newer/$(ANSWERS)/bin/qemu-system-x86_64) \
		$(PYTEST) tests/linux

bench: all
	$(PYTHON) bench/run.py

# What lint says of its corpus: tests/corpus/matrix.json and docs/lint-matrix.md.
lint-matrix: all
	PYTHONPATH=gdbscripts:tests $(PYTHON) -m helpers.corpus.matrix

C_FILES = $(shell git ls-files '*.c' '*.h')
lint:
	clang-format --dry-run -Werror $(C_FILES)
	black -q --check -l 100 gdbscripts tests bench examples setup.py
	flake8 gdbscripts tests bench examples setup.py
	shellcheck .ci/run .ci/setup .ci/fetch-newer gdbscripts/acrn-trace examples/linux/build.sh

# The tree is installed as it is: the files find each other by their places.
SHARE = $(DESTDIR)$(PREFIX)/share/acrn-trace
INSTALLED := acrn-types.o acrn.table acrn-record libacrn-reader.so libacrn-model.so acrn-plugin.so
install: $(addprefix $(BUILD)/,$(INSTALLED))
	mkdir -p $(SHARE)/build $(DESTDIR)$(PREFIX)/bin
	cp -r cstub gdbscripts $(SHARE)
	cp $(addprefix $(BUILD)/,$(INSTALLED)) $(SHARE)/build
	find $(SHARE) -name __pycache__ -prune -exec rm -r {} +
	$(PYTHON) -m compileall -q -s "$(DESTDIR)" -p / $(SHARE)/gdbscripts # users may not write there
	ln -sf ../share/acrn-trace/gdbscripts/acrn-trace $(DESTDIR)$(PREFIX)/bin/acrn-trace

clean:
	rm -rf $(BUILD)
