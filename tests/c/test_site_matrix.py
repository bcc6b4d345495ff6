"""One record for each VMCALL that is in the image, however it is built; none for what is not.

The quick set holds each three choices that go together; ACRN_CHECK_LONG=1 runs every combination.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import site_builds, site_image
from helpers.builds import LONG, run
from helpers.site_builds import GUEST, Build
from helpers.site_image import Image, complaints

pytestmark = pytest.mark.xdist_group("site_matrix")  # one worker builds, with a thread a core
BUILDS = site_builds.every() if LONG else site_builds.quick()


@pytest.fixture(scope="session")
def images(request, tmp_path_factory) -> dict[Build, Path]:
    parameters = [getattr(item, "callspec", None) for item in request.session.items]
    builds = {known.params.get("build") for known in parameters if known}
    wanted = {build for build in builds if isinstance(build, Build)}
    return site_builds.make(sorted(wanted, key=str), tmp_path_factory.mktemp("images"))


def in_source(dead: bool) -> set[tuple[str, int]]:
    return set().union(*(site_image.sites_in_source(path, dead) for path in GUEST.glob("*.[chS]")))


@pytest.mark.parametrize("build", BUILDS, ids=str)
def test_records_and_vmcalls_are_one_to_one(build: Build, images: dict[Build, Path]) -> None:
    image = Image(images[build])
    assert complaints(image) == []
    recorded = {(record.file, record.line) for record in image.records()}
    assert in_source(dead=False) <= recorded, "a site of live code is not in the image"
    if build.collect:
        assert not in_source(dead=True) & recorded, "the records kept dead code"
    elif not build.lto:
        assert in_source(dead=True) <= recorded, "this build is to have dead code"


@pytest.mark.parametrize("build", BUILDS, ids=str)
def test_inlined_copies_have_records_of_their_own(build: Build, images: dict[Build, Path]) -> None:
    header = [record for record in Image(images[build]).records() if "shared.h" in record.file]
    assert len({record.site for record in header}) == len(header) >= 4


@pytest.mark.parametrize("build", BUILDS, ids=str)
@pytest.mark.parametrize("strip", ["strip", "llvm-strip"])
def test_records_survive_strip(build: Build, images: dict[Build, Path], strip: str) -> None:
    stripped = images[build].with_suffix("." + strip)
    run([strip, "--strip-all", "-o", stripped, images[build]], silent=True)
    assert Image(stripped).symbols() == set()
    assert Image(stripped).records() == Image(images[build]).records()
