"""The checks against the journal of the run: the right one, whole, signed, giving these results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.added import may_be_added
from remotecal.certificates.dcc.read import read
from remotecal.certificates.signing.journal import journal_signer
from remotecal.clock import civil_day
from remotecal.errors import (
    CertificateRefused,
    EvaluationFailed,
    EvidenceError,
    FileMissing,
    JournalBroken,
    OrderError,
)
from remotecal.journal.contents import beside, nowhere
from remotecal.journal.events import FILE, read_journal, seconds
from remotecal.journal.evidence import read_start
from remotecal.model.choice import results_of
from remotecal.runs.compiling import NEW_EVALUATION
from remotecal.verify.conduct import computed, examine_conduct
from remotecal.verify.people import examine_people
from remotecal.verify.report import Checklist, Unable

if TYPE_CHECKING:
    from remotecal.journal.contents import Contents
    from remotecal.journal.events import Event
    from remotecal.model import EvidenceReference, Record
    from remotecal.verify.subject import Means

OF_THE_ISSUE = frozenset({"issued", "software", "replaces", "previous"})
"""Fields of a record that the laboratory settles after the run, or that name the programs."""

OF_THE_PARTIES = frozenset({"number", "identifications", "laboratory", "customer", "persons"})
"""Fields that an amended certificate may correct without a new calibration."""

LEFT_OUT = frozenset({"left_out"})
"""The field that tells what a reader did not understand."""


def examine_journal(checks: Checklist, record: Record, journal: Path | None, means: Means) -> None:
    """Check a certificate against the journal it was computed from."""
    evidence = record.evidence
    events: list[Event] = []
    given = journal is not None

    def whole() -> str:
        if journal is None:
            raise Unable("no journal was given: the results can't be computed again")
        events.extend(read_journal(journal / FILE if journal.is_dir() else journal))
        if not events:
            raise JournalBroken("the journal is empty: nothing was ever written, or all of it was cut off")
        return f"{len(events)} lines, each following from the one before"

    if not checks.examine("journal", whole, needed=given):
        return
    checks.examine("journal of this run", lambda: _is_this(evidence, events), needed=True)
    checks.examine("journal's end", lambda: _ended(events), needed=True)
    trusted = checks.examine("journal's signature", lambda: _signed(events, means), needed=True)
    checks.examine("procedure", lambda: _procedure(evidence, events), needed=True)
    checks.examine("certificates applied", lambda: _applied(events, means), needed=False)
    run = journal if journal is None or journal.is_dir() else journal.parent
    contents = nowhere if run is None else beside(run)
    examine_conduct(checks, record, events, means, contents, trusted=trusted)
    if journal is not None and run is not None:
        examine_people(checks, events, run)
        path = journal

        def results() -> str:
            try:
                return _results(record, _again(record, path, events, means, contents))
            except EvaluationFailed as failure:
                if isinstance(failure.__cause__, FileMissing):
                    raise Unable(str(failure.__cause__)) from failure
                raise

        checks.examine("results", computed(results, trusted=trusted), needed=True)


def _again(
    record: Record, journal: Path, events: Sequence[Event], means: Means, contents: Contents
) -> Record:
    if means.recompute is not None:
        return means.recompute(journal)
    return recomputed(events, means.procedure, renewed_by(record), contents)


def _is_this(evidence: EvidenceReference | None, events: list[Event]) -> str:
    if evidence is None:
        raise EvidenceError("the certificate names no journal: it can't be said that this is the one")
    if evidence.run != str(events[0].data.get("run")):
        raise EvidenceError(f"this is the journal of run {events[0].data.get('run')}, not of {evidence.run}")
    if len(events) != evidence.lines:
        fate = "it was cut off" if len(events) < evidence.lines else "something was added"
        raise EvidenceError(
            f"the journal has {len(events)} lines; the certificate rests on {evidence.lines}: {fate}"
        )
    if events[-1].hash != evidence.journal_hash:
        raise EvidenceError(
            f"it ends in {events[-1].hash[:16]}…, the certificate names {evidence.journal_hash[:16]}…"
        )
    return f"run {evidence.run}, head {evidence.journal_hash[:16]}…"


def _ended(events: list[Event]) -> str:
    """Check that the run came to its end; that nothing follows its seal is checked with the signature."""
    if all(event.kind != "finish" for event in events):
        raise EvidenceError(
            f"the run is unfinished: the journal breaks off behind line {len(events)}, {events[-1].kind!r}; "
            "its end was cut off, or the run never came to it"
        )
    return f"the run is finished, line {next(event.seq for event in events if event.kind == 'finish')}"


def _applied(events: list[Event], means: Means) -> str:
    """Check that the standards' certificates the run applied are those whose hashes it gives."""
    applied = read_start(events).certificates
    compared = []
    for name, used in applied.items():
        data = means.library.by_hash(used.sha256)
        if data is None:
            continue
        if _plain(_part(read(data), used.record), LEFT_OUT) != _plain(used.record, LEFT_OUT):
            raise EvidenceError(
                f"{name}: the run applied other numbers than those of certificate {used.certificate.number}"
            )
        compared.append(used.certificate.number)
    if len(compared) < len(applied) or not applied:
        raise Unable(f"{len(compared)} of the {len(applied)} certificates the run applied are at hand")
    return f"the run applied what {', '.join(compared)} say"


