"""Every link type under the conformance kit, over real sockets and ptys."""

from __future__ import annotations

import contextlib

import pytest
from conformance import LinkConformance
from peers import HislipPeer, Lines, PtyPeer, RtuQuestions, TcpPeer, TcpQuestions, Vxi11Peer

from remotecal.drivers.links import addresses
from remotecal.drivers.links.portable_serial import PortableSerialStream


class TestRawSocket(LinkConformance):
    @pytest.fixture
    def peer(self):
        address = "TCPIP::127.0.0.1::{port}::SOCKET"
        with contextlib.closing(TcpPeer(Lines(), address, tells_late_replies_apart=True)) as peer:
            yield peer


class TestSerialPort(LinkConformance):
    @pytest.fixture
    def peer(self, tmp_path):
        with contextlib.closing(PtyPeer(Lines(), "ASRL{path}::INSTR", tmp_path)) as peer:
            yield peer


class TestSerialPortByPyserial(TestSerialPort):
    """As it is opened where ports are no files."""

    @pytest.fixture(autouse=True)
    def portable(self, monkeypatch):
        monkeypatch.setattr(addresses, "open_port", PortableSerialStream)


class TestHislip(LinkConformance):
    @pytest.fixture
    def peer(self):
        with contextlib.closing(HislipPeer()) as peer:
            yield peer


class TestVxi11(LinkConformance):
    @pytest.fixture
    def peer(self):
        with contextlib.closing(Vxi11Peer()) as peer:
            yield peer


class TestModbusTcp(LinkConformance):
    @pytest.fixture
    def peer(self):
        address = "modbus+tcp://127.0.0.1:{port}"
        with contextlib.closing(TcpPeer(TcpQuestions(), address, tells_late_replies_apart=True)) as peer:
            yield peer


class TestModbusRtu(LinkConformance):
    @pytest.fixture
    def peer(self, tmp_path):
        with contextlib.closing(PtyPeer(RtuQuestions(), "modbus+rtu://{path}", tmp_path)) as peer:
            yield peer


class TestModbusRtuOverTcp(LinkConformance):
    @pytest.fixture
    def peer(self):
        address = "modbus+rtu+tcp://127.0.0.1:{port}"
        with contextlib.closing(TcpPeer(RtuQuestions(), address, tells_late_replies_apart=False)) as peer:
            yield peer
