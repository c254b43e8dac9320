"""Totals that are read together: read again where one was late, and no oftener than that is worth."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from remotecal.drivers.hand_instrument import HandInstrument
from remotecal.drivers.measured import Measured
from remotecal.errors import ExchangeCancelled, NoReply
from remotecal.procedures.library.measuring.sampling import ATTEMPTS, read_totals


class Reads:
    """A run whose readings of three totals come so late after each other, attempt by attempt, in s."""

    def __init__(self, *late: float | None) -> None:
        self.late = list(late)
        self.attempts = 0

    def read(self, *quantities: object) -> tuple[Measured, ...]:
        late = self.late[self.attempts]
        self.attempts += 1
        if late is None:
            raise NoReply("the meter does not answer")
        assert len(quantities) == 3
        began = 100.0 * self.attempts
        *totals, beside = ("m3", "kg", "°C")
        read = [
            Measured(1.0, unit, 0.0, "meter.total", at)
            for unit, at in zip(totals, (began, began + late), strict=True)
        ]
        return (*read, Measured(20.0, beside, 0.0, "thermometer.temperature", began + 60.0))


def counters(instrument: object = None) -> dict[str, SimpleNamespace]:
    return {name: SimpleNamespace(instrument=instrument) for name in ("one", "other", "temperature")}


def apart(found: dict[str, Measured]) -> float:
    return found["other"].at - found["one"].at


@pytest.mark.parametrize(
    ("late", "attempts", "found"),
    [
        ((0.1,), 1, 0.1),
        ((10.0, 0.1), 2, 0.1),
        ((10.0, 5.0, 0.1), 3, 0.1),
        ((10.0, 7.0, 4.0), ATTEMPTS, 4.0),
        ((3.5, 3.4), 2, 3.4),  # that is how fast the bus is
        ((0.5, 9.0), 2, 0.5),
        ((0.5, None), 2, 0.5),  # a reading that did not come takes nothing away
    ],
)
def test_those_that_were_read_nearest_together_count(
    late: Sequence[float], attempts: int, found: float
) -> None:
    run = Reads(*late)
    assert apart(read_totals(run, counters(), flowing=True)) == pytest.approx(found)
    assert run.attempts == attempts


def test_what_stands_still_or_is_read_by_a_person_is_read_once() -> None:
    at_rest, by_hand = Reads(10.0), Reads(10.0)
    assert apart(read_totals(at_rest, counters())) == 10.0
    assert apart(read_totals(by_hand, counters(HandInstrument.__new__(HandInstrument)), flowing=True)) == 10.0
    assert (at_rest.attempts, by_hand.attempts) == (1, 1)


def test_who_calls_a_run_off_is_heard() -> None:
    class CalledOff(Reads):
        def read(self, *quantities: object) -> tuple[Measured, ...]:
            if self.attempts:
                raise ExchangeCancelled("the run is over")
            return super().read(*quantities)

    with pytest.raises(ExchangeCancelled):
        read_totals(CalledOff(10.0), counters(), flowing=True)


def test_the_first_reading_that_does_not_come_is_told() -> None:
    with pytest.raises(NoReply):
        read_totals(Reads(None), counters(), flowing=True)
