# SPDX-License-Identifier: BSD-3-Clause
"""Lists what is recognised: kind, sentence, and the function that finds the evidence.

docs/diagnose.md explains each, in this order, with its limits.
"""

from dataclasses import dataclass
from typing import Callable, Iterator

from acrn_trace.diagnosis import (
    deaths,
    rules_failures,
    rules_in_flight,
    rules_registers,
    rules_ring,
    rules_vcpu,
)
from acrn_trace.diagnosis.case import CERTAIN, Diagnosis, Verdict
from acrn_trace.diagnosis.match import Match

MAX_MATCHES = 8  # of one kind
ENDED = ("panic", "stopped-by-another", "offline", "halted-on-request")  # why a vCPU stands still


@dataclass(frozen=True)
class Rule:
    """What ``find`` recognises: it yields a match each time that it applies.

    ``sentence`` is a format of a match's words, and of the ``instruction`` that makes hypercalls.
    ``unless`` names kinds that say more of the same: after one of them, on the same vCPU, this one
    is not said.
    """

    kind: str
    sentence: str
    find: Callable[[Diagnosis], Iterator[Match]]
    unless: tuple[str, ...] = ()

    def verdicts(self, diagnosis: Diagnosis) -> Iterator[Verdict]:
        instruction = diagnosis.case.knowledge.abi.mnemonic
        said = {(v.kind, v.vcpu) for v in diagnosis.verdicts}
        for number, match in enumerate(self.find(diagnosis)):
            if number == MAX_MATCHES:
                yield Verdict(self.kind, "There is more of the same.", (), CERTAIN)
                return
            if any((kind, match.vcpu) in said for kind in self.unless):
                continue
            text = self.sentence.format(instruction=instruction, **match.words)
            text = text[:1].upper() + text[1:] if text.startswith("the ") else text
            yield Verdict(self.kind, text, match.evidence, match.certainty, match.vcpu)


