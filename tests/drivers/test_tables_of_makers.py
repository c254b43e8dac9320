"""Tables of modules, transmitters, water and mass meters, dew-point and density meters.

They are read as their manuals print them, and refused where the instrument at hand is another one or is set
otherwise.
"""

import math
import struct

import pytest
from shipped_tables import asked, bus, text, words

from remotecal.drivers.capabilities import (
    Ammeter,
    Densitometer,
    DewPointMeter,
    FlowMeter,
    PressureGauge,
    Thermometer,
    VolumeTotalizer,
)
from remotecal.drivers.screening import Screen
from remotecal.errors import ForbiddenCommand, GarbledReply, InstrumentError, WrongInstrument
from remotecal.testing.transcripts import Exchange, frame

# Modules

CONFIGURATION = (b"$012\r", b"!01070600\r")


def test_adam_4017_as_its_manual_prints_it() -> None:
    """$452 is answered by module 45 in ±2.5 V, and +1.4567 is a voltage."""
    changes = {
        "Ammeter": "Voltmeter", "current": "voltage", "mA": "V", "[3.5, 21]": "[-2.5, 2.5]",
        "#01": "#45", "$012": "$452", "01070600": "45050600",
    }  # fmt: skip
    table = text("advantech-adam-4017")
    for one, other in changes.items():
        table = table.replace(one, other)
    said = ((b"$452\r", b"!45050600\r"), (b"#450\r", b">+1.4567\r"))
    with bus("advantech-adam-4017", *said, table=table) as module:
        assert module.voltage.read()[:2] == (1.4567, "V")


def test_adam_4017_gives_a_current() -> None:
    said = (CONFIGURATION, (b"#010\r", b">+12.004\r"), (b"#011\r", b"?01\r"))
    with bus("advantech-adam-4017", *said) as module:
        assert isinstance(module, Ammeter)
        assert module.current.read()[:2] == (12.004, "mA")
        with pytest.raises(GarbledReply):
            module.current_1.read()


@pytest.mark.parametrize("answer", ["01080600", "01070640", "01070602"], ids=["10 V", "checksum", "hex"])
def test_adam_4017_that_is_set_otherwise_is_refused(answer: str) -> None:
    with (
        pytest.raises((GarbledReply, WrongInstrument), match="configuration"),
        bus("advantech-adam-4017", (b"$012\r", f"!{answer}\r".encode())),
    ):
        pass


def test_nobody_gives_an_adam_4017_another_address() -> None:
    with bus("advantech-adam-4017", CONFIGURATION) as module, pytest.raises(ForbiddenCommand):
        module.ask("%0102070600")


RANGES = (asked(200, 0x0182), asked(201, 0x0182))


def test_adam_6017_makes_values_of_transmitters_of_currents() -> None:
    middle = round(12 / 20 * 65535)
    with bus("advantech-adam-6017", *RANGES, asked(0, middle, middle), asked(2, 13107)) as module:
        pressure, temperature = module.read(module.pressure, module.temperature)
        assert (pressure.value, temperature.value) == (pytest.approx(5.0), pytest.approx(50.0))
        assert module.current[2].read().value == pytest.approx(4.0)
        assert isinstance(module, PressureGauge | Thermometer)
        assert not module.is_absolute()


@pytest.mark.parametrize("stands", [0, 65535], ids=["broken wire", "end of the range"])
def test_an_input_of_an_adam_6017_without_a_value_gives_none(stands: int) -> None:
    with (
        bus("advantech-adam-6017", *RANGES, asked(0, stands)) as module,
        pytest.raises(InstrumentError),
    ):
        module.pressure.read()


def test_adam_6017_in_another_range_is_refused() -> None:
    with (
        pytest.raises(WrongInstrument, match="range_1 is MA_4_20, this driver needs MA_0_20"),
        bus("advantech-adam-6017", RANGES[0], asked(201, 0x0180)),
    ):
        pass


