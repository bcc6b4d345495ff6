# SPDX-License-Identifier: BSD-3-Clause
"""No byte of a key, nor of what lies behind a structure, in anything that a run leaves behind.

The guest (secret_guest/secrets.c) puts the key to each place where one was, behind sizes that are
right and sizes that lie. It makes each call twice, once by the stub, which has a ring.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Iterator

import pytest

from helpers.builds import run
from helpers.guests import Guest, common_arguments, make
from helpers.ring_builds import build_guest
from helpers.tracing import acrn_trace, gdb_at
from helpers.tree import ROOT

GUEST = Path(__file__).parent / "secret_guest"
SCRATCH = ROOT / "cstub/src/scratch.S"
SECRET = bytes(0x80 | (7 + 29 * at) & 0xFF for at in range(200))
KEY_BY_HAND = "[" + ", ".join(str(byte) for byte in SECRET[:64]) + "]"
CALLS = 2 * 11 + 1
RUN = 4  # bytes of a secret in a row that are one too many
RUN_IN_RAM = 6  # a machine's RAM has any four bytes somewhere

TYPES = {
    "no types": ["-g0"],
    "ACRN's type": [],
    "an old type": ["-g0", "-Wl,-u,trusty_of_the_loader"],
}
TRACES = {
    "text": [],
    "verbose": ["-v", "-k"],
    "jsonl": ["-f", "jsonl"],
    "chrome": ["-f", "chrome"],
    "summary": ["-c"],
    "mock": ["-v", "--mock", "acrn"],
    "release": ["-v", "--release", "v0.1"],
    "inject": [
        "-v",
        "-e",
        "inject=initialize_trusty:poke_enter=boot.base_addr_high=1,"
        "boot.rpmb_key[9]=2:poke_exit=boot.padding=3",
    ],
}


def build(folder: Path, types: str) -> Path:
    old = folder / "old_type.o"
    run(["gcc", "-g", "-fno-pie", "-c", GUEST / "old_type.c", "-o", old])
    more = [old] if types == "an old type" else []
    return build_guest(folder, [GUEST / "secrets.c", SCRATCH, *more], GUEST, *TYPES[types])


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Callable[[str], Path]:
    """The image of the guest with one of TYPES in its debug information."""
    made: dict[str, Path] = {}

    def image(types: str) -> Path:
        if types not in made:
            made[types] = build(tmp_path_factory.mktemp("secrets"), types)
        return made[types]

    return image


def machine(image: Path) -> list[object]:
    return [*common_arguments(), "-kernel", image]


def as_seen(part: bytes) -> Iterator[re.Pattern[bytes]]:
    """What a few bytes may look like: themselves, hexadecimal and decimal, either way round."""
    yield re.compile(re.escape(part), re.DOTALL)
    for way in (part, part[::-1]):
        yield re.compile(way.hex().encode(), re.IGNORECASE)
        yield re.compile(rb"(?<!\d)%d(?!\d)" % int.from_bytes(way, "little"))
        yield re.compile(rb"(?<!\d)" + rb"\D{1,3}".join(b"%d" % byte for byte in way) + rb"(?!\d)")
        yield re.compile(rb"\D{1,3}".join(b"0x%02x" % byte for byte in way), re.IGNORECASE)


ANY_RUN = re.compile(
    b"|".join(
        b"(?:" + (b"(?i:" + one.pattern + b")" if one.flags & re.IGNORECASE else one.pattern) + b")"
        for at in range(len(SECRET) - RUN + 1)
        for one in as_seen(SECRET[at : at + RUN])
    ),
    re.DOTALL,
)


def leaked(data: bytes | str) -> list[bytes]:
    return ANY_RUN.findall(data.encode() if isinstance(data, str) else data)


def check(done, *files: Path, status: int = 0) -> None:
    """Neither what was on the screen nor what is in the files has any of the secret."""
    assert done.status == status, done
    assert "Traceback" not in done.err and leaked(done.out + done.err) == [], done
    for file in files:
        assert leaked(file.read_bytes()) == [], file


def test_the_search_finds_each_form():
    part = SECRET[30:34]
    for shown in (
        part,
        part.hex(),
        part[::-1].hex().upper(),
        str(int.from_bytes(part, "little")),
        str(list(part)),
        ",".join(map(hex, part)),
    ):
        assert leaked(shown), shown
    assert leaked(bytes(range(128)) + bytes(255)) == []


@pytest.mark.parametrize("form", TRACES)
def test_a_trace(form: str, image, folder: Path) -> None:
    output, guest = folder / "trace", image("no types")
    done = acrn_trace(*TRACES[form], "-o", output, guest, "--", *machine(guest))
    check(done, output)
    assert "all calls made" in done.out and b"initialize_trusty" in output.read_bytes()
    if form in ("text", "verbose", "jsonl", "mock", "release"):
        assert len(re.findall(rb'rpmb_key"?[=:]"?redacted', output.read_bytes())) == 2 * 5


@pytest.mark.parametrize("types", TYPES)
def test_whatever_type_the_guest_has(types: str, image, folder: Path) -> None:
    output, guest = folder / "trace", image(types)
    done = acrn_trace("-v", "-o", output, guest, "--", *machine(guest))
    check(done, output)
    first = re.search(r"size_of_this_struct=96, .*", output.read_text())
    believed = "base_addr_high=0x6, entry_point_high=0x7"
    assert first and (believed in first[0]) == (types != "an old type")
    eighty_eight = re.search(r"size_of_this_struct=88, .*?}", output.read_text())
    assert eighty_eight and "base_addr_high" not in eighty_eight[0]


def test_what_is_made_of_a_trace(image, folder: Path) -> None:
    trace, guest = folder / "trace.jsonl", image("no types")
    check(acrn_trace("-f", "jsonl", "-o", trace, guest, "--", *machine(guest)), trace)
    for words in (
        ["report", "-v"],
        ["report", "-c"],
        ["convert", "--to", "chrome"],
        ["diff", trace],
    ):
        check(acrn_trace(*words, trace))
    replayed = folder / "replayed"
    words = ["-v", "--mock", f"--replay {trace}", "-o", replayed, guest, "--"]
    check(acrn_trace(*words, *machine(guest)), replayed)


def test_the_ring_and_a_dump_of_it(image, folder: Path) -> None:
    """The guest has wiped its own copy before the dump: what is found would be the ring's."""
    guest, dump = image("no types"), folder / "dump"
    with Guest(folder, machine(guest)) as running:
        done = gdb_at(
            running,
            guest,
            "hbreak called",
            "continue",
            "continue 7",
            "hypercall ring",
            "delete",
            "hbreak wiped",
            "continue",
            "hypercall ring",
            "hypercall ring -n 4 --json",
            "hypercall diagnose",
            f"monitor dump-guest-memory {dump}",
            "kill",
        )
    check(done, status=done.status)  # QEMU may be gone before GDB is done with "kill"
    assert done.out.count("rpmb_key=redacted") >= 4
    ram = written(dump)
    found = [at for at in range(len(SECRET) - RUN_IN_RAM) if SECRET[at:][:RUN_IN_RAM] in ram]
    assert found == []
    for words in (["ring"], ["ring", "--json"], [], ["--json"]):
        check(acrn_trace(*words, "--core", dump, guest))


