# SPDX-License-Identifier: BSD-3-Clause
"""Names the dumps that are none of QEMU's, by their first bytes or their notes, and the way out."""

from acrn_trace.base.formats import COMPRESSED, Format

ANEW = "dump anew with 'dump-guest-memory FILE', without -z, -l, -s and -w"
_LOADED = f"load it into QEMU, then {ANEW}"
_BARE = (
    "which has headers between its ranges; give one range without its header to --memory, with "
    "--base, or dump from outside the guest with QEMU's 'dump-guest-memory FILE'"
)
# libvirt: src/qemu/qemu_saveimage.h; LiME: doc/README.md; AVML: src/image.rs; QEMU: qcow2's
# docs/interop/qcow2.rst, migration/savevm.c.
FORMATS = (
    Format(rb"makedumpfile\0", f"kdump-compressed (flattened); {ANEW}"),
    Format(rb"KDUMP   |DISKDUMP", f"kdump-compressed; {ANEW}"),
    Format(rb"PAGEDU(64|MP)", f"a dump for Windows' debuggers; {ANEW}"),
    Format(rb"QEVM", f"a saved state of QEMU's (savevm, migrate); {_LOADED}"),
    Format(
        rb"LibvirtQemud(Save|Part)",
        "a saved state of libvirt's (virsh save); restore it, then 'virsh dump --memory-only "
        "DOMAIN FILE'",
    ),
    Format(rb"EMiL", f"a dump of LiME's, {_BARE}"),
    Format(rb"AVML", f"a dump of AVML's, {_BARE}"),
    Format(rb"[\xd0-\xd3]\xbe\xd2\xbe", f"a saved state of VMware's; run it in QEMU and {ANEW}"),
    Format(rb"QFI\xfb", f"a disk image (qcow2); if it has a state of savevm's, {_LOADED}"),
    *COMPRESSED,
)

# Notes that only another maker's ELF dumps have: name, first and last type, and what is said. Those
# of Xen's xl dump-core (xen/include/public/elfnote.h) are not the ones in a Linux's own vmcore.
NOTES = (
    (b"VBCORE", 0, 0xFFFF_FFFF, f"a dump of VirtualBox's; run the guest in QEMU and {ANEW}"),
    (b"Xen", 0x200_0000, 0x200_0003, f"a dump of Xen's; run the guest in QEMU and {ANEW}"),
)
