"""Files for a tiny bench, and runs on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tiny import PROCEDURE, TinyWorld

from remotecal.bench import Bench
from remotecal.clock import Clock, VirtualClock
from remotecal.journal.events import FILE, Event, read_journal
from remotecal.journal.evidence import Evidence
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.control import Control
from remotecal.runs.execute import execute, resume
from remotecal.runs.prompts import Answerer, Scripted
from remotecal.runs.running import Watcher

BENCH = """
[bench]
name = "Tiny bench"
clock = "virtual"
[instruments.source]
driver = "tiny:TinySource"
address = "{source}"
serial = "S1"
[instruments.gauge]
driver = "tiny:TinyMeter"
address = "{meter}"
serial = "M1"
[roles]
meter = "gauge"
[characteristics.offset]
value = 0.5
unit = "V"
expanded_uncertainty = 0.1
source = "characterisation"
valid_until = 2100-01-01
"""

ORDER = """
[order]
number = "T-1"
procedure = "{procedure}"
bench = "bench.toml"
demonstration = true
[parameters]
[dut]
name = {{ zh = "表", en = "Meter" }}
maker = "Maker"
serial = "M1"
[customer]
name = "Customer"
address = "Street 1"
[laboratory]
name = {{ zh = "实验室", en = "Laboratory" }}
address = "Street 2"
[[persons]]
name = "Person"
duty = "performed"
"""


@dataclass
class Tiny:
    """A tiny bench with its files, and a run on it."""

    world: TinyWorld
    directory: Path
    bench: Path
    order: Path
    clock: Clock = field(default_factory=VirtualClock)
    control: Control = field(default_factory=Control)
    watchers: tuple[Watcher, ...] = ()
    files: tuple[Path, ...] = ()
    largest: int = 1000

    @property
    def out(self) -> Path:
        return self.directory / "out"

    def add(self, to: Path, text: str) -> None:
        with to.open("a") as file:
            file.write(text)

    def hasten(self) -> None:
        """Let its instruments not be waited for long: one of them will not answer."""
        self.bench.write_text(self.bench.read_text().replace("tiny:Tiny", "tiny:Hasty"))

    def parameter(self, text: str) -> None:
        self.order.write_text(self.order.read_text().replace("[parameters]", f"[parameters]\n{text}"))

    def company(self, answers: Answerer | None) -> Company:
        return Company(answers or Scripted(), self.watchers, self.control, "liwei", self.files, self.largest)

    def run(self, answers: Answerer | None = None) -> Evidence:
        order = Order.load(self.order)
        found = find(order.order.procedure, self.order.parent)
        return execute(order, found, Bench.load(self.bench), self.out, self.company(answers), self.clock)

    def resume(self, answers: Answerer | None = None) -> Evidence:
        self.control = Control()
        found, bench = find(str(PROCEDURE)), Bench.load(self.bench)
        return resume(self.out, self.company(answers), found=found, bench=bench, clock=self.clock)

    def events(self, *kinds: str) -> list[Event]:
        return [event for event in read_journal(self.out / FILE) if not kinds or event.kind in kinds]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events()]


@contextmanager
def tiny_bench(directory: Path) -> Iterator[Tiny]:
    """Put up a tiny bench with its files."""
    world = TinyWorld()
    bench, order = directory / "bench.toml", directory / "order.toml"
    bench.write_text(BENCH.format(source=world.address("source"), meter=world.address("meter")))
    order.write_text(ORDER.format(procedure=PROCEDURE))
    yield Tiny(world, directory, bench, order)
    world.close()
