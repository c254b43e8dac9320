"""The rig controller, read and written by pymodbus over real sockets and pseudo-terminals."""

import pytest
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerType

from remotecal.drivers.rig.controller import Trip
from remotecal.errors import ConfigurationError
from remotecal.sim.serving import AsciiServing, PortServer, RtuServing, SocketServer, TcpServing
from remotecal.sim.simulated_modbus import Bus
from remotecal.sim.water.rig_controller import rig_controller
from remotecal.testing import check_twin


def tcp_client(server, timeout=1.0):
    return ModbusTcpClient(server.host, port=server.port, timeout=timeout, retries=0)


def number(registers, kind=ModbusTcpClient.DATATYPE.FLOAT32):
    return ModbusTcpClient.convert_from_registers(registers, kind)


@pytest.fixture
def plc(rig):
    return rig_controller(rig)


def test_it_and_its_driver_understand_each_other(plc):
    check_twin(plc)


@pytest.fixture(params=["tcp", "rtu", "ascii"])
def client(request, plc, serve):
    if request.param == "tcp":
        client = tcp_client(serve(SocketServer, plc, TcpServing()))
    else:
        served, framer = (
            (RtuServing(), FramerType.RTU) if request.param == "rtu" else (AsciiServing(), FramerType.ASCII)
        )
        port = serve(PortServer, plc, served).device
        client = ModbusSerialClient(port, framer=framer, timeout=1.0, retries=0)
    assert client.connect()
    yield client
    client.close()


def test_values_of_the_rig_are_in_their_registers(client, flowing):
    registers = client.read_input_registers(0, count=10, device_id=1).registers
    assert registers[0] == 1
    assert registers[1] == 0
    assert number(registers[2:4]) == pytest.approx(flowing.line.flow * 3600, rel=0.02)
    assert number(registers[4:6]) == pytest.approx(flowing.line.pressure / 1000, abs=1.1)
    assert client.read_coils(0, count=4, device_id=1).bits[:4] == [True, True, False, False]


def test_settings_act_on_the_rig(client, rig, clock):
    assert not client.write_coil(0, value=True, device_id=1).isError()
    half = client.convert_to_registers(50.0, client.DATATYPE.FLOAT32)
    assert not client.write_registers(0, half, device_id=1).isError()
    assert not client.write_register(2, 7, device_id=1).isError()
    clock.sleep(4.0)
    with rig.world.present() as time:
        assert rig.line.valves["inlet"].at(time) == 1.0
        assert rig.line.valves["regulator"].at(time) == pytest.approx(0.5)
        assert rig.controller.heartbeat == 7
    assert number(client.read_holding_registers(0, count=2, device_id=1).registers) == 50.0


def test_a_collection_is_timed(client, flowing, clock):
    client.write_coil(3, value=False, device_id=1)
    client.write_coil(2, value=True, device_id=1)
    clock.sleep(20.0)
    client.write_coil(2, value=False, device_id=1)
    clock.sleep(5.0)
    registers = client.read_input_registers(8, count=2, device_id=1).registers
    assert number(registers, client.DATATYPE.UINT32) == pytest.approx(20e6, abs=200)
    assert flowing.tank.mass > 10


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda client: client.mask_write_register(device_id=1), 1),
        (lambda client: client.read_input_registers(5000, count=1, device_id=1), 2),
        (lambda client: client.read_input_registers(9, count=2, device_id=1), 2),
        (lambda client: client.write_register(0, 1, device_id=1), 2),
        (lambda client: client.write_registers(0, [0x42FF, 0], device_id=1), 3),
        (lambda client: client.write_register(3, 0, device_id=1), 3),
    ],
    ids=["function", "beyond the map", "half beyond", "half a float", "beyond the span", "0 s"],
)
def test_what_can_not_be_is_refused_by_its_exception(plc, serve, rig, call, code):
    client = tcp_client(serve(SocketServer, plc, TcpServing()))
    assert client.connect()
    answer = call(client)
    client.close()
    assert answer.isError()
    assert answer.exception_code == code
    assert rig.line.valves["regulator"].target == 0.0


@pytest.mark.usefixtures("flowing")
def test_a_lost_heartbeat_shows_and_forbids(client, clock):
    client.write_register(2, 1, device_id=1)
    clock.sleep(6.0)
    assert client.read_input_registers(1, count=1, device_id=1).registers == [Trip.HEARTBEAT_LOST]
    assert client.write_coil(0, value=True, device_id=1).exception_code == 4
    assert not client.write_coil(2, value=False, device_id=1).isError()
    client.write_coil(8, value=True, device_id=1)
    assert client.read_input_registers(1, count=1, device_id=1).registers == [0]


def test_several_units_share_a_bus(rig, serve):
    two = Bus(rig_controller(rig, unit=1), rig_controller(rig, unit=2))
    client = tcp_client(serve(SocketServer, two, TcpServing()), timeout=0.2)
    client.connect()
    for unit in (1, 2):
        assert client.read_input_registers(0, count=1, device_id=unit).registers == [1]
    with pytest.raises(ModbusIOException):
        client.read_input_registers(0, count=1, device_id=3)
    client.close()
    with pytest.raises(ConfigurationError, match="same unit"):
        Bus(rig_controller(rig, unit=1), rig_controller(rig, unit=1))


@pytest.mark.usefixtures("flowing")
def test_faults_of_the_instrument_show(plc, serve, clock):
    server = serve(SocketServer, plc, TcpServing())
    client, impatient = tcp_client(server, timeout=30.0), tcp_client(server, timeout=0.2)

    def pressure(asking=client):
        return number(asking.read_input_registers(4, count=2, device_id=1).registers)

    sound = pressure()
    plc.faults.set("stuck")
    stuck = pressure()
    clock.sleep(30.0)
    assert pressure() == stuck
    plc.faults.clear("stuck")
    plc.faults.set("noisy", 5.0)
    scattered = [pressure() - sound for _ in range(40)]
    assert 2.0 < (sum(value * value for value in scattered) / 40) ** 0.5 < 9.0
    plc.faults.clear("noisy")
    plc.faults.set("drifting", 100.0)
    clock.sleep(3600.0)
    assert pressure() - sound == pytest.approx(100.0, abs=3.0)
    plc.faults.clear("drifting")
    plc.faults.set("dead")
    with pytest.raises(ModbusIOException):
        pressure(impatient)
    plc.faults.clear("dead")
    plc.faults.set("cut", 5, times=1)
    with pytest.raises(ModbusIOException):
        pressure(impatient)
    impatient.close()
    assert pressure() == pytest.approx(sound, abs=3.0)
    with pytest.raises(ConfigurationError, match="garbled"):
        plc.faults.set("sulking")
    client.close()
