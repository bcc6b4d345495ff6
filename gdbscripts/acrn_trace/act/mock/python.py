# SPDX-License-Identifier: BSD-3-Clause
"""Runs models in Python: functions of a user's file that answer calls (docs/mock.md)::

    @model.call("create_vm")
    def create_vm(call):
        call.vm.vmid = 1
        return 0
"""

import contextlib
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

from acrn_trace.act.mock.time_limit import TimeLimit, TimeOver
from acrn_trace.act.mock.view import PackedView, Place, Registers, View
from acrn_trace.base.errors import TraceError
from acrn_trace.base.suggest import suggest_inside
from acrn_trace.guest.abi import Abi
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.tables import calls
from acrn_trace.tables.calls import Argument, CallId, CallTable, Entry, full_name
from acrn_trace.tables.knowledge import Knowledge
from acrn_trace.tables.layouts import Struct
from acrn_trace.tables.pointees import pointee_of
from acrn_trace.tables.types import Types
from acrn_trace.trace.event import Finding

MAX_WORDS = 200  # characters of what an exception says
VECTORS = range(0x10, 0x100)  # an APIC refuses the others
RESULTS = range(-(1 << 63), 1 << 64)  # what fits RAX

Function = Callable[["ModelCall"], int]


class ModelError(TraceError):
    """A model did what it must not: one sentence with its file and line."""


class Model:
    """What a file with models finds as ``model``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.functions: dict[str | int, tuple[Function, int]] = {}
        self.entries: list[Entry] = []

    def call(self, which: str | int) -> Callable[[Function], Function]:
        """The function below answers the call of that name or number."""
        if not isinstance(which, (str, int)) or isinstance(which, bool):
            raise TypeError("model.call takes a call's name or number")

        def take(function: Function) -> Function:
            if not hasattr(function, "__code__"):
                raise TypeError("what is below model.call must be a function")
            self.functions[which] = function, function.__code__.co_firstlineno
            return function

        return take

    def define(self, line: str) -> None:
        """Add a call: a line of a ``.def``, ``HYPERCALLn(NUMBER, NAME, ARGUMENT…)``."""
        self.entries += calls.parse(line, f"{self._path}: model.define")


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Unreadable, with what could not be done."""
    try:
        yield
    except Unreadable as why:
        raise Unreadable(f"{what}: {why}") from None


@dataclass
class Memory:
    """Guest-physical memory for a model: reads see what it has written."""

    _pending: PendingMemory
    _limit: TimeLimit

    def read(self, address: int, size: int) -> bytes:
        with self._limit.shielded(), _told(f"cannot read {size:#x} bytes at {address:#x}"):
            return self._pending.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        with self._limit.shielded(), _told(f"cannot write {len(data):#x} bytes at {address:#x}"):
            self._pending.write(address, data)


class ModelCall:
    """One call as a model sees it. Arguments are attributes, by their names in the call table."""

    def __init__(
        self,
        entry: Entry | None,
        vcpu: int,
        abi: Abi,
        registers: Mapping[str, int],
        place: Place,
        otherwise: Callable[[], int],
    ) -> None:
        self.number = abi.number_in(registers)
        self.id = abi.name, self.number
        self.name = entry.name if entry else full_name(f"hypercall_{self.number:#x}", abi.name)
        self.vcpu = vcpu
        self.args = abi.arguments_in(registers)
        self.registers = Registers(registers, abi.result)
        self.memory = place.memory
        self.upcalls: list[int | None] = []
        self.findings: list[Finding] = []
        self._entry, self._place, self._otherwise = entry, place, otherwise

    def otherwise(self) -> int:
        """What the call would be answered without this model, with all that it changes."""
        return self._otherwise()

    def upcall(self, vector: int | None = None) -> None:
        """Interrupt the guest's vCPU 0 after the call; by default with set_callback_vector's."""
        is_vector = isinstance(vector, int) and vector in VECTORS
        if vector is not None and not is_vector:
            raise ValueError(f"{_shown(vector)} is no vector: those are 0x10 to 0xff")
        self.upcalls.append(vector)

    def note(self, text: str) -> None:
        """A finding for the call's event."""
        self.findings.append(Finding("model", str(text)))

    def at(self, name: str, address: int) -> View:
        """The structure of that name, or a u8 to u64, at a guest-physical address."""
        kind = self._place.types.type_named(name)
        if kind is None:
            known = self._place.types.layouts.structs
            raise LookupError(f"no structure is named {name}{suggest_inside(str(name), known)}")
        return self._place.view(kind, address)

    def __getattr__(self, name: str) -> View:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.argument(name)

    def argument(self, name: str) -> View:
        """The argument of that name, also of one that is taken: ``call.vcpu`` is who calls."""
        arguments = self._entry.arguments if self._entry else ()
        for argument, register in zip(arguments, self.args):
            if argument.name == name:
                return self._argument(argument, register)
        names = [argument.name for argument in arguments]
        has = f"; it has {', '.join(names)}" if names else ""
        raise AttributeError(
            f"{self.name} has no argument {name}{suggest_inside(str(name), names) or has}"
        )

    def _argument(self, argument: Argument, register: int) -> View:
        types, entry = self._place.types, self._entry
        assert entry
        pointee = pointee_of(types, entry, argument, self.args)
        if pointee:
            return self.at(pointee.type, register)
        number = register & (1 << argument.bits) - 1
        kind = types.type_named(argument.type or "")
        if argument.kind == "PACKED" and isinstance(kind, Struct):
            return PackedView(kind, number)
        return number


