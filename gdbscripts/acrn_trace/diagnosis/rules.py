# SPDX-License-Identifier: BSD-3-Clause
"""Lists what is recognised: kind, sentence, and the function that finds the evidence.

docs/diagnose.md explains each, in this order, with its limits.
"""

from dataclasses import dataclass
from typing import Callable, Iterator

from acrn_trace.diagnosis import (
    deaths,
    rules_failures as failures,
    rules_in_flight as flight,
    rules_registers as registers_lost,
    rules_ring as ring_state,
    rules_vcpu as standstill,
)
from acrn_trace.diagnosis.case import CERTAIN, Diagnosis, Verdict
from acrn_trace.diagnosis.match import Match

MAX_MATCHES = 8  # of one kind
ENDED = ("panic", "stopped-by-another", "offline", "halted-on-request")  # why a vCPU stands still


@dataclass(frozen=True)
class Recogniser:
    """``sentence`` is a format of a match's words; ``find`` yields a match each time it applies.

    ``unless`` names kinds that say more of the same: after one of them, on the same vCPU, this one
    is not said.
    """

    kind: str
    sentence: str
    find: Callable[[Diagnosis], Iterator[Match]]
    unless: tuple[str, ...] = ()

    def verdicts(self, diagnosis: Diagnosis) -> Iterator[Verdict]:
        said = {(v.kind, v.vcpu) for v in diagnosis.verdicts}
        for number, match in enumerate(self.find(diagnosis)):
            if number == MAX_MATCHES:
                yield Verdict(self.kind, "There is more of the same.", (), CERTAIN)
                return
            if any((kind, match.vcpu) in said for kind in self.unless):
                continue
            text = self.sentence.format(**match.words)
            text = text[:1].upper() + text[1:] if text.startswith("the ") else text
            yield Verdict(self.kind, text, match.evidence, match.certainty, match.vcpu)


