"""One order at a station, from the claim to the signed journal.

What must survive a power cut is on the disk before it counts: the order and the claim before the
laboratory is asked, the journal before an instrument is touched. So whatever happens, the same
order never becomes two runs.
"""

from __future__ import annotations

import json
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from remotecal.certificates.signing.journal import KIND as SIGNATURE
from remotecal.certificates.signing.journal import seal_journal
from remotecal.clock import VirtualClock
from remotecal.errors import BenchInUse, JournalBroken, RemotecalError, RunAborted
from remotecal.journal.chain import ending
from remotecal.journal.events import found_in, opened_lines
from remotecal.journal.gathering import read_evidence
from remotecal.journal.writing import Journal
from remotecal.private_files import write_private
from remotecal.runs.company import Company
from remotecal.runs.execute import carry_out, go_on
from remotecal.runs.record import evaluate
from remotecal.runs.safety import NOTHING, Safety, make_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from remotecal.certificates.signing.seal import SealKey
    from remotecal.runs.session import Plan
    from remotecal.station.folder import StationFolder
    from remotecal.transport.bundles import TrustedProcedures
    from remotecal.transport.connection import Proof
    from remotecal.transport.inventory import Kept
    from remotecal.transport.messages import Acknowledgement, RemoteOrder

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds from one look whether the bench of a run is free to the next."""
M = TypeVar("M", bound=BaseModel)

ENDS = frozenset({"abort", "interlock", "failure"})
"""Events after which a run is over that is not complete, unless it is taken up again; one that was suspended
is not."""

_AGREES = b'"verb":"agree"'
"""In the line that says who agreed; within a text its quotation marks would be written otherwise."""


class Stage(Enum):
    """How far an order has come, by what is on the disk."""

    CLAIMED = "claimed"
    """Nothing was touched yet."""
    CUT_OFF = "cut off"
    """The run was on when the station went down, or was shut down in good order."""
    STOPPED = "stopped"
    """It ended before it was complete; the rig was made safe."""
    COMPLETE = "complete"
    """All is measured; the journal is not signed yet."""
    SIGNED = "signed"
    """The journal is complete and signed."""


@dataclass(frozen=True, slots=True)
class StationRun:
    """An order this station has taken on."""

    order: RemoteOrder
    """The order."""
    folder: StationFolder
    """The station's directory."""

    @property
    def directory(self) -> Path:
        """Where the journal is."""
        return self.folder.runs / self.order.id

    @property
    def papers(self) -> Path:
        """Where order, claim and record are."""
        return self.folder.orders / self.order.id

    @property
    def claim(self) -> str:
        """What tells this start of the run from any other; made when it is first asked for."""
        file = self.papers / "claim"
        if not file.exists():
            write_private(file, secrets.token_hex(16).encode())
        return file.read_text("ascii")

    @property
    def stage(self) -> Stage:
        """How far it has come; a broken journal counts as cut off, and is refused when it is taken up."""
        path = found_in(self.directory)
        if not path.exists():
            return Stage.CLAIMED
        with suppress(JournalBroken), opened_lines(path) as lines:
            return stage_of(lines)
        return Stage.CUT_OFF

    def keep(self, envelope: bytes) -> None:
        """Keep the signed order."""
        write_private(self.papers / "order.json", envelope)

    @property
    def is_kept(self) -> bool:
        """Whether it was taken on; its folder alone says nothing, the station was killed before."""
        return (self.papers / "order.json").exists()

    def done(self) -> bool:
        """Tell whether the laboratory has everything."""
        return (self.papers / "done").exists()

    def note_end(self, reason: str) -> None:
        """Note why the run ended early, or could not even begin."""
        write_private(self.papers / "ended", reason.encode())

    @property
    def ended(self) -> str:
        """Why the run ended early; "" if it did not."""
        file = self.papers / "ended"
        return file.read_text("utf-8") if file.exists() else ""

    def note_failed(self, reason: str) -> None:
        """Keep why the laboratory has no record of the run; "" once it has."""
        write_private(self.papers / "failed", reason.encode())

    @property
    def failed(self) -> str:
        """Why the laboratory has no record of the run; "" if it has, or was not asked yet."""
        file = self.papers / "failed"
        return file.read_text("utf-8") if file.exists() else ""

    def note_agreed(self, by: str) -> None:
        """Keep who on site has agreed, for the journal that is yet to be begun."""
        write_private(self.papers / "agreed", by.encode())

    @property
    def agreed(self) -> str:
        """Who on site has agreed; "" where nobody was asked."""
        file = self.papers / "agreed"
        return file.read_text("utf-8") if file.exists() else ""

    @property
    def agreed_untold(self) -> str:
        """Who on site has agreed, where the journal does not say so yet: the station may have been killed."""
        path, by = found_in(self.directory), self.agreed
        if not by or not path.exists():
            return by
        with suppress(JournalBroken), opened_lines(path) as lines:
            return "" if any(_AGREES in line for line in lines) else by
        return ""

    def envelope(self) -> bytes:
        """Return the signed order."""
        return (self.papers / "order.json").read_bytes()

    def note_granted(self, proof: Proof[Acknowledgement]) -> None:
        """Keep the laboratory's word that the run is ours."""
        write_private(self.papers / "granted", _proof(proof))

    def granted(self) -> tuple[bytes, bytes] | None:
        """Return our claim and the laboratory's signed answer; None if that was not kept."""
        file = self.papers / "granted"
        if not file.exists():
            return None
        proof = json.loads(file.read_bytes())
        return proof["asked"].encode(), proof["reply"].encode()

    def note_done(self, proof: Proof[Kept] | None) -> None:
        """Keep the laboratory's word that it has everything; None where there is nothing to have."""
        write_private(self.papers / "done", b"" if proof is None else _proof(proof))

    def perform(self, planned: Plan, company: Company, busy: Callable[[], None]) -> None:
        """Carry out the order, or go on where it was cut off.

        Blocks until the run is over; for a thread of its own. What was begun waits for a bench that
        somebody else works with, what was not is given back.

        Args:
            planned: the run, as its order wants it.
            company: who takes part in it.
            busy: called when it begins to wait for its bench.

        Raises:
            RemotecalError: as `carry_out` and `go_on`.
        """
        said = ""
        while True:
            try:
                self._perform(planned, company)
            except BenchInUse as in_use:
                if self.stage is not Stage.CUT_OFF:
                    raise
                if said != str(in_use):
                    said = str(in_use)
                    log.warning("run %s goes on once its bench is free: %s", self.order.id, in_use)
                    busy()
                company.control.stopped.wait(LOOK_EVERY)
                company.control.check()
            else:
                return

    def _perform(self, planned: Plan, company: Company) -> None:
        stage = self.stage
        if stage is Stage.CLAIMED:
            carry_out(planned, self.directory, company)
        elif stage is Stage.CUT_OFF and self.order.after_crash == "resume":
            go_on(planned, self.directory, company)
        elif stage is Stage.CUT_OFF:
            self._end_safe(planned)

    def sign(self, key: SealKey) -> None:
        """Sign the journal of a complete run."""
        if self.stage is Stage.COMPLETE:
            # The run's clock may be a simulated rig's, and it may have stopped long ago: time is that of the
            # last line.
            with Journal.open(self.directory, VirtualClock(0.0)) as journal:
                seal_journal(journal, key)

    def record(self, library: TrustedProcedures) -> str:
        """Return the record that follows from the journal, in JSON; "" where it can't be computed."""
        try:
            evidence = read_evidence(self.directory)
            return evaluate(evidence, library.find(self.order.procedure)).to_json()
        except RemotecalError as error:
            log.warning("the record of %s can't be computed here: %s", self.order.id, error)
            return ""

    def make_safe(self, planned: Plan) -> Safety:
        """Bring the rig to its safe state, as far as its wires do (`BenchInUse`: somebody works with it)."""
        opened = planned.bench.connect(planned.clock, what=f"making {self.order.id} safe")
        try:
            return make_safe(opened, planned.procedure.safe_by_hand, None)
        finally:
            opened.close()

    def _end_safe(self, planned: Plan) -> None:
        """Bring the rig to its safe state and end the run, as the order wants it after a crash."""
        safety = self.make_safe(planned)
        text = "the station was cut off while the run was on, and the order says to make safe"
        with Journal.open(self.directory, planned.clock) as journal:
            journal.append("abort", {"error": "RunAborted", "text": text})
            journal.append("safe", safety.written())
        if safety.unsafe is not None:
            raise safety.unsafe
        raise RunAborted(f"{text}; {NOTHING}" if safety.nothing else text)


