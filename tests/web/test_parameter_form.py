"""How parameters stand in a form and in an order: short, and read back as what they are."""

import struct
from typing import Annotated

import pytest

from remotecal.drivers.catalogue import drivers
from remotecal.drivers.declarations import named
from remotecal.drivers.measured import Measured
from remotecal.drivers.states import Flags
from remotecal.journal.exchanges import Exchange
from remotecal.pages.frame import as_read, commands, indexed
from remotecal.pages.words import LANGUAGES, words
from remotecal.procedures import Parameters
from remotecal.procedures.library.meters.parameters import MeterParameters
from remotecal.runs.catalogue import find, names
from remotecal.web.pages.evidence import ReadBack
from remotecal.web.pages.parameter_form import (
    as_shown,
    as_typed,
    as_undeclared,
    fields_of,
    filled_in,
    read_typed,
    read_undeclared,
    values_of,
)

SHARES = [1 / 3, 2 / 3, -1 / 7, 999 / 7, 1000 / 3, -1000 / 7, 2e10 / 3, 1e300 / 3, 1e-300 / 3, 0.1 + 0.2]
"""Numbers of many digits, of which some are fractions of small numbers."""
OURS = [name for name in names() if find(name).procedure.__module__.startswith("remotecal.")]
NAMES = {
    "AGA8 DETAIL", "GERG-2008", "SGERG-88", "Lemmon 2000", "Span 2000", "Tanaka", "IAPWS-95",
    "", "1", "2", "3", "0.5", "1.5", "Pa", "hPa", "kPa", "MPa", "mbar", "bar", "psi",
    "cg-17 basic", "cg-17 standard", "cg-17 comprehensive", "DKD-R 6-1 A", "DKD-R 6-1 B", "DKD-R 6-1 C",
    "JJG 882",
}  # fmt: skip
"""Choices that are said alike in all languages: of standards, equations, classes and units."""


@pytest.mark.parametrize(
    "value", [*SHARES, 0.5, 3, 1e-05, 22 / 7 + 1e-9, True, "1/3", "1000/3", [1 / 3, 2.5]]
)
def test_what_is_shown_is_read_back_as_the_same(value: object) -> None:
    assert read_typed(as_typed(value)) == value
    assert read_undeclared(as_undeclared(value)) == value


class Several(Parameters):
    """Parameters of each kind that a form writes in a way of its own."""

    flows: tuple[float, ...]
    share: Annotated[float, "of the limit"] | None = None
    found_by: tuple[str, ...] = ()
    size: str = ""
    parts: dict[str, float] | None = None
    anything: object = None


@pytest.mark.parametrize("anything", [1 / 3, "1/2", 0.5])
def test_an_order_is_filled_in_and_ordered_again_as_it_was(anything: object) -> None:
    said = {
        "flows": SHARES,
        "share": -1 / 7,
        "found_by": ["1/3", "0.5", "x"],
        "size": "1/2",
        "parts": {"methane": 1 / 3},
        "anything": anything,
    }
    assert values_of(Several, filled_in(Several, said)) == said


def test_a_fraction_is_a_number_only_where_one_is_declared() -> None:
    typed = {f"parameter.{name}": "1/2" for name in ("flows", "share", "size", "anything")}
    assert values_of(Several, typed) == {"flows": [0.5], "share": 0.5, "size": "1/2", "anything": "1/2"}
    assert read_undeclared("1/2") == "1/2"


def test_a_third_is_a_third() -> None:
    assert (as_typed(1 / 3), as_typed(0.5), as_shown([1 / 3, 2.5]), as_shown("x")) == (
        "1/3",
        "0.5",
        "1/3, 2.5",
        "x",
    )
    assert read_typed("1/0") == "1/0"
    (usual,) = [one.usual for one in fields_of(MeterParameters) if one.name == "repeatability_share"]
    assert usual == "1/3"
    for typed, said in (
        ("1/7", {"repeatability_share": 1 / 7}),
        ("１／３", {"repeatability_share": 1 / 3}),
        ("1/3", {}),
    ):
        found = values_of(MeterParameters, {"parameter.repeatability_share": typed})
        assert {name: one for name, one in found.items() if "share" in name} == said, (
            "who leaves the default alone says nothing"
        )