@dataclass
class PythonModels:
    """The functions of the files that were loaded; a later one of a call replaces an earlier."""

    limit: TimeLimit = field(default_factory=TimeLimit)
    functions: dict[CallId, tuple[Path, Function]] = field(default_factory=dict)

    def load(self, path: Path, knowledge: Knowledge) -> list[str]:
        """Take the functions of a file, its new calls too: their names. TraceError: none is."""
        model = _run(path, self.limit)
        table = CallTable(knowledge.table)
        for entry in model.entries:
            table.add(entry)
        found = {}
        for which, (function, line) in model.functions.items():
            found[call_id(which, table, f"{path}, line {line}")] = path, function
        if not found and not model.entries:
            raise TraceError(f"{path} models no call: no function in it has @model.call(NAME)")
        for entry in model.entries:
            knowledge.add(entry)
        self.functions |= found
        return [table.call_name(number, abi) for abi, number in found]

    def answer(self, call: ModelCall) -> int:
        """What the call's function returns: RAX, as it is or signed. ModelError."""
        path, function = self.functions[call.id]
        where = f"the model of {call.name} in {path}"
        try:
            with self.limit.limited():
                result = function(call)
        except TimeOver as error:
            ended = f"did not end within {self.limit.seconds:g} s"
            raise ModelError(f"{where}{_line(error, path)} {ended}") from None
        except ModelError:
            raise
        except BaseException as error:  # pylint: disable=broad-except
            raise ModelError(f"{where}{_line(error, path)} raised {_words(error)}") from None
        if not isinstance(result, int) or isinstance(result, bool) or result not in RESULTS:
            raise ModelError(f"{where} returned {_shown(result)}, which is no integer of 64 bits")
        return result


def place_of(types: Types, memory: PendingMemory, limit: TimeLimit) -> Place:
    return Place(types, Memory(memory, limit))


def call_id(which: str | int, table: CallTable, where: str) -> CallId:
    """The call that is named so; TraceError, with a near name, if there is none."""
    found = table.meant(str(which))
    if found is None:
        names = [entry.name for entry in table]
        raise TraceError(
            f"{where}: no call is named {which!r}{suggest_inside(str(which), names)}; "
            "'info hypercalls' has the names"
        )
    return found


def _run(path: Path, limit: TimeLimit) -> Model:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "no text in UTF-8"
        raise TraceError(f"cannot read the model {path}: {why}") from error
    model = Model(path)
    try:
        with limit.limited():
            exec(compile(text, str(path), "exec"), {"__name__": path.stem, "model": model})
    except SyntaxError as error:
        raise TraceError(f"{path}, line {error.lineno}: {error.msg}") from None
    except TimeOver:
        raise TraceError(f"{path} was not loaded within {limit.seconds:g} s") from None
    except (TraceError, KeyboardInterrupt):
        raise
    except BaseException as error:  # pylint: disable=broad-except
        raise TraceError(f"{path}{_line(error, path)} raised {_words(error)}") from None
    return model


def _line(error: BaseException, path: Path) -> str:
    """``, line N``: the innermost one that is in the file."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return f", line {lines[-1]}," if lines else ""


def _words(error: BaseException) -> str:
    text = " ".join(_shown(error, str).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _shown(thing: Any, as_text: Callable[[Any], str] = repr) -> str:
    """Some words for an object of a model's, which may refuse to be shown."""
    try:
        return as_text(thing)[:MAX_WORDS]
    except Exception:  # pylint: disable=broad-except
        return f"an object of type {type(thing).__name__}"
