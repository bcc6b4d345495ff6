# SPDX-License-Identifier: BSD-3-Clause
"""What a stub answers, packet by packet; it is a socket's other end."""

import socket
from select import POLLIN

import pytest

from acrn_trace.base.errors import TargetError
from acrn_trace.in_gdb.stub_packets import StubPackets, monitor_output, run_vcpu, stub_hung_up


def packet(data: bytes) -> bytes:
    return b"$%s#%02x" % (data, sum(data) & 0xFF)


REQUEST = packet(b"qRcmd,696e666f206b766d")


def text(line: bytes) -> bytes:
    return packet(b"O" + line.hex().encode())


def asked(answer: bytes, seconds: float = 600) -> tuple[str, bytes]:
    """What ``monitor_output`` makes of ``answer``, and what it sent."""
    ours, stub = socket.socketpair()
    with ours, stub:
        stub.sendall(answer)
        stub.shutdown(socket.SHUT_WR)
        said = monitor_output(StubPackets(ours.fileno(), seconds), "info kvm")
        ours.shutdown(socket.SHUT_WR)
        return said, stub.makefile("rb").read()


def test_the_lines_are_put_together_and_each_packet_is_acknowledged():
    said, sent = asked(b"+" + text(b"kvm support: \r\n") + text(b"disabled\r\n") + packet(b"OK"))
    assert said == "kvm support: \ndisabled\n"
    assert sent == REQUEST + b"+++"


def test_a_stub_that_wants_no_acknowledgement_gets_none():
    said, sent = asked(text(b"yes") + b"%Stop:T05thread:p1.1;#d3" + packet(b"OK"))
    assert (said, sent) == ("yes", REQUEST)


def test_an_answer_in_pieces():
    ours, stub = socket.socketpair()
    with ours, stub:
        packets = StubPackets(ours.fileno())
        whole = b"+" + packet(b"O41")
        answers = iter([whole[:4], whole[4:7], whole[7:]])
        packets._wait = lambda event: event == POLLIN and stub.sendall(next(answers))
        assert packets.receive() == b"O41"


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (b"+" + packet(b""), "the stub has no monitor"),
        (b"+" + packet(b"E22"), "the stub answered 'E22'"),
        (b"+" + packet(b"O4"), "the stub answered 'O4'"),
        (b"+$OK#00", "the stub sent a packet whose checksum is wrong"),
        (b"+" + text(b"half")[:-1], "the stub has closed the connection"),
        (b"x" * 65537, "the stub's answer is longer than 65536 bytes"),
    ],
)
def test_what_is_no_answer_is_a_sentence(answer, sentence, monkeypatch):
    monkeypatch.setattr("acrn_trace.in_gdb.stub_packets.MAX_ANSWER", 65536)
    with pytest.raises(TargetError) as error:
        asked(answer)
    assert str(error.value) == sentence


def test_a_stub_that_says_nothing():
    ours, stub = socket.socketpair()
    with ours, stub, pytest.raises(TargetError) as error:
        monitor_output(StubPackets(ours.fileno(), 0.01), "info kvm")
    assert str(error.value) == "the stub has not answered for 0.01 seconds"


def ran(answer: bytes) -> tuple[bool, bytes]:
    """What ``run_vcpu`` makes of ``answer``, and what it sent."""
    ours, stub = socket.socketpair()
    with ours, stub:
        stub.sendall(answer)
        stopped = run_vcpu(StubPackets(ours.fileno()), "s", "p1.2")
        ours.shutdown(socket.SHUT_WR)
        return stopped, stub.makefile("rb").read()


def test_a_vcpu_runs_until_it_stops_whatever_the_guest_prints_meanwhile():
    assert ran(text(b"hello") + packet(b"T05thread:p1.2;")) == (True, packet(b"vCont;s:p1.2"))


def test_a_stub_that_does_not_run_it_says_so():
    assert ran(packet(b""))[0] is ran(packet(b"E22"))[0] is False


def test_a_guest_that_ends_meanwhile_is_gone():
    for ended in (b"W00", b"X09"):
        with pytest.raises(TargetError, match="^the guest is gone$"):
            ran(packet(ended))


def test_a_stub_that_hung_up_is_known_without_a_packet():
    ours, stub = socket.socketpair()
    with ours:
        with stub:
            assert not stub_hung_up(ours.fileno())
        assert stub_hung_up(ours.fileno()) and not stub_hung_up(None)
