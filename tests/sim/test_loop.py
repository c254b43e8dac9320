"""One thread that serves many: who waits, who does not listen and who breaks keep nobody else waiting."""

import socket
import threading

import pytest
import serial
from dosing.bench import DosingStand

from remotecal.bench import Bench
from remotecal.clock import RealClock
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.links import modbus
from remotecal.drivers.quantities import Reading
from remotecal.sim.assembly import BenchOptions
from remotecal.sim.attendance import Attendance
from remotecal.sim.loop import Loop
from remotecal.sim.serving import LineServing, PortServer, SocketServer
from remotecal.sim.simulated import KNOWN
from remotecal.sim.simulated_lines import ScpiSimulated
from remotecal.sim.world import World

PATIENCE = 20.0
"""Seconds to wait for what does come, however busy the computer."""


class Gauge(ScpiInstrument):
    """Tells a pressure."""

    pressure = Reading(scpi("PRES"), "kPa", span=(0, 1000), accuracy=UNSTATED)


class Echo(ScpiSimulated):
    """Answers `ECHO something` by it, `WAIT n` after n s, breaks at `BREAK`; notes what it had to learn."""

    def __init__(self, world):
        self.learnt = []
        super().__init__(
            Gauge,
            world,
            "echo",
            "Acme,Echo,1,1",
            reads={"pressure": lambda: 101.325},
            commands={
                "ECHO (.*)": lambda text: text,
                "WAIT (.*)": lambda seconds: self.after(float(seconds), lambda: f"waited {seconds}"),
                "BREAK": lambda _: 1 / 0,
            },
        )

    def _line(self, line):
        self.learnt.append(line)
        return super()._line(line)


class Client:
    """Says lines to a port, and hears lines."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        self._lines = self.socket.makefile("rb")

    def say(self, *lines):
        self.socket.sendall(b"".join(line + b"\n" for line in lines))

    def hear(self):
        return self._lines.readline().rstrip(b"\n")

    def ask(self, line):
        self.say(line)
        return self.hear()

    def close(self):
        self._lines.close()
        self.socket.close()


@pytest.fixture
def loop():
    with Loop() as loop:
        yield loop


@pytest.fixture
def serving(loop):
    """Serve on sockets by one loop; give a server and its client."""
    opened = []

    def start(simulated):
        server = SocketServer(simulated, LineServing(Gauge.wire), loop=loop)
        client = Client(server)
        opened.extend((client, server))
        return server, client

    yield start
    for each in opened:
        each.close()


def test_a_whole_bench_is_served_by_one_thread(tmp_path):
    before = set(threading.enumerate())
    with DosingStand.up(tmp_path / "rig") as rig, Bench.load(rig.bench).open(rig.clock) as opened:
        assert {address.partition("/")[0] for address in rig.addresses.values()} >= {"ASRL", "modbus+tcp:"}
        assert opened.reading("balance.mass").read().unit == "kg"
        assert len(set(threading.enumerate()) - before) == 1
    assert set(threading.enumerate()) == before


def test_256_instruments_and_their_clients_are_served_by_one_thread(loop, serving, world):
    before = threading.active_count()
    clients = [serving(Echo(world))[1] for _ in range(256)]
    assert threading.active_count() == before
    for number, client in enumerate(clients):
        client.say(b"ECHO %d" % number)
    assert [client.hear() for client in clients] == [b"%d" % number for number in range(256)]


class Jumping(RealClock):
    """The computer's clock, which somebody may set."""

    ahead = 0.0

    def now(self):
        return super().now() + self.ahead


def test_in_real_time_a_bench_moves_on_though_nobody_asks(tmp_path):
    clock, moved = Jumping(), threading.Event()
    with DosingStand.up(tmp_path / "rig", clock=clock) as rig:
        with rig.world.present():
            rig.world.watchers.append(lambda: rig.world.time > 3600.0 and moved.set())
        clock.ahead = 3601.0
        assert moved.wait(PATIENCE)


def test_a_late_reply_holds_nobody_else_up(serving, world):
    late, prompt = Echo(world), Echo(world)
    (_, waiting), (_, other) = serving(late), serving(prompt)
    late.faults.set("late", 3600.0)
    waiting.say(b"ECHO never")
    assert other.ask(b"ECHO now") == b"now"
    assert serving(prompt)[1].ask(b"ECHO now, too") == b"now, too"


def test_what_takes_real_time_holds_only_its_own_client_up_and_keeps_the_order(serving):
    real = World(RealClock(), 1)
    (_, waiting), (_, waiting_longer), (_, other) = (serving(Echo(real)) for _ in range(3))
    waiting_longer.say(b"WAIT 3600", b"ECHO never")
    waiting.say(b"ECHO before", b"WAIT 0.2; ECHO with it", b"WAIT 0.0", b"ECHO behind")
    assert other.ask(b"ECHO now") == b"now"
    heard = [waiting.hear() for _ in range(4)]
    assert heard == [b"before", b"waited 0.2;with it", b"waited 0.0", b"behind"]


def test_a_late_reply_that_is_also_torn(serving, world):
    simulated = Echo(world)
    _, client = serving(simulated)
    simulated.faults.set("late", 0.1, times=1)
    simulated.faults.set("cut", 3, times=1)
    client.say(b"ECHO abcdef", b"ECHO ghi")
    assert client.hear() == b"abcghi"


