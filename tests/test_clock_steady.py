"""The time of a run over a real bench."""

import time

import pytest

from remotecal.clock import RealClock, SteadyClock


@pytest.fixture
def set_by_an_hour(monkeypatch):
    def set_it():
        right = time.time
        monkeypatch.setattr(time, "time", lambda: right() - 3600)

    return set_it


def test_a_clock_that_is_set_moves_no_run(set_by_an_hour):
    steady, computer = SteadyClock(), RealClock()
    begun = steady.now()
    assert begun == pytest.approx(computer.now(), abs=60)
    set_by_an_hour()
    assert computer.now() < begun - 3000
    assert begun <= steady.now() < begun + 60


def test_a_run_that_begins_later_takes_the_time_as_it_is_then(set_by_an_hour):
    before = SteadyClock()
    set_by_an_hour()
    assert SteadyClock().now() == pytest.approx(before.now() - 3600, abs=60)
