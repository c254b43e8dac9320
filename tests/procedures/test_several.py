"""Roles of several instruments, standards nobody can ask, several devices, and adjusting in between."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from examining import examine_course, examine_instruments, examine_shapes
from tiny import PROCEDURE, Indicator, Leveller, TinyMeter
from tiny_bench import Tiny, tiny_bench

from remotecal.certificates.dcc import read, write
from remotecal.drivers.keysight.dmm34461a import Keysight34461A
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.errors import BenchError, EvidenceError, OrderError, ParameterError, WrongInstrument
from remotecal.journal.evidence import Evidence, read_start
from remotecal.model import Record, Text
from remotecal.procedures import Artefact, Procedure
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.sim.certificates import Certified, certificate

SEVERAL = Path(__file__).parent / "several_procedure.py"
OWN = ("tiny:TinySource", "tiny:TinyMeter")

SECOND = """
[instruments.second]
driver = "tiny:TinyMeter"
address = "{address}"
serial = "M2"
[artefacts.weight]
serial = "W-7"
certificate = "weight.xml"
"""

DUTS = """
[[duts]]
name = "Meter"
serial = "M1"
on = "gauge"
[[duts]]
name = "Meter"
serial = "M2"
on = "second"
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Tiny]:
    with tiny_bench(tmp_path) as made:
        text = made.bench.read_text().replace(
            '[roles]\nmeter = "gauge"', '[roles]\nmeters = ["gauge", "second"]'
        )
        made.bench.write_text(text + SECOND.format(address=made.world.address("second")))
        mass = Calibrated(Stated("kg", (1.0, 2.0), (0.0, 0.0), (1e-6, 1e-6)), 0.0)
        weight = Certified(Text(zh="砝码", en="Weight"), ((Text.plain("mass"), mass),))
        owner = Text.plain("laboratory")
        record = certificate(weight, Keysight34461A, "W-7", owner, "W-1", date(2026, 6, 1))
        (tmp_path / "weight.xml").write_bytes(write(record))
        order = made.order.read_text().replace(str(PROCEDURE), str(SEVERAL))
        begin, end = order.index("[dut]"), order.index("[customer]")
        made.order.write_text(order[:begin] + DUTS + order[end:])
        yield made


def record(evidence: Evidence) -> Record:
    return evaluate(evidence, find(str(SEVERAL)))


def test_a_role_holds_several_instruments(tiny: Tiny) -> None:
    evidence = tiny.run()
    assert {role: used.name for role, used in evidence.instruments.items()} == {
        "source": "source",
        "meters[1]": "gauge",
        "meters[2]": "second",
    }
    sources = [one.source for one in evidence.observations[0].values["values"]]  # type: ignore[union-attr]
    assert sources == ["gauge.value", "second.value"]
    events = tiny.events()
    assert read_start(events).run == "out"
    assert "all of known kinds" in examine_shapes(events)
    assert "second: Maker Tiny, SN M2" in examine_instruments(events, OWN)


def test_a_role_of_several_may_be_missing() -> None:
    class Wanting(Procedure):
        title = Text.plain("wanting")
        weights: tuple[Artefact, ...] | None
        meters: tuple[Indicator | Leveller, ...]

    weights, meters = Wanting.roles()
    assert (weights.several, weights.optional, weights.artefact) == (True, True, True)
    assert (meters.several, meters.optional, meters.capabilities) == (True, False, (Indicator, Leveller))


def test_a_role_typed_by_a_driver_is_told_what_it_may_be_typed_by() -> None:
    class Bound(Procedure):
        title = Text.plain("bound")
        meter: TinyMeter
        rig: ScpiInstrument

    class Bare(Procedure):
        title = Text.plain("bare")
        rig: ScpiInstrument

    with pytest.raises(ParameterError, match=r"the driver TinyMeter: .* such as Indicator, which it has"):
        Bound.roles()
    with pytest.raises(ParameterError, match=r"a Protocol of yours .*, which it has none of"):
        Bare.roles()


def test_a_role_of_one_takes_no_two(tiny: Tiny) -> None:
    tiny.bench.write_text(tiny.bench.read_text().replace("[roles]", '[roles]\nsource = ["source", "second"]'))
    with pytest.raises(BenchError, match="source and second can't both fill the role source"):
        tiny.run()


def test_every_one_of_them_must_reach_the_points(tiny: Tiny) -> None:
    file = tiny.directory / "far.py"
    file.write_text(SEVERAL.read_text().replace('"level": 2.0', '"level": 30.0'))
    tiny.order.write_text(tiny.order.read_text().replace(str(SEVERAL), str(file)))
    with pytest.raises(ParameterError, match=r"beyond the meters\[1\].*beyond the meters\[2\]"):
        tiny.run()


def test_an_artefact_is_a_standard_with_its_certificate(tiny: Tiny) -> None:
    evidence = tiny.run()
    assert evidence.artefacts["weight"].serial == "W-7"
    assert evidence.certificates["weight"].certificate.number == "W-1"
    assert tiny.events("note")[0].data["weight"] == "W-7"
    (standard,) = record(evidence).measurements[0].standards
    assert standard.identifications[0].value == "W-7"
    assert standard.certificate is not None
    assert standard.certificate.number == "W-1"


def test_an_artefact_of_another_serial_number_is_refused(tiny: Tiny) -> None:
    tiny.bench.write_text(tiny.bench.read_text().replace('"W-7"', '"W-8"'))
    with pytest.raises(
        EvidenceError, match="weight has the serial number W-8, its certificate W-1 is for W-7"
    ):
        tiny.run()


