"""Whatever a procedure may be told, and whatever fact of a bench it asks for, changes something.

One walk over the fields of every `Parameters` of a domain and over every characteristic: each is changed, and
the plan, the requests that instruments get, or the certificate must be others then. A field nobody gave a
change to fails, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest

from benchmarks import unwired
from remotecal.bench import Bench
from remotecal.bench_file import Characteristic
from remotecal.errors import RemotecalError
from remotecal.journal.events import read_journal
from remotecal.journal.exchanges import kept_exchanges
from remotecal.order import Order
from remotecal.procedures import Evaluation
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find, names
from remotecal.runs.company import Company
from remotecal.runs.execute import plan
from remotecal.runs.prompts import Answer

Told = Mapping[str, object]
PutUp = Callable[[Path], AbstractContextManager[tuple[Any, Any]]]
"""Puts a bench up in a folder, and gives it with whoever answers there."""


class Lasted:
    """How long a run took, to a second."""

    __hash__ = None

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lasted) and abs(self.seconds - other.seconds) < 1.0


class Somebody:
    """Answers whatever is asked with the first that may be answered, and has a photo at hand."""

    def __init__(self, folder: Path) -> None:
        self._photo = folder / "photo.jpg"
        self._photo.write_bytes(b"\xff\xd8\xff\xe0 a photo \xff\xd9")

    def answer(self, question, still_wanted):
        still_wanted()
        return Answer(str(self._photo) if question.kind == "file" else question.options[0], "liwei")


class Heeded:
    """The walk over a domain; a subclass says how its procedures run in little time, and what to change."""

    domain: ClassVar[str]
    benches: ClassVar[Mapping[str, PutUp]]
    """Procedure → the bench it runs on."""
    quick: ClassVar[Mapping[str, Told]]
    """Procedure → what an order of little time tells it."""
    planned: ClassVar[Mapping[str, Mapping[str, Told]]]
    """Procedure → field → a change of the plan or the certificate."""
    run: ClassVar[Mapping[str, Mapping[str, Told]]]
    """Fields that say how it is measured: what instruments are asked must change, not only what is said."""
    shared: ClassVar[frozenset[str]]
    """Fields that not every procedure of the domain has."""
    unused: ClassVar[Mapping[str, frozenset[str]]]
    """Fields that its bench can't show, or another procedure shows."""
    facts: ClassVar[Mapping[str, tuple[str, ...]]]
    """Procedure → facts of the bench that it asks for."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "name" not in metafunc.fixturenames:
            return
        if "field" not in metafunc.fixturenames:
            metafunc.parametrize("name", self.benches)
            return
        accepted = {name: find(name).procedure.accepts().model_fields for name in self.benches}
        tests = {
            "test_a_parameter_changes_the_plan_or_the_certificate": self.planned,
            "test_a_parameter_changes_what_instruments_are_asked": self.run,
            "test_a_fact_changes_the_certificate": self.facts,
        }
        walked = [
            (name, field)
            for name, fields in tests[metafunc.function.__name__].items()
            for field in fields
            if field not in self.unused.get(name, ())
            and (fields is not self.planned[name] or field in accepted[name])
        ]
        metafunc.parametrize(("name", "field"), walked)

    @classmethod
    def ordered(cls, bench: Any, name: str, changes: Told) -> Order:
        order = Order.load(bench.order)
        told = {**order.parameters, **cls.quick[name], **changes}
        judged = (
            {"class_name": f"{told['accuracy_class']}"} if "accuracy_class" in told else {"class_name": None}
        )
        one = None if order.dut is None else order.dut.model_copy(update=judged)
        several = tuple(dut.model_copy(update=judged) for dut in order.duts)
        return order.model_copy(update={"parameters": told, "dut": one, "duts": several})

    @classmethod
    def carried_out(cls, name: str, folder: Path, changes: Told) -> tuple[Any, Any]:
        """Return the evidence of a run, and what its instruments were asked; or how it failed."""
        folder.mkdir()
        with cls.benches[name](folder) as (bench, person):
            order = cls.ordered(bench, name, changes)
            try:
                evidence = unwired.carry_out(order, find(name), bench, folder / "run", Company(person))
            except RemotecalError as failure:
                return None, str(failure)
            events = read_journal(folder / "run" / "journal.jsonl")
        exchanges = [exchange for event in events for exchange in kept_exchanges(event)]
        # Several are asked at one moment, in any order.
        asked = sorted(one.request for one in exchanges for _ in range(1 + one.again))
        told = [event.data for event in events if event.kind in {"prompt", "note"}]
        said = [{name: one for name, one in data.items() if name != "values"} for data in told]
        return evidence, [asked, said, Lasted(exchanges[-1].at - exchanges[0].at)]

    @pytest.fixture(scope="class")
    @classmethod
    def base(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Any]]:
        """Return what a run of a procedure yields as it is ordered; each is carried out once."""
        done: dict[str, tuple[Any, Any]] = {}

        def of(name: str) -> tuple[Any, Any]:
            if name not in done:
                done[name] = cls.carried_out(name, tmp_path_factory.mktemp("base") / "run", {})
            return done[name]

        return of

    @pytest.fixture(scope="class")
    @classmethod
    def base_certified(cls, base) -> Callable[[str, Told], object]:
        """Return what the certificate of that run would say with these parameters; each is evaluated once."""
        done: dict[tuple[str, str], object] = {}

        def of(name: str, parameters: Told) -> object:
            asked = (name, repr(parameters))
            if asked not in done:
                done[asked] = certified(name, base(name)[0], parameters)
            return done[asked]

        return of

    @pytest.fixture(scope="class")
    @classmethod
    def points(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, Told], object]]:
        """Return the points that would be measured, or why the order is refused; nothing moves for that.

        So each bench is put up once.
        """
        up: dict[str, Any] = {}
        with ExitStack() as benches:

            def of(name: str, changes: Told) -> object:
                if name not in up:
                    up[name], _ = benches.enter_context(cls.benches[name](tmp_path_factory.mktemp("points")))
                bench = up[name]
                order = cls.ordered(bench, name, changes)
                try:
                    return plan(order, find(name), Bench.load(bench.bench), bench.clock, "run").start.points
                except RemotecalError as refusal:
                    return str(refusal)

            yield of

    def test_every_procedure_is_walked_and_every_field_has_a_change(self):
        assert set(self.benches) == {name for name in names() if name.partition(".")[0] == self.domain}
        for name in self.benches:
            fields = set(find(name).procedure.accepts().model_fields)
            assert fields - self.planned[name].keys() - self.run[name].keys() == set(), name
            assert (self.planned[name].keys() | self.run[name].keys()) <= fields | self.shared

    def test_a_parameter_changes_the_plan_or_the_certificate(self, base, base_certified, points, name, field):
        evidence, _ = base(name)
        before, change = evidence.parameters, self.planned[name][field]
        changed = {**before, **change}
        if field == "coverage":
            before = {**before, "coverage_factor": None}
        if base_certified(name, before) == certified(name, evidence, changed):
            assert points(name, {}) != points(name, change)

    def test_the_same_order_asks_instruments_the_same(self, base, tmp_path, name):
        """Otherwise the walk would see changes that nobody made."""
        _, asked = base(name)
        assert self.carried_out(name, tmp_path / "run", {})[1] == asked

    def test_a_parameter_changes_what_instruments_are_asked(self, base, tmp_path, name, field):
        _, asked = base(name)
        _, otherwise = self.carried_out(name, tmp_path / "run", self.run[name][field])
        assert otherwise != asked

    def test_every_fact_that_is_declared_is_walked(self, base, name):
        evidence, _ = base(name)
        procedure = told_so(name, evidence.parameters)
        assert {*procedure.characteristics(), *procedure.may_state()} == set(self.facts[name])

    def test_evaluating_again_says_the_same(self, base, base_certified, name):
        """Otherwise the walk would see changes that nobody made."""
        evidence, _ = base(name)
        assert certified(name, evidence, evidence.parameters) == base_certified(name, evidence.parameters)

    def test_a_fact_changes_the_certificate(self, base, base_certified, name, field):
        evidence, _ = base(name)
        procedure = told_so(name, evidence.parameters)
        unit = {**procedure.characteristics(), **procedure.may_state()}[field]
        known = evidence.characteristics.get(field)
        there = FACT.model_copy(update={"unit": unit}) if known is None else known
        before = after = base_certified(name, evidence.parameters)
        for factor in (1.5, 50.0):  # the steps of a balance show only where repeats scatter by less
            value = there.value if known is None else there.value * factor + 0.01
            more = there.model_copy(update={"value": value})
            otherwise = replace(evidence, characteristics={**evidence.characteristics, field: more})
            after = certified(name, otherwise, otherwise.parameters)
            if after != before:
                break
        if not isinstance(before, str) and not isinstance(after, str):
            assert before["results"] != after["results"] or before["budgets"] != after["budgets"]
        assert before != after
        assert not isinstance(before, str)


FACT = Characteristic(
    value=7.0, unit="1", expanded_uncertainty=0.1, source="here", valid_until=date(2100, 1, 1)
)
"""What a bench states that stated nothing of the kind."""


def told_so(name, parameters):
    """Return a procedure with these parameters."""
    kind = find(name).procedure
    return kind(read_parameters(kind.accepts(), parameters, name))


def certified(name, evidence, parameters):
    """Return what the certificate would say, or why there is none."""
    try:
        made = told_so(name, parameters).evaluate(evidence)
    except (RemotecalError, ValueError, LookupError) as refusal:
        return f"{type(refusal).__name__}: {refusal}"
    if isinstance(made, Evaluation):
        return made.model_dump(mode="json")
    several = [one.model_dump(mode="json") for one in made]
    return {name: [one[name] for one in several] for name in several[0]}
