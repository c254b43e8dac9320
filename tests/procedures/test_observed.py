"""What a repeat yields is declared, and held against that before it is kept."""

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol, cast

import pytest
from tiny import PROCEDURE
from tiny_bench import Tiny

from remotecal.drivers.capabilities import Thermometer, VolumeTotalizer
from remotecal.drivers.measured import Measured, passed
from remotecal.drivers.quantities import Reading
from remotecal.errors import EvidenceError, ParameterError, RunError
from remotecal.journal.observation import Observation, Point, Value
from remotecal.procedures import By, Observed, Often, Waited
from remotecal.procedures.held import check_declared, disordered, hurried, strays
from remotecal.procedures.library.evaluation.repeats import Repeats
from remotecal.procedures.observed import SEVERAL, packed
from remotecal.procedures.procedure import of_role
from remotecal.runs.catalogue import find, names
from remotecal.runs.record import evaluate

if TYPE_CHECKING:
    from remotecal.journal.evidence import Evidence


class Seen(Observed):
    mass: Annotated[Measured, "kg"]
    temperature: Annotated[tuple[Measured, ...], "°C"]
    total: Annotated[Measured | None, "kg", "m3"] = None
    duration: Annotated[float | None, "s"] = None
    count: Annotated[int, "1"] = 3
    remark: str | None = None


MASS = Measured(1500.0, "g", 0.5, "balance.mass", 0.0, 7)
WARM = Measured(293.15, "K", None, "bath.temperature", 0.0, 8)


def seen(**others: object) -> Seen:
    return Seen(**{"mass": MASS, "temperature": (WARM, WARM), **others})  # type: ignore[arg-type]


def kept(**values: object) -> Observation:
    point = Point("20 °C", {}, 1)
    return Observation(point, 2, {"mass": MASS, "temperature": (WARM,), "count": 3, **values}, 0.0, 1.0)  # type: ignore[dict-item]


def test_what_is_missing_is_left_out() -> None:
    assert packed(seen()) == {"mass": MASS, "temperature": (WARM, WARM), "count": 3}
    assert packed(seen(duration=2, remark="dry")) == {**packed(seen()), "duration": 2, "remark": "dry"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"mass": 1.5}, "mass is 1.5, and a reading is due"),
        ({"mass": MASS._replace(unit="m")}, "mass was read in m, and a quantity in kg or the like is due"),
        ({"temperature": ()}, "and one reading or more are due"),
        ({"temperature": WARM}, "and one reading or more are due"),
        ({"temperature": (WARM, 3.0)}, "temperature is 3.0, and a reading is due"),
        ({"total": WARM}, "total was read in K, and a quantity in kg or m3 or the like is due"),
        ({"duration": float("nan")}, "duration is nan, and a finite number in s is due"),
        ({"duration": True}, "duration is True"),
        ({"count": 2.5}, "count is 2.5"),
        ({"remark": 3}, "remark is 3, and a text is due"),
    ],
)
def test_a_value_that_is_not_as_declared_is_refused(value: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError) as refusal:
        packed(seen(**value))
    assert said in str(refusal.value)


def test_it_is_read_back_in_the_declared_units() -> None:
    read = Seen.of(kept(total=Measured(2.0, "L", None, "meter.volume", 0.0, 9), duration=3))
    assert read.mass == MASS._replace(value=1.5, unit="kg", u=pytest.approx(0.0005))
    assert read.temperature[0].value == pytest.approx(20.0)
    assert read.total is not None
    assert (read.total.unit, read.total.value) == ("m3", pytest.approx(0.002))
    assert (read.duration, type(read.duration), read.remark) == (3.0, float, None)
    assert read.entry.reading("mass") == MASS, "as it was taken"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"masss": MASS}, "masss is not declared"),
        ({"mass": MASS._replace(unit="K")}, "mass was read in K"),
    ],
)
def test_evidence_of_another_kind_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(EvidenceError, match=rf"20 °C, repeat 2: the observation is no Seen: {said}"):
        Seen.of(kept(**values))


def test_a_part_that_is_missing_is_told() -> None:
    point = Point("20 °C", {}, 1)
    with pytest.raises(EvidenceError, match="mass is missing; temperature is missing"):
        Seen.of(Observation(point, 1, {"count": 1}, 0.0, 1.0))