def _proof(proof: Proof[M]) -> bytes:
    return json.dumps({"asked": proof.asked.decode(), "reply": proof.reply.decode()}).encode()


def stage_of(lines: Iterable[bytes]) -> Stage:
    """Return how far a run has come by the lines of its journal.

    The lines are believed: whoever goes on with the journal, or computes with it, checks them.

    Raises:
        JournalBroken: one is no event.
    """
    stage = Stage.CLAIMED
    for line in lines:
        if not line.endswith(b"\n"):
            break  # torn off by a crash
        found = ending(line[:-1])
        if found is None:
            raise JournalBroken("the journal holds a line that is no event: restore it from a copy")
        if found.kind == SIGNATURE:
            return Stage.SIGNED
        if found.kind == "finish" or stage is Stage.COMPLETE:
            stage = Stage.COMPLETE
        elif found.kind in {"start", "resume"}:
            stage = Stage.CUT_OFF
        elif stage is Stage.CUT_OFF and _ends(found.kind, line):
            stage = Stage.STOPPED
    return stage


def _ends(kind: str, line: bytes) -> bool:
    """Tell whether a run is over after an event; what somebody aborted is not taken up after a crash."""
    return kind in ENDS or (kind == "control" and json.loads(line)["data"].get("verb") == "abort")
