"""Instruments without an interface: what a person is asked, what is believed, and what is refused."""

import math
import threading
from contextlib import closing
from enum import Enum
from typing import ClassVar

import pytest
from hands import BAR, Asked, by_hand, dial, gauge
from probes import on_lines

from remotecal.clock import VirtualClock
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.by_hand.indicating import (
    AmbientMonitorByHand,
    BalanceByHand,
    BarometerByHand,
    PressureGaugeByHand,
    ThermometerByHand,
)
from remotecal.drivers.codecs import Phrase, scpi
from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.links import Line, Serial, open_link
from remotecal.drivers.links.by_hand import ByHandLink
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting
from remotecal.drivers.shown import shown, typed_quantity
from remotecal.errors import (
    BenchError,
    ExchangeCancelled,
    GarbledReply,
    InstrumentError,
    LinkLost,
    SafeStateNotReached,
    UnitError,
    WrongInstrument,
)
from remotecal.model import Text
from remotecal.open_bench import OpenBench
from remotecal.runs.prompts import Question
from remotecal.verify.shapes import SHAPES


class Flow(Enum):
    SHUT = 0
    OPEN = 1


class HandValve(HandInstrument):
    """A valve that a person turns."""

    opening = Setting(shown("阀门开度", "opening of the valve"), "%", span=(0, 100))
    state: Choice[Flow] = Choice(shown("旁通阀", "bypass"), Flow)
    drain = Action(shown("排空水箱", "drain the tank"))
    safe: ClassVar = (opening.to(0), state.to(Flow.OPEN))


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("102.3", 1.023), ("１０２．３", 1.023), ("102,3", 1.023), ("1.023 bar", 1.023), ("1,02bar", 1.02),
        ("１．０２ ｂａｒ", 1.02), ("0.1023MPa", 1.023), ("102300 Pa", 1.023), ("-1", -0.01),
        ("1023 hPa", 1.023), ("14.837 psi", 1.02298), ("767.3 mmHg", 1.02298),
    ],
)  # fmt: skip
def test_numbers_are_taken_as_people_write_them(typed: str, value: float) -> None:
    measured, asked = gauge(typed)
    assert measured.to("bar").value == pytest.approx(value, abs=1e-5)
    assert measured.unit == "kPa"
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("１０２．３０", "102.30 kPa"), ("1,50 bar", "1.50 bar"), (" 0.1 MPa ", "0.1 MPa"), ("21.5℃", None)],
)
def test_what_was_typed_is_kept_to_its_last_digit(typed: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(UnitError, match="°C is no unit of the dimension of kPa"):
            typed_quantity(typed, "kPa")
    else:
        assert typed_quantity(typed, "kPa") == kept


def test_a_temperature_may_be_typed_in_another_unit() -> None:
    with by_hand(ThermometerByHand, "294.65 K", "２１．５ ℃") as (probe, _):
        assert [round(probe.temperature.read().value, 9) for _ in range(2)] == [21.5, 21.5]


@pytest.mark.parametrize(
    "typed", ["101,325", "1,234.5", "1 000", "ten", "", "10²", "1.02 kg", "5 furlong", "nan"]
)
def test_what_people_read_differently_or_in_no_such_unit_is_asked_for_again(typed: str) -> None:
    question = Question(Text(zh="压力?", en="Pressure?"), kind="number", unit="kPa")
    assert question.refuses(typed)
    assert question.refuses(typed, "zh")


def test_a_number_outside_the_span_is_looked_at_twice_and_then_refused() -> None:
    with by_hand(PressureGaugeByHand, "160", "1.6", "160", "155", "155", **BAR) as (probe, person):
        assert probe.pressure.read().value == 1.6
        with pytest.raises(
            InstrumentError, match=r"gauge\.pressure: 155 bar lies outside its span, 0 – 16 bar: bring"
        ):
            probe.pressure.read()
    assert person.questions()[1] == (
        "160 bar lies outside its span, 0 – 16 bar; please look again. gauge: what does the pressure gauge "
        "show, in bar?"
    )
    assert (
        person.questions("zh")[1]
        == "160 bar 超出量程 0 – 16 bar，请再看一次。 gauge：压力表示值是多少？单位 bar。"
    )


def test_what_is_told_twice_is_believed_within_the_span() -> None:
    with by_hand(dial(near=0.5), "7", "7") as (probe, person):
        probe.expect("q", 5000, "mV")
        assert probe.q.read().value == 7
    assert len(person.sought) == 2


@pytest.mark.parametrize(
    "answers", [("50", "0.5", "0.5"), ("0.05", "9.95", "0.05", "0.05"), ("5.005", "0", "5"), ("0", "5")]
)
def test_another_number_that_can_not_well_be_is_not_believed_either(answers: tuple[str, ...]) -> None:
    with by_hand(dial(near=0.5, step=0.01), *answers) as (probe, person):
        probe.expect("q", 5, "V")
        assert probe.q.read().value == float(answers[-1])
    assert len(person.sought) == len(answers)


def test_where_the_next_set_point_is_a_leap_away_nothing_is_said_to_be_likely() -> None:
    with by_hand(dial(near=0.5, leap=1), "1", "9", "9", "9.2") as (probe, person):
        for expected in (1, 9, 9):
            probe.expect("q", expected, "V")
            probe.q.read()
    assert [sought.guide.likely for sought in person.sought] == [(0.5, 1.5), None, None, (8.5, 9.5)]
    assert SHAPES["prompt"]["likely?"]([8.5, 2.0]), "as journals from before told it"


def test_a_pointer_past_the_last_mark_is_read_and_looked_at_twice() -> None:
    with by_hand(PressureGaugeByHand, "16.1", "16.1", "-0.1", "-0.1", "17", "17", **BAR) as (probe, person):
        read = [probe.pressure.read() for _ in range(2)]
        assert [(one.value, one.u) for one in read] == [(16.1, None), (-0.1, None)]
        with pytest.raises(InstrumentError, match=r"17 bar lies outside its span.*resume the run; where"):
            probe.pressure.read()
    assert len(person.sought) == 6
    with (
        by_hand(PressureGaugeByHand, "16.1", "16.1", **BAR, over=0.05) as (probe, _),
        pytest.raises(InstrumentError, match=r"16\.1 bar lies outside"),
    ):
        probe.pressure.read()


def test_a_photo_that_proves_another_number_is_asked_for_again() -> None:
    one, other = "a" * 64, "b" * 64
    with by_hand(dial(photo=True), one, "1", one, other, "2", other, other, "3") as (probe, person):
        assert [probe.q.read().value for _ in range(3)] == [1, 2, 3]
    assert person.questions()[3].startswith("This photo proves another reading already")


def test_who_it_is_is_read_on_it_in_a_run_only() -> None:
    with PressureGaugeByHand.open("by-hand:there", serial="D3", maker="Acme", model="232") as probe:
        assert str(probe.identify()) == "Acme 232, SN D3"
        assert isinstance(probe.link, ByHandLink)
        probe.link.person = person = Asked(["D4", "D3", "D4", "D5", "0"])
        assert probe.identify().serial == "D3"
        assert "D4 is not D3, which the bench file says" in person.questions()[1]
        with pytest.raises(WrongInstrument, match="D3 is expected, but D5 was read on it"):
            probe.identify()
        probe.serial = None
        assert probe.identify().serial == ""


def test_nobody_is_asked_outside_of_a_run() -> None:
    with (
        PressureGaugeByHand.open("by-hand:there", name="gauge") as probe,
        pytest.raises(
            LinkLost, match="gauge at by-hand:there has no interface, and nobody is there to be asked"
        ),
    ):
        probe.pressure.read()


def test_a_person_sets_and_confirms() -> None:
    with by_hand(HandValve, "done", "done", "done", "OPEN", "45") as (valve, person):
        valve.opening.set(45)
        valve.state.set(Flow.SHUT)
        valve.drain()
        assert valve.state.read() is Flow.OPEN
        assert valve.opening.read()[:2] == (45, "%")
    assert person.questions() == [
        "gauge: please set the opening of the valve to 45 %, then confirm.",
        "gauge: please set the bypass to SHUT, then confirm.",
        "gauge: please drain the tank, then confirm.",
        "gauge: which state is the bypass in?",
        "gauge: what does the opening of the valve show, in %?",
    ]
    assert person.questions("zh")[0] == "gauge：请将阀门开度设为 45 %，然后确认。"
    assert [sought.options for sought in person.sought[:3]] == [("done", "not possible")] * 3
    assert person.sought[3].options == ("SHUT", "OPEN")


def test_what_can_not_be_done_is_told_and_so_is_an_unsafe_rig() -> None:
    with by_hand(HandValve, "not possible", "done", "0", "done", "SHUT") as (valve, _):
        with pytest.raises(InstrumentError, match="asked to drain the tank says that it is not possible"):
            valve.drain()
        with pytest.raises(SafeStateNotReached, match="state = OPEN was sent, but it is SHUT"):
            valve.make_safe()


def test_a_question_that_is_open_is_called_off() -> None:
    opened = threading.Event()

    class Patient:
        def put(self, sought, still_wanted):
            opened.set()
            while True:
                still_wanted()

    with PressureGaugeByHand.open("by-hand:there", name="gauge") as probe:
        probe.link.cancel()  # nothing is open yet
        probe.link.person = Patient()
        canceller = threading.Thread(target=lambda: opened.wait() and probe.link.cancel())
        canceller.start()
        with pytest.raises(ExchangeCancelled, match="gauge: the question was called off"):
            probe.pressure.read()
        canceller.join()


def test_quantities_of_one_display_are_asked_for_once() -> None:
    with by_hand(BalanceByHand, "12.5") as (balance, person):
        mass, settled = balance.read(balance.mass, balance.settled_mass)
    assert (mass.value, settled.value, len(person.sought)) == (12.5, 12.5, 1)


class Slow(Asked):
    """A person who takes half a minute for each answer."""

    def __init__(self, clock: VirtualClock, *answers: str) -> None:
        super().__init__(answers)
        self._clock = clock

    def put(self, sought, still_wanted):
        self._clock.advance(30)
        return super().put(sought, still_wanted)


def test_what_reads_itself_is_read_right_after_the_last_answer() -> None:
    clock = VirtualClock(1e9)
    reading = Reading(Phrase("Q?"), "kPa", span=(0, 100), accuracy=UNSTATED)
    with (
        PressureGaugeByHand.open("by-hand:one", name="one", clock=clock) as one,
        BarometerByHand.open("by-hand:two", name="two", clock=clock) as two,
        on_lines(Line(), (b"Q?\n", b"50\n"), q=reading) as probe,
    ):
        probe.clock = clock
        bench = OpenBench({"one": one, "probe": probe, "two": two}, clock)
        bench.lend(Slow(clock, "1", "101"))
        first, itself, second = bench.read_together(one.pressure, probe.q, two.pressure)
    assert [first.value, itself.value, second.value] == [1, 50, 101]
    assert [first.at, second.at, itself.at] == [1e9 + 30, 1e9 + 60, 1e9 + 60]


def test_a_room_is_looked_at_twice_where_it_changes_much() -> None:
    with by_hand(AmbientMonitorByHand, "20.1", "26", "26", "20.2", "20.2") as (room, person):
        assert [room.air_temperature.read().value for _ in range(3)] == [20.1, 26, 20.2]
    assert sum("the number before" in question for question in person.questions()) == 2


def test_only_what_a_person_reads_has_such_an_address() -> None:
    with pytest.raises(
        BenchError, match="is no address of an instrument that a person reads; write\n  by-hand:"
    ):
        PressureGaugeByHand.open("TCPIP::127.0.0.1::5025::SOCKET")
    with pytest.raises(BenchError, match="is no address of an instrument that talks in lines of text"):
        open_link("by-hand:dial", Line(), name="meter")
    with pytest.raises(BenchError, match="it has no port to set"):
        PressureGaugeByHand.open("by-hand:dial", port=Serial())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"unit": "bar"}, "state unit and high together"),
        ({"high": 16}, "state unit and high together"),
        ({"unit": "°C", "high": 16}, "can't be in °C: it is in kPa or the like"),
        ({"unit": "bar", "high": -1}, "high must lie above low"),
        ({"unit": "bar", "high": 16, "step": 0}, "step must be a number above 0"),
        ({"unit": 3, "high": 16}, "unit is a text"),
        ({"unit": "bra", "high": 16}, "the unit 'bra' is unknown"),
        ({"unit": "bar", "high": "16"}, "high must be a number, not '16'"),
        ({"unit": "bar", "high": True}, "high must be a number, not True"),
        ({"unit": "bar", "high": math.inf}, "high must be a number, not inf"),
        ({"unit": "bar", "high": 16, "low": "a"}, "low must be a number, not 'a'"),
        ({"unit": "bar", "high": 16, "limit": math.inf}, "limit must be a number, not inf"),
        ({"unit": "bar", "high": 16, "photo": "no"}, "photo is true or false, not 'no'"),
        ({"unit": "", "high": 16}, "unit is '', and must be words on one line"),
        ({"unit": "bar", "high": 16, "en": "a\nb"}, "en is .*, and must be words on one line"),
        (
            {"unit": "bar", "high": 16, "en": "serial number"},
            "en is 'serial number', which asks for something",
        ),
    ],
)
def test_a_dial_that_can_not_be_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises((BenchError, UnitError), match=said):
        PressureGaugeByHand.as_stated(settings)


