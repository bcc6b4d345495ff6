# SPDX-License-Identifier: BSD-3-Clause
"""Links bytes as the code of a kernel that begins as Linux does, and opens the image."""

import subprocess
from pathlib import Path

from acrn_trace.image.image import Image, open_image
from helpers.process import SECONDS


def linked_code(folder: Path, code: bytes, address: int) -> Image:
    """``code`` at the virtual ``address``; its first 256 bytes are x86_64_start_kernel."""
    (folder / "code").write_bytes(code)
    (folder / "k.s").write_text(
        ".text\n.globl x86_64_start_kernel\n.type x86_64_start_kernel, @function\n"
        'x86_64_start_kernel:\n.incbin "code"\n.size x86_64_start_kernel, 0x100\n'
    )
    for line in ("as -o k.o k.s", f"ld -e 0 -Ttext={address:#x} -o k k.o"):
        subprocess.run(line.split(), cwd=folder, check=True, timeout=SECONDS)
    return open_image(str(folder / "k"))
