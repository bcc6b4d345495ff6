# SPDX-License-Identifier: BSD-3-Clause
"""Calls the C model of ACRN (cstub/model), a shared library, from Python.

The structures are those of acrn_machine.h and acrn_model.h; a test holds them against the library's
own debug information.
"""

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    byref,
    c_bool,
    c_char,
    c_char_p,
    c_int,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from dataclasses import dataclass
from functools import lru_cache
from typing import Callable

from acrn_trace.base.errors import TraceError
from acrn_trace.base.places import MODEL_LIBRARY
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.trace.event import NO_VM, REFUSED, Reason

RETURNED, RAISES_UD, RAISES_GP = range(3)  # enum acrn_outcome
NONE, WAITS, ANSWERED, UNANSWERED = range(4)  # enum acrn_request
REQUEST_SIZE = 256  # struct acrn_io_request


class VmSlot(ctypes.Structure):
    _fields_ = [
        ("name", c_char * 16),
        ("load_order", c_int),
        ("severity", c_uint8),
        ("companion", c_uint16),
        ("flags", c_uint64),
        ("cpu_affinity", c_uint64),
    ]


class AddressRange(ctypes.Structure):
    _fields_ = [("start", c_uint64), ("end", c_uint64)]


class PciDevice(ctypes.Structure):
    _fields_ = [("bdf", c_uint16), ("bridge", c_bool)]


class Machine(ctypes.Structure):
    _fields_ = [
        ("cpus", c_uint16),
        ("max_vcpus", c_uint16),
        ("service_vm", c_uint16),
        ("vms", c_uint16),
        ("vm", VmSlot * 16),
        ("trusty_vms", c_uint16),
        ("memory_end", c_uint64),
        ("holes", c_uint32),
        ("hole", AddressRange * 8),
        ("hypervisor", AddressRange),
        ("pci_devices", c_uint32),
        ("pci", PciDevice * 64),
        ("physical_pins", c_uint32),
        ("virtual_pins", c_uint32),
        ("cstates", c_uint8),
        ("debug_build", c_bool),
    ]


class Vmcall(ctypes.Structure):
    _fields_ = [
        ("vm", c_uint16),
        ("vcpu", c_uint16),
        ("cpl", c_uint8),
        ("number", c_uint64),
        ("argument", c_uint64 * 2),
    ]


_Access = CFUNCTYPE(c_int, c_void_p, c_uint64, c_void_p, c_size_t)


class ModelReason(ctypes.Structure):
    _fields_ = [("text", c_char_p), ("number", c_uint64), ("no_vm", c_bool)]


class Memory(ctypes.Structure):
    _fields_ = [("opaque", c_void_p), ("read", _Access), ("write", _Access)]


@dataclass(frozen=True)
class Answer:
    """What a VMCALL does: ``outcome``, and for RETURNED the ``rax``, unsigned, and why that."""

    outcome: int
    rax: int
    reason: Reason | None = None


