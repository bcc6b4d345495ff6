# SPDX-License-Identifier: BSD-3-Clause
# A guest of the real Xen, which Debian has built: it runs inside QEMU, and the guest is its dom0.
# Included by the Makefile; alone: make -f tests/xen/xen.mk.

BUILD ?= build
XEN_OUT := $(BUILD)/tests/xen
XEN_GUEST_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -ffreestanding -mno-red-zone -fno-pic -mcmodel=kernel \
	-mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -Itests/kvm

.PHONY: xen xen-headers
xen: $(XEN_OUT)/xen $(XEN_OUT)/guest.elf
xen-headers: $(XEN_OUT)/headers

$(XEN_OUT)/fetched: .ci/fetch
	@mkdir -p $(@D)
	.ci/fetch --alone $@ "$$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" xen-system-amd64
	@touch $@

$(XEN_OUT)/headers: .ci/fetch
	@mkdir -p $(@D)
	.ci/fetch --alone $@ "$$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" libxen-dev
	@touch $@

$(XEN_OUT)/xen: $(XEN_OUT)/fetched
	gunzip -c $</boot/xen-*-amd64.gz >$@

$(XEN_OUT)/guest.elf: tests/xen/guest.c tests/xen/boot.S tests/xen/guest.ld tests/kvm/call_log.h
	@mkdir -p $(@D)
	$(CC) $(XEN_GUEST_CFLAGS) -nostdlib -static -no-pie -Wl,-T,tests/xen/guest.ld \
		-Wl,--build-id=none -Wl,--no-warn-rwx-segments -o $@ tests/xen/guest.c tests/xen/boot.S