class OfBath(Observed):
    """Of a device in a bath that one of two thermometers tells."""

    shown: Annotated[Measured, "°C", By("dut", "temperature")]
    bath: Annotated[tuple[Measured, ...], "°C", By("thermometers"), By("controller", "bath")]
    inlet: Annotated[Measured | None, "°C", By("dut", "temperature[3]")] = None
    room: Annotated[Measured | None, "°C"] = None


class Box(Protocol):
    bath: ClassVar[Annotated[Reading, "°C"]]
    air: ClassVar[Annotated[Reading, "°C"]]


ROLES = {"dut": "gauge", "thermometers[1]": "T1", "thermometers[2]": "T2", "controller": "box"}
DECLARED = {"dut": (Thermometer,), "thermometers": (Thermometer,), "controller": (Box,)}
GIVEN = {"shown": "gauge.temperature", "bath": "T2.temperature", "room": "T1.temperature"}


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ({"bath": "T1.mean"}, ""),
        ({"bath": "box.bath"}, ""),
        ({"shown": "T1.temperature"}, "shown was read by T1.temperature, and must be by dut.temperature, "),
        ({"shown": "gauge.oven"}, "where gauge has the role dut"),
        ({"shown": ""}, "shown was read by nobody"),
        ({"bath": "gauge.temperature"}, "T1 and T2 have the role thermometers, box has the role controller"),
        ({"bath": "box.air"}, "must be by thermometers or controller.bath"),
        ({"shown": "gauge.temperature[103]"}, ""),
        ({"shown": "gauge.oven[103]"}, "shown was read by gauge.oven[103]"),
        ({"inlet": "gauge.temperature[4]"}, "inlet was read by gauge.temperature[4]"),
        ({"inlet": "gauge.temperature[3]"}, ""),
    ],
)
def test_a_reading_of_somebody_else_is_told(read: dict[str, str], said: str) -> None:
    told = strays(OfBath, {**GIVEN, **read}.items(), ROLES, DECLARED)
    assert said in "; ".join(told)
    assert bool(told) is bool(said)


@pytest.mark.parametrize(
    ("declared", "read", "said"),
    [
        ({"dut": (Thermometer,)}, {"bath": "box.air"}, ""),
        ({"dut": (Thermometer,)}, {"shown": "T1.temperature"}, "shown was read by T1.temperature"),
        ({"dut": (Thermometer,), "controller": (Box,)}, {"bath": "box.air"}, "bath was read by box.air"),
        ({"dut": (VolumeTotalizer,), "thermometers": (Thermometer,)}, {"shown": "gauge.oven"}, ""),
        ({"dut": (VolumeTotalizer,), "thermometers": (Thermometer,)}, {"shown": "T1.mean"}, "shown was read"),
        ({"dut": (VolumeTotalizer, Thermometer)}, {"shown": "gauge.oven"}, "shown was read by gauge.oven"),
    ],
)
def test_roles_that_a_procedure_does_not_have_read_nothing_in_it(
    declared: dict[str, tuple[type, ...]], read: dict[str, str], said: str
) -> None:
    """Observations are shared: of what names a role or a quantity that only others have, any will do."""
    roles = {key: name for key, name in ROLES.items() if of_role(key) in declared}
    told = "; ".join(strays(OfBath, read.items(), roles, declared))
    assert said in told
    assert bool(told) is bool(said)


def test_what_passed_is_told_by_one_total_alone() -> None:
    before = Measured(2.0, "m3", None, "meter.measured_volume", 0.0, 9)
    assert passed(before, before._replace(value=3.0)).value == 1.0
    with pytest.raises(EvidenceError, match=r"measured_volume was read before and meter\.disturbed_volume"):
        passed(before, before._replace(value=3.0, source="meter.disturbed_volume"))