def test_a_rotary_meter_is_read_by_the_pulses_an_adam_6050_counts() -> None:
    counting, count = asked(32, 1, function=1), asked(0, 0x0001, 0x0002)
    with bus("advantech-adam-6050", counting, count) as module:
        assert isinstance(module, VolumeTotalizer)
        assert module.volume.read().value == pytest.approx(13107.3)
        with pytest.raises(ForbiddenCommand, match="this must never be done"):
            Screen(module, write=True).check(b"\x01" + bytes.fromhex("05 0021 FF00"), told=False)


def test_an_adam_6050_that_does_not_count_is_refused() -> None:
    with (
        pytest.raises(WrongInstrument, match="counting is STOPPED"),
        bus("advantech-adam-6050", asked(32, 0, function=1)),
    ):
        pass


# Meters


NUMBER = (frame("01 04 0F AC 00 02 B2 FE"), frame("01 04 04 00 00 00 1B BB 8F"))
"""As the manual of AquaMaster 3 prints it: transmitter 27."""


def aquamaster(flow: float) -> tuple[Exchange, ...]:
    """Return how a meter of DN 100 is opened through which 1 m/s flow."""
    values = ((5016, flow), (5032, 100.0), (5050, 1.0))
    return NUMBER, *(asked(start, *words(value), function=4) for start, value in values)


def test_aquamaster_3_says_its_number_and_flows_as_its_velocity_and_bore_say() -> None:
    flow = math.pi / 4 * 0.1**2 * 3600
    with bus("abb-aquamaster-3", *aquamaster(flow), asked(5016, *words(flow), function=4)) as meter:
        assert meter.flow.read().value == pytest.approx(28.274, abs=1e-3)
        assert meter.met.serial == "27"


def test_aquamaster_3_tells_its_bore_by_its_manuals_frame() -> None:
    flow = math.pi / 4 * 0.1**2 * 3600
    printed = frame("01 04 13 A8 00 02 F4 AF"), frame("01 04 04 41 20 00 00 EE 72")
    with bus("abb-aquamaster-3", *aquamaster(flow), printed) as meter:
        assert meter.bore.read().value == 10.0


def test_aquamaster_3_that_is_set_to_litres_a_second_is_refused() -> None:
    refused = r"flow is 7.854 m3/h, and by velocity 1 m/s, bore 100 mm, bore 100 mm it would be 28.274"
    with pytest.raises(WrongInstrument, match=refused), bus("abb-aquamaster-3", *aquamaster(7.854)):
        pass


FLOWING: dict[str, tuple[Exchange, ...]] = {
    "siemens-fst030": (
        asked(8296, 3), asked(3000, *words(0.01)), asked(3008, *words(1.27)),
        asked(3000, *words(0.01)), asked(3004, *words(9.98)), asked(3040, *words(998.0)),
    ),
    "silver-coriolis": (asked(1000, *words(9980.0, 10.0)), asked(1008, *words(0.998))),
    "aquametro-contoil-vzd2": (asked(70, *words(1000.0)), asked(74, *words(850.0, 850.0))),
}  # fmt: skip
"""How meters are opened that tell mass flow, volume flow and density."""


@pytest.mark.parametrize(
    ("name", "at", "flow"),
    [("siemens-fst030", 3000, 0.0098), ("silver-coriolis", 1002, 9.8), ("aquametro-contoil-vzd2", 70, 990.0)],
)
def test_a_meter_is_believed_whose_mass_flow_is_its_flow_times_density(
    name: str, at: int, flow: float
) -> None:
    with bus(name, *FLOWING[name], asked(at, *words(flow))) as meter:
        assert meter.flow.read().value == pytest.approx(flow)
        assert isinstance(meter, FlowMeter)


