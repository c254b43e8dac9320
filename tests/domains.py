"""The shipped domains: where each has its procedures, its benches and its tests, and what it is called by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Domain:
    """What goes with a domain if it is taken away."""

    procedures: str
    """Its folder among the procedures, and among the tests."""
    sims: tuple[str, ...]
    """Its folders among the simulated benches."""
    benches: tuple[str, ...]
    """What its benches are called."""

    @property
    def tests(self) -> Path:
        return ROOT / "tests" / self.procedures

    @property
    def folders(self) -> tuple[Path, ...]:
        return ROOT / "procedures" / self.procedures, *(ROOT / "sim" / sim for sim in self.sims), self.tests

    @property
    def packages(self) -> tuple[str, ...]:
        sims = (f"remotecal.sim.{sim}" for sim in self.sims)
        return f"remotecal.procedures.library.{self.procedures}", *sims

    @property
    def gone(self) -> bool:
        """Whether it was taken away."""
        return not any(folder.exists() for folder in self.folders)

    def names(self) -> Iterator[str]:
        """Yield what nobody else has reason to call by name: its folders, packages, procedures, benches.

        Of the benches' and the procedures' short names only those that are no plain words.
        """
        yield from (*self.packages, f"procedures/{self.procedures}")
        yield from (bench for bench in self.benches if "-" in bench)
        yield from (f"sim/{sim}" for sim in self.sims)
        for path in self.folders[0].glob("*.py"):
            yield f"{self.procedures}.{path.stem}"
            if "_" in path.stem.strip("_"):
                yield path.stem

    def named(self, text: str) -> set[str]:
        """Return which of its names stand in a text."""
        return set(self.pattern.findall(text))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What finds its names."""
        return re.compile(rf"\b(?:{'|'.join(map(re.escape, self.names()))})\b")


DOMAINS = {
    "converter": Domain("converter", ("converter",), ("converter",)),
    "density": Domain(
        "density",
        ("density",),
        ("density-bench", "solid-bench", "pycnometer-bench", "tube-bench", "line-bench", "hydrometer-bench"),
    ),
    "flow": Domain(
        "flow",
        ("water", "water_bench", "large_water", "volumetric", "clamp_on", "large_balance"),
        (
            "water-rig",
            "master-line",
            "coriolis-rig",
            "water-bench",
            "heat-flow-sensors",
            "bench-qualification",
            "water-large",
            "volumetric-tank",
            "prover-line",
            "vessel-bench",
            "still-tank",
            "clamp-on-site",
            "clamp-on-home",
            "large-balance",
        ),
    ),
    "gas": Domain("gas", ("gas",), ("nozzles", "pvtt", "bell")),
    "gas_loop": Domain("gas_loop", ("gas_loop",), ("gas-loop",)),
    "heat": Domain("heat", ("heat",), ("heat-bench", "heat-calculator", "heat-meter")),
    "pressure": Domain("pressure", ("pressure",), ("pressure-bench", "piston-bench")),
}


def whose_test(path: Path) -> str | None:
    """Return the domain whose test a file is; None if it is the house's."""
    return next((name for name, domain in DOMAINS.items() if path.is_relative_to(domain.tests)), None)


def went_with_its_domain(path: Path) -> bool:
    """Tell whether a path leads into a domain that was taken away."""
    gone = (domain for domain in DOMAINS.values() if domain.gone)
    return any(path.resolve().is_relative_to(folder) for domain in gone for folder in domain.folders)


def needs_one_that_is_gone(code: str) -> bool:
    """Tell whether code needs a domain that was taken away."""
    return any(domain.gone and domain.named(code) for domain in DOMAINS.values())
