"""The checks against the journal of the run: the right one, whole, signed, giving these results."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.added import may_be_added
from remotecal.certificates.characterised import stated_in
from remotecal.certificates.dcc.read import read
from remotecal.clock import civil_day
from remotecal.errors import (
    CertificateRefused,
    EvaluationFailed,
    EvidenceError,
    FileMissing,
    JournalBroken,
    OrderError,
)
from remotecal.journal.contents import Files, beside
from remotecal.journal.events import JournalReader, seconds
from remotecal.journal.gathering import Gathering, read_evidence
from remotecal.journal.occurrences import tell
from remotecal.model.certificate import OF_RANGE, RANGE
from remotecal.model.choice import results_of
from remotecal.runs.apart import same_part
from remotecal.runs.compiling import NEW_EVALUATION
from remotecal.verify.conduct import NotComputed, conduct
from remotecal.verify.outline import Outline
from remotecal.verify.people import people
from remotecal.verify.places import place_called
from remotecal.verify.report import Examinations, Unable

if TYPE_CHECKING:
    from remotecal.bench_file import Characteristic
    from remotecal.journal.evidence import Evidence
    from remotecal.journal.occurrences import Occurrence
    from remotecal.model import EvidenceReference, Record
    from remotecal.verify.report import Checklist, Examination
    from remotecal.verify.subject import Means

OF_THE_ISSUE = frozenset({"issued", "software", "replaces", "previous", "face"})
"""Fields of a record that the laboratory settles after the run, or that name the programs."""

OF_THE_PARTIES = frozenset({"number", "identifications", "laboratory", "customer", "persons"})
"""Fields that an amended certificate may correct without a new calibration."""

LEFT_OUT = frozenset({"left_out"})
"""The field that tells what a reader did not understand."""


def examine_journal(checks: Checklist, record: Record, journal: Path | None, means: Means) -> None:
    """Check a certificate against the journal it was computed from.

    The journal is gone through twice, and no more of it is held than what an evaluation needs.
    """
    events = JournalReader.at(journal or Path())
    outlines: list[Outline] = []

    def whole() -> str:
        if journal is None:
            raise Unable("no journal was given: the results can't be computed again")
        outlines.append(Outline(events))
        return f"{outlines[0].lines} lines, each following from the one before"

    if not checks.examine("journal", whole, needed=journal is not None) or journal is None:
        return
    (outline,), evidence = outlines, record.evidence
    checks.examine("journal of this run", lambda: _is_this(evidence, outline), needed=True)
    checks.examine("journal's end", lambda: _ended(outline), needed=True)
    trusted = checks.examine("journal's signature", lambda: _signed(outline, means), needed=True)
    checks.examine("procedure", lambda: _procedure(evidence, outline), needed=True)
    checks.examine("certificates applied", lambda: _applied(outline, means), needed=False)
    run = journal if journal.is_dir() else journal.parent
    files = Files(beside(run))
    examinations: dict[str, Examination] = {}
    if checks.examine("events", outline.shapes.conclude, needed=True):
        examinations |= conduct(outline, means, files, demonstration=record.demonstration, trusted=trusted)
    examinations |= {
        **people(run),
        "results": Results(record, journal, means, files, outline.last.hash) if trusted else NotComputed(),
    }
    try:
        Examinations(examinations, shown=frozenset({"people"})).examine(checks, tell(events, files))
    except JournalBroken as changed:
        checks.fail("journal", changed)


class Results:
    """Computes the record again from a journal that somebody answers for, and compares it.

    What was computed of a journal is not computed again for another certificate of its run.

    Raises:
        JournalBroken: the events are not those of a run.
        EvidenceError: the journal gives another record, or the procedure at hand is another one.
        Unable: the procedure, or a file, is not at hand.
    """

    concerned = True

    def __init__(self, record: Record, journal: Path, means: Means, files: Files, head: str) -> None:
        self._record, self._journal, self._means, self._head = record, journal, means, head
        known = means.recompute is not None or any(each == head for each, _ in means.computed)
        self._gathering = None if known else Gathering(files)

    def follow(self, told: Occurrence) -> None:
        """Go on to the next event."""
        if self._gathering is not None:
            self._gathering.follow(told)

    def conclude(self) -> str:
        """Say that it is the same."""
        try:
            again = self._again()
        except EvaluationFailed as failure:
            if isinstance(failure.__cause__, FileMissing):
                raise Unable(str(failure.__cause__)) from failure
            raise
        if found := differences(self._record, again):
            count = f"{len(found)} difference{'' if len(found) == 1 else 's'} in all"
            said = f"the journal gives another {found[0]} ({count}){_versions(self._record, again)}"
            raise EvidenceError(said)
        return "computed again from the journal, and the same to the last digit"

    def _again(self) -> Record:
        if self._means.recompute is not None:
            return self._means.recompute(self._journal)
        renewed, computed = renewed_by(self._record), self._means.computed
        if (self._head, renewed) not in computed:
            evidence = self._gathering.evidence() if self._gathering else read_evidence(self._journal)
            again = recomputed(evidence, self._means.procedure, renewed, self._means.drivers)
            computed[self._head, renewed] = again, evidence.order
        again, order = computed[self._head, renewed]
        return same_part(again, self._record, order)


def _is_this(evidence: EvidenceReference | None, journal: Outline) -> str:
    if evidence is None:
        raise EvidenceError("the certificate names no journal: it can't be said that this is the one")
    run = journal.first.data.get("run")
    if evidence.run != str(run):
        raise EvidenceError(f"this is the journal of run {run}, not of {evidence.run}")
    if journal.lines != evidence.lines:
        fate = "it was cut off" if journal.lines < evidence.lines else "something was added"
        raise EvidenceError(
            f"the journal has {journal.lines} lines; the certificate rests on {evidence.lines}: {fate}"
        )
    if journal.last.hash != evidence.journal_hash:
        raise EvidenceError(
            f"it ends in {journal.last.hash[:16]}…, the certificate names {evidence.journal_hash[:16]}…"
        )
    return f"run {evidence.run}, head {evidence.journal_hash[:16]}…"


def _ended(journal: Outline) -> str:
    """Check that the run came to its end; that nothing follows its seal is checked with the signature."""
    if not journal.finished:
        raise EvidenceError(
            f"the run is unfinished: the journal breaks off behind line {journal.lines}, "
            f"{journal.last.kind!r}; its end was cut off, or the run never came to it"
        )
    return f"the run is finished, line {journal.finished}"


def _applied(journal: Outline, means: Means) -> str:
    """Check that the standards' certificates the run applied are those whose hashes it gives."""
    applied = journal.start.certificates
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
    proven = {name: fact for name, fact in journal.start.characteristics.items() if fact.proof is not None}
    compared += _proven(proven, means)
    count = len(applied) + len(proven)
    if len(compared) < count or not applied:
        raise Unable(f"{len(compared)} of the {count} certificates the run applied are at hand")
    return f"the run applied what {', '.join(compared)} say"