def test_how_long_it_lasted_is_a_number_in_its_unit() -> None:
    """Held against the repeat's times, whatever else somebody calls a duration."""

    class InMinutes(Observed):
        duration: Annotated[float | None, "min"] = None

    class Timed(Observed):
        duration: Annotated[Measured, "s"]

    class Share(Observed):
        duration: Annotated[float, "1"]

    point = Point("20 °C", {}, 1)

    def judged(kind: type[Observed], value: Measured | float) -> None:
        told = kind.of(Observation(point, 1, {"duration": value}, 0.0, 90.0))
        Repeats(point, cast("Evidence", None), [told])

    judged(InMinutes, 1.5)
    with pytest.raises(EvidenceError, match="120 s are said to have passed in a repeat of 90 s"):
        judged(InMinutes, 2)
    judged(Timed, Measured(7200.0, "s", None, "clock.time", 0.0, 9))
    judged(Share, 7200.0)

    class Sampled(Observed):
        duration: Annotated[float, "min"]
        warm: Annotated[tuple[Measured, ...], "°C", Often(3)]

    series = tuple(Measured(20.0, "°C", None, "thermometer.temperature", at, 9) for at in (10.0, 40.0, 70.0))
    for lasted, fault in ((1.0, ""), (0.99, "59.4 s are said to have passed where readings go on for 60 s")):
        told = Sampled.of(Observation(point, 1, {"duration": lasted, "warm": series}, 0.0, 90.0))
        with pytest.raises(EvidenceError, match=fault) if fault else nullcontext():
            Repeats(point, cast("Evidence", None), [told])


@pytest.mark.parametrize(
    ("lasted", "over", "rest", "said"),
    [
        (90.0, 114.0, 0.0, ""),
        (86.0, 114.0, 0.0, "86 s are said to have passed where readings go on for 87 s"),
        (92.0, 114.0, 0.0, ""),
        (95.0, 114.0, 0.0, "95 s are said to have passed in a repeat of 94 s"),
        (90.0, 114.0, 4.0, ""),
        (92.0, 114.0, 4.0, "92 s are said to have passed in a repeat of 90 s"),
        (81.0, 102.0, 0.0, ""),  # it waits for 20 s, and a display that is slow but for the first reading
        (79.0, 102.0, 0.0, "79 s are said to have passed where readings go on for 79.8 s"),
    ],
)
def test_how_long_it_lasted_is_held_against_what_is_taken_evenly(
    lasted: float, over: float, rest: float, said: str
) -> None:
    """A flow that is told by it moved by 4 % otherwise, and from rest to rest by half of it."""

    class Evenly(Observed):
        duration: Annotated[float, "s"]
        total: Annotated[tuple[Measured, ...], "m3"]
        warm: Annotated[tuple[Measured, ...], "°C", Often(3, evenly=True)]

    first = Measured(20.0, "°C", None, "thermometer.temperature", 20.0, 9)
    warm = tuple(first._replace(at=at) for at in (20.0, 50.0, 80.0))
    ends = tuple(Measured(1.0, "m3", None, "meter.volume", at, 8) for at in (20.0, over))
    values: dict[str, Value] = {"duration": lasted, "total": ends, "warm": warm}
    point = Point("20 °C", {}, 1)
    with pytest.raises(EvidenceError, match=said) if said else nullcontext():
        told = Evenly.of(Observation(point, 1, values, 0.0, 200.0))
        Repeats(point, cast("Evidence", None), [told]).see_rest(rest)


@pytest.mark.parametrize(
    ("lasted", "said"), [(110.1, ""), (107.0, "107 s are said to have passed where readings go on for 108 s")]
)
def test_instruments_that_are_all_slow_but_for_the_first_reading_make_no_repeat_longer(
    lasted: float, said: str
) -> None:
    """It waits for 20 s behind each row, each instrument tells after 10 s, and the first one at once."""

    class Slowly(Observed):
        duration: Annotated[float, "s"]
        total: Annotated[tuple[Measured, ...], "m3"]
        warm: Annotated[tuple[Measured, ...], "°C", Often(3, evenly=True)]
        pressed: Annotated[tuple[Measured, ...], "Pa", Often(3, evenly=True)]

    def taken(unit: str, *times: float) -> tuple[Measured, ...]:
        return tuple(Measured(20.0, unit, None, f"{unit}.read", at, 9) for at in times)

    values: dict[str, Value] = {
        "duration": lasted,
        "total": taken("m3", 0.0, 150.1),
        "warm": taken("°C", 0.1, 40.1, 80.1),
        "pressed": taken("Pa", 10.1, 50.1, 90.1),
    }
    point = Point("20 °C", {}, 1)
    with pytest.raises(EvidenceError, match=said) if said else nullcontext():
        told = Slowly.of(Observation(point, 1, values, 0.0, 200.0))
        Repeats(point, cast("Evidence", None), [told]).see_rest(30.0)