def test_a_stated_driver_is_one_and_the_same_and_the_shipped_one_unchanged() -> None:
    stated = PressureGaugeByHand.as_stated(BAR | {"unknown": True})
    assert stated is PressureGaugeByHand.as_stated(BAR) is stated.as_stated(BAR)
    assert (stated.__name__, stated.pressure.unit, stated.pressure.span) == (
        "PressureGaugeByHand",
        "bar",
        (0, 16),
    )
    assert PressureGaugeByHand.pressure.unit == "kPa"
    assert stated.as_stated({}) is PressureGaugeByHand
    with closing(open_link("by-hand:x", HandInstrument.wire, name="x")) as link, pytest.raises(BenchError):
        PressureGaugeByHand(link, unit="bar", high=16)


def test_only_what_a_person_sees_can_be_stated_of_such_an_instrument() -> None:
    with pytest.raises(TypeError, match="nothing a person can read"):
        type("Probe", (HandInstrument,), {"q": Reading(scpi("Q"), "V", span=(0, 1), accuracy=UNSTATED)})
    with pytest.raises(TypeError, match="nothing a person can read"):
        type("Probe", (HandInstrument,), {"q": Flags(shown("灯", "lamps"), Flow)})
    with pytest.raises(TypeError, match="nobody can be asked for when it is opened"):
        type("Probe", (HandValve,), {"expects": (HandValve.opening.to(1),)})