class AcrnModel:
    """One ACRN, booted on ``machine``. Memory is given to each call that reaches it."""

    def __init__(self, machine: Machine) -> None:
        self._library = _library()
        self._machine = machine  # the model points at it
        self._state = ctypes.create_string_buffer(self._library.acrn_model_size())
        self._memory: PendingMemory | None = None
        self._failure: BaseException | None = None
        self._callbacks = Memory(None, _Access(self._read), _Access(self._write))
        self._library.acrn_model_init(self._state, byref(machine), byref(self._callbacks))

    def vmcall(self, call: Vmcall, memory: PendingMemory) -> Answer:
        rax = c_uint64()
        outcome = self._with(
            memory, lambda: self._library.acrn_model_vmcall(self._state, byref(call), byref(rax))
        )
        return Answer(outcome, rax.value, self._reason())

    def _reason(self) -> Reason | None:
        reason = self._library.acrn_model_reason(self._state)
        if not reason.text:
            return None
        text = reason.text.decode().replace("%", hex(reason.number))
        return Reason(NO_VM if reason.no_vm else REFUSED, text)

    def make_request(self, vm: int, vcpu: int, request: bytes, memory: PendingMemory) -> bool:
        """Whether that vCPU of a User VM could make an I/O request (struct acrn_io_request)."""
        given = ctypes.create_string_buffer(request, REQUEST_SIZE)
        call = self._library.acrn_model_make_request
        return bool(self._with(memory, lambda: call(self._state, vm, vcpu, given)))

    def request(self, vm: int, vcpu: int, memory: PendingMemory) -> tuple[int, int]:
        """What became of that vCPU's last request, and the answer."""
        answer, call = c_uint64(), self._library.acrn_model_request
        return (
            self._with(memory, lambda: call(self._state, vm, vcpu, byref(answer))),
            answer.value,
        )

    def set_vm_state(self, vm: int, state: int) -> bool:
        return bool(self._library.acrn_model_set_vm_state(self._state, vm, state))

    def vm_state(self, vm: int) -> int:
        return self._library.acrn_model_vm_state(self._state, vm)

    @property
    def callback_vector(self) -> int:
        return self._library.acrn_model_callback_vector(self._state)

    def snapshot(self) -> bytes:
        """All of its state; ``restore`` puts it back."""
        return self._state.raw

    def restore(self, state: bytes) -> None:
        ctypes.memmove(self._state, state, len(state))

    def _with(self, memory: PendingMemory, action: Callable[[], int]) -> int:
        """Run ``action``; what a callback raised, C code having been in between, is raised here."""
        self._memory, self._failure = memory, None
        try:
            outcome = action()
        finally:
            self._memory = None
        if self._failure:
            raise self._failure
        return outcome

    def _read(self, _opaque: int, address: int, to: int, size: int) -> int:
        def read(memory: PendingMemory) -> None:
            ctypes.memmove(to, memory.read(address, size), size)

        return self._guarded(read)

    def _write(self, _opaque: int, address: int, source: int, size: int) -> int:
        return self._guarded(lambda memory: memory.write(address, ctypes.string_at(source, size)))

    def _guarded(self, access: Callable[[PendingMemory], None]) -> int:
        try:
            assert self._memory is not None
            access(self._memory)
            return 0
        except Unreadable:
            return -1
        except BaseException as error:  # pylint: disable=broad-except
            self._failure = self._failure or error
            return -1


def default_machine() -> Machine:
    """A copy of acrn_machine_default."""
    return Machine.from_buffer_copy(Machine.in_dll(_library(), "acrn_machine_default"))


def host_tsc_khz() -> int:
    """How fast this host's time-stamp counter runs, which is TCG's as well; takes 50 ms."""
    return _library().host_tsc_hz() // 1000


@lru_cache(1)
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(MODEL_LIBRARY)
    except OSError as error:
        raise TraceError(
            f"cannot load the model of ACRN {MODEL_LIBRARY}: {error}; 'make all' builds it"
        ) from None
    state, vm = c_void_p, c_uint16
    for name, result, arguments in (
        ("acrn_model_size", c_size_t, []),
        ("acrn_model_init", None, [state, POINTER(Machine), POINTER(Memory)]),
        ("acrn_model_vmcall", c_int, [state, POINTER(Vmcall), POINTER(c_uint64)]),
        ("acrn_model_reason", ModelReason, [state]),
        ("acrn_model_vm_state", c_int, [state, vm]),
        ("acrn_model_set_vm_state", c_bool, [state, vm, c_int]),
        ("acrn_model_make_request", c_bool, [state, vm, c_uint16, c_void_p]),
        ("acrn_model_request", c_int, [state, vm, c_uint16, POINTER(c_uint64)]),
        ("acrn_model_callback_vector", c_uint8, [state]),
        ("host_tsc_hz", c_uint64, []),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
