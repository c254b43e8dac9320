"""Addresses, sharing, and what is said when nobody is there."""

from __future__ import annotations

import contextlib
import gc
import socket
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from peers import PtyPeer, TcpPeer

from remotecal.drivers.links import Line, Modbus, Serial, open_link, place_of
from remotecal.drivers.links.addresses import find_way
from remotecal.drivers.links.streams import TcpStream
from remotecal.errors import BenchError, ForbiddenCommand, LinkLost, NoReply, WrongInstrument
from remotecal.sim.hislip import HislipServer
from remotecal.testing.peers import (
    PATIENT,
    SOON,
    Late,
    Lines,
    ModbusQuestions,
    RtuQuestions,
    TcpQuestions,
)


@pytest.fixture
def rtu_line(tmp_path):
    with contextlib.closing(PtyPeer(RtuQuestions(), "modbus+rtu://{path}", tmp_path)) as peer:
        yield peer


@pytest.fixture
def modbus_server():
    address = "modbus+tcp://127.0.0.1:{port}"
    with contextlib.closing(TcpPeer(TcpQuestions(), address, tells_late_replies_apart=True)) as peer:
        yield peer


@pytest.mark.parametrize(
    ("address", "wire", "key"),
    [
        ("TCPIP::192.168.1.20::5025::SOCKET", Line(), "tcp 192.168.1.20 5025"),
        ("tcpip0::dmm.lab::5025::socket", Line(), "tcp dmm.lab 5025"),
        ("TCPIP::[fe80::1]::5025::SOCKET", Line(), "tcp fe80::1 5025"),
        ("ASRL/dev/null::INSTR", Line(), "/dev/null"),
        ("ASRL/dev/null", Line(), "/dev/null"),
        ("TCPIP::192.168.1.20::hislip0::INSTR", Line(), "TCPIP0::192.168.1.20::HISLIP0::INSTR"),
        ("TCPIP::192.168.1.20::hislip0,4881::INSTR", Line(), "TCPIP0::192.168.1.20::HISLIP0,4881::INSTR"),
        ("TCPIP::192.168.1.20::INSTR", Line(), "TCPIP0::192.168.1.20::INST0::INSTR"),
        ("tcpip0::192.168.1.20::inst0::instr", Line(), "TCPIP0::192.168.1.20::INST0::INSTR"),
        ("GPIB0::22::INSTR@ivi", Line(), "GPIB0::22::INSTR"),
        ("gpib::022::INSTR", Line(), "GPIB0::22::INSTR"),
        ("USB0::0x2A8D::0x1301::MY53220001::INSTR", Line(), "USB0::10893::4865::MY53220001::INSTR"),
        ("USB::0x2a8d::4865::my53220001::INSTR", Line(), "USB0::10893::4865::MY53220001::INSTR"),
        ("modbus+tcp://meter.lab", Modbus(), "tcp meter.lab 502"),
        ("MODBUS+TCP://Meter.LAB:502/", Modbus(), "tcp meter.lab 502"),
        ("modbus+tcp://[::1]:1502", Modbus(), "tcp 127.0.0.1 1502"),
        ("modbus+tcp://[::ffff:127.0.0.1]:1502", Modbus(), "tcp 127.0.0.1 1502"),
        ("modbus+tcp://localhost:01502", Modbus(), "tcp 127.0.0.1 1502"),
        ("modbus+tcp://[2001:DB8:0::1]", Modbus(), "tcp 2001:db8::1 502"),
        ("modbus+rtu:///dev/null", Modbus(), "/dev/null"),
        ("modbus+rtu+tcp://10.0.0.4:4001", Modbus(), "tcp 10.0.0.4 4001"),
        ("modbus+ascii:///dev/null", Modbus(), "/dev/null"),
        ("MODBUS+ASCII+TCP://10.0.0.4:4001", Modbus(), "tcp 10.0.0.4 4001"),
    ],
)
def test_every_form_of_address(address, wire, key):
    assert find_way(address, wire, None).locate().key == place_of(address) == key


