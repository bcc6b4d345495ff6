# SPDX-License-Identifier: BSD-3-Clause
"""Models in Python: what they see of a call, what they may change, and every way to be wrong."""

import signal
import textwrap

import pytest

from acrn_trace.act.mock.python import ModelCall, ModelError, PythonModels, place_of
from acrn_trace.act.mock.time_limit import TimeLimit
from acrn_trace.base.errors import TraceError
from acrn_trace.guest.memory import Unreadable
from acrn_trace.guest.pending_memory import PendingMemory
from acrn_trace.tables.knowledge import acrn
from helpers.make.memory import FakeMemory
from helpers.process import SECONDS

CREATION = 0x1000
NAME = b"user-vm\0".ljust(16, b"\0")
VM = bytes(8) + NAME + bytes(16) + (2).to_bytes(8, "little")
REGIONS = (
    (1).to_bytes(8, "little") + (2).to_bytes(8, "little") + (0x3000).to_bytes(8, "little")
).ljust(24, b"\0")

# On the first line of a model's file: what refuses to be shown.
BAD = "Bad = type('Bad', (Exception,), {'__str__': None, '__repr__': None}); BAD = Bad(); "


class Bench:
    """One call, put to one model."""

    def __init__(self, path, limit: float = SECONDS) -> None:
        """``limit`` is for the model, not for what its file does when it is loaded."""
        self.path, self.limit = path, limit
        self.knowledge = acrn()
        self.models = PythonModels(TimeLimit(SECONDS))
        parts = {CREATION: VM, 0x2000: REGIONS, 0x3000: bytes(64), 0x4000: bytes(0x1000)}
        self.memory = PendingMemory(FakeMemory(parts))

    def load(self, text: str) -> list[str]:
        self.path.write_text(textwrap.dedent(text))
        return self.models.load(self.path, self.knowledge)

    def call(self, name, rdi=CREATION, rsi=0, otherwise=lambda: 0) -> tuple[int, ModelCall]:
        entry = self.knowledge.table.named(name)
        registers = {"r8": entry.number, "rdi": rdi, "rsi": rsi, "rax": 0}
        self.models.limit.seconds = self.limit
        place = place_of(self.knowledge.types, self.memory, self.models.limit)
        seen = ModelCall(entry, 0, self.knowledge.abi, registers, place, otherwise)
        return self.models.answer(seen), seen

    def body(self, body: str, name: str = "create_vm", **how):
        indented = textwrap.indent(textwrap.dedent(body), "    ")
        self.load(f'{BAD}\n@model.call("{name}")\ndef answer(call):\n{indented}')
        return self.call(name, **how)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "model.py")


def test_fields_are_read_and_written(bench):
    result, _ = bench.body(
        """
        assert call.vm.name == "user-vm" and call.vm.cpu_affinity == 2
        call.vm.vmid = 7
        assert call.vm.vmid == 7
        call.vm.name = "x" * 16
        return -5
        """
    )
    assert result == -5
    data = bench.memory.read(CREATION, 48)
    assert data[:2] == b"\7\0" and data[8:24] == b"x" * 16
    assert bench.memory.writes == [(CREATION, b"\7\0"), (CREATION + 8, b"x" * 16)]


def test_values_of_every_kind_of_argument(bench):
    assert bench.body("return call.vmid", "start_vm", rdi=0x12345)[0] == 0x2345
    assert bench.body("return call.vector", "set_callback_vector", rdi=0x61)[0] == 0x61
    packed = "return call.command.vmid << 8 | int(call.command) & 0xff"
    assert bench.body(packed, "pm_get_cpu_state", rdi=0x03000002)[0] == 0x302
    assert bench.body("return call.state", "pm_get_cpu_state", rdi=0, rsi=0x4000)[0] == 0


