"""Bringing a simulated rig to work, tripping its controller by what truly happens there, finding it safe.

What happens at every rig stands here; what only some controllers know of stands in the tests of the
domain whose rigs they guard, in `tripping_DOMAIN.py`: `WORK`, kind of trips → what brings such a
rig out of its safe state, where not every setting may be any, and `TRIPS`, kind of trips → trip →
what causes it. Both are given the bench and its instruments by name.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from every_bench import options
from tabled import KINDS

from remotecal.clock import VirtualClock
from remotecal.drivers.capabilities import FlowSource
from remotecal.drivers.declarations import Step
from remotecal.drivers.states import Choice
from remotecal.errors import InstrumentError, LinkError
from remotecal.sim.guard import Guard
from remotecal.sim.world import World

REFUSED = (InstrumentError, LinkError)
"""How a controller that is tripped answers what is not safe."""


def _told(path):
    spec = spec_from_file_location(path.stem, path)
    module = sys.modules[path.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_DOMAINS = [_told(path) for path in sorted(Path(__file__).parent.parent.glob("*/tripping_*.py"))]
WORK = {kind: work for module in _DOMAINS for kind, work in module.WORK.items()}
TRIPS = {kind: trips for module in _DOMAINS for kind, trips in module.TRIPS.items()}


def as_drawn(name):
    """Return a bench that nobody has put up, to be looked at."""
    kind = KINDS[name]
    return kind(World(VirtualClock(), 7), kind.choose({"seed": 7, **options(name)}))


def guards(bench):
    """Return the controllers that guard a bench, by what watches over its world."""
    watching = [getattr(watch, "__self__", None) for watch in bench.world.watchers]
    return [one for one in watching if isinstance(one, Guard)]


def guarded(bench):
    """Return the names of the instruments that are such controllers, of their drivers."""
    return [name for name, place in bench.wired.items() if hasattr(place.simulated.driver, "heartbeat")]


GUARDED = {
    name: {type(guard.trips) for guard in guards(bench)}
    for name, bench in zip(KINDS, map(as_drawn, KINDS), strict=True)
    if guarded(bench)
}
"""Bench → the kinds of trips of the controllers that guard it."""


def steps(instrument):
    """Return what makes an instrument safe by a value."""
    return [step for step in instrument.safe if isinstance(step, Step)]


def out_of_place(instrument):
    """Return which of these values it does not have, as it says itself."""
    found = {step: instrument.obtain(step.declaration)[0][0] for step in steps(instrument)}
    return [
        str(step) for step, content in found.items() if not step.declaration.agrees(content, step.content)
    ]


def work(kind, bench, opened):
    """Bring a rig out of its safe state: open what can be opened, and let the machines turn."""
    if kind in WORK:
        WORK[kind](bench, opened)
        return
    for controller in guarded(bench):
        for step in steps(opened[controller]):
            opened[controller].quantity(step.declaration.name).set(_other(step.declaration, step.content))
    for instrument in opened.values():
        if isinstance(instrument, FlowSource):
            instrument.speed.set(50)
            instrument.start()


def _other(declaration, safe):
    if isinstance(declaration, Choice):
        return next(one for one in declaration.options if one.value != safe)
    low, high = declaration.span
    return 1 if high >= 65535 else (low + high) / 2


def cause(kind, trip):
    """Return what causes a trip; KeyError if nobody says."""
    return {**EVERYWHERE, **TRIPS.get(kind, {})}[trip.name]


def _silence(bench, opened):
    for controller, guard in zip(guarded(bench), guards(bench), strict=True):
        opened[controller].heartbeat.set(1)
        bench.clock.sleep(guard.heartbeat_limit + 1.0)


def _press(bench, _):
    for guard in guards(bench):
        guard.press()


def _fail(bench, _):
    with bench.world.present():
        for guard in guards(bench):
            guard.machines[-1].trip()


EVERYWHERE = {
    "HEARTBEAT_LOST": _silence,
    "EMERGENCY_STOP": _press,
    "PUMP_FAULT": _fail,
    "BLOWER_FAULT": _fail,
}