def _proven(facts: Mapping[str, Characteristic], means: Means) -> list[str]:
    """Return the numbers of the records at hand that state the rig's facts as the run applied them."""
    compared = []
    for name, fact in facts.items():
        data = means.library.by_hash(fact.proof.sha256) if fact.proof is not None else None
        if fact.proof is None or data is None:
            continue
        record = _part(read(data), fact.proof.record)
        stated = fact.value, fact.unit, fact.expanded_uncertainty, fact.k
        if stated_in(record, name) != stated or record.tables != fact.proof.record.tables:
            raise EvidenceError(f"{name}: the run applied another value than that of record {record.number}")
        compared.append(record.number)
    return compared


def _part(whole: Record, used: Record) -> Record:
    """Return what a certificate for several instruments says of those it was used for."""
    numbers = [(*item.serials, *(entry.value for entry in item.identifications))[:1] for item in used.items]
    try:
        return results_of(whole, [number for given in numbers for number in given])
    except CertificateRefused as refusal:
        raise EvidenceError(f"the run can't have applied it: {refusal}") from None


def _signed(journal: Outline, means: Means) -> str:
    key = journal.seal.signer()
    if means.trust is None:
        raise Unable(f"signed by key {key.id}; without a trust list nobody knows whose that is")
    day = civil_day(seconds(journal.last.at), journal.start.time_zone)
    body = means.trust.recognise_journal(key, day)
    return f"signed by key {key.id} of {body.name.get('en')}"


