"""What a task costs beside its peers: all take turns in one run, and their ratios are compared.

Absolute times say what else a computer was doing; ratios taken turn by turn hold on a busy one too. Two are
taken of each task: of the time that passed, and of the processor time that this process and those it waited
for spent, which waiting for others does not enter. Each benchmark declares its bounds and ends in `verdict`:

    costs = take_turns({"raw socket": query_raw, "driver": meter.voltage.read}, rounds=80, repeats=25)
    return verdict([Bound("SCPI query, driver / raw socket", costs["driver"] / costs["raw socket"], 1.5)])
"""

from __future__ import annotations

import gc
import random
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

MARGIN = 1.25
"""How far beyond its bound a ratio may lie on a machine that does other work as well."""

Task = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much one task costs as another: the medians over the turns both took."""

    wall: float
    """Of the time that passed."""
    cpu: float
    """Of processor time; nan where the other used none that could be counted."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What each turn of one task took, in seconds a call."""

    wall: tuple[float, ...]
    """Time that passed."""
    cpu: tuple[float, ...]
    """Processor time of this process, all its threads, and of the processes it waited for."""

    def __truediv__(self, other: Cost) -> Ratio:
        """Return the ratios to `other`, which took its turns at the same time."""
        return Ratio(median_ratio(self.wall, other.wall), median_ratio(self.cpu, other.cpu))

    def __str__(self) -> str:
        return f"{amount(statistics.median(self.wall))} {amount(statistics.median(self.cpu))} cpu"


@dataclass(frozen=True, slots=True)
class Bound:
    """A ratio and what it may be at most."""

    name: str
    """What is compared with what."""
    ratio: Ratio | float
    """Of wall and cpu time, both held to the bound; or one number."""
    most: float
    """The bound; a benchmark fails beyond `MARGIN` times it."""

    @property
    def worst(self) -> float:
        """The larger of the ratios that could be told."""
        if isinstance(self.ratio, Ratio):
            return max(each for each in (self.ratio.wall, self.ratio.cpu) if each == each)
        return self.ratio

    @property
    def held(self) -> bool:
        """Whether the bound is held, with the margin of a busy machine."""
        return self.worst <= self.most * MARGIN


def take_turns(tasks: Mapping[str, Task], *, rounds: int, repeats: int = 1) -> dict[str, Cost]:
    """Call each task once to warm it up, then each `repeats` times in turn, for so many rounds."""
    for task in tasks.values():
        task()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            gc.collect(0)
            wall, cpu = time.perf_counter(), processor_time()
            for _ in range(repeats):
                task()
            cpu, wall = processor_time() - cpu, time.perf_counter() - wall
            taken[name].append((wall / repeats, cpu / repeats))
    return {
        name: Cost(tuple(wall for wall, _ in turns), tuple(cpu for _, cpu in turns))
        for name, turns in taken.items()
    }


def processor_time() -> float:
    """Return what this process and those it waited for have spent, in seconds."""
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + others.ru_utime + others.ru_stime


def show(title: str, costs: Mapping[str, Cost], beside: str) -> None:
    """Print what each task took, and its ratios to the one called `beside`."""
    print(title)
    for name, cost in costs.items():
        ratio = cost / costs[beside]
        print(f"  {name:34} {cost!s:26} {ratio.wall:8.2f} × {ratio.cpu:8.2f} × cpu")


def verdict(bounds: Sequence[Bound]) -> int:
    """Print each ratio beside its bound; return the exit code, 1 where one lies beyond its margin."""
    print(f"Bounds (fails beyond {MARGIN} times one)")
    for bound in bounds:
        if isinstance(bound.ratio, Ratio):
            found = f"{bound.ratio.wall:8.2f} × {bound.ratio.cpu:8.2f} × cpu"
        else:
            found = f"{bound.ratio:8.2f}" + " " * 17
        state = "" if bound.worst <= bound.most else "  over, within the margin" if bound.held else "  BEYOND"
        print(f"  {bound.name:52} {found}  at most {bound.most:g}{state}")
    return int(not all(bound.held for bound in bounds))


def median_ratio(ours: Sequence[float], peers: Sequence[float]) -> float:
    """Return the median of the turns' ratios; nan where a peer's turn took nothing that was counted."""
    return statistics.median(a / b if b else float("nan") for a, b in zip(ours, peers, strict=True))


@dataclass(frozen=True, slots=True)
class Between:
    """A median, and between what it lies in 90 of 100 draws from what it is the median of."""

    low: float
    median: float
    high: float


def between(found: Sequence[float]) -> Between:
    """Return the median of what was found, turn by turn, and how sure it is (percentile bootstrap)."""
    draw = random.Random(1).choices
    medians = sorted(statistics.median(draw(found, k=len(found))) for _ in range(2000))
    return Between(medians[100], statistics.median(found), medians[-101])


def amount(seconds: float) -> str:
    """Return seconds in a unit that leaves few digits before the point: "12.3 µs"."""
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"