def test_who_does_not_take_his_replies_holds_nobody_up_and_loses_none(serving, world):
    _, deaf = serving(Echo(world))
    _, other = serving(Echo(world))
    long, times = b"ECHO " + b"x" * 300, 40_000
    asking = threading.Thread(target=lambda: deaf.say(*[long] * times))
    asking.start()
    for _ in range(50):
        assert other.ask(b"ECHO now") == b"now"
    assert asking.is_alive(), "nobody takes as much, so nobody was left to wait"
    assert [deaf.hear() for _ in range(times)] == [b"x" * 300] * times
    asking.join()


def test_a_port_whose_client_does_not_take_its_replies(loop, world):
    server = PortServer(Echo(world), LineServing(Gauge.wire), loop=loop)
    asked = b"".join(b"ECHO %d %s\n" % (number, b"y" * 200) for number in range(100))
    with serial.Serial(server.device, timeout=PATIENCE, write_timeout=PATIENCE) as port:
        asking = threading.Thread(target=lambda: port.write(asked))  # how much a terminal holds differs
        asking.start()
        for number in range(100):
            assert port.readline() == b"%d %s\n" % (number, b"y" * 200)
        asking.join()
    server.close()


def test_an_instrument_that_breaks_is_told_of_and_breaks_no_other(loop, serving, world, monkeypatch):
    told = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    server, unlucky = serving(Echo(world))
    _, other = serving(Echo(world))
    unlucky.say(b"BREAK")
    assert unlucky.hear() == b"", "it has hung up"
    loop.call(lambda: None)
    assert [fault.exc_type for fault in told] == [ZeroDivisionError]
    assert other.ask(b"ECHO still here") == b"still here"
    again = Client(server)
    assert again.ask(b"ECHO here again") == b"here again"
    again.close()


def test_a_power_cut_ends_all_connections_and_new_ones_are_made(serving, world):
    server, first = serving(Echo(world))
    second = Client(server)
    assert first.ask(b"ECHO 1") == second.ask(b"ECHO 1") == b"1"
    server.drop()
    assert first.hear() == second.hear() == b""
    second.close()
    third = Client(server)
    assert third.ask(b"ECHO 2") == b"2"
    third.close()


def test_a_closed_server_hears_nobody_while_its_loop_goes_on(loop, serving, world):
    server, client = serving(Echo(world))
    _, other = serving(Echo(world))
    server.close()
    assert client.hear() == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
    assert other.ask(b"ECHO now") == b"now"


def test_a_query_is_one_receive_and_one_send_and_a_line_is_understood_once(loop, world):
    here, there = tcp_pair()
    counted = []

    class Counting:
        fileno, close = there.fileno, there.close

        def recv(self, most):
            counted.append("recv")
            return there.recv(most)

        def send(self, data):
            counted.append("send")
            return there.send(data)

    simulated = Echo(world)
    begun = []
    loop.call(lambda: begun.append(Attendance(loop, Counting(), simulated, LineServing(Gauge.wire))))
    for _ in range(100):
        here.sendall(b"PRES?\n")
        assert here.recv(100) == b"101.325\n"
    assert counted == ["recv", "send"] * 100
    assert simulated.learnt == ["PRES?"]
    loop.call(begun[0].end)
    here.close()


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = socket.create_connection(listener.getsockname())
        return here, listener.accept()[0]


def test_what_an_instrument_knows_is_bounded_and_does_not_age(world):
    simulated = Echo(world)
    for number in range(10 * KNOWN):
        assert simulated.answer(b"ECHO %d" % number) == b"%d" % number
        assert len(simulated._known) <= KNOWN
    pressure = 101.325
    simulated._reads["pressure"] = lambda: pressure
    assert simulated.answer(b"PRES?") == b"101.325"
    pressure = 90.0
    assert simulated.answer(b"PRES?") == b"90"


def test_a_request_for_registers_is_understood_once(world, monkeypatch):
    stand = DosingStand(world, BenchOptions())
    plc = stand.guard.on_modbus()
    understood, understand = [], plc._understand
    monkeypatch.setattr(plc, "_understand", lambda asked: understood.append(asked) or understand(asked))
    pressure = b"\1" + modbus.Request(modbus.READ_INPUT_REGISTERS, 4, 2).encode()
    beyond = b"\1" + modbus.Request(modbus.READ_INPUT_REGISTERS, 5000, 1).encode()
    answers = set()
    for _ in range(3):
        world.clock.sleep(10.0)
        answers.add(plc.answer(pressure))
        assert plc.answer(beyond) == b"\1\x84\2"
        with world.present():
            stand.screw.set_speed(stand.screw.setpoint + 0.2)
            stand.screw.start()
    assert understood == [pressure, beyond]
    assert len(answers) == 3, "what is known is the question"


def test_calls_are_done_by_the_thread_and_raise_here(loop):
    done = []
    loop.call(lambda: done.append(threading.current_thread()))
    loop.call(lambda: loop.call(lambda: done.append(threading.current_thread())))
    assert done[0] is done[1] is not threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        loop.call(lambda: 1 / 0)
    loop.close()
    loop.close()
    loop.call(lambda: done.append(threading.current_thread()))
    assert done[2] is threading.current_thread()


def test_recurring_acts_and_those_that_come_last(loop):
    seen, enough = [], threading.Event()

    def act():
        seen.append("act")
        loop.lastly(lambda: seen.append("last"))
        if len(seen) > 5:
            enough.set()

    loop.call(lambda: loop.every(0.001, act))
    assert enough.wait(PATIENCE)
    loop.close()
    assert seen[:6] == ["act", "last"] * 3