def test_a_place_at_a_station_is_named_as_it_is():
    assert place_of(" station://site-7/balance") == "station://site-7/balance"


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("TCPIP::127.0.0.1::70000::SOCKET", Line()),
        ("TCPIP::127.0.0.1::0::SOCKET", Line()),
        ("TCPIP::127.0.0.1::hislip0,70000::INSTR", Line()),
        ("modbus+tcp://127.0.0.1:70000", Modbus()),
        ("modbus+rtu+tcp://127.0.0.1:99999999999", Modbus()),
    ],
)
def test_a_port_that_does_not_exist_is_refused(address, wire):
    with pytest.raises(BenchError, match="1 to 65535"):
        find_way(address, wire, None)
    with pytest.raises(BenchError, match="1 to 65535"):
        place_of(address)


def test_one_place_by_two_names_is_one_line(modbus_server):
    number = modbus_server.address.rpartition(":")[2]
    late = Late()
    with (
        contextlib.closing(modbus_server.open()) as first,
        contextlib.closing(open_link(f"modbus+tcp://localhost:{number}", Modbus(), name="b")) as second,
        ThreadPoolExecutor(2) as pool,
    ):
        modbus_server.plan(late)
        slow = pool.submit(first.ask, modbus_server.question(1), PATIENT)
        assert late.asked.wait(PATIENT)
        quick = pool.submit(second.ask, modbus_server.question(2), PATIENT)
        assert not wait([quick], SOON).done
        late.arrive()
        assert [modbus_server.number(each.result(PATIENT)) for each in (slow, quick)] == [1, 2]


class TaggedLines(Lines):
    """Answers tell whose they are."""

    def __init__(self, name):
        self.name = name.encode()

    def take(self, received):
        taken = super().take(received)
        return taken and (self.name + taken[0], taken[1])


@pytest.mark.parametrize("first", ["a", "b"])
def test_adapters_that_come_back_under_each_others_numbers_keep_their_instruments(tmp_path, first):
    for name in "ab":
        (tmp_path / name).mkdir()
    a, b = (PtyPeer(TaggedLines(name), "ASRL{path}::INSTR", tmp_path / name) for name in "ab")
    with contextlib.closing(a), contextlib.closing(b), contextlib.ExitStack() as links:
        link = links.enter_context(contextlib.closing(a.open()))
        for _ in range(100):  # a number that is free for a moment may go to another process
            assert link.ask(b"NUMBER? 1", PATIENT) == b"a1"
            old = a.path.readlink()
            a.unplug()
            b.unplug()
            with pytest.raises(LinkLost):  # which lets go of the port, so that its number is free
                link.ask(b"NUMBER? 2", PATIENT)
            b.plug()
            a.plug()
            if b.path.readlink() == old:
                break
        else:
            pytest.fail("the kernel gave other numbers each time")
        other = links.enter_context(contextlib.closing(b.open())) if first == "b" else None
        assert link.ask(b"NUMBER? 3", PATIENT) == b"a3"
        other = other or links.enter_context(contextlib.closing(b.open()))
        assert other.ask(b"NUMBER? 4", PATIENT) == b"b4"
        assert link.ask(b"NUMBER? 5", PATIENT) == b"a5"


@pytest.mark.parametrize(
    ("address", "wire", "form"),
    [
        ("192.168.1.20", Line(), "TCPIP::192.168.1.20::5025::SOCKET"),
        ("TCPIP::192.168.1.20::SOCKET", Line(), "TCPIP::192.168.1.20::5025::SOCKET"),
        ("ASRL3::INSTR", Line(), "ASRL/dev/ttyUSB0::INSTR"),
        ("modbus+tcp://10.0.0.4:502", Line(), "hislip0"),
        ("TCPIP::10.0.0.4::5025::SOCKET", Modbus(), "modbus+tcp://"),
        ("modbus+rtu+tcp://10.0.0.4", Modbus(), "modbus+rtu+tcp://192.168.1.40:4001"),
        ("modbus+rtu://ttyUSB0", Modbus(), "modbus+rtu:///dev/ttyUSB0"),
        ("", Modbus(), "modbus+tcp://"),
        ("ASRL/dev/\0::INSTR", Line(), "ASRL/dev/ttyUSB0::INSTR"),
        ("modbus+tcp://a\0b", Modbus(), "modbus+tcp://"),
    ],
)
def test_a_wrong_address_is_answered_by_the_forms_there_are(address, wire, form):
    with pytest.raises(BenchError) as caught:
        open_link(address, wire, name="meter")
    assert form in str(caught.value)


