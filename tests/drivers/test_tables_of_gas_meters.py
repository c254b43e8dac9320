"""Tables of gas meters: believed where their quantities hang together, and refused where they do not."""

import struct

import pytest
from shipped_tables import asked, bus, wide, words

from remotecal.drivers.capabilities import FlowMeter, PressureGauge, SoundMeter, VolumeTotalizer
from remotecal.errors import WrongInstrument
from remotecal.testing.transcripts import Exchange


def flowsic(base_flow: float, flow: float = 100.0, factor: float = 10.0) -> tuple[Exchange, Exchange]:
    return asked(5026, *words(base_flow, factor)), asked(7002, *words(flow))


def test_flowsic500_is_believed_where_its_flows_hang_together() -> None:
    opening = flowsic(1000.0)
    with bus("sick-flowsic500", *opening, asked(5136, *words(10.3)), asked(7002, *words(99.5))) as meter:
        pressure, flow = meter.read(meter.pressure, meter.flow)
    assert (pressure.value, flow.value) == (pytest.approx(10.3), 99.5)
    assert isinstance(meter, FlowMeter | PressureGauge)
    assert meter.is_absolute()


@pytest.mark.parametrize(
    "opening",
    [flowsic(100.0), flowsic(1000.0, flow=0.0), flowsic(-1000.0)],
    ids=["no factor in it", "elsewhere", "backwards"],
)
def test_flowsic500_whose_flows_do_not_is_refused(opening: tuple[Exchange, ...]) -> None:
    refused = r"base_flow is -?100.?0? m3/h, and by flow \d+ m3/h, factor 10 1 it would be"
    with pytest.raises(WrongInstrument, match=refused), bus("sick-flowsic500", *opening):
        pass


def test_flowsic500_at_a_standstill_contradicts_nothing() -> None:
    with bus("sick-flowsic500", *flowsic(0.0, flow=0.0)):
        pass


SERIAL_NUMBER = wide(5001, 1, "I", 4_711_001)


def flowsic600(flow: float, velocity: float) -> tuple[Exchange, ...]:
    """Return how a meter of DN 200 is opened."""
    return SERIAL_NUMBER, wide(7001, 1, "f", flow), wide(7004, 1, "f", velocity)


BY_VELOCITY = 10 * 0.0314159 * 3600
"""m3/h through DN 200 at 10 m/s."""


def test_flowsic600_is_believed_by_its_bore_and_has_each_value_at_one_address() -> None:
    values = wide(7001, 4, "4f", 1000.5, 10_005.0, 420.5, 8.75)
    with bus("sick-flowsic600", *flowsic600(BY_VELOCITY, 10.0), values, wide(7010, 1, "f", 8.5)) as meter:
        found = meter.read(meter.flow, meter.base_flow, meter.sound_speed, meter.velocity)
        assert meter.path_velocity[2].read().value == 8.5
    assert [one.value for one in found] == [1000.5, 10_005.0, 420.5, 8.75]
    assert meter.met.serial == "4711001"
    assert isinstance(meter, FlowMeter | SoundMeter)


@pytest.mark.parametrize(
    ("flow", "by"),
    [(BY_VELOCITY / 3600, "1130.97"), (BY_VELOCITY * 35.3147, "1130.97")],
    ids=["m3/s", "ft3/h"],
)
def test_flowsic600_in_other_units_or_of_another_bore_is_refused(flow: float, by: str) -> None:
    refused = rf"flow is .* m3/h, and by velocity 10 m/s, 0.0314159 m2 it would be {by}"
    with pytest.raises(WrongInstrument, match=refused), bus("sick-flowsic600", *flowsic600(flow, 10.0)):
        pass


def qsonic(flow: float) -> tuple[Exchange, ...]:
    return wide(1401, 1, "f", 10.0), wide(1404, 1, "f", flow)


def test_qsonic_is_believed_by_its_bore() -> None:
    values = wide(1400, 2, "ff", 431.25, 9.5)
    with bus("instromet-qsonic", *qsonic(BY_VELOCITY), values) as meter:
        found = meter.read(meter.sound_speed, meter.velocity)
    assert [one.value for one in found] == [431.25, 9.5]
    with pytest.raises(WrongInstrument, match="flow is"), bus("instromet-qsonic", *qsonic(BY_VELOCITY / 60)):
        pass


COUNTS_VOLUME = asked(40001, 20)


def gfc300(flow: float) -> tuple[Exchange, ...]:
    """Return how a meter of DN 100 is opened through which gas flows at 20 m/s."""
    flowing = (asked(30000, *words(flow), function=4), asked(30010, *words(20.0), function=4))
    return COUNTS_VOLUME, asked(42000, *words(0.1)), *flowing


def test_gfc300_is_believed_by_its_meter_size_and_counts_in_doubles() -> None:
    total = struct.unpack(">4H", struct.pack(">d", 123_456.789012))
    with bus("krohne-gfc300", *gfc300(0.16), asked(30028, *total, function=4)) as meter:
        assert meter.volume.read()[:2] == (123_456.789012, "m3")
        assert isinstance(meter, VolumeTotalizer)


def test_gfc300_in_other_units_or_whose_counter_counts_mass_is_refused() -> None:
    with pytest.raises(WrongInstrument, match="flow is 576 m3/s"), bus("krohne-gfc300", *gfc300(576.0)):
        pass
    with (
        pytest.raises(WrongInstrument, match="counter_counts is MASS, this driver needs VOLUME"),
        bus("krohne-gfc300", asked(40001, 22)),
    ):
        pass