def _procedure(evidence: EvidenceReference | None, journal: Outline) -> str:
    used = journal.first.data.get("procedure")
    name, found = (str(used.get(part)) for part in ("name", "sha256")) if isinstance(used, dict) else ("", "")
    if evidence is None:
        raise EvidenceError("the certificate names no procedure")
    if evidence.procedure_hash != found:
        raise EvidenceError(
            f"the run followed {name} with the hash {found[:16]}…, "
            f"the certificate names {evidence.procedure_hash[:16]}…"
        )
    return f"{name}, SHA-256 {found[:16]}…"


def differences(record: Record, again: Record) -> list[str]:
    """Return in what a certificate and what its journal gives differ: the place, and what either says."""
    left_out = OF_THE_ISSUE | (OF_THE_PARTIES if record.replaces is not None else frozenset())
    own = tuple(statement for statement in record.statements if not may_be_added(statement, record))
    computed = record.model_copy(update={"statements": own})
    stated = _plain(computed, left_out)
    found = [
        list(_differences(stated, _plain(each, left_out), "")) for each in (again, _without_quantities(again))
    ]
    return [f"{place_called(record, place)}: {said}" for place, said in min(found, key=len)]


def _without_quantities(record: Record) -> Record:
    """Return a record whose standards' ranges tell no quantity, as earlier versions wrote them."""
    measurements = []
    for measurement in record.measurements:
        standards = tuple(
            standard.model_copy(
                update={
                    "quantities": tuple(
                        one.model_copy(update={"name": OF_RANGE}) if RANGE in one.ref_types else one
                        for one in standard.quantities
                    )
                }
            )
            for standard in measurement.standards
        )
        measurements.append(measurement.model_copy(update={"standards": standards}))
    return record.model_copy(update={"measurements": tuple(measurements)})


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


def _differences(stated: object, computed: object, place: str) -> Iterator[tuple[str, str]]:
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
                yield place, f"{who} alone says {_told(alone)}"
        if all(one in computed for one in stated) and all(one in stated for one in computed):
            yield place, f"certificate says {len(stated)}, journal {len(computed)} of the same"
    elif stated != computed:
        yield place, f"certificate {stated!r}, journal {computed!r}"


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
    evidence: Evidence, procedure: Path | None, renewed: str, drivers: Collection[str] = ()
) -> Record:
    """Return the record that evidence gives by the procedure its run followed.

    Args:
        evidence: from a journal whose chain and signature were checked.
        procedure: the procedure's file, where it is not an installed one.
        renewed: SHA-256 of the later text by which it is to be evaluated; "" by the one of the run.
        drivers: those beside the installed ones that may be used, each as `module:Class`.

    Raises:
        EvidenceError: the procedure at hand is another one, and nothing was computed; or no run by it could
            have begun so.
        Unable: the procedure is not at hand, or the later text goes to other points than the run did; or
            none could have begun so by this version, and another one ran.
    """
    from remotecal.runs.beforehand import see_could_begin
    from remotecal.runs.catalogue import find_followed
    from remotecal.runs.record import evaluate, other_points

    used = evidence.procedure
    try:
        found = find_followed(used.name, renewed or used.sha256, procedure)
    except OrderError as error:
        raise Unable(f"the procedure is not at hand: {error}") from error
    record = evaluate(evidence, found, new_evaluation=bool(renewed))
    try:
        see_could_begin(evidence, found, drivers)
    except EvidenceError as refusal:
        if (ran := evidence.software.get("remotecal")) == (now := version("remotecal")):
            raise
        raise Unable(f"{refusal}; it was run by remotecal {ran}, this is {now}") from refusal
    if renewed and (doubt := other_points(evidence, found)):  # a later text may go to others, as a forger
        raise Unable(
            f"it was evaluated anew, and by the later text {doubt}: by the text of the run, SHA-256 "
            f"{used.sha256[:16]}…, that may be right, and it is not at hand"
        )
    return record


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
