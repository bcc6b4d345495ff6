# SPDX-License-Identifier: BSD-3-Clause
"""Parses the machine and configuration of a played ACRN: ``cpus=8 vm1=rtvm,cpus=0x3 …``.

What is not set is generous, so that what a Service VM usually does succeeds.
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any, Callable

from acrn_trace.act.mock.setting_names import SETTINGS
from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest_inside

MAX_VMS = 16  # ACRN_MAX_VMS, ACRN_MAX_VCPUS and so on of cstub/model/acrn_machine.h
MAX_CPUS = 64
MAX_HOLES = 8
MAX_PCI = 64
ORDERS = ("pre", "service", "post")
SEVERITIES = {"standard": 0x10, "service": 0x20, "rtvm": 0x30, "safety": 0x40}
STATES = {"off": 0, "created": 1, "running": 2, "paused": 4}

# enum acrn_vm_flags of cstub/include/acrn_types.h
FLAGS = {
    "secure-world": 1 << 0,
    "lapic-passthrough": 1 << 1,
    "io-completion-polling": 1 << 2,
    "rt": 1 << 4,
    "static": 1 << 8,
    "tee": 1 << 9,
    "ree": 1 << 10,
    "pmu-passthrough": 1 << 11,
    "vhwp": 1 << 12,
}

_BDF = re.compile(r"([0-9a-fA-F]{1,2}):([0-9a-fA-F]{1,2})\.([0-7])$")
_SIZE = re.compile(r"(0x[0-9a-fA-F]{1,16}|[0-9]{1,16})([KMGT]?)$")
_NAME = re.compile(r"[!-+\--~]{1,15}$")  # printable, no comma; ACRN's names have 15 bytes and a NUL


@dataclass(frozen=True)
class Slot:
    """A VM's slot. Without a name it is free for a VM that create_vm brings a name for."""

    name: str = ""
    cpus: int = 0  # a mask; 0: all there are
    flags: int = 0
    severity: str = "standard"
    state: str = "off"
    order: str = "post"


@dataclass(frozen=True)
class Settings:
    """See ``setting_names.SETTINGS`` for what each is."""

    cpus: int = 16
    vcpus: int = 16
    vms: int = MAX_VMS
    slots: dict[int, Slot] = field(
        default_factory=lambda: {
            0: Slot("ACRN_Service_VM", severity="service", order="service", state="running"),
            1: Slot("POST_STD_VM1"),
        }
    )
    pci: tuple[int, ...] | None = None  # None: what boards usually have
    pins: int = 24
    cstates: int = 3
    trusty: int = MAX_VMS
    debug: bool = True
    memory: int = 1 << 39
    hypervisor: tuple[tuple[int, int], ...] = ()
    version: str | None = None  # None: the release in use
    tsc_khz: int | None = None  # None: measured
    text: str = ""  # as the user wrote them


def usual_pci() -> tuple[int, ...]:
    """Every device of bus 0, the functions of its last one, and a device on each of 15 buses."""
    bus_0 = [device << 3 for device in range(1, 32)]
    last = [31 << 3 | function for function in range(1, 8)]
    return (*bus_0, *last, *(bus << 8 for bus in range(1, 16)))


def parse_settings(words: list[str], base: Settings | None = None) -> Settings:
    """``base`` (default: the generous one) with the changes in ``words``; TraceError."""
    settings = base or Settings()
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise _wrong(word, "a setting is NAME=VALUE")
        slot = re.fullmatch(r"vm(\d{1,2})", name)
        try:
            if slot:
                settings = _with_slot(settings, int(slot[1]), text)
            else:
                key, parse = _setting(name)
                settings = replace(settings, **{key: parse(text)})
        except ValueError as error:
            raise _wrong(word, str(error)) from None
    return replace(_checked(settings), text=" ".join([settings.text, *words]).strip())


def _wrong(word: str, why: str) -> TraceError:
    return TraceError(f"hypercall mock acrn {word}: {why}; 'help hypercall mock' has the settings")


def _setting(name: str) -> tuple[str, Callable[[str], Any]]:
    if name not in SETTINGS:
        raise ValueError(f"no setting is named {name!r}{suggest_inside(name, [*SETTINGS, 'vm1'])}")
    return _SETTINGS[name]