def written(dump: Path) -> bytes:
    """A dump without its pages of zeros."""
    with open(dump, "rb") as file:
        return b"".join(page for page in iter(lambda: file.read(4096), b"") if any(page))


def test_a_recording(image, folder: Path) -> None:
    make("readers")
    trace, guest = folder / "recorded", image("no types")
    done = acrn_trace("record", "-o", trace, guest, "--", *machine(guest))
    check(done, trace)
    assert done.err == "acrn-trace: 12 calls recorded, 0 lost\n"
    text = acrn_trace("report", "-v", trace)
    check(text)
    assert text.out.count("initialize_trusty(") == 11
    for words in (["report", "-f", "jsonl"], ["report", "-f", "chrome"], ["report", "-c"]):
        check(acrn_trace(*words, trace))


def test_a_call_by_hand(image, folder: Path) -> None:
    """A key that the user types is not shown either."""
    guest = image("no types")
    call = f"hypercall call initialize_trusty {{size_of_this_struct=88, rpmb_key={KEY_BY_HAND}}}"
    with Guest(folder, machine(guest)) as running:
        done = gdb_at(running, guest, "hbreak called", "continue", call, "delete", "detach")
        assert "all calls made" in running.finished().out
    check(done, status=done.status)  # QEMU may be gone before GDB is done with "detach"
    assert "size_of_this_struct=88" in done.out and "rpmb_key=redacted" in done.out