class Waiting(Observed):
    in_order: ClassVar[tuple[str, ...]] = ("empty full",)

    empty: Annotated[Measured, "kg", Waited("dripping")]
    full: Annotated[Measured, "kg", Waited(5.0, since="empty")]
    later: Annotated[Measured | None, "kg", Waited(5.0, since="never")] = None
    never: Annotated[Measured | None, "kg"] = None


@pytest.mark.parametrize(
    ("empty", "full", "said"),
    [
        (130.0, 135.0, ""),
        (129.99, 140.0, "empty was read 29.99 s after the repeat began, and 30 s are due (dripping)"),
        (130.0, 134.9, "full was read 4.9 s after the last reading of empty, and 5 s are due (5.0)"),
    ],
)
def test_what_was_not_waited_for_is_told(empty: float, full: float, said: str) -> None:
    told = SimpleNamespace(dripping=30)
    first = Measured(1.0, "kg", None, "box.mass", empty, 4)
    values = {"empty": first, "full": first._replace(at=full, exchange=7), "later": first, "never": None}
    assert "; ".join(hurried(Waiting, values, told, 100.0)) == said


def test_what_stands_in_anothers_place_is_told_where_the_class_says_an_order() -> None:
    first = Measured(1.0, "kg", None, "box.mass", 1.0, 7)
    exchanged = {"empty": first, "full": first._replace(exchange=4)}
    (said,) = disordered(Waiting, exchanged, {})
    assert said == "box.mass was read for full, empty, and must in the order 'empty full'"
    assert disordered(Waiting, {"empty": first, "full": first}, {}) == [
        "box.mass was read once for two, and must in the order 'empty full'"
    ]
    assert not disordered(Waiting, {**exchanged, "full": first._replace(exchange=None)}, {}), (
        "`replies` tells it"
    )

    class Older(Observed):
        empty: Annotated[Measured, "kg"]
        full: Annotated[Measured, "kg"]

    assert not disordered(Older, exchanged, {}), "a text that says nothing of an order is held to none"


@pytest.mark.parametrize(
    ("numbers", "roles", "said"),
    [
        ((4, 5, 9), {}, ""),
        ((4, 9, 5), {}, "box.mass was read for values later and earlier than stands there"),
        ((4, 8, 5, 9), {"pans[1]": "box", "pans[2]": "box"}, ""),
    ],
)
def test_a_series_stands_as_it_was_taken(numbers: tuple[int, ...], roles: dict[str, str], said: str) -> None:
    """For an evaluation may take its first and its last reading; who fills two roles is read for each."""

    class Series(Observed):
        values: Annotated[tuple[Measured, ...], "kg", By("pans", "mass")]

    series = tuple(Measured(1.0, "kg", None, "box.mass", float(number), number) for number in numbers)
    assert "; ".join(disordered(Series, {"values": series}, roles)) == said


def test_orders_and_waits_that_can_not_be_are_refused_where_the_run_is_planned() -> None:
    class Misnamed(Observed):
        in_order: ClassVar[tuple[str, ...]] = ("empty ful",)

        empty: Annotated[Measured, "kg"]

    class Unfinished(Observed):
        in_order: ClassVar[tuple[str, ...]] = ("(empty",)

        empty: Annotated[Measured, "kg"]

    for kind, said in (
        (Misnamed, "in_order names ful, which is no part of it"),
        (Unfinished, r"Unfinished\.in_order: '\(empty': missing \)"),
        (Waiting, r"Waiting\.empty: Waited\('dripping'\) must be seconds, or name a parameter"),
    ):
        with pytest.raises(ParameterError, match=said):
            check_declared(kind, SimpleNamespace())


READINGS = (Measured, tuple[Measured, ...])

AS_OFTEN_AS_IT_TAKES = {
    "bell_pressure", "bell_temperatures", "current", "filling_pressure", "inlet_pressure",
    "inlet_temperature", "back_pressure", "meter_pressure", "meter_temperature", "pressure",
    "prover_pressure", "prover_temperature", "temperature",
}  # fmt: skip
"""Series that go on until a bell has sunk, a tank is full or a displacer has passed."""

WHO_ANSWERED = {
    *("counted_before", "counted_after", "masters_before", "masters_after"),
    *("told_before", "told_after", "starts_before", "starts_after"),
}
"""One reading of each of several instruments, or of each that answered."""

ONE_AFTER_ANOTHER = {"zero", "loaded", "empty", "with_sphere", "sample", "cell"}
"""Readings of a balance or a gauge that its evaluation takes apart one by one, and so counts."""