def test_pointers_arrays_and_nested_structures(bench):
    result, _ = bench.body(
        """
        regions = call.regions.points_to("regions_gpa")
        assert len(regions) == 2 and [r.type for r in regions] == [0, 0]
        regions[1].size = 0x1000
        return regions[-1].size
        """,
        "set_memory_regions",
        rdi=0x2000,
    )
    assert result == 0x1000 and bench.memory.read(0x3000 + 32 + 24, 8)[1] == 0x10
    bench.body(
        """
        call.monitor.buffer = [1, 2, 3]
        call.monitor.buffer[47] = 9
        call.monitor.buf_cnt = 4
        return call.monitor.buffer[2]
        """,
        "vm_intr_monitor",
        rsi=0x4000,
    )
    assert bench.memory.read(0x4008, 24)[::8] == b"\1\2\3"
    deep = 'return call.at("acrn_io_request", 0x4000).reqs.pio_request.value'
    assert bench.body(deep, "start_vm")[0] == 0


def test_a_new_call_a_note_and_an_upcall(bench):
    names = bench.load(
        """
        model.define("HYPERCALL1(0x800000a0, my_call, VALUE(u32, colour))")
        @model.call("my_call")
        def my_call(call):
            call.note("seen")
            call.upcall()
            call.upcall(0x61)
            return call.colour + call.otherwise()
        """
    )
    assert names == ["my_call"]
    result, seen = bench.call("my_call", rdi=5, otherwise=lambda: 10)
    assert (result, seen.upcalls, seen.findings[0].text) == (15, [None, 0x61], "seen")


def test_registers_that_the_guest_gets_changed(bench):
    """R10 twice, on top of itself; a sign goes to 64 bits; the others stay."""
    body = """
        call.registers["rdi"] ^= 1
        call.registers["rdi"] += 4
        call.registers["rsi"] = -1
        return call.registers["rdi"]
    """
    result, seen = bench.body(body, "start_vm", rdi=0x10)
    assert result == 0x15 and seen.args == (0x10, 0)
    assert seen.registers.changed == {"rdi": 0x15, "rsi": (1 << 64) - 1}


def test_an_argument_with_a_name_that_is_taken(bench):
    body = 'return call.argument("vcpu") * 10 + call.vcpu'
    assert bench.body(body, "notify_request_finish", rdi=2, rsi=7)[0] == 70


@pytest.mark.parametrize(
    "body, words",
    [
        ("return 1 // call.vm.vmid", r"line 4, raised ZeroDivisionError: integer division"),
        ("return 'no'", r"returned 'no', which is no integer of 64 bits"),
        ("pass", r"returned None, which is no integer"),
        ("return True", r"returned True, which is no integer"),
        ("return 1 << 64", r"which is no integer of 64 bits"),
        ("call.vm.vmid = 70000", r"acrn_vm_creation.vmid has 16 bits, and 0x11170 does not fit"),
        ("call.vm.vmid = 'x'", r"takes an integer, and was given 'x'"),
        ("call.vm.name = 'x' * 17", r"has room for 16 bytes, and 17 were given"),
        ("call.vm.vmdi = 1", r"has no field vmdi \(did you mean vmid"),
        ("return call.mv.vmid", r"create_vm has no argument mv; it has vm"),
        ("call.at('acrn_msi_entri', 0)", r"did you mean acrn_msi_entry"),
        ("call.at('acrn_intr_monitor', 0x4000).buffer[48] = 1", r"element 48 is outside .* has 48"),
        ("call.at('u64', 0x9000)", r"Unreadable: cannot read 0x8 bytes at 0x9000: no memory there"),
        ("call.memory.write(0x9000, b'x')", r"Unreadable: cannot write 0x1 bytes at 0x9000"),
        ("call.memory.write(0x4fff, b'xx')", r"memory ends at 0x4fff"),
        ("call.registers['rax'] = 1", r"rax cannot be set: rax is what the model returns; rbx, "),
        ("call.registers['cr3'] = 1", r"cr3 cannot be set; rbx, .*, eflags can$"),
        ("call.registers['eflags'] = 1 << 32", r"eflags has 32 bits, and 0x100000000 does not"),
        ("return call.argument('vmid')", r"create_vm has no argument vmid"),
        ("raise SystemExit", r"raised SystemExit"),
        ("raise KeyboardInterrupt", r"raised KeyboardInterrupt"),
        ("return 10 ** 10_000", r"returned an object of type int, which is no integer of 64 bits"),
        ("raise BAD", r"raised Bad: an object of type Bad$"),
        ("return BAD", r"returned an object of type Bad, which is no integer"),
        ("call.upcall(16.0); return 0", r"16.0 is no vector: those are 0x10 to 0xff"),
        ("return call.otherwise()", r"raised LookupError: nothing else"),
        ("raise ValueError('a' * 1000)", r"ValueError: a{200}$"),
        ("raise ValueError('two\\nlines')", r"ValueError: two lines$"),
    ],
)
def test_a_model_that_is_wrong(bench, body, words):
    def nothing_else() -> int:
        raise LookupError("nothing else answers this call")

    with pytest.raises(ModelError, match=words) as error:
        bench.body(body, otherwise=nothing_else)
    assert str(error.value).startswith(f"the model of create_vm in {bench.path}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "import time\ntime.sleep(60)",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        "while True: call.vm.vmid",
    ],
)
def test_a_model_that_does_not_end(body, tmp_path):
    bench = Bench(tmp_path / "model.py", limit=0.2)
    with pytest.raises(ModelError, match=r"did not end within 0\.2 s"):
        bench.body(body)