def test_a_forged_serial_number_of_an_artefact_is_noticed(tiny: Tiny) -> None:
    tiny.run()
    events = tiny.events()
    events[0].data["artefacts"]["weight"] = "W-8"  # type: ignore[index, call-overload]
    with pytest.raises(EvidenceError, match="weight is SN W-8, its certificate W-1 is for W-7"):
        examine_instruments(events, OWN)


def test_an_artefact_can_not_be_asked(tiny: Tiny) -> None:
    tiny.bench.write_text(tiny.bench.read_text().replace("[roles]", '[roles]\nsource = "weight"'))
    with pytest.raises(
        BenchError, match="weight can't fill the role source: Leveller: an artefact fills a role typed by"
    ):
        tiny.run()


def test_one_name_is_one_thing(tiny: Tiny) -> None:
    tiny.bench.write_text(tiny.bench.read_text().replace("[artefacts.weight]", "[artefacts.second]"))
    with pytest.raises(BenchError, match="second is an instrument and an artefact"):
        tiny.run()


def test_each_device_has_a_measurement_and_a_verdict_of_its_own(tiny: Tiny) -> None:
    made = record(tiny.run())
    assert [item.identifications[0].value for item in made.items] == ["M1", "M2"]
    assert [one.items for one in made.measurements] == [("dut-1",), ("dut-2",)]
    verdicts = [said.refs for said in made.statements if said.conformity]
    assert verdicts == [("dut-1", "measurement-1"), ("dut-2", "measurement-2")]
    assert read(write(made)) == made


@pytest.mark.parametrize(
    ("was", "instead", "said"),
    [
        ('on = "second"', 'on = "gauge"', "which instrument reads it, another one each"),
        ('on = "second"', "", "which instrument reads it, another one each"),
        ("[[duts]]", '[dut]\nname = "Meter"\nserial = "M0"\n[[duts]]', "give either"),
    ],
)
def test_an_order_tells_its_devices_apart(tiny: Tiny, was: str, instead: str, said: str) -> None:
    tiny.order.write_text(tiny.order.read_text().replace(was, instead, 1))
    with pytest.raises(OrderError, match=said):
        tiny.run()


def adjusted(tiny: Tiny) -> Evidence:
    """Run with an order that has the devices adjusted, whose offset then is gone."""
    tiny.order.write_text(tiny.order.read_text().replace("[order]", "[order]\nadjust = true"))
    tiny.world.offset = 0.1

    def adjust(name: str, line: str) -> None:
        if line.startswith("SOUR:LEV 0.5"):
            tiny.world.offset = 0.0

    tiny.world.before = adjust
    return tiny.run()


def test_what_was_found_and_what_is_left(tiny: Tiny) -> None:
    evidence = adjusted(tiny)
    (event,) = tiny.events("adjust")
    assert event.data == {"set": {"offset": 0.0}}
    assert [point.series for point in evidence.points] == [("as found",)] * 2 + [("as left",)] * 2
    made = record(evidence)
    told = {
        one.name.get("en"): one.results[0].tables[0].columns[0].values  # type: ignore[union-attr]
        for one in made.measurements
    }
    assert told["dut-1, as found"] == ("1.100", "2.100")
    assert told["dut-2, as left"] == ("1.000", "2.000")
    assert len(told) == 4
    said = [one.declaration.get("en") for one in made.statements if one.declaration is not None]
    assert said.count("Adjustment: offset = 0.") == 1
    events = tiny.events()
    assert "all of known kinds" in examine_shapes(events)
    assert examine_course(events) == "never interrupted"


def test_an_adjustment_nobody_ordered_is_noticed(tiny: Tiny) -> None:
    adjusted(tiny)
    events = tiny.events()
    place = next(n for n, event in enumerate(events) if event.kind == "adjust")
    moved = [*events[: place - 6], events[place], *events[place - 6 : place], *events[place + 1 :]]
    with pytest.raises(EvidenceError, match="adjusted where the order does not say so"):
        examine_course(moved)
    with pytest.raises(EvidenceError, match="1 V, as left was measured before the device was adjusted"):
        examine_course([event for event in events if event.kind != "adjust"])


def test_who_can_not_adjust_says_so(tiny: Tiny) -> None:
    text = SEVERAL.read_text()
    begin, end = text.index("    def adjust("), text.index("    def evaluate(")
    file = tiny.directory / "fixed.py"
    file.write_text(text[:begin] + text[end:])
    tiny.order.write_text(tiny.order.read_text().replace(str(SEVERAL), str(file)))
    with pytest.raises(ParameterError, match="Several does not know how to adjust"):
        adjusted(tiny)
    assert not tiny.out.exists()


@pytest.mark.parametrize(
    ("was", "instead", "said"),
    [
        ('on = "second"', 'on = "source"', "no device is on source: gauge and second fills the role"),
        ('on = "second"', 'on = "weight"', "no device is on weight"),
        (DUTS[DUTS.index("[[duts]]", 5) :], "", "which device is on second"),
    ],
)
def test_each_device_has_its_instrument_and_each_instrument_its_device(
    tiny: Tiny, was: str, instead: str, said: str
) -> None:
    text = tiny.order.read_text()
    assert was in text
    tiny.order.write_text(text.replace(was, instead, 1))
    with pytest.raises(OrderError, match=said):
        tiny.run()
    assert not tiny.out.exists()


def test_meters_exchanged_on_the_bench_are_refused(tiny: Tiny) -> None:
    text = tiny.order.read_text()
    tiny.order.write_text(text.replace('"M1"', '"M3"'))
    with pytest.raises(OrderError, match="gauge is SN M1, and the order is for SN M3"):
        tiny.run()
    tiny.bench.write_text(tiny.bench.read_text().replace('serial = "M1"', ""))
    with pytest.raises(WrongInstrument, match="gauge says that it is SN M1, and the order is for SN M3"):
        tiny.run()