@pytest.mark.parametrize(
    "settings", [{"baud": 0}, {"bits": 9}, {"parity": "X"}, {"stop": 3}, {"flow": "dtr"}, {"baud": "9600"}]
)
def test_wrong_port_settings_are_refused(settings):
    with pytest.raises(BenchError, match="serial port setting"):
        Serial(**settings)


def test_nobody_at_a_tcp_address():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"TCPIP::127.0.0.1::{listener.getsockname()[1]}::SOCKET"
    with pytest.raises(LinkLost, match=r"meter can't be reached at TCPIP.*refused.*Check"):
        open_link(address, Line(), name="meter")


@pytest.mark.parametrize("host", ["a..b", "h" * 70, "主机..cn"])
def test_a_host_that_is_none(host):
    with pytest.raises(LinkLost, match=r"meter can't be reached at TCPIP.*Check"):
        open_link(f"TCPIP::{host}::5025::SOCKET", Line(), name="meter")


def test_no_such_port():
    with pytest.raises(LinkLost, match="balance can't be reached"):
        open_link("ASRL/dev/no-such-port", Line(), name="balance")


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # PyVISA-py leaves its socket to the collector
def test_nobody_behind_visa():
    with HislipServer(lambda line: line) as server:
        address = server.resource_name
    with pytest.raises(LinkLost, match="dmm can't be reached"):
        open_link(address, Line(), name="dmm")
    gc.collect()


def test_the_visa_backend_can_be_chosen(monkeypatch):
    monkeypatch.setenv("REMOTECAL_VISA", "/no/such/visa.so")
    with pytest.raises(LinkLost, match=r"dmm can't be reached.*visa\.so"):
        open_link("GPIB0::22::INSTR", Line(), name="dmm")


def test_units_on_one_line_share_its_lock_and_settings(rtu_line):
    first = open_link(rtu_line.address, Modbus(), name="unit 1")
    with pytest.raises(BenchError, match="9600 8N1"):
        open_link(rtu_line.address, Modbus(), name="unit 2", port=Serial(baud=19200))
    second = open_link(rtu_line.address, Modbus(), name="unit 2")
    first.close()
    assert rtu_line.number(second.ask(rtu_line.question(5), PATIENT)) == 5
    second.close()
    third = open_link(rtu_line.address, Modbus(), name="unit 3", port=Serial(baud=19200))
    third.close()


def test_a_port_in_use_elsewhere_is_refused(tmp_path):
    with contextlib.closing(PtyPeer(Lines(), "ASRL{path}::INSTR", tmp_path)) as peer:
        alias = tmp_path / "alias"
        alias.symlink_to(peer.path)
        with (
            contextlib.closing(peer.open()),
            contextlib.closing(open_link(f"ASRL{alias}::INSTR", Line(), name="same port")) as second,
        ):
            assert peer.number(second.ask(peer.question(1), PATIENT)) == 1
            with pytest.raises(BenchError, match="in use"):
                open_link(f"modbus+rtu://{alias}", Modbus(), name="pump")


def test_only_the_unit_that_failed_makes_sure_again(modbus_server):
    checked = []
    silent, lively = modbus_server.open(), modbus_server.open()
    silent.on_reopen = lambda: checked.append("silent")
    lively.on_reopen = lambda: checked.append("lively")
    late = Late()
    modbus_server.plan(late)
    with pytest.raises(NoReply):
        silent.ask(modbus_server.question(1), SOON)
    assert silent.suspect
    assert not lively.suspect
    late.arrive()
    assert modbus_server.number(lively.ask(modbus_server.question(2), PATIENT)) == 2
    assert checked == []
    assert modbus_server.number(silent.ask(modbus_server.question(3), PATIENT)) == 3
    assert checked == ["silent"]
    silent.close()
    lively.close()


def test_a_reopened_line_is_checked_by_each_of_its_units(modbus_server):
    checked = []
    links = [modbus_server.open() for _ in range(2)]
    for place, link in enumerate(links):
        link.on_reopen = lambda place=place: checked.append(place)
        assert modbus_server.number(link.ask(modbus_server.question(50), PATIENT)) == 50
    modbus_server.restart()
    for number, link in enumerate([*links, *links], 1):
        assert modbus_server.number(link.ask(modbus_server.question(number), PATIENT)) == number
    assert checked == [0, 1]
    for link in links:
        link.close()