@pytest.mark.parametrize("procedure", OURS)
def test_each_parameter_and_each_part_of_an_observation_has_a_name_in_each_language(procedure: str) -> None:
    kind = find(procedure).procedure
    wanted = {f"parameter.{name}" for name in kind.accepts().model_fields}
    wanted |= {f"seen.{name}" for name in kind.yields().parts()}
    wanted |= {f"role.{role.name}" for role in kind.roles()}
    wanted |= {f"choice.{one}" for field in fields_of(kind.accepts()) for one in {*field.choices} - NAMES}
    for language in LANGUAGES:
        assert not wanted - words(language).texts.keys()


def test_what_an_instrument_is_read_or_told_has_a_name_in_each_language() -> None:
    """Flags stand for themselves: nobody is asked to read or to allow one."""
    unnamed = {
        (driver, name)
        for driver, kind in drivers().items()
        for name, declared in named(kind).items()
        if not isinstance(declared, Flags) and words("zh").source(f"rig.{name}").endswith(name)
    }
    assert unnamed == set()


def test_a_source_a_limit_and_what_may_move_are_said_as_people_say_them() -> None:
    zh, en = words("zh"), words("en")
    assert zh.source("dut[2]") == "被检仪器 2"
    assert zh.source("thermometer_2.temperature[101]") == "温度计 2：温度 101"
    assert zh.source("Old Betsy.fettle") == "Old Betsy：fettle", "as the laboratory has it"
    assert zh.limit("gauge.value above 8 V") == "压力表：示值：高于 8 V 停机"
    assert en.limit("gauge.value below -8 V") == "gauge: value: stops below −8 V"
    assert zh.move("dut.input_level: -50 – 50 V").startswith("被检仪器：输入触发电平：")
    assert zh.move("dut.initiate") == "被检仪器：启动测量"
    each = [f"dut_{number}.initiate" for number in range(1, 31)]
    assert zh.moves([*each, "dut.initiate"]) == ["被检仪器 1–30：启动测量", "被检仪器：启动测量"]
    apart = ["被检仪器 1：启动测量", "被检仪器 5：启动测量", "a：b：0 – 1 V"]
    assert zh.moves([each[0], each[4], "a.b: 0 – 1 V"]) == apart


def test_a_sentence_has_its_symbols_and_commands_set_and_nothing_else_of_it_is_markup() -> None:
    set_as = "点 <5>：<i>E</i><sub>rep</sub> 占方差的 50 %".replace("<5>", "&lt;5&gt;")
    assert indexed("点 <5>：E_rep 占方差的 50 %") == set_as
    assert commands("用 `remotecal runs` 查看 <b>") == "用 <code>remotecal runs</code> 查看 &lt;b&gt;"


def test_a_reading_is_shown_with_the_digits_it_was_read_with() -> None:
    assert as_read(146.791397094727) == "146.791397094727"  # no number of 32 bits
    assert as_read(struct.unpack(">f", bytes.fromhex("4312ca99"))[0]) == "146.7914"
    assert as_read(0.1 + 0.2) == "0.3"


@pytest.mark.parametrize(
    ("value", "reply", "told"),
    [
        (20.3496012000995, b"107.92804", "20.349601"),  # ohms of a platinum thermometer, computed
        (477.78, b"S S     477.78 kg", "477.78"),
        (1234567.0, b"12", "1234567"),  # of which somebody knows better
        (146.791397094727, bytes.fromhex("0104084312ca99"), "146.791397094727"),  # registers are no text
        (146.791397094727, bytes.fromhex("0104044231300a"), "146.791397094727"),  # though each byte could be
        (-0.000123456789, b"-0.0123", "-0.000123"),
        (0.1 + 0.2, None, "0.3"),
    ],
)
def test_a_computed_reading_has_no_more_digits_than_its_reply(
    value: float, reply: bytes | None, told: str
) -> None:
    exchange = None if reply is None else Exchange(1, "thermometer", 0.0, b"READ?", reply)
    assert ReadBack("t", Measured(value, "°C", None, "thermometer.t", 0.0, 1), exchange, 0).told == told