RULES = [
    Rule(
        "wrong-image",
        "{image} is not the image that ran: no name, line or site in it is used here.",
        rules_vcpu.wrong_image,
    ),
    Rule(
        "structure-overwritten",
        "The structure of {call} was overwritten while the call was in flight, in fields that are "
        "not the hypervisor's to write ({fields}).",
        rules_in_flight.structure_overwritten,
    ),
    Rule(
        "never-returned",
        "{call} has not returned: the hypervisor has kept vCPU {vcpu} {time}.",
        rules_in_flight.never_returned,
    ),
    Rule(
        "waits-behind",
        "{call} has not returned either, on vCPU {vcpu}; it came later and may wait for {first}.",
        rules_in_flight.waits_behind,
    ),
    Rule(
        "no-return",
        "{call} had not returned: it was under way {time}, and where its vCPU is, is not known.",
        rules_in_flight.no_return,
    ),
    Rule(
        "abandoned",
        "{call} has not returned and its vCPU went on: {instruction} faulted and the handler went "
        "elsewhere, or an interrupt came right before it.",
        rules_in_flight.abandoned,
    ),
    Rule(
        "tee-asleep",
        "vCPU {vcpu} is asleep in {call}, which is no fault by itself: {why}.",
        rules_in_flight.asleep,
    ),
    Rule(
        "fault-not-ring-0",
        "{call} faulted since it was not made in ring 0: ACRN answers with #GP.",
        rules_in_flight.fault_outside_ring_0,
    ),
    Rule(
        "fault-no-hypervisor",
        "{call} faulted with #UD: no hypervisor took it, or one that refuses this VM every call.",
        rules_in_flight.fault_without_hypervisor,
    ),
    Rule(
        "fault-not-allowed",
        "{call} faulted with #UD though the hypervisor is there: ACRN does that to a VM that is "
        "not the Service VM and has neither a secure world nor a TEE.",
        rules_in_flight.fault_not_allowed,
    ),
    Rule("oops", "Linux had an oops{where}: {oops}.", deaths.oops),
    Rule(
        "fault-skipped",
        "{instruction} itself faulted in {count} calls, {last} the last, and the guest went on "
        "without an answer: there is no hypervisor, or it refuses this VM.",
        rules_in_flight.faults_skipped,
    ),
    Rule(
        "left-behind",
        "{call} has not returned, but vCPU {vcpu} is back in the guest, at {place}: {instruction} "
        "faulted and the handler did not go back, or the call came back with another RSP.",
        rules_in_flight.left_behind,
    ),
    Rule(
        "register-lost-and-used",
        "The hypervisor changed {register} across {call}, and vCPU {vcpu} went wrong by using it.",
        rules_registers.lost_and_used,
    ),
    Rule(
        "register-lost",
        "The hypervisor changed {register} across {call}; nothing shows that this did harm.",
        rules_registers.lost,
    ),
    Rule(
        "creation-failed-with-0",
        "{call} answered 0 and created no VM{then}.",
        rules_failures.creation_failed_with_0,
    ),
    Rule(
        "error-ignored",
        "{call} was ignored: the guest went on with {vm}, in {count} more calls.",
        rules_failures.error_ignored,
    ),
    Rule(
        "not-permitted",
        "{call} was refused: {why}.",
        rules_failures.not_permitted,
        unless=("creation-failed-with-0", "error-ignored"),
    ),
    Rule(
        "last-call-failed",
        "vCPU {vcpu} gave up at {place} after {call}.",
        rules_failures.last_failed,
    ),
    Rule("ring-off", "The recorder is off: later calls left no trace.", rules_ring.off),
    Rule(
        "ring-torn",
        "The guest died while its recorder wrote a record of ring {ring}.",
        rules_ring.torn,
    ),
    Rule(
        "ring-overwritten",
        "{what} was overwritten by something other than the recorder.",
        rules_ring.overwritten,
    ),
    Rule(
        "ring-lapped",
        "Ring {ring} has the last {kept} of {made} calls: newer ones took the place of the others, "
        "as the ring is made to do.",
        rules_ring.lapped,
    ),
    Rule(
        "ring-lost", "Ring {ring} lost {lost} calls, and {lapped} returns.", rules_ring.lost_calls
    ),
    Rule(
        "panic",
        "vCPU {vcpu} is in the guest's panic, at {place}.",
        deaths.in_panic,
        unless=("last-call-failed",),
    ),
    Rule(
        "exception",
        "vCPU {vcpu} took an exception or interrupt at {place} and did not go back.",
        rules_vcpu.interrupted_elsewhere,
        unless=("register-lost-and-used",),
    ),
    Rule(
        "stopped-by-another",
        "vCPU {vcpu} is a bystander: {by} stopped it, at {place}.",
        deaths.stopped_by_another,
    ),
    Rule("offline", "vCPU {vcpu} was taken offline, at {place}.", deaths.offline),
    Rule(
        "halted-on-request",
        "vCPU {vcpu} halted the machine, as it was asked to, at {place}.",
        deaths.halted_on_request,
    ),
    Rule(
        "stopped",
        "vCPU {vcpu} has stopped for good, at {place}.",
        rules_vcpu.stopped_for_good,
        unless=("last-call-failed", *ENDED),
    ),
    Rule(
        "guest-hangs",
        "vCPU {vcpu} runs at {place} with interrupts off and no call in flight: the guest hangs by "
        "itself.",
        rules_vcpu.hangs_by_itself,
        unless=ENDED,
    ),
    Rule(
        "in-hypervisor",
        "vCPU {vcpu} is in the hypervisor; whether for a call, nothing here can prove.",
        rules_vcpu.kept_without_record,
    ),
    Rule(
        "last-call",
        "The last call of vCPU {vcpu} may have been {call}.",
        rules_vcpu.last_call_guess,
    ),
    Rule(  # the last: only where nothing else is said
        "nothing-known",
        "Nothing can be known of the guest's hypercalls from this source: {missing} of the guest's "
        "is found in it.",
        rules_vcpu.nothing_known,
    ),
]