def test_every_reading_of_a_shipped_procedure_says_whose_it_is() -> None:
    """So that no standard's readings are taken for the device's, nor one total of a device for another.

    The speed of sound alone is open: what fills the roles may have none, so no capability there names it.
    """
    told, there = set(), set()
    for name in names():
        procedure = find(name).procedure
        roles = {role.name: role.capabilities for role in procedure.roles()}
        for part in procedure.yields().parts().values():
            if part.kind in READINGS:
                found = {by for by in part.by if by.role in roles and has(roles[by.role], by.quantity)}
                assert found or part.optional, f"{name}: nobody reads {part.name}"
                told |= {(part.name, by) for by in part.by}
                there |= {(part.name, by) for by in found}
                assert part.by, f"{name}: whose is {part.name}?"
    assert told - there == set(), "no procedure has what could read it"
    assert {part for part, by in told if not by.quantity} == {"sound"}, "which of its quantities?"


def test_every_series_of_a_shipped_procedure_says_how_often_it_was_read() -> None:
    """So that none is left out of a mean; by a parameter of its order, or a number."""
    uncounted = set()
    for name in names():
        procedure = find(name).procedure
        for part in procedure.yields().parts().values():
            if part.often is not None and isinstance(part.often.count, str):
                assert part.often.count in procedure.accepts().model_fields, f"{name}: {part.name}"
            if part.kind == SEVERAL and part.often is None:
                uncounted.add(part.name)
    assert uncounted <= AS_OFTEN_AS_IT_TAKES | WHO_ANSWERED | ONE_AFTER_ANOTHER


def test_a_reading_that_was_left_out_or_added_is_told(tiny: Tiny) -> None:
    file = counted(tiny, '"often"', "int = 3")
    evidence = tiny.run()
    found = find(file)
    assert evaluate(evidence, found).measurements
    first, *others = evidence.observations
    values = first.values["values"]
    assert isinstance(values, tuple)
    for changed, count in ((values[1:], 2), ((*values, values[0]), 4)):
        spoiled = replace(first, values={**first.values, "values": changed})
        with pytest.raises(
            EvidenceError,
            match=rf"repeat 1: values holds {count} readings of .*, and 3 are due: "
            "read as often, or declare the part anew in your class",
        ):
            evaluate(replace(evidence, observations=(spoiled, *others)), found)


@pytest.mark.parametrize(
    ("often", "declared", "said"),
    [
        ('"oftn"', "int = 3", r"Seen\.values: Often\('oftn'\) names no parameter of the procedure"),
        ('"often"', "int | None = None", r"Often\('often'\) is None, and must be a whole number"),
        ('"often"', "tuple[int, ...] = (3,)", r"Often\('often'\) is \(3,\), and must be a whole number"),
        ('"often"', "float = 2.5", r"is 2\.5, and must be a whole number"),
        ('"often"', "bool = True", "is True, and must be a whole number"),
        ("None", "int = 3", r"Often\(None\) is None, and must be a whole number"),
        ("[3]", "int = 3", r"Often\(\[3\]\) is \[3\], and must be a whole number"),
        ("-1", "int = 3", "is -1, and must be a whole number"),
    ],
)
def test_how_often_is_held_where_the_run_is_planned(tiny: Tiny, often: str, declared: str, said: str) -> None:
    counted(tiny, often, declared)
    with pytest.raises(ParameterError, match=said):
        tiny.run()
    assert tiny.world.lines == [], "nothing was asked of any instrument"


def counted(tiny: Tiny, often: str, declared: str) -> str:
    """Have the tiny bench's procedure say how often it reads its values; returns its file."""
    text = PROCEDURE.read_text().replace("    Observed,\n", "    Observed,\n    Often,\n")
    text = text.replace(
        'Annotated[tuple[Measured, ...], "V"]', f'Annotated[tuple[Measured, ...], "V", Often({often})]'
    )
    text = text.replace(
        "        ask: bool = False", f"        often: {declared}\n        ask: bool = False", 1
    )
    file = tiny.directory / "counted.py"
    file.write_text(text)
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    return str(file)


def has(kinds: tuple[type, ...], quantity: str) -> bool:
    """Tell whether an instrument of one of these kinds has a quantity."""
    declared = {name for kind in kinds for base in kind.__mro__ for name in vars(base).get(NOTES, ())}
    return not quantity or quantity in declared


