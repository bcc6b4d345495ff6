#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Builds a stock Linux with ACRN's driver, and a RAM disk with one static program, from Debian's packages:
#
#	examples/linux/build.sh FOLDER
#
# leaves vmlinux (the image, with debug information), bzImage (what boots) and initrd in FOLDER. What
# is there already is not built again. The kernel takes 5 to 8 minutes on two CPUs, and 3 GB of disk.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=/usr/src/linux-source-6.1.tar.xz
packages='linux-source-6.1 gcc libc6-dev linux-libc-dev make flex bison bc libelf-dev xz-utils'

say() {
	echo "build.sh: $*" >&2
}

if [ $# -ne 1 ]; then
	say "takes one folder, for what it builds; 'examples/linux/build.sh build/linux'"
	exit 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
jobs=${JOBS:-$(nproc)}

install_packages() {
	missing=
	for package in $packages; do
		dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
	done
	[ -z "$missing" ] && return
	if [ "$(id -u)" -ne 0 ]; then
		say "packages are missing; run: sudo apt-get install$missing"
		exit 1
	fi
	say "installing$missing"
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# The tree that is being unpacked has another name, so that one whose unpacking was interrupted is
# not taken for a whole one.
unpack() {
	[ -d "$out/source" ] && return
	say "unpacking $source"
	rm -rf "$out/unpacked"
	mkdir "$out/unpacked"
	tar -xf "$source" -C "$out/unpacked" --strip-components=1
	mv "$out/unpacked" "$out/source"
}

configure() {
	make -s -C "$out/source" O="$out/kernel" KCONFIG_ALLCONFIG="$here/kernel.config" allnoconfig
	grep '^CONFIG_' "$here/kernel.config" | while read -r line; do
		grep -qx "$line" "$out/kernel/.config" || {
			say "$line did not come to be; does another option of kernel.config forbid it?"
			exit 1
		}
	done
}

build_kernel() {
	[ -n "$(find "$out/bzImage" -newer "$here/kernel.config" 2>/dev/null)" ] && return
	unpack
	configure
	say "building the kernel, with $jobs jobs"
	make -s -C "$out/kernel" -j "$jobs" vmlinux bzImage
	ln -f "$out/kernel/vmlinux" "$out/vmlinux"
	cp "$out/kernel/arch/x86/boot/bzImage" "$out/bzImage"
}

# gen_init_cpio comes with the kernel, and needs no root for the device.
build_initrd() {
	gcc -std=gnu11 -O2 -g -Wall -Wextra -Werror -static -o "$out/init" "$here"/init/*.c
	"$out/kernel/usr/gen_init_cpio" - <<-LIST | gzip -n >"$out/initrd"
		dir /dev 0755 0 0
		dir /proc 0755 0 0
		dir /sys 0755 0 0
		nod /dev/console 0600 0 0 c 5 1
		file /init $out/init 0755 0 0
	LIST
}

install_packages
build_kernel
build_initrd