def test_a_refused_unit_leaves_the_line_to_the_others(modbus_server):
    def refuse():
        raise WrongInstrument("another serial number")

    refused, accepted = modbus_server.open(), modbus_server.open()
    assert modbus_server.number(refused.ask(modbus_server.question(50), PATIENT)) == 50
    refused.on_reopen = refuse
    modbus_server.restart()
    for number in (1, 2):
        with pytest.raises(WrongInstrument):
            refused.ask(modbus_server.question(number), PATIENT)
        assert modbus_server.number(accepted.ask(modbus_server.question(9), PATIENT)) == 9
    refused.close()
    accepted.close()


def test_a_refused_unit_stays_refused_on_a_line_that_stays_open(rtu_line):
    def refuse():
        raise WrongInstrument("another serial number")

    refused, accepted = rtu_line.open(), rtu_line.open()
    refused.on_reopen = refuse
    refused.suspect = True
    for _ in range(2):
        with pytest.raises(WrongInstrument):
            refused.ask(rtu_line.question(1), PATIENT)
        assert rtu_line.number(accepted.ask(rtu_line.question(9), PATIENT)) == 9
        assert refused.suspect
        assert not accepted.suspect
    refused.close()
    accepted.close()


def test_a_timeout_over_hislip_clears_the_device_and_keeps_the_session():
    with HislipServer(lambda line: None if line == b"MEAS?" else line) as server:
        with contextlib.closing(open_link(server.resource_name, Line(), name="dmm")) as link:
            with pytest.raises(NoReply):
                link.ask(b"MEAS?", SOON)
            (session,) = server.sessions.values()
            cleared_on_opening = session.epoch
            assert link.ask(b"CONF?", PATIENT) == b"CONF?"
        assert session.epoch == cleared_on_opening + 1
        assert len(server.sessions) == 1


def test_a_link_that_its_user_distrusts_is_cleaned():
    address = "TCPIP::127.0.0.1::{port}::SOCKET"
    with contextlib.closing(TcpPeer(Lines(), address, tells_late_replies_apart=True)) as peer:
        checked = []
        with contextlib.closing(peer.open()) as link:
            link.on_reopen = lambda: checked.append(1)
            link.suspect = True
            assert link.suspect
            assert peer.number(link.ask(peer.question(1), PATIENT)) == 1
        assert checked == [1]


def test_what_has_no_reply_is_told():
    heard = set()

    class Listener(Lines):
        def take(self, received):
            line, ending, rest = received.partition(b"\n")
            if ending and line == b"*RST":
                heard.add(line)
                return super().take(rest)
            return super().take(received)

    address = "TCPIP::127.0.0.1::{port}::SOCKET"
    with contextlib.closing(TcpPeer(Listener(), address, tells_late_replies_apart=True)) as peer:
        with contextlib.closing(peer.open()) as link:
            link.tell(b"*RST")
            assert peer.number(link.ask(peer.question(1), PATIENT)) == 1
        assert heard == {b"*RST"}


def test_forbidden_functions_leave_the_link_clean(modbus_server):
    wire = Modbus(functions=frozenset({3, 6}))
    with contextlib.closing(open_link(modbus_server.address, wire, name="meter")) as link:
        with pytest.raises(ForbiddenCommand):
            link.ask(b"\x01\x04\x00\x00\x00\x02")
        assert not link.suspect
        assert ModbusQuestions().number(link.ask(modbus_server.question(1), PATIENT)) == 1


def test_modbus_errors_show_the_request_in_words_and_the_bytes(modbus_server):
    modbus_server.plan(lambda wire, reply: wire.put(reply[:5]))
    with contextlib.closing(modbus_server.open()) as link, pytest.raises(NoReply) as caught:
        link.ask(modbus_server.question(1), SOON)
    assert "unit 1: read holding registers 1 to 2" in str(caught.value)
    assert "00 01 00 00 00" in str(caught.value)


def test_a_connection_is_kept_alive(modbus_server):
    port = int(modbus_server.address.rpartition(":")[2])
    with contextlib.closing(TcpStream("127.0.0.1", port)) as stream:
        assert stream._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert stream._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