@pytest.mark.parametrize("name", sorted(FLOWING))
def test_a_meter_in_another_order_of_bytes_or_units_is_refused(name: str) -> None:
    in_tonnes = text(name).replace('"kg/s"', '"t/h"').replace('"kg/h"', '"t/h"')
    for table in (text(name).replace("ABCD", "CDAB"), in_tonnes):
        refused = pytest.raises((WrongInstrument, InstrumentError), match=r"flow is|no valid value")
        with refused, bus(name, *FLOWING[name], table=table):
            pass


def lwgy(flow: float) -> tuple[Exchange, ...]:
    """Return how a meter of 75.5 pulses a litre is opened at 209.7 Hz, which is 10 m3/h."""
    return asked(0, *words(flow)), asked(4, *words(209.7222))


def test_a_turbine_is_believed_whose_frequency_is_its_flow_times_its_factor() -> None:
    with bus("supmea-lwgy", *lwgy(10.0), asked(0, *words(9.8))) as meter:
        assert meter.flow.read()[:2] == (pytest.approx(9.8), "m3/h")
        assert isinstance(meter, FlowMeter)
    for told, bytes_as in ((10.0 / 3.6, "ABCD"), (10.0, "CDAB")):
        table = text("supmea-lwgy").replace("ABCD", bytes_as)
        refused = pytest.raises((WrongInstrument, InstrumentError), match=r"flow is|no valid value|frequency")
        with refused, bus("supmea-lwgy", *lwgy(told), table=table):
            pass


def daniel(modbus_id: int = 32, velocity: float = 10.0) -> tuple[Exchange, ...]:
    """Return how a meter with a bore of 0.2 m is opened at 1131 m3/h."""
    return asked(5, modbus_id), asked(9000, *words(1130.97, velocity))


def test_daniel_is_believed_that_tells_its_id_and_its_velocity_times_the_bore() -> None:
    with bus("daniel-3410", *daniel(), asked(9004, *words(412.5, 18.5, 5.2))) as meter:
        sound, temperature, pressure = meter.read(meter.sound_speed, meter.temperature, meter.pressure)
        assert (sound.value, temperature.value, pressure.unit) == (412.5, 18.5, "MPa")
        with pytest.raises(ForbiddenCommand):
            Screen(meter, write=True).check(b"\x01\x06" + struct.pack(">HH", 2, 1), told=False)


def test_daniel_whose_registers_stand_elsewhere_is_refused() -> None:
    with pytest.raises(WrongInstrument, match="modbus_id is 50"), bus("daniel-3410", *daniel(modbus_id=50)):
        pass
    with (
        pytest.raises(WrongInstrument, match=r"velocity 1\.2 m/s"),
        bus("daniel-3410", *daniel(velocity=1.2)),
    ):
        pass


def test_adam_6217_tells_what_is_wrong_at_an_input() -> None:
    middle = round(12 / 20 * 65535)
    with bus("advantech-adam-6217", *RANGES, asked(0, middle), asked(100, 0)) as module:
        assert module.pressure.read()[:2] == (pytest.approx(5.0, abs=1e-3), "bar")
    broken = asked(100, 0b1001)
    with bus("advantech-adam-6217", *RANGES, broken, asked(0, middle), broken) as module:
        assert [one.name for one in module.status.read()] == ["NO_VALUE", "OPEN_CIRCUIT"]
        with pytest.raises(InstrumentError, match=r"pressure has no .* status says NO_VALUE, OPEN_CIRCUIT"):
            module.pressure.read()


# Transmitters


def rosemount(*, units: tuple[int, int, int] = (3, 3, 20), status: int = 0) -> list[Exchange]:
    """Return how a 3095FB is opened."""
    set_to = [asked(59 + place, unit) for place, unit in enumerate(units)]
    return [*set_to, *(asked(start, status, function=4) for start in (119, 119)), asked(120, 0, function=4)]


