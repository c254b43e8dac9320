"""Computing a run's record at the laboratory, from the journal alone, and comparing it with the station's."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.keeping import extend
from remotecal.certificates.library import CertificateLibrary
from remotecal.certificates.signing.seal import PublicKey, SealKey
from remotecal.errors import EvidenceError, NotOrdered, OrderError, RemotecalError, StoreError
from remotecal.hub.ordered import bounded, check_course, check_record, check_start, claimed_order, set_apart
from remotecal.journal.contents import Files
from remotecal.journal.events import FILE, JournalReader
from remotecal.journal.gathering import Gathering
from remotecal.journal.occurrences import tell
from remotecal.runs.beforehand import see_could_begin
from remotecal.runs.catalogue import find, is_installed
from remotecal.runs.record import evaluate
from remotecal.store.records import RecordRow
from remotecal.transport.bundles import TrustedProcedures
from remotecal.transport.messages import Compared
from remotecal.verify.conduct import conduct
from remotecal.verify.outline import Outline
from remotecal.verify.report import Checklist, Examinations
from remotecal.verify.subject import Means

if TYPE_CHECKING:
    from remotecal.hub.settings import HubFolder
    from remotecal.journal.contents import Contents
    from remotecal.journal.files import Attached
    from remotecal.runs.catalogue import Found
    from remotecal.store import Store
    from remotecal.transport.messages import Computed, RemoteOrder

log = logging.getLogger(__name__)


def recompute(
    store: Store,
    library: TrustedProcedures,
    computed: Computed,
    key: PublicKey,
    laboratory: PublicKey,
    at: float | None = None,
) -> Compared:
    """Compute and keep the record of a complete run; return whether the station's is the same.

    Args:
        store: where the journal is, and the record goes.
        library: where the procedure is.
        computed: what the station says.
        key: with which the station signs journals.
        laboratory: with which the laboratory signs orders; nothing but what it ordered is computed.
        at: when it is, in seconds since 1970, UTC; now if not given.
    """
    known = store.records.find(computed.station, computed.run)
    if known is not None and known.head == computed.head:
        return Compared(agrees=known.agrees, reason="" if known.agrees else DIFFERS)
    try:
        journal = _journal_meant(store, computed, key)
        order = _order_of(store, laboratory, computed.station, computed.run, journal)
        found = library.find(order.procedure)
        record = _ordered_record(order, found, journal, _contents(store, computed.station, computed.run))
    except StoreError:
        raise  # nobody knows yet
    except NotOrdered as error:
        set_apart(store, computed.station, computed.run, str(error))
        return _not_computed(store, computed, str(error))
    except RemotecalError as error:
        return _not_computed(store, computed, str(error))
    except Exception as error:
        # What was sent may make us stumble in any way; asked again, it would do so again.
        log.exception("the record of %s can't be computed", computed.run)
        return _not_computed(store, computed, f"the evaluation failed: {type(error).__name__}: {error}")
    agrees = record == computed.record
    row = RecordRow(
        computed.station,
        computed.run,
        computed.head,
        key.text,
        record,
        agrees=agrees,
        computed=time.time() if at is None else at,
    )
    with store.transaction():
        _keep(store, row)
        store.note("hub", "record", {"station": row.station, "run": row.run, "agrees": int(agrees)})
    return Compared(agrees=agrees, reason="" if agrees else DIFFERS)


def evaluate_anew(
    folder: HubFolder, store: Store, station: str, run: str, *, by: str, bundle: str = ""
) -> None:
    """Compute and keep the record of a run that could not be evaluated, because somebody asks for it.

    Args:
        folder: the hub's directory.
        store: where the journal is, and the record goes.
        station: where the run was.
        run: the run.
        by: who asks.
        bundle: the mended procedure, signed by an author who is trusted; by default the installed one of
            the same name. The record says where that is a later text than the run followed.

    Raises:
        ConfigurationError: there is no such procedure, or the bundle is nobody's who is trusted.
        EvidenceError: the run was not ordered, has a record, or can't be evaluated still.
    """
    known = store.records.find(station, run)
    if known is not None and known.agrees:
        raise EvidenceError(f"the record of {run} was computed, and the station computed the same")
    if store.signings.any(station, run):
        raise EvidenceError(f"somebody has signed the certificate of {run}: withdraw or amend that")
    key = PublicKey.from_text(store.stations.get(station).key)
    journal = SignedJournal(store, station, run, key)
    order = _order_of(store, SealKey.read(folder.laboratory).public, station, run, journal)
    found = _mended(folder, order, bundle)
    record = _ordered_record(order, found, journal, _contents(store, station, run))
    row = RecordRow(station, run, journal.head, key.text, record, agrees=True, computed=time.time())
    with store.transaction():
        _keep(store, row)
        store.note(by, "evaluated anew", {"station": station, "run": run, "procedure": found.sha256})


def _mended(folder: HubFolder, order: RemoteOrder, bundle: str) -> Found:
    """Return the text of an order's procedure that is here now, or comes in a bundle."""
    if not bundle:
        if not is_installed(order.procedure.name):
            raise OrderError(
                f"{order.procedure.name} is not installed here: give its mended text by --bundle"
            )
        return find(order.procedure.name)
    library = TrustedProcedures(folder.procedures)
    named = library.install(bundle, [PublicKey.from_text(key) for key in folder.settings.trusted])
    if named.name != order.procedure.name:
        raise OrderError(f"the bundle holds {named.name}, the run followed {order.procedure.name}")
    return library.find(named)