def _checked(settings: Settings) -> Settings:
    service = settings.slots[0]
    if service.order != "service" or service.state != "running":
        raise _wrong("vm0=…", "slot 0 is the Service VM's, which runs")
    usual = Settings().slots
    for number, slot in settings.slots.items():
        if number >= settings.vms and slot != usual.get(number):
            raise _wrong(f"vms={settings.vms}", f"slot {number} is set, and would not be there")
        if slot.cpus >> settings.cpus:
            words = f"vm{number}=…,cpus={slot.cpus:#x}"
            raise _wrong(words, f"that is more than the machine's {settings.cpus} CPUs")
    there = {number: slot for number, slot in settings.slots.items() if number < settings.vms}
    return replace(settings, slots=there)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text, 0)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"takes a number from {low} to {high}")
        return number

    return parse


def _on_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("takes on or off")
    return text == "on"


def _size(text: str) -> int:
    match = _SIZE.match(text)
    number = int(match[1], 0) << " KMGT".index(match[2] or " ") * 10 if match else 0
    if not match or number >= 1 << 48:
        raise ValueError("takes an address or a size, such as 0x2000000 or 64M")
    return number


def _ranges(text: str) -> tuple[tuple[int, int], ...]:
    """START-END,…: END is the first address behind it."""
    if text == "none":
        return ()
    ranges = sorted(_range(part) for part in text.split(","))
    overlap = any(a[1] > b[0] for a, b in zip(ranges, ranges[1:]))
    if overlap or len(ranges) > MAX_HOLES:
        raise ValueError(f"takes up to {MAX_HOLES} ranges that do not overlap")
    return tuple(ranges)


def _range(text: str) -> tuple[int, int]:
    start, dash, end = text.partition("-")
    if not dash or _size(start) >= _size(end) or (_size(start) | _size(end)) & 0xFFF:
        raise ValueError("takes START-END in whole pages of 4 KiB, END being behind the last")
    return _size(start), _size(end)


def _devices(text: str) -> tuple[int, ...]:
    if text == "none":
        return ()
    found = []
    for part in text.split(","):
        match = _BDF.match(part)
        if not match or int(match[2], 16) > 31:
            raise ValueError("takes devices as BUS:DEVICE.FUNCTION, such as 00:03.0, or none")
        found.append(int(match[1], 16) << 8 | int(match[2], 16) << 3 | int(match[3]))
    if len(found) >= MAX_PCI:
        raise ValueError(f"takes up to {MAX_PCI - 1} devices")
    return tuple(dict.fromkeys(found))


def _with_slot(settings: Settings, number: int, text: str) -> Settings:
    if number >= MAX_VMS:
        raise ValueError(f"slots are 0 to {MAX_VMS - 1}")
    name, *attributes = text.split(",")
    if name == "free":
        name = ""
    elif not _NAME.match(name):
        raise ValueError("takes a name of up to 15 characters, or 'free'")
    base = Settings().slots[0] if number == 0 else Slot()
    slot = replace(base, name=name)
    for attribute in attributes:
        key, _, value = attribute.partition("=")
        if key not in _ATTRIBUTES:
            raise ValueError(f"{key!r} is none of a slot's {', '.join(_ATTRIBUTES)}")
        slot = replace(slot, **{key: _ATTRIBUTES[key](value)})
    if slot.state != "off" and not name:
        raise ValueError("a slot that is free has no VM that could be in a state")
    return replace(settings, slots={**settings.slots, number: slot})


def _choice(choices) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{text!r} is none of {', '.join(choices)}")
        return text

    return parse


def _flags(text: str) -> int:
    number = 0
    for word in text.split("|"):
        if word not in FLAGS:
            raise ValueError(f"{word!r} is none of the flags {', '.join(FLAGS)}")
        number |= FLAGS[word]
    return number


_ATTRIBUTES: dict[str, Callable[[str], Any]] = {
    "cpus": _whole(1, (1 << MAX_CPUS) - 1),
    "flags": _flags,
    "severity": _choice(SEVERITIES),
    "state": _choice(STATES),
    "order": _choice(ORDERS),
}

# name, of setting_names.SETTINGS -> field, parser
_SETTINGS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "cpus": ("cpus", _whole(1, MAX_CPUS)),
    "vcpus": ("vcpus", _whole(1, MAX_CPUS)),
    "vms": ("vms", _whole(1, MAX_VMS)),
    "pci": ("pci", _devices),
    "pins": ("pins", _whole(1, 240)),
    "cstates": ("cstates", _whole(0, 255)),
    "trusty-vms": ("trusty", _whole(0, MAX_VMS)),
    "debug": ("debug", _on_off),
    "memory": ("memory", _size),
    "hypervisor": ("hypervisor", _ranges),
    "version": ("version", str),
    "tsc-khz": ("tsc_khz", _whole(1, (1 << 32) - 1)),
}
