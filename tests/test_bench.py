"""The bench file: what is read from it, and every way it can be wrong."""

from __future__ import annotations

import asyncio
import sys
import threading
from datetime import date
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "procedures"))

from tiny import HASTY, PatientSource, TinyWorld

from remotecal.bench import Bench
from remotecal.clock import RealClock, VirtualClock
from remotecal.errors import BenchError, CertificateRefused, LinkError, RecordError, SafeStateNotReached
from remotecal.open_bench import OpenBench

WHOLE = """
[bench]
name = "Water rig 2"
clock = "virtual"

[instruments.source]
driver = "tiny:TinySource"
address = "TCPIP::127.0.0.1::1::SOCKET"
serial = "S1"
valid_until = 2027-03-01

[instruments.gauge]
driver = "tiny:TinyMeter"
address = "TCPIP::127.0.0.1::2::SOCKET"
port = { baud = 19200, parity = "E" }

[instruments.scale]
driver = "MettlerSics"
address = "ASRL/dev/ttyUSB0::INSTR"

[instruments.thermometer]
driver = "Hart1529"
address = "ASRL/dev/ttyUSB1::INSTR"
settings = { channel = 2 }

[roles]
meter = "gauge"

[characteristics.connecting_volume]
value = 12.0
unit = "L"
expanded_uncertainty = 0.5
source = "Rig characterisation 2026-05"
valid_until = 2027-05-01

[[interlocks]]
watch = "gauge.value"
above = 6.0
unit = "V"
release = 5.5

[heartbeat]
quantity = "source.heartbeat"
every = 2.0

[safe]
order = ["source"]
within = 20.0
"""

BY_HAND = """
[instruments.{name}]
driver = "PressureGaugeByHand"
address = "by-hand:{called}"
settings = {{ unit = "bar", high = 16, step = 0.1 }}
"""


@pytest.fixture
def load(tmp_path):
    def load(old="", new=""):
        assert old in WHOLE
        path = tmp_path / "bench.toml"
        path.write_text(WHOLE.replace(old, new, 1) if old else WHOLE + new)
        return Bench.load(path)

    return load


