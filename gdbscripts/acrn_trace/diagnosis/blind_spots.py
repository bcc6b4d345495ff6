# SPDX-License-Identifier: BSD-3-Clause
"""Says what cannot be known from what is left, and why; one sentence each."""

from typing import Iterator

from acrn_trace.at_rest.postmortem import HYPERVISOR
from acrn_trace.diagnosis.case import Case, Diagnosis, Recorder


def blind_spots(diagnosis: Diagnosis) -> Iterator[str]:
    found, recorder = diagnosis.case.found, diagnosis.recorder
    if not diagnosis.vcpus:
        yield "Where the vCPUs were: a file of memory has no registers."
    if recorder is None:
        fault = f" ({found.ring_fault})" if found.ring_fault else ""
        yield f"Which calls were made: no ring can be read{fault}."
    else:
        yield from _of_rings(recorder)
    yield from _of_image(diagnosis.case)
    inside = [str(s.number) for s in diagnosis.vcpus if s.where == HYPERVISOR]
    if inside:
        what = "" if diagnosis.case.image_is_hypervisors else ", and what the hypervisor does there"
        yield (
            f"The guest's registers on vCPU {', '.join(inside)}{what}: the registers are the "
            "hypervisor's own."
        )


def _of_image(case: Case) -> Iterator[str]:
    if case.image_is_hypervisors:
        yield "Names of the guest's functions, lines and sites: the image is the hypervisor's."
    elif case.image_is_right and not case.sites:
        yield "Whether the image is the guest's: it makes no hypercalls, as a hypervisor's."
    if case.image_is_right and not case.has_page_tables:
        yield (
            "Where the image is: it is in physical memory, and no page tables are known that map "
            "it; with another --offset than its own, which is 0 unless it is KASLR or PIE, other "
            "memory is taken for its own."
        )
    if case.found.image and not case.image_is_right and not case.image_is_wrong:
        yield "Whether the image is the one that ran: no page tables are known that map its code."
    if not case.image_is_right:
        yield "Names of functions, lines and sites: they are the right image's."


def _of_rings(recorder: Recorder) -> Iterator[str]:
    header = recorder.header
    if recorder.fault:
        yield f"What else is in the rings: {recorder.fault}."
    for ring in recorder.rings:
        if ring.left_out:
            yield f"The older {ring.left_out} calls in ring {ring.number}: too many to look at."
        if ring.unreadable:
            yield f"{ring.unreadable} records of ring {ring.number}: their memory cannot be read."
        if ring.claimed > ring.room:
            yield (
                f"The first {ring.claimed - ring.room} calls of ring {ring.number}: later ones are "
                "in their place."
            )
    if not header.enabled:
        yield "Which calls were made after the recorder was switched off."
    if not header.changed_offset:
        yield "Whether a call changed registers: this recorder does not compare them."
    if not header.capture_bytes:
        yield "What the calls' structures held: this recorder does not keep them."
    if not header.tsc_khz:
        yield "How long anything took: the guest does not say how fast its TSC is."
    if not recorder.contiguous:
        yield (
            "What the calls' structures hold now: the guest's physical addresses are not those of "
            "the dump."
        )
