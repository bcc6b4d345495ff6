# SPDX-License-Identifier: BSD-3-Clause
"""Names what people give for an ELF image and is none, and says how to get at the image."""

from acrn_trace.base.formats import COMPRESSED, Format

_LINKED = "give the ELF file that it was made from"
# A bzImage is a PE file too: its row comes first. Linux's Documentation/arch/x86/boot.rst has the
# place of "HdrS"; scripts/extract-vmlinux finds the compressed vmlinux behind it.
FORMATS = (
    Format(
        rb".{514}HdrS",
        "a bzImage, which has its kernel compressed; give the vmlinux that it was made from, or "
        "what Linux's scripts/extract-vmlinux gets out of it",
    ),
    Format(rb"MZ", f"an EFI program (PE); {_LINKED}"),
    *COMPRESSED,
    Format(rb"!<(arch|thin)>\n", "an archive of object files; give the linked image"),
    Format(rb"BC\xc0\xde", "LLVM bitcode; give the linked image"),
    Format(rb"07070[1257]", "a cpio archive (an initramfs); give the kernel's vmlinux"),
    Format(rb"ANDROID!|VNDRBOOT", "an Android boot image; give the vmlinux of its kernel"),
    Format(rb"\x27\x05\x19\x56", f"an image for U-Boot (uImage); {_LINKED}"),
    Format(rb"\xd0\x0d\xfe\xed", f"a device tree or an image for U-Boot (FIT); {_LINKED}"),
    Format(rb"QFI\xfb", "a disk image (qcow2); give the ELF file of the guest that it holds"),
    Format(rb"#!", "a script; give the guest's ELF image"),
)