RECOGNISERS = [
    Recogniser(
        "wrong-image",
        "{image} is not the image that ran: no name, line or site in it is used here.",
        standstill.wrong_image,
    ),
    Recogniser(
        "structure-overwritten",
        "The structure of {call} was overwritten while the call was in flight, in fields that are "
        "not the hypervisor's to write ({fields}).",
        flight.structure_overwritten,
    ),
    Recogniser(
        "never-returned",
        "{call} has not returned: the hypervisor has kept vCPU {vcpu} {time}.",
        flight.never_returned,
    ),
    Recogniser(
        "waits-behind",
        "{call} has not returned either, on vCPU {vcpu}; it came later and may wait for {first}.",
        flight.waits_behind,
    ),
    Recogniser(
        "no-return",
        "{call} had not returned: it was under way {time}, and where its vCPU is, is not known.",
        flight.no_return,
    ),
    Recogniser(
        "abandoned",
        "{call} has not returned and its vCPU went on: VMCALL faulted and the handler went "
        "elsewhere, or an interrupt came right before it.",
        flight.abandoned,
    ),
    Recogniser(
        "tee-asleep",
        "vCPU {vcpu} is asleep in {call}, which is no fault by itself: {why}.",
        flight.asleep,
    ),
    Recogniser(
        "fault-not-ring-0",
        "{call} faulted since it was not made in ring 0: ACRN answers with #GP.",
        flight.fault_outside_ring_0,
    ),
    Recogniser(
        "fault-no-hypervisor",
        "{call} faulted with #UD: no hypervisor took it, or one that refuses this VM every call.",
        flight.fault_without_hypervisor,
    ),
    Recogniser(
        "fault-not-allowed",
        "{call} faulted with #UD though the hypervisor is there: ACRN does that to a VM that is "
        "not the Service VM and has neither a secure world nor a TEE.",
        flight.fault_not_allowed,
    ),
    Recogniser("oops", "Linux had an oops{where}: {oops}.", deaths.oops),
    Recogniser(
        "fault-skipped",
        "VMCALL itself faulted in {count} calls, {last} the last, and the guest went on without "
        "an answer: there is no hypervisor, or it refuses this VM.",
        flight.faults_skipped,
    ),
    Recogniser(
        "left-behind",
        "{call} has not returned, but vCPU {vcpu} is back in the guest, at {place}: VMCALL faulted "
        "and the handler did not go back, or the call came back with another RSP.",
        flight.left_behind,
    ),
    Recogniser(
        "register-lost-and-used",
        "The hypervisor changed {register} across {call}, and vCPU {vcpu} went wrong by using it.",
        registers_lost.lost_and_used,
    ),
    Recogniser(
        "register-lost",
        "The hypervisor changed {register} across {call}; nothing shows that this did harm.",
        registers_lost.lost,
    ),
    Recogniser(
        "creation-failed-with-0",
        "{call} answered 0 and created no VM{then}.",
        failures.creation_failed_with_0,
    ),
    Recogniser(
        "error-ignored",
        "{call} was ignored: the guest went on with {vm}, in {count} more calls.",
        failures.error_ignored,
    ),
    Recogniser(
        "not-permitted",
        "{call} was refused: {why}.",
        failures.not_permitted,
        unless=("creation-failed-with-0", "error-ignored"),
    ),
    Recogniser(
        "last-call-failed",
        "vCPU {vcpu} gave up at {place} after {call}.",
        failures.last_failed,
    ),
    Recogniser("ring-off", "The recorder is off: later calls left no trace.", ring_state.off),
    Recogniser(
        "ring-torn",
        "The guest died while its recorder wrote a record of ring {ring}.",
        ring_state.torn,
    ),
    Recogniser(
        "ring-overwritten",
        "{what} was overwritten by something other than the recorder.",
        ring_state.overwritten,
    ),
    Recogniser(
        "ring-lapped",
        "Ring {ring} has the last {kept} of {made} calls: newer ones took the place of the others, "
        "as the ring is made to do.",
        ring_state.lapped,
    ),
    Recogniser(
        "ring-lost", "Ring {ring} lost {lost} calls, and {lapped} returns.", ring_state.lost_calls
    ),
    Recogniser(
        "panic",
        "vCPU {vcpu} is in the guest's panic, at {place}.",
        deaths.in_panic,
        unless=("last-call-failed",),
    ),
    Recogniser(
        "exception",
        "vCPU {vcpu} took an exception or interrupt at {place} and did not go back.",
        standstill.interrupted_elsewhere,
        unless=("register-lost-and-used",),
    ),
    Recogniser(
        "stopped-by-another",
        "vCPU {vcpu} is a bystander: {by} stopped it, at {place}.",
        deaths.stopped_by_another,
    ),
    Recogniser("offline", "vCPU {vcpu} was taken offline, at {place}.", deaths.offline),
    Recogniser(
        "halted-on-request",
        "vCPU {vcpu} halted the machine, as it was asked to, at {place}.",
        deaths.halted_on_request,
    ),
    Recogniser(
        "stopped",
        "vCPU {vcpu} has stopped for good, at {place}.",
        standstill.stopped_for_good,
        unless=("last-call-failed", *ENDED),
    ),
    Recogniser(
        "guest-hangs",
        "vCPU {vcpu} runs at {place} with interrupts off and no call in flight: the guest hangs by "
        "itself.",
        standstill.hangs_by_itself,
        unless=ENDED,
    ),
    Recogniser(
        "in-hypervisor",
        "vCPU {vcpu} is in the hypervisor; whether for a call, nothing here can prove.",
        standstill.kept_without_record,
    ),
    Recogniser(
        "last-call",
        "The last call of vCPU {vcpu} may have been {call}.",
        standstill.last_call_guess,
    ),
    Recogniser(  # the last: only where nothing else is said
        "nothing-known",
        "Nothing can be known of the guest's hypercalls from this source: {missing} of the guest's "
        "is found in it.",
        standstill.nothing_known,
    ),
]
