# SPDX-License-Identifier: BSD-3-Clause
"""Which sites are stubs that many call: what may stand around the instruction, and what not."""

import pytest

from acrn_trace.image.image import open_image
from acrn_trace.sites.sitelist import image_sites
from helpers.make.assembled import assemble


@pytest.mark.parametrize(
    "code,is_stub",
    [
        ("vmmcall\n ret\n int3", True),
        (
            "endbr64\n nopl 0(%rax,%rax)\n vmcall\n .byte 0xe9\n .long 0",
            True,
        ),  # the kernel's return thunk
        ("mov $5, %eax\n vmmcall\n ret", False),
        ("push %rbx\n vmmcall\n pop %rbx\n ret", False),
        ("vmmcall\n cltq\n ret", False),
    ],
)
def test_a_site_that_stands_alone_in_a_function_is_a_stub(code, is_stub, tmp_path):
    image = open_image(str(assemble(f"f:  {code}", tmp_path)))
    (site,) = image_sites(image)
    assert site.is_stub is is_stub
