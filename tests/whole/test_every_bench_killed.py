"""A run on every bench, killed again and again: nothing stays open or turning, nothing is lost, it goes on.

Where a controller guards the bench it makes it safe by itself. Where none does, what the run left energised
stays so until it is taken up: that makes it safe first, and in the end the instruments tell that nothing is.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import carrying_out
import pytest
from every_bench import MEASURING, options, short
from forging import see_forgeries_refused
from killed import HEARTBEAT_LIMIT, observed
from proof import verifying
from tabled import KILLED
from tripping import guarded, guards, out_of_place

from remotecal.certificates import APART, PDF_NAME
from remotecal.certificates.demonstration import NewKeys
from remotecal.certificates.signing.journal import seal_journal
from remotecal.cli import main
from remotecal.cli.declared import EVERYBODY
from remotecal.cli.demo import PAPER, DemonstrationLaboratory
from remotecal.cli.progress import ProgressLine
from remotecal.clock import AwaitedClock, SharedClock
from remotecal.drivers.capabilities import FlowSource
from remotecal.journal.events import FILE, read_journal
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.order import Order
from remotecal.runs.apart import write_certificates
from remotecal.runs.catalogue import find
from remotecal.runs.record import evaluate
from remotecal.sim.assembly import CLOCK

KILLS, FEWEST = 3, 1
"""How often each run is killed; a short one may come to its end before the last time."""
FURTHEST = 12
"""Lines its journal gets beyond where the bench is first watched over, at most, before a run is killed."""
LONGEST = 0.05
"""Seconds it gets beyond that, at most."""
YESTERDAY = 86_400.0


class Carried:
    """A process that carries an order out at a bench, and is answered by whoever is beside it."""

    def __init__(self, bench, out):
        self._bench, self._journal = bench, out / FILE
        self._read = self._journal.stat().st_size if self._journal.exists() else 0
        self.told = []
        """What it has written into the journal."""
        program = [sys.executable, carrying_out.__file__, out, bench.order, bench.bench]
        self._process = subprocess.Popen(
            program, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def go_on(self, until):
        """Answer what is asked until something is true of what it told, or it has ended."""
        while not until(self.told) and self._process.poll() is None:
            threading.Event().wait(0.002)
            for event in self._new():
                self.told.append(event)
                if event["kind"] == "prompt":
                    asked = event["data"]
                    answer = self._bench.person(asked["question"]["en"], asked["options"])
                    self._process.stdin.write(f"{answer}\n".encode())
                    self._process.stdin.flush()

    def _new(self):
        if not self._journal.exists():
            return []
        with self._journal.open("rb") as file:
            file.seek(self._read)
            *lines, _ = file.read().split(b"\n")
        self._read += sum(len(line) + 1 for line in lines)
        return [json.loads(line) for line in lines]

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        said = self._process.communicate(timeout=60)[1].decode()
        assert self._process.returncode in {0, -signal.SIGKILL}, said

    def end(self):
        said = self._process.communicate(timeout=60)[1].decode()
        assert self._process.returncode == 0, said


def has_got(lines):
    """Return what tells whether a run has got so many lines beyond where the bench is watched over.

    Before its heart has beaten once a controller waits for no other beat, and nothing is there to be missed.
    """

    def further(told):
        kinds = [event["kind"] for event in told]
        if "safe" not in kinds:
            return False
        safe = kinds.index("safe")
        return len(kinds) > safe + kinds[safe + 1 : safe + 2].count("watch") + lines

    return further


def finished(out):
    return (out / FILE).exists() and any(e.kind == "finish" for e in read_journal(out / FILE, torn=True))


def find_it_safe(bench):
    """Let the heartbeat be missed, and look at what a controller guards, as anyone could."""
    clock, opened = SharedClock(bench.clock.path), bench.connect()
    limits = [guard.heartbeat_limit for guard in guards(bench)]
    clock.sleep(2 * max(limits, default=HEARTBEAT_LIMIT))
    for name in guarded(bench):
        assert [trip.name for trip in opened[name].trips.read()] == ["HEARTBEAT_LOST"]
        assert out_of_place(opened[name]) == []
    clock.sleep(60.0)
    if guards(bench):
        turning = [one.actual_speed.read().value for one in opened.values() if isinstance(one, FlowSource)]
        assert turning == [0.0] * len(turning)


def find_nothing_energised(bench):
    """See by what the instruments tell that each one is in the safe state it has, as far as they can tell."""
    found = {name: out_of_place(instrument) for name, instrument in bench.connect().items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.fixture(scope="module")
def laboratories():
    """Everybody's keys by what the laboratory is called; they take long to make."""
    return {}


def found(laboratories, order, scope, at):
    called = order.laboratory.name.get("en")
    if called not in laboratories:
        with NewKeys(EVERYBODY) as keys:
            laboratories[called] = DemonstrationLaboratory.found(order, scope, at, keys).keys
    return DemonstrationLaboratory(order, scope, laboratories[called])


@pytest.mark.parametrize("name", [*MEASURING, *KILLED])
def test_kills_leave_nothing_open_and_cost_nothing(tmp_path, capsys, laboratories, name):
    chance, out, paper = random.Random(f"{name} 20261129"), tmp_path / "run", tmp_path / "paper"
    clock = AwaitedClock.begin(paper / CLOCK, time.time() - YESTERDAY)
    with short(name).up(paper, clock=clock, seed=7, **options(name)) as bench:
        order, today = Order.load(bench.order), datetime.fromtimestamp(clock.now(), UTC)
        laboratory = found(laboratories, order, bench.scope, today)
        laboratory.certify_standards(paper, today)
        begun = 0
        while not finished(out):
            before, begun = observed(out) if begun else [], begun + 1
            run = Carried(bench, out)
            if begun <= KILLS:
                run.go_on(has_got(chance.randint(1, FURTHEST)))
                if begun > FEWEST:  # a short run may be over by then
                    threading.Event().wait(chance.uniform(0.0, LONGEST))
                run.kill()
                find_it_safe(bench)
            else:
                run.go_on(lambda _: False)
                run.end()
            assert observed(out)[: len(before)] == before
        find_nothing_energised(bench)
        certify(laboratory, order, out, SharedClock(clock.path))
    events = read_journal(out / FILE)
    kinds = Counter(event.kind for event in events)
    assert begun > FEWEST
    assert (kinds["resume"], kinds["finish"]) == (begun - 1, 1)
    assert set(Counter(observed(out)).values()) == {1}
    made_safe = [event.data["reached"] for event in events if event.kind == "safe"]
    # Once at each beginning and once at the end; one that is killed behind its last reading ends twice.
    assert begun + 1 <= len(made_safe) <= 2 * begun
    assert False not in made_safe
    shutil.copytree(paper, out / PAPER, ignore=shutil.ignore_patterns(CLOCK))
    folders = sorted(path.parent for path in out.glob(f"{APART}/*/{PDF_NAME}"))
    capsys.readouterr()
    assert main(verifying(out, (folders or [out])[0])) == 0, capsys.readouterr().out


def certify(laboratory, order, out, clock):
    """Let the journal be sealed, and the certificate be computed and signed by everybody."""
    with Journal.open(out, clock) as journal:
        seal_journal(journal, laboratory.keys.station)
    evidence = read_evidence(out)
    write_certificates(evaluate(evidence, find(evidence.procedure.name)), order, out, printed=False)
    laboratory.issue(out, datetime.fromtimestamp(clock.now(), UTC), ProgressLine())
    see_forgeries_refused(evidence)