def test_a_photo_stands_in_the_reply_and_none_is_no_reply() -> None:
    digest = "ab" * 32
    kept: list[bytes] = []

    def keep(_: str, request: bytes, reply: bytes) -> int:
        kept.extend((request, reply))
        return 1

    with by_hand(PressureGaugeByHand, digest, "5", photo=True) as (probe, person):
        probe.keep = keep
        assert probe.pressure.read().exchange == 1
    assert kept == [b"read pressure gauge", rb"5 \kilo\pascal photo " + digest.encode()]
    assert person.sought[0].question.get("zh") == "gauge：请拍一张压力表示值的照片。"


def test_garbage_in_a_kept_reply_is_no_reading() -> None:
    with by_hand(PressureGaugeByHand) as (probe, _):
        for content in ("5", "five \\volt", "5 \\kilo\\gram"):
            with pytest.raises((GarbledReply, UnitError)):
                probe._content(PressureGaugeByHand.pressure, content)


def test_a_bench_states_the_limits_of_error_of_what_is_read_of_the_air() -> None:
    limits = {"air_pressure_limit": 0.1, "air_temperature_limit": 0.5, "humidity_limit": 5}
    with by_hand(AmbientMonitorByHand, "20.1", **limits) as (room, _):
        read = room.air_temperature.read()
        assert read.u == pytest.approx(0.5 / math.sqrt(3))
    stated = AmbientMonitorByHand.as_stated(limits)
    assert stated is AmbientMonitorByHand.as_stated(limits) is stated.as_stated(limits)
    assert AmbientMonitorByHand.as_stated({}).air_pressure.accuracy is UNSTATED
    with pytest.raises(BenchError, match="humidity_limit must be a number above 0, not '5'"):
        AmbientMonitorByHand.as_stated({"humidity_limit": "5"})