NOTES = "__annotations__"


def test_what_can_not_be_declared() -> None:
    with pytest.raises(TypeError, match="can't call a part 'at'"):

        class Taken(Observed):
            at: Annotated[float, "s"]

    class Unitless(Observed):
        mass: Measured

    class Unknown(Observed):
        mass: Annotated[Measured, "kilo"]

    class Odd(Observed):
        mass: Annotated[list[float], "kg"]

    class Nobodys(Observed):
        remark: Annotated[float, "s", By("clock")]

    class Once(Observed):
        mass: Annotated[Measured, "kg", Often(2)]

    class Timeless(Observed):
        remark: Annotated[float, "s", Waited(1.0)]

    class Empty(Observed):
        pass

    for kind, said in (
        (Unitless, "needs a unit"),
        (Unknown, "Unknown.mass: "),
        (Odd, "must be a reading"),
        (Nobodys, "is nobody's reading"),
        (Once, "can't say how Often"),
        (Timeless, "nothing can be Waited for it"),
        (Empty, "declares nothing"),
    ):
        with pytest.raises(ParameterError, match=said):
            kind.parts()


@pytest.mark.parametrize(
    ("was", "instead", "said"),
    [
        (
            "Seen(values=tuple(values), ",
            "Seen(readings=tuple(values), ",
            "unexpected keyword argument 'readings'",
        ),
        (
            'Annotated[tuple[Measured, ...], "V"]',
            'Annotated[tuple[Measured, ...], "A"]',
            "values was read in V",
        ),
        (
            'Seen(Observed):\n    values: Annotated[tuple[Measured, ...], "V"]',
            (
                "Seen(Observed):\n    from remotecal.procedures import By\n\n"
                '    values: Annotated[tuple[Measured, ...], "V", By("source")]'
            ),
            r"values was read by \w+\.value, and must be by source, where \w+ has the role source",
        ),
        (
            'Seen(Observed):\n    values: Annotated[tuple[Measured, ...], "V"]',
            (
                "Seen(Observed):\n    from remotecal.procedures import Often\n\n"
                '    values: Annotated[tuple[Measured, ...], "V", Often(2)]'
            ),
            r"values holds 3 readings of \w+\.value, and 2 are due",
        ),
        (
            "return Seen(values=tuple(values), cells",
            "return dict(values=tuple(values), cells",
            "declares that it",
        ),
    ],
)
def test_a_wrong_observation_ends_the_run_at_its_first_repeat(
    tiny: Tiny, was: str, instead: str, said: str
) -> None:
    text = PROCEDURE.read_text()
    assert was in text
    file = tiny.directory / "wrong.py"
    file.write_text(text.replace(was, instead))
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    with pytest.raises((RunError, ParameterError), match=said):
        tiny.run()
    assert tiny.kinds().count("repeat") == 1
    assert "observation" not in tiny.kinds()
    assert tiny.world.level == 0, "the rig was left safe"


def test_a_procedure_without_the_role_of_a_shared_part_is_carried_out(tiny: Tiny) -> None:
    text, was = PROCEDURE.read_text(), 'Annotated[tuple[Measured, ...], "V"'
    assert was in text
    file = tiny.directory / "own.py"
    named = text.replace(was, f'{was}, By("standard", "voltage")')
    file.write_text(named.replace("remotecal.procedures import (", "remotecal.procedures import (\n    By,"))
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    evidence = tiny.run()
    assert evidence.complete
    assert evaluate(evidence, find(evidence.procedure.name)).measurements


@pytest.mark.parametrize(
    ("was", "instead", "said"),
    [
        ("-> Seen:", "-> object:", "measure must say by its annotation what it yields"),
        (
            'sets: ClassVar = {"level": "V"}',
            "sets: ClassVar = {}",
            "point 1 V sets level: Tiny.sets must declare",
        ),
    ],
)
def test_what_is_not_declared_is_refused_before_anything_moves(
    tiny: Tiny, was: str, instead: str, said: str
) -> None:
    text = PROCEDURE.read_text()
    assert was in text
    file = tiny.directory / "wrong.py"
    file.write_text(text.replace(was, instead))
    tiny.order.write_text(tiny.order.read_text().replace(str(PROCEDURE), str(file)))
    with pytest.raises(ParameterError, match=said):
        tiny.run()
    assert not tiny.out.exists()
