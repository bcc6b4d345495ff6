# SPDX-License-Identifier: BSD-3-Clause
"""Marks what was done to a call on purpose: ``Event.more["injected"]``, ``["mocked"]``."""

from acrn_trace.trace.event import Event

# A list of text: error=EPERM, delay_enter=500us, poke_exit rsi: 1 => 5, unpoked vm.vmid: why
INJECTED = "injected"
# Which mock answered in the place of the hypervisor (be that played): a model's file, or "result".
MOCKED = "mocked"


def mark(event: Event, text: str) -> None:
    event.more.setdefault(INJECTED, []).append(text)


def marks(event: Event) -> list[str]:
    """What was done to the call, also of an event from a file, where it may be anything."""
    found = event.more.get(INJECTED) if event.more else None
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def answer_mark(event: Event) -> str:
    """`` (MOCKED)`` behind the result of one call that was singled out to be answered otherwise."""
    return " (MOCKED)" if event.answered_by == "mock" and MOCKED in event.more else ""


def tampering(event: Event) -> str:
    """strace's words behind a result: `` (INJECTED)``, `` (DELAYED)``; and `` (POKED …)``."""
    if event.answered_by != "inject" and not event.more:
        return ""
    done = marks(event)
    text = " (INJECTED)" if event.answered_by == "inject" else ""
    text += " (DELAYED)" if any(mark.startswith("delay_") for mark in done) else ""
    for kind, word in (("poke_", "POKED"), ("unpoked", "NOT POKED")):
        pokes = [mark.partition(" ")[2] for mark in done if mark.startswith(kind)]
        text += "".join(f" ({word} {poke})" for poke in pokes)
    return text