@pytest.mark.parametrize(
    ("order", "answer"),
    [("ABCD", "42 C8 80 00"), ("CDAB", "80 00 42 C8"), ("DCBA", "00 80 C8 42"), ("BADC", "C8 42 00 80")],
)
def test_rosemount_3095fb_in_its_manuals_four_formats(order: str, answer: str) -> None:
    request, reply = asked(400, *struct.unpack(">HH", bytes.fromhex(answer)), function=4)
    assert request[:6] == bytes.fromhex("01 04 01 90 00 02")
    table = text("rosemount-3095fb").replace('order = "ABCD"', f'order = "{order}"')
    updating = asked(120, 0, function=4)
    with bus("rosemount-3095fb", *rosemount(), updating, (request, reply), table=table) as transmitter:
        assert transmitter.differential_pressure.read()[:2] == (100.25, "kPa")


def test_rosemount_3095fb_gives_all_it_measures_in_one_request() -> None:
    values = asked(400, *words(12.5, 801.0, 20.25), function=4)
    ill = ((1 << 8, 0), "thermometer says DISCONNECTED"), ((0, 1 << 15), "sensor says NOT_UPDATING")
    for status, why in (((0, 0), ""), *ill):
        said = asked(119, *status, function=4)
        with bus("rosemount-3095fb", *rosemount(), said, values) as transmitter:
            wanted = transmitter.differential_pressure, transmitter.pressure, transmitter.temperature
            if not why:
                found = transmitter.read(*wanted)
                continue
            with pytest.raises(InstrumentError, match=f"has no valid value: {why}"):
                transmitter.read(*wanted)
    assert [one.value for one in found] == [12.5, 801.0, 20.25]
    assert isinstance(transmitter, PressureGauge | Thermometer)


@pytest.mark.parametrize(
    ("exchanges", "why"),
    [
        (rosemount(units=(3, 5, 20))[:2], "pressure_unit is PSI, this driver needs KPA"),
        (rosemount(units=(3, 3, 21))[:3], "temperature_unit is FAHRENHEIT"),
        (rosemount(status=1 << 8)[:4], "thermometer is DISCONNECTED"),
        (rosemount(status=1 << 15)[:5], "bridge is OPEN"),
    ],
)
def test_rosemount_3095fb_that_is_set_otherwise_or_ill_is_refused(
    exchanges: list[Exchange], why: str
) -> None:
    with pytest.raises(WrongInstrument, match=why), bus("rosemount-3095fb", *exchanges):
        pass


def test_abb_266_reads_from_its_own_map_and_refuses_another_unit() -> None:
    opening = [asked(480, 12), asked(481, 12), asked(482, 32)]
    with bus("abb-266", *opening, asked(402, *words(101.325, 19.5), function=4)) as transmitter:
        pressure, temperature = transmitter.read(transmitter.pressure, transmitter.temperature)
    assert (pressure.value, temperature.value) == (pytest.approx(101.325), 19.5)
    in_psi = [asked(480, 12), asked(481, 6)]
    with pytest.raises(WrongInstrument, match="pressure_unit is PSI"), bus("abb-266", *in_psi):
        pass


def test_ejx930a_says_who_it_is_and_sends_floats_as_its_manual_has_them() -> None:
    who = [asked(1000, 0x37, function=4), asked(1001, 0x54, function=4)]
    units = [asked(1400, 0x0C), asked(1401, 0xED), asked(1402, 0x20)]
    values = asked(1100, 0x42C8, 0x8000, *words(5.5), function=4)
    with bus("yokogawa-ejx930a", *who, *units, values) as transmitter:
        found = transmitter.read(transmitter.differential_pressure, transmitter.pressure)
    assert [one[:2] for one in found] == [(100.25, "kPa"), (5.5, "MPa")]
    with (
        pytest.raises((GarbledReply, WrongInstrument), match=r"1002|device_type"),
        bus("yokogawa-ejx930a", who[0], asked(1001, 0x51, function=4)),
    ):
        pass


# Dew point and density


