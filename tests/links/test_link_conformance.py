"""Every link type under the conformance kit, over real sockets and ptys."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from peers import HislipPeer, PtyPeer, TcpPeer, Vxi11Peer
from ways import WAYS, Carried

from remotecal.drivers.links import addresses
from remotecal.drivers.links.portable_serial import PortableSerialStream
from remotecal.errors import LinkError
from remotecal.pages.words import words
from remotecal.testing import LINK_CHECKS
from remotecal.testing.links import LinkCheck
from remotecal.testing.peers import SOON, AsciiQuestions, Lines, Planned, RtuQuestions, TcpQuestions, Wire

PEERS: dict[str, Callable[[Path], Planned]] = {
    "raw socket": lambda _: TcpPeer(
        Lines(), "TCPIP::127.0.0.1::{port}::SOCKET", tells_late_replies_apart=True
    ),
    "serial port": lambda place: PtyPeer(Lines(), "ASRL{path}::INSTR", place),
    "HiSLIP": lambda _: HislipPeer(),
    "VXI-11": lambda _: Vxi11Peer(),
    "Modbus TCP": lambda _: TcpPeer(
        TcpQuestions(), "modbus+tcp://127.0.0.1:{port}", tells_late_replies_apart=True
    ),
    "Modbus RTU": lambda place: PtyPeer(RtuQuestions(), "modbus+rtu://{path}", place),
    "Modbus RTU over TCP": lambda _: TcpPeer(
        RtuQuestions(), "modbus+rtu+tcp://127.0.0.1:{port}", tells_late_replies_apart=False
    ),
    "Modbus ASCII": lambda place: PtyPeer(AsciiQuestions(), "modbus+ascii://{path}", place),
    "Modbus ASCII over TCP": lambda _: TcpPeer(
        AsciiQuestions(), "modbus+ascii+tcp://127.0.0.1:{port}", tells_late_replies_apart=False
    ),
}
"""What is at the other end of each kind of link; a port is made in the folder that is given."""


@pytest.mark.parametrize("check", LINK_CHECKS)
@pytest.mark.parametrize("kind", PEERS)
@pytest.mark.parametrize("way", WAYS)
def test_every_link_keeps_what_links_promise(way: str, kind: str, check: LinkCheck, tmp_path: Path) -> None:
    """Whoever waits for the bytes of an exchange."""
    with contextlib.closing(PEERS[kind](tmp_path)) as peer, contextlib.closing(peer.open()) as link:
        check(peer, Carried(link, WAYS[way]))


@pytest.mark.parametrize("check", LINK_CHECKS)
def test_a_serial_port_by_pyserial_keeps_them_too(
    check: LinkCheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is opened where ports are no files."""
    monkeypatch.setattr(addresses, "open_port", PortableSerialStream)
    test_every_link_keeps_what_links_promise("in a thread", "serial port", check, tmp_path)


def silent(wire: Wire, reply: bytes) -> None:
    """Say nothing."""


def torn(wire: Wire, reply: bytes) -> None:
    """Say the first bytes."""
    wire.put(reply[:3])


def noisy(wire: Wire, reply: bytes) -> None:
    """Say something else."""
    wire.put(b"\xff\x00\xa5\x80" + reply[::-1])


@pytest.mark.parametrize("behaviour", [silent, torn, noisy])
@pytest.mark.parametrize("kind", PEERS)
def test_whoever_stands_at_a_rig_reads_in_chinese_what_its_instruments_do_not_say(
    kind: str, behaviour: Callable[[Wire, bytes], None], tmp_path: Path
) -> None:
    with contextlib.closing(PEERS[kind](tmp_path)) as peer, contextlib.closing(peer.open()) as link:
        peer.plan(behaviour)
        try:
            link.ask(peer.question(1), SOON)
        except LinkError as error:
            for said in (str(error), f"1 instruments can't be used: {error}"):
                told, language = words("zh").refusal(said)
                assert language == "zh", said
                assert "请检查" in told, said
                assert told.endswith("。"), said