def _keep(store: Store, row: RecordRow) -> None:
    """Keep a record, and that the run is a good one."""
    store.journals.note_unordered(row.station, row.run, "")
    store.journals.note_failed(row.station, row.run, "")
    store.records.put(row)


def _journal_meant(store: Store, computed: Computed, key: PublicKey) -> SignedJournal:
    """Return the journal a station speaks of (`EvidenceError`: that is another one)."""
    journal = SignedJournal(store, computed.station, computed.run, key)
    if journal.head != computed.head:
        raise EvidenceError("the station means another journal than the one that is here")
    return journal


def _order_of(
    store: Store, laboratory: PublicKey, station: str, run: str, journal: SignedJournal
) -> RemoteOrder:
    """Return the order of a run whose files are all here.

    Raises:
        NotOrdered: it is none that the laboratory ordered.
        EvidenceError: a file is not here yet.
    """
    if missing := store.files.missing(station, run):
        raise EvidenceError(f"files that the journal names are not here yet: {', '.join(missing)}")
    order = claimed_order(store, laboratory, station, run)
    check_start(order, journal.outline.first.data)
    return order


def _ordered_record(order: RemoteOrder, found: Found, journal: SignedJournal, contents: Contents) -> str:
    """Return the record of a run in JSON, once it is sure that it was ordered like this.

    What is merely not proven of its conduct, such as an instrument reached through a gateway on the station's
    own computer, is no reason to compute nothing: the certificate's reader is told.

    Raises:
        NotOrdered: it was ordered otherwise.
        EvidenceError: what the journal tells does not go together (see `verify`), or can't be evaluated.
    """
    outline, files, checks = journal.outline, Files(contents), Checklist()
    check_course(order, found, outline.start, resumed=outline.resumed)
    checks.examine("events", outline.shapes.conclude, needed=True)
    _refuse_failures(checks)
    head, gathering = order.order.order, Gathering(files)
    means = Means(datetime.now(UTC), None, CertificateLibrary(), None, None, frozenset(), None)
    demonstration = head.demonstration or head.training
    made = conduct(outline, means, files, demonstration=demonstration, trusted=True)
    Examinations(made).examine(checks, gathering.along(tell(journal.events, files)))
    anew = found.sha256 != order.procedure.sha256
    evidence = gathering.evidence()
    record = evaluate(evidence, found, new_evaluation=anew)
    see_could_begin(evidence, found)
    check_record(order, record)
    _refuse_failures(checks)
    return record.to_json()


def _contents(store: Store, station: str, run: str) -> Contents:
    """Return what reads the files of a run that the laboratory has."""
    return lambda file: store.files.content(station, run, file.sha256)


def _refuse_failures(checks: Checklist) -> None:
    """Raise `EvidenceError` if a check failed."""
    if failed := [f"{check.name}: {check.said}" for check in checks.checks if check.outcome == "failed"]:
        raise EvidenceError(f"the journal does not go together: {failed[0]}")


def _not_computed(store: Store, computed: Computed, reason: str) -> Compared:
    reason = bounded(reason)
    said = {"station": computed.station, "run": computed.run, "reason": reason}
    store.note("hub", "not computed", said)
    store.journals.note_failed(computed.station, computed.run, reason)
    return Compared(agrees=False, reason=reason)


DIFFERS = "the station computed another record from the same journal"


class SignedJournal:
    """A complete journal at the laboratory, which its station has signed; it is gone through, never held.

    Args:
        store: where it is.
        station: where the run was.
        run: the run.
        key: with which the station signs.

    Raises:
        JournalBroken: it is not what was written, or not signed.
        EvidenceError: somebody else signed it.
    """

    def __init__(self, store: Store, station: str, run: str, key: PublicKey) -> None:
        self.events = JournalReader(partial(store.journals.opened, station, run), f"the journal of {run}")
        """Its events."""
        self.outline = Outline(self.events)
        """What has to be known of the whole."""
        signer = self.outline.seal.signer()
        if signer != key:
            raise EvidenceError(
                f"the journal was signed by {signer.id}, not by {station}, whose key is {key.id}"
            )

    @property
    def head(self) -> str:
        """Hash of its last line."""
        return self.outline.last.hash


def write_journal(store: Store, station: str, run: str, folder: Path) -> Path:
    """Write a journal and its files into a directory as the station did; returns the journal's path.

    Raises:
        EvidenceError: a file is not here, or was changed, or other evidence stands in the directory.
    """
    for row in store.files.list(station, run):
        write_file(store, station, run, row.file, folder)
    path = folder / FILE
    with store.journals.opened(station, run) as lines:
        extend(path, lines)
    return path


def write_file(store: Store, station: str, run: str, file: Attached, folder: Path) -> Path:
    """Write a file of a run into a directory, where it stands beside a journal; returns its path.

    Raises:
        EvidenceError: it is not here, or was changed.
    """
    path = folder / file.place
    content = store.files.content(station, run, file.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    extend(path, [content])
    return path