def optidew(*, unit: int = 0, mode: int = 8) -> list[Exchange]:
    return [asked(2, 0x0001, 0x86A0), asked(30, unit), asked(33, mode)]


def test_optidew_gives_its_dew_point_and_what_is_wrong_with_it() -> None:
    said = (asked(6, *words(-40.25, 23.5)), asked(33, 8, 0, 0, 0, 1, 0), asked(38, 0b1000), asked(37, 1))
    with bus("michell-optidew", *optidew(), *said) as hygrometer:
        dew_point, temperature = hygrometer.read(hygrometer.dew_point, hygrometer.temperature)
        assert hygrometer.faults.read().name == "AMBIENT_PT100"
        assert hygrometer.control.read().name == "IN_CONTROL"
    assert (dew_point[:2], temperature.value) == ((-40.25, "°C"), 23.5)
    assert hygrometer.met.serial == "100000"
    assert isinstance(hygrometer, DewPointMeter)


@pytest.mark.parametrize(
    ("mode", "control", "faults", "why"),
    [
        (7, 1, 0, "mode says HOLD"),
        (8, 3, 0, "control says COOLING"),
        (8, 1, 0b10010, "faults says OPTICS_LOW, MIRROR_PT100"),
    ],
)
def test_optidew_is_not_read_while_it_holds_its_last_value_or_is_ill(
    mode: int, control: int, faults: int, why: str
) -> None:
    said = (asked(6, *words(-40.25)), asked(33, mode, 0, 0, 0, control, faults))
    with (
        bus("michell-optidew", *optidew(), *said) as hygrometer,
        pytest.raises(InstrumentError, match=f"dew_point has no valid value: {why}"),
    ):
        hygrometer.dew_point.read()


@pytest.mark.parametrize(
    ("exchanges", "why"),
    [
        (optidew(unit=1)[:2], "temperature_unit is FAHRENHEIT"),
        (optidew(mode=6), "mode is CLEANING, this driver needs MEASURE"),
    ],
)
def test_optidew_that_shows_fahrenheit_or_cleans_its_mirror_is_refused(
    exchanges: list[Exchange], why: str
) -> None:
    with pytest.raises(WrongInstrument, match=why), bus("michell-optidew", *exchanges):
        pass


@pytest.mark.parametrize(("content", "celsius"), [(0x0067, 10.3), (0xFE70, -40.0)])
def test_easidew_online_by_its_manuals_request(content: int, celsius: float) -> None:
    request, reply = asked(0, content, function=4)
    assert request == frame("01 04 00 00 00 01 31 CA")
    with bus("michell-easidew-online", (request, reply)) as monitor:
        assert monitor.dew_point.read()[:2] == (pytest.approx(celsius), "°C")


def test_dma_4500_m_is_asked_once_for_density_and_temperature() -> None:
    with bus("anton-paar-dma-4500m", (b"getrawdata\r", b"1.102689;19.999;20.000:8\r")) as meter:
        density, temperature = meter.read(meter.density, meter.temperature)
    assert (density[:2], temperature[:2]) == ((1.102689, "g/cm3"), (19.999, "°C"))
    assert isinstance(meter, Densitometer | Thermometer)


@pytest.mark.parametrize("answer", [b"NaN;NaN;20.000;NaN", b"no data available"])
def test_dma_4500_m_without_a_value_says_so(answer: bytes) -> None:
    with (
        bus("anton-paar-dma-4500m", (b"getrawdata\r", answer + b"\r")) as meter,
        pytest.raises((InstrumentError, GarbledReply)),
    ):
        meter.density.read()


@pytest.mark.parametrize("line", ["start", "abort", "set temperature 20.000"])
def test_nothing_is_started_or_set_of_a_dma(line: str) -> None:
    with bus("anton-paar-dma-4500m") as meter, pytest.raises(ForbiddenCommand):
        meter.ask(line)