def test_the_limit_waits_for_a_packet_to_be_whole(tmp_path):
    bench = Bench(tmp_path / "model.py")
    done = []

    class Late(FakeMemory):
        """The limit is over while it reads."""

        def read(self, address, size):
            signal.raise_signal(signal.SIGALRM)
            done.append(address)
            return super().read(address, size)

    bench.memory = PendingMemory(Late({CREATION: VM}))
    with pytest.raises(ModelError, match="did not end"):
        bench.body("return call.vm.vmid")
    assert done == [CREATION]


@pytest.mark.parametrize(
    "text, words",
    [
        ("def f(:", r"line 1: "),
        ("x = 1", r"models no call"),
        ("raise OSError('no')", r", line 1, raised OSError: no"),
        (
            '@model.call("craete_vm")\ndef f(call): return 0',
            r"'craete_vm' \(did you mean create_vm",
        ),
        ("model.call(None)", r"takes a call's name or number"),
        ('model.define("HYPERCALL1(1, x)")', r"model.define.*not a line HYPERCALLn"),
    ],
)
def test_a_file_that_is_wrong_adds_nothing(bench, text, words):
    with pytest.raises(TraceError, match=words):
        bench.load(text)
    assert bench.models.functions == {} and bench.knowledge.defined == []


def test_no_such_file(bench):
    with pytest.raises(TraceError, match="cannot read the model .*: No such file"):
        bench.models.load(bench.path, bench.knowledge)


def test_reads_see_what_was_written_before():
    memory = PendingMemory(FakeMemory({0x1000: b"abcdefgh"}))
    memory.write(0x1002, b"XY")
    memory.write(0x1003, b"Z")
    assert memory.read(0x1000, 8) == b"abXZefgh" and memory.read(0x1003, 1) == b"Z"
    with pytest.raises(Unreadable):
        memory.write(0x1007, b"12")
    assert memory.writes == [(0x1002, b"XY"), (0x1003, b"Z")]


def test_a_structure_that_says_its_size_is_seen_as_it_says(bench):
    """Its fields are those of that size, and a secret is no attribute: what is noted is shown."""
    for size, name, said in (
        (20, "mem_size", None),
        (20, "base_addr_high", "has no field base_addr_high"),
        (88, "base_addr_high", "has no field base_addr_high"),
        (88, "rpmb_key", "is a secret, or may be one"),
        (96, "base_addr_high", None),
        (97, "base_addr_high", "is a secret, or may be one"),
    ):
        bench.memory.write(0x4000, size.to_bytes(4, "little"))
        body = f"return int(bool(call.boot.{name}))"
        if said is None:
            assert bench.body(body, "initialize_trusty", rdi=0x4000)[0] == 0
        else:
            with pytest.raises(ModelError, match=said):
                bench.body(body, "initialize_trusty", rdi=0x4000)