def _part(whole: Record, used: Record) -> Record:
    """Return what a certificate for several instruments says of those it was used for."""
    numbers = [(*item.serials, *(entry.value for entry in item.identifications))[:1] for item in used.items]
    try:
        return results_of(whole, [number for given in numbers for number in given])
    except CertificateRefused as refusal:
        raise EvidenceError(f"the run can't have applied it: {refusal}") from None


def _signed(events: list[Event], means: Means) -> str:
    key = journal_signer(events)
    if means.trust is None:
        raise Unable(f"signed by key {key.id}; without a trust list nobody knows whose that is")
    day = civil_day(seconds(events[-1].at), read_start(events).time_zone)
    body = means.trust.recognise_journal(key, day)
    return f"signed by key {key.id} of {body.name.get('en')}"


def _procedure(evidence: EvidenceReference | None, events: list[Event]) -> str:
    used = events[0].data.get("procedure")
    name, found = (str(used.get(part)) for part in ("name", "sha256")) if isinstance(used, dict) else ("", "")
    if evidence is None:
        raise EvidenceError("the certificate names no procedure")
    if evidence.procedure_hash != found:
        raise EvidenceError(
            f"the run followed {name} with the hash {found[:16]}…, "
            f"the certificate names {evidence.procedure_hash[:16]}…"
        )
    return f"{name}, SHA-256 {found[:16]}…"


def _results(record: Record, again: Record) -> str:
    found = differences(record, again)
    if found:
        count = f"{len(found)} differences in all"
        raise EvidenceError(f"the journal gives another {found[0]} ({count}){_versions(record, again)}")
    return "computed again from the journal, and the same to the last digit"


def differences(record: Record, again: Record) -> list[str]:
    """Return in what a certificate and what its journal gives differ: the place, and what either says."""
    left_out = OF_THE_ISSUE | (OF_THE_PARTIES if record.replaces is not None else frozenset())
    own = tuple(statement for statement in record.statements if not may_be_added(statement, record))
    computed = record.model_copy(update={"statements": own})
    return list(_differences(_plain(computed, left_out), _plain(again, left_out), ""))


def _versions(record: Record, again: Record) -> str:
    """Return a hint where other programs compute now than wrote the certificate."""
    then, now = (
        ", ".join(f"{one.name.get('en')} {one.release}" for one in r.software) for r in (record, again)
    )
    return "" if then == now else f"; it was written by {then}, this is {now}"


def _plain(record: Record, left_out: frozenset[str]) -> dict[str, object]:
    content = record.model_dump(mode="json", exclude=set(left_out))
    for measurement in content["measurements"]:
        del measurement["software"]
    return content


def _differences(stated: object, computed: object, place: str) -> Iterator[str]:
    """Yield where two plain structures differ: the place, what is stated, what was computed."""
    if isinstance(stated, dict) and isinstance(computed, dict):
        for name in sorted({*stated, *computed}):
            yield from _differences(stated.get(name), computed.get(name), f"{place}.{name}".lstrip("."))
    elif isinstance(stated, list) and isinstance(computed, list) and len(stated) == len(computed):
        for number, (one, other) in enumerate(zip(stated, computed, strict=True)):
            yield from _differences(one, other, f"{place}[{number}]")
    elif isinstance(stated, list) and isinstance(computed, list):
        for who, these, others in (("certificate", stated, computed), ("journal", computed, stated)):
            for alone in (one for one in these if one not in others):
                yield f"{place}: {who} alone says {_told(alone)}"
        if all(one in computed for one in stated) and all(one in stated for one in computed):
            yield f"{place}: certificate says {len(stated)}, journal {len(computed)} of the same"
    elif stated != computed:
        yield f"{place}: certificate {stated!r}, journal {computed!r}"


def _told(part: object) -> str:
    """Return what a part of a record says, in a line: its own words where it has some."""
    if isinstance(part, dict):
        for name in ("declaration", "name", "title", "ref_types"):
            words = part.get(name)
            if isinstance(words, dict):
                words = words.get("en") or next(iter(words.values()), None)
            if words:
                return repr(words)
    return f"{part!r:.160}"


def recomputed(
    events: Sequence[Event], procedure: Path | None, renewed: str, contents: Contents = nowhere
) -> Record:
    """Return the record that a journal gives by the procedure its run followed.

    Args:
        events: the journal's, its chain and signature checked.
        procedure: the procedure's file, where it is not an installed one.
        renewed: SHA-256 of the later text by which it is to be evaluated; "" by the one of the run.
        contents: what reads the files the journal names.

    Raises:
        JournalBroken: the events are not those of a run.
        EvidenceError: the procedure at hand is another one, and nothing was computed.
        Unable: the procedure is not at hand.
    """
    from remotecal.journal.evidence import gather
    from remotecal.runs.catalogue import find_followed
    from remotecal.runs.record import evaluate

    evidence = gather(events, contents)
    used = evidence.procedure
    try:
        found = find_followed(used.name, renewed or used.sha256, procedure)
    except OrderError as error:
        raise Unable(f"the procedure is not at hand: {error}") from error
    return evaluate(evidence, found, new_evaluation=bool(renewed))


def renewed_by(record: Record) -> str:
    """Return the SHA-256 of the later text that a certificate says it was evaluated by; "" if by none.

    Raises:
        EvidenceError: it says so, but not by which.
    """
    for statement in record.statements:
        if NEW_EVALUATION in statement.ref_types:
            said = "" if statement.declaration is None else statement.declaration.get("en")
            if found := re.search(r"\b[0-9a-f]{64}\b", said):
                return found.group()
            raise EvidenceError("it was evaluated anew, but does not say by which text of the procedure")
    return ""
