# SPDX-License-Identifier: BSD-3-Clause
# A guest of the real KVM: a Linux that Debian has built, with KVM's modules, runs inside QEMU, and has
# as its only program the one that runs the guest. Included by the Makefile; alone:
# make -f tests/kvm/kvm.mk.

BUILD ?= build
KVM_OUT := $(BUILD)/tests/kvm
KVM_MODULES := irqbypass kvm kvm-amd
KVM_GUEST_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -ffreestanding -mno-red-zone -fno-pic -mcmodel=kernel \
	-mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables

.PHONY: kvm
kvm: $(KVM_OUT)/initrd $(KVM_OUT)/vmlinuz

$(KVM_OUT)/fetched: .ci/fetch
	@mkdir -p $(@D)
	.ci/fetch --alone $@ "$$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" linux-image-cloud-amd64
	@touch $@

$(KVM_OUT)/vmlinuz: $(KVM_OUT)/fetched
	cp $</boot/vmlinuz-* $@

# Newer releases of Debian have them compressed.
$(KVM_OUT)/%.ko: $(KVM_OUT)/fetched
	module=$$(find $< -name '$*.ko*'); case $$module in \
	*.xz) xz -dc "$$module" >$@ ;; *) cp "$$module" $@ ;; esac

$(KVM_OUT)/init: tests/kvm/vmm.c tests/kvm/guest.h
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -Wall -Wextra -static -pthread -o $@ $<

$(KVM_OUT)/%.elf: tests/kvm/%.c $(wildcard tests/kvm/*.h) tests/kvm/guest.ld
	@mkdir -p $(@D)
	$(CC) $(KVM_GUEST_CFLAGS) -nostdlib -static -no-pie -Wl,-T,tests/kvm/guest.ld \
		-Wl,--build-id=none -Wl,--no-warn-rwx-segments -o $@ $<

$(KVM_OUT)/initrd: $(KVM_OUT)/init $(KVM_OUT)/guest.elf $(KVM_OUT)/hyperv.elf $(KVM_MODULES:%=$(KVM_OUT)/%.ko)
	rm -rf $@.part && mkdir -p $@.part/dev && cp $^ $@.part
	cd $@.part && find . | cpio --quiet -o -H newc >../initrd
	rm -r $@.part