def test_a_whole_file_is_read(load):
    bench = load()
    assert bench.name == "Water rig 2"
    assert bench.drivers["scale"].__name__ == "MettlerSics"
    assert bench.filling("meter") == ("gauge",)
    assert bench.filling("gauge") == ("gauge",)
    assert bench.filling("nobody") == ()
    assert bench.file.instruments["source"].valid_until == date(2027, 3, 1)
    usual = bench.drivers["gauge"].wire.serial
    port = bench.file.instruments["gauge"].port.over(usual)
    assert (port.baud, port.parity, port.bits) == (19200, "E", usual.bits)
    assert bench.file.interlocks[0].every == 1.0
    assert isinstance(bench.clock(), VirtualClock)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name =", "nam =", r"bench.name is missing; bench.nam is unknown, did you mean name\?"),
        (
            'clock = "virtual"',
            'clock = "sundial"',
            "bench.clock: write it like real or virtual, not 'sundial'",
        ),
        ("serial =", "serail =", r"instruments.source.serail is unknown, did you mean serial\?"),
        ("[heartbeat]", "[heartbeats]", r"heartbeats is unknown, did you mean heartbeat"),
        ("baud = 19200", 'baud = "fast"', "instruments.gauge.port.baud: input should be a valid integer"),
        ("baud = 19200", "baud = -1", "baud = -1 is no serial port setting"),
        (
            "channel = 2",
            "chanel = 2",
            r"instruments.thermometer.settings.chanel is unknown, did you mean channel\?",
        ),
        ("2027-03-01", '"soon"', "instruments.source.valid_until: input should be a valid date"),
        ("2027-03-01", "nan", "instruments.source.valid_until: "),
        (
            "",
            BY_HAND.format(name="dial", called="gauge-3") + BY_HAND.format(name="other", called="Gauge-3 "),
            "dial and other are one instrument by their address by-hand:Gauge-3 , read by hand",
        ),
        ("MettlerSics", "MettlerSic", "MettlerSics"),
        ("tiny:TinyMeter", "tiny:TinyMetre", "the driver tiny:TinyMetre can't be loaded"),
        ("tiny:TinyMeter", "tinny:TinyMeter", "the driver tinny:TinyMeter can't be loaded"),
        (
            'meter = "gauge"',
            'meter = "guage"',
            r"roles.meter: 'guage' is no instrument, did you mean gauge\?",
        ),
        (
            "value = 12.0",
            "value = inf",
            "characteristics.connecting_volume.value: input should be a finite number",
        ),
        (
            'serial = "S1"',
            "correlation = 0.9",
            "correlation is of the points of a certificate: give certificate too",
        ),
        (
            'serial = "S1"',
            "certificate = 's.xml'\ncorrelation = 1.2",
            "instruments.source.correlation: input should be less than or equal to 1",
        ),
        (
            'serial = "S1"',
            'drift = [{ half_width = 0.1, unit = "V", source = "S" }]',
            "drift is what may have changed since a certificate: give certificate too",
        ),
        ('unit = "L"', 'unit = "Liter"', "the unit 'Liter' is unknown"),
        ("gauge.value", "gage.value", r"'gage' is no instrument, did you mean gauge\?"),
        ("gauge.value", "gauge.valu", r"TinyMeter has no 'valu', did you mean value\?"),
        ("gauge.value", "source.level", "TinySource.level can't be watched"),
        ('unit = "V"', 'unit = "kPa"', "TinyMeter.value is in V, the limit in kPa"),
        ("above = 6.0\n", "", "give either above or below"),
        ("above = 6.0\n", "above = 6.0\nbelow = 1.0\n", "give either above or below"),
        ("release = 5.5", "release = 6.5", "release 6.5 lies beyond the limit 6"),
        ("source.heartbeat", "gauge.value", "heartbeat.quantity: TinyMeter.value can't be set"),
        ("every = 2.0", "every = 0", "heartbeat.every: input should be greater than 0"),
        (
            'order = ["source"]',
            'order = ["sauce"]',
            r"safe.order: 'sauce' is no instrument, did you mean source",
        ),
        ("[safe]", "[safe", "is no TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_key(load, tmp_path, old, new, message):
    with pytest.raises(BenchError, match=message) as refusal:
        load(old, new)
    assert str(tmp_path / "bench.toml") in str(refusal.value)


def test_instruments_that_are_read_by_hand_have_names_of_their_own(load):
    bench = load(new="".join(BY_HAND.format(name=name, called=name) for name in ("dial", "other")))
    assert {"dial", "other"} <= bench.file.instruments.keys()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(BenchError, match=r"nowhere.toml does not exist"):
        Bench.load(tmp_path / "nowhere.toml")


def test_an_empty_bench_is_refused(tmp_path):
    (tmp_path / "bench.toml").write_text("[bench]\nname = 'x'\n[instruments]\n")
    with pytest.raises(BenchError, match="instruments: "):
        Bench.load(tmp_path / "bench.toml")


def test_a_calibration_out_of_date_is_refused(load):
    bench = load()
    assert bench.certificate("source", date(2027, 3, 1)) is None
    with pytest.raises(CertificateRefused, match="source: its calibration was valid until 2027-03-01"):
        bench.certificate("source", date(2027, 3, 2))
    with pytest.raises(
        CertificateRefused, match="connecting_volume of Water rig 2 was valid until 2027-05-01"
    ):
        bench.characteristics(date(2027, 5, 2))


def test_a_certificate_that_can_not_be_read_is_refused(load, tmp_path):
    bench = load("serial =", 'certificate = "source.xml"\nserial =')
    with pytest.raises(CertificateRefused, match=r"source: its certificate .*source.xml can't be read"):
        bench.certificate("source", date(2026, 1, 1))
    (tmp_path / "source.xml").write_text("<html/>")
    with pytest.raises(RecordError, match=r"source.xml"):
        bench.certificate("source", date(2026, 1, 1))


@pytest.fixture
def world():
    world = TinyWorld()
    yield world
    world.close()


@pytest.fixture
def opened(tmp_path, world):
    path = tmp_path / "bench.toml"
    path.write_text(f"""
    [bench]
    name = "Tiny"
    [instruments.source]
    driver = "tiny:HastySource"
    address = "{world.address("source")}"
    [instruments.gauge]
    driver = "tiny:HastyMeter"
    address = "{world.address("meter")}"
    [roles]
    meter = "gauge"
    [safe]
    within = {4 * HASTY}
    """)
    with Bench.load(path).open(RealClock()) as bench:
        yield bench


def test_roles_and_quantities_are_found(opened):
    assert opened.role("meter") is opened.instruments["gauge"]
    assert opened.role("source") is opened.instruments["source"]
    assert opened.reading("gauge.value").declaration.name == "value"
    for wrong in ("gauge.level", "nobody.value", "gauge.read", "gauge"):
        with pytest.raises(BenchError):
            opened.reading(wrong)
    with pytest.raises(BenchError, match="can't be set"):
        opened.setting("gauge.value")


def test_instruments_are_read_at_the_same_time(opened, world):
    together = threading.Barrier(2, timeout=5)
    world.before = lambda _name, line: together.wait() if line.startswith("MEAS") else None
    source, gauge = opened.instruments["source"], opened.instruments["gauge"]
    values = opened.read_together(gauge.value, source.temperature)
    assert [value.source for value in values] == ["gauge.value", "source.temperature"]
    assert [value.value for value in values] == [0.0, 25.0]


def test_instruments_are_read_at_the_same_time_in_an_event_loop(opened, world):
    together = threading.Barrier(2, timeout=5)
    world.before = lambda _name, line: together.wait() if line.startswith("MEAS") else None
    source, gauge = opened.instruments["source"], opened.instruments["gauge"]
    values = asyncio.run(opened.aread_together(gauge.value, source.temperature, gauge.value))
    assert [value.source for value in values] == ["gauge.value", "source.temperature", "gauge.value"]
    assert [value.value for value in values] == [0.0, 25.0, 0.0]


def test_nothing_and_the_same_thing_twice_can_be_read(opened):
    gauge = opened.instruments["gauge"]
    assert opened.read_together() == ()
    one, two = opened.read_together(gauge.value, gauge.value)
    assert one.value == two.value


def test_a_failure_while_reading_together_names_the_instrument(opened, world):
    world.deaf.add("MEAS:TEMP?")
    source, gauge = opened.instruments["source"], opened.instruments["gauge"]
    for quantities in ((gauge.value, source.temperature), (source.temperature, gauge.value)):
        with pytest.raises(LinkError, match="source"):
            opened.read_together(*quantities)
        with pytest.raises(LinkError, match="source"):
            asyncio.run(opened.aread_together(*quantities))
    assert opened.read_together(gauge.value)[0].value == 0.0


def test_making_safe_is_tried_again(opened, world):
    refused = []

    def refuse_once(name, line):
        world.deaf.discard("SOUR:LEV 0;:SYST:ERR?")
        if line.startswith("SOUR:LEV 0") and not refused:
            refused.append(line)
            world.deaf.add(line)

    world.level = 5.0
    world.before = refuse_once
    opened.make_safe()
    assert refused
    assert world.level == 0


def test_what_hangs_is_called_off_in_time(world):
    source = PatientSource.open(world.address("source"), name="source")
    world.deaf.add("source")
    bench = OpenBench({"source": source}, RealClock(), needed={"source": 30.0}, within=0.2)
    with pytest.raises(SafeStateNotReached, match=r"source did not reach its safe state within 0.2 s"):
        bench.make_safe()
    bench.close()
