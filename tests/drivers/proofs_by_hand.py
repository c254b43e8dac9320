"""What each field of a place that a person looks at changes, and each that a bench states of a dial."""

import pytest
from hands import BAR, by_hand, dial, expecting, gauge, limits, looks

from remotecal.drivers.by_hand.indicating import PressureGaugeByHand, VolumeTotalizerByHand
from remotecal.drivers.instrument import Identity
from remotecal.drivers.shown import Shown
from remotecal.errors import GarbledReply, InstrumentError


def shown_zh() -> None:
    with by_hand(dial(), "5") as (probe, person):
        probe.q.read()
    assert person.questions("zh") == ["gauge：表盘是多少？单位 V。"]


def shown_en() -> None:
    assert looks(dial(), "5") == ["gauge: what does the dial show, in V?"]
    assert dial().q.wire.ask == "read dial"  # type: ignore[attr-defined]


def shown_photo() -> None:
    digest = "0" * 64
    with by_hand(dial(photo=True), digest, "5") as (probe, person):
        assert probe.ask("read dial") == rf"5 \volt photo {digest}"
    assert [sought.kind for sought in person.sought] == ["file", "number"]
    with pytest.raises(GarbledReply, match="with its photo"):
        Shown("", "dial", photo=True).unwrap(r"5 \volt")


def shown_near() -> None:
    assert len(looks(dial(near=1.0), "5", expected=4.5)) == 1
    asked = looks(dial(near=1.0), "5", "4.4", expected=3.5)
    assert asked[1].startswith(
        "5 V is far from 3.5 V, which is expected here; please look again. gauge: what"
    )


def shown_leap() -> None:
    assert "the number before" not in " ".join(looks(dial(leap=1.0), "5", "5.5"))
    assert looks(dial(leap=1.0), "5", "7", "7")[2].startswith(
        "7 V is far from 5 V, the number before; please"
    )


def shown_step() -> None:
    assert len(looks(dial(step=0.2), "5.4", "5.6")) == 2
    assert looks(dial(step=0.2), "5.5", "5.6")[1].startswith("5.5 V is finer than 0.2 V, to which it can be")


def shown_over() -> None:
    assert len(looks(dial(over=0.2), "10.1", "10.1")) == 2
    with pytest.raises(InstrumentError, match="lies outside its span, 0 – 10 V"):
        looks(dial(), "10.1", "10.1")


def dial_over() -> None:
    assert gauge("17", "17", over=1.5, **BAR)[0].value == 17
    with pytest.raises(InstrumentError, match="lies outside its span, 0 – 16 bar"):
        gauge("17", "17", **BAR)


def dial_unit() -> None:
    measured, (asked,) = gauge("1.5", **BAR)
    assert measured[:2] == (1.5, "bar")
    assert asked.endswith("in bar?")


def dial_low() -> None:
    assert gauge("-0.5", low=-1.0, **BAR)[0].value == -0.5
    with pytest.raises(InstrumentError, match="lies outside its span, 0 – 16 bar"):
        gauge("-1.5", "-1.5", **BAR)


def dial_high() -> None:
    with pytest.raises(InstrumentError, match="lies outside its span, 0 – 16 bar"):
        gauge("17", "17", **BAR)
    assert gauge("16.5", unit="bar", high=25)[0].value == 16.5


def dial_step() -> None:
    assert "finer than 0.1 bar" in gauge("1.55", "1.5", step=0.1, **BAR)[1][1]


def dial_limit() -> None:
    assert limits(limit=0.2) == 0.2
    assert gauge("8", **BAR)[0].u is None


def dial_percent_of_span() -> None:
    assert limits(percent_of_span=1.6) == 0.256
    assert limits(percent_of_span=1.6, limit=0.1, step=0.2) == 0.456, "half a step is added"


def dial_percent_of_reading() -> None:
    assert limits(percent_of_reading=1) == 0.08


def dial_near() -> None:
    assert expecting("2.5") == 1, "a tenth of the span is believed"
    assert expecting("2.7", "2.7") == 2
    assert expecting("1.3", "1.3", near=0.2) == 2


def dial_leap() -> None:
    with by_hand(PressureGaugeByHand, "2", "5", "5", leap=2.0, **BAR) as (probe, person):
        assert [probe.pressure.read().value for _ in range(2)] == [2, 5]
    assert "the number before" in person.questions()[2]


def dial_wraps() -> None:
    with by_hand(VolumeTotalizerByHand, unit="m3", high=99_999.999, wraps=100_000.0) as (probe, _):
        assert probe.volume.declaration.modulus == 100_000


def dial_zh() -> None:
    with by_hand(PressureGaugeByHand, "1", zh="三号表") as (probe, person):
        probe.pressure.read()
    assert person.questions("zh") == ["gauge：三号表是多少？单位 kPa。"]


def dial_en() -> None:
    assert gauge("1", en="third gauge")[1] == ["gauge: what does the third gauge show, in kPa?"]


def dial_photo() -> None:
    with by_hand(PressureGaugeByHand, "0" * 64, "1", photo=True) as (probe, person):
        probe.pressure.read()
    assert [sought.kind for sought in person.sought] == ["file", "number"]


def dial_maker() -> None:
    with by_hand(PressureGaugeByHand, "0", maker="Acme") as (probe, _):
        assert probe.identify() == Identity("Acme", "pressure gauge")


def dial_model() -> None:
    with by_hand(PressureGaugeByHand, "0", model="232.50") as (probe, _):
        assert probe.identify() == Identity("", "232.50")


def shown_twice() -> None:
    asked = looks(dial(twice=True, step=0.2), "5", "5.2")
    assert len(asked) == 2, "they agree to a step"
    assert asked[1].startswith("Please read it once more, without a look at the first reading. gauge: what")
    asked = looks(dial(twice=True), "5", "5.1", "5.1")
    assert asked[2].startswith(
        "The last two readings differ; please read it again, until two in a row agree."
    )


def dial_twice() -> None:
    measured, asked = gauge("1.5", "1.6", "1.6", twice=True, **BAR)
    assert (measured.value, len(asked)) == (1.6, 3), "the last of two that agree counts"
    with by_hand(PressureGaugeByHand, "1.5", "1.5", twice=True, step=0.1, **BAR) as (probe, person):
        probe.pressure.read()
    assert [sought.guide.blind for sought in person.sought] == [False, True]
    assert person.sought[0].guide.digits == 1
