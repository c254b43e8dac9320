"""A world: its time, what falls due in it, and who may look."""

import threading

import pytest

from remotecal.sim.calibrated import Calibrated, Stated
from remotecal.sim.instruments.multimeter import Multimeter
from remotecal.sim.memory import MemoryLink
from remotecal.sim.world import World

NO_CORRECTION = Stated("mA", (0.0,), (0.0,), (0.0,))


def test_without_physics_only_time_passes(world, clock):
    clock.sleep(7.0)
    with world.present() as time:
        assert time == world.time == 7.0


def test_physics_moves_on_in_steps_of_its_own_and_is_watched_after_each(world, clock):
    steps, watched = [], []

    def physics(begin, until):
        end = min(until, begin + 3.0)
        steps.append((begin, end))
        return end

    world.physics = physics
    world.watchers.append(lambda: watched.append(world.time))
    clock.sleep(7.0)
    with world.present():
        assert steps == [(0.0, 3.0), (3.0, 6.0), (6.0, 7.0)]
        assert watched == [3.0, 6.0, 7.0]
    with world.present():
        assert len(steps) == 3, "no time has passed since"


def test_events_happen_in_their_order_and_at_their_time(world, clock):
    seen = []
    moved = []
    world.physics = lambda begin, until: moved.append((begin, until)) or until

    def first(time):
        seen.append(("first", time, world.time))
        world.at(time - 1.0, lambda at: seen.append(("at once", at, world.time)))
        world.at(4.0, lambda at: seen.append(("added", at, world.time)))

    world.at(5.0, lambda time: seen.append(("last", time, world.time)))
    world.at(2.0, first)
    world.at(2.0, lambda time: seen.append(("second", time, world.time)))
    clock.sleep(4.5)
    with world.present():
        pass
    assert seen == [
        ("first", 2.0, 2.0),
        ("second", 2.0, 2.0),
        ("at once", 2.0, 2.0),
        ("added", 4.0, 4.0),
    ]
    assert moved == [(0.0, 2.0), (2.0, 4.0), (4.0, 4.5)]


def test_an_instrument_that_takes_its_time_moves_a_virtual_clock_and_puts_watchdogs_off(world, clock):
    put_off = []
    world.extensions.append(put_off.append)
    before = clock.now()
    assert world.take(7.0)
    assert world.take(0.0)
    assert clock.now() - before == pytest.approx(7.0, abs=1e-6)
    assert clock.now() - before >= 7.0
    assert put_off == [7.0]


class PatientClock:
    """A clock that can't be moved on, only waited for; it notes the waiting."""

    def __init__(self):
        self.time, self.waited = 1_790_000_000.0, []

    def now(self):
        return self.time

    def sleep(self, duration):
        self.waited.append(duration)
        self.time += duration

    def every(self, period, action):
        raise NotImplementedError


def test_real_time_nobody_can_move_on_and_nothing_is_put_off():
    world = World(PatientClock(), 1)
    put_off = []
    world.extensions.append(put_off.append)
    assert not world.take(7.0)
    assert world.take(0.0)
    assert put_off == []


def test_in_memory_real_time_is_waited_for():
    multimeter = Multimeter(World(PatientClock(), 1), lambda: 0.012, Calibrated(NO_CORRECTION, 0.0))
    link = MemoryLink(multimeter)
    link.tell(b"CONF:CURR:DC;:SAMP:COUN 2")
    assert link.ask(b"READ?").count(b",") == 1
    assert multimeter.world.clock.waited == [0.4, 0.4]


def test_parts_draw_numbers_of_their_own():
    one, same, other = (World(PatientClock(), seed) for seed in (1, 1, 2))
    assert one.random("pump").random() == same.random("pump").random()
    assert one.random("pump").random() != one.random("valve").random()
    assert one.random("pump").random() != other.random("pump").random()


def test_one_looks_at_a_time_and_who_fails_lets_go(world, clock):
    def seized():
        got = []
        thread = threading.Thread(target=lambda: got.append(world.lock.acquire(blocking=False)))
        thread.start()
        thread.join()
        return got == [True]

    with world.present():
        assert not seized()

    def broken(begin, until):
        raise ArithmeticError

    world.physics = broken
    clock.sleep(1.0)
    with pytest.raises(ArithmeticError), world.present():
        pass
    assert seized()
