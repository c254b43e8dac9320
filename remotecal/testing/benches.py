"""Simulated benches for tests: put up on a virtual clock, and whole runs on them.

A test takes them as fixtures, which pytest knows where remotecal is installed:

```python
def test_the_error_is_found(bench_of, run_on):
    bench = bench_of("master-line", output="promass83", seed=5)
    ran = run_on(bench, ThermometerComparison, {"readings": 5})
    assert ran.record.tables[0].rows == 1
```

Sockets, serial lines, protocols, journal and evaluation are real; time is not, and the same seed gives the
same run.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, overload

from remotecal.bench import Bench
from remotecal.clock import VirtualClock
from remotecal.order import Order
from remotecal.runs.catalogue import Found, find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Beside, Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.catalogue import bench as bench_called

if TYPE_CHECKING:
    from remotecal.journal.evidence import Evidence
    from remotecal.model import Record
    from remotecal.procedures import Procedure
    from remotecal.sim.assembly import Assembly

A = TypeVar("A", bound="Assembly")

START: Final = 1_790_000_000.0
"""When a bench's time begins, in seconds since 1970: 2026-09-21."""


class Ran(NamedTuple):
    """What came of a run."""

    evidence: Evidence
    """What was observed."""
    record: Record
    """The certificate's content."""
    directory: Path
    """Where its journal is."""


class BenchOf:
    """Puts benches up, each in a folder of its own, until it is closed.

    Args:
        folder: where their bench files, certificates and orders go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._up, self._count = folder, ExitStack(), 0

    @overload
    def __call__(self, bench: type[A], **options: object) -> A: ...
    @overload
    def __call__(self, bench: str, **options: object) -> Assembly: ...
    def __call__(self, bench: str | type[Assembly], **options: object) -> Assembly:
        """Return a bench that is up.

        Args:
            bench: its name in the catalogue, its file, or its class.
            options: what is chosen of it; `remotecal sim list` tells what there is.

        Raises:
            ConfigurationError: there is no such bench, or it can't be so.
        """
        kind = bench_called(bench) if isinstance(bench, str) else bench
        self._count += 1
        place = self._folder / f"bench-{self._count}"
        return self._up.enter_context(kind.put_up(kind.choose(options), place, VirtualClock(START)))

    def close(self) -> None:
        """Take the benches down."""
        self._up.close()


class RunOn:
    """Carries procedures out on benches that are up, each in a folder of its own.

    Args:
        folder: where the runs' directories go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def __call__(
        self,
        bench: Assembly,
        procedure: str | Path | type[Procedure] | None = None,
        parameters: Mapping[str, object] | None = None,
        *,
        roles: Mapping[str, str] | None = None,
        answers: Sequence[str] = (),
    ) -> Ran:
        """Run a procedure on a bench, and evaluate it.

        Args:
            bench: is up, with its paper.
            procedure: its class, its file, or its name in the catalogue; by default that of the bench's
                own work order, which then gives the parameters that are not given here.
            parameters: of the procedure, such as `{"flow": "20 m3/h"}`.
            roles: role → instrument, where a role is not called as the instrument is.
            answers: to the procedure's questions, in turn; then the first option is taken. Where there are
                none, the bench's own person answers, if it has one.

        Raises:
            RemotecalError: whatever stops a run, or its evaluation.
        """
        self._count += 1
        out = self._folder / f"run-{self._count}"
        written = Order.load(bench.order)
        if roles:  # another instrument than the order's own device
            written = written.of_any_device()
        found = _found(procedure or written.order.procedure)
        given = {**(written.parameters if procedure is None else {}), **(parameters or {})}
        head = written.order.model_copy(update={"procedure": found.name})
        order = written.model_copy(update={"order": head, "parameters": given})
        beside = None if answers else bench.person
        company = Company(Beside(beside) if beside else Scripted(answers, first_option=True))
        evidence = execute(order, found, _wired(bench.bench, roles or {}), out, company, bench.clock)
        return Ran(evidence, evaluate(evidence, found), out)


def _wired(path: Path, roles: Mapping[str, str]) -> Bench:
    """Return a bench whose roles are filled so."""
    bench = Bench.load(path)
    filled = replace(bench, file=bench.file.model_copy(update={"roles": {**bench.file.roles, **roles}}))
    filled.check_roles()
    return filled


def _found(procedure: str | Path | type[Procedure]) -> Found:
    if not isinstance(procedure, type):
        return find(str(procedure))
    try:
        source = inspect.getsource(inspect.getmodule(procedure) or procedure)
    except (OSError, TypeError):  # made in a session
        source = procedure.__qualname__
    return Found(procedure.__name__, procedure, sha256(source.encode()).hexdigest())
