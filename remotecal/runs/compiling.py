"""The record of a certificate: what order, evidence and evaluation say, put together."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal import model
from remotecal.clock import civil_day
from remotecal.editions import edition
from remotecal.errors import EvidenceError
from remotecal.journal.evidence import ArtefactUsed, InstrumentUsed
from remotecal.model import (
    APPROVED_STANDARD,
    TRACEABLE,
    Certificate,
    CertificateReference,
    Column,
    Equipment,
    Identification,
    Item,
    Measurement,
    Method,
    Record,
    Result,
    Software,
    Statement,
    Table,
    Text,
)
from remotecal.model.certificate import OF_RANGE, RANGE
from remotecal.runs.resting import rests_on
from remotecal.runs.verification import standing_statements, verified

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from remotecal.bench import CertificateUsed
    from remotecal.bench_file import Approval
    from remotecal.journal.evidence import Evidence
    from remotecal.procedures.evaluation import Evaluation
    from remotecal.runs.catalogue import Found


def compile_record(
    evidence: Evidence, parts: Sequence[Evaluation], found: Found, facts: Collection[str] = ()
) -> Record:
    """Return a record of what evidence and evaluation say.

    Args:
        evidence: of the run.
        parts: what the procedure makes of it, measurement by measurement.
        found: the procedure that evaluated.
        facts: names of the rig's characteristics that it may have used.
    """
    order, head = evidence.order, evidence.order.order
    finished = civil_day(evidence.finished, evidence.time_zone)
    ids = [f"measurement-{number}" for number in range(1, len(parts) + 1)] if len(parts) > 1 else [None]
    statements = tuple(
        said.model_copy(update={"norms": _in_force(said.norms, finished)})
        for said in (
            *_said(parts, ids),
            *map(_approved, evidence.approvals),
            *_statements(evidence, found, parts),
        )
    )
    taken = {*order.devices, *filter(None, ids), *(said.id for said in statements if said.id)}
    standards = (*_standards(evidence, taken), *_proofs(evidence, facts, taken))
    made = Record(
        number=head.certificate or head.number,
        country=head.country,
        binding=head.binding,
        identifications=(Identification(value=head.number, issuer="calibrationLaboratory", name=ORDER),),
        begun=civil_day(evidence.began, evidence.time_zone),
        finished=finished,
        place=head.place,
        laboratory=order.laboratory.laboratory(),
        customer=order.customer.contact(),
        persons=tuple(signatory.person() for signatory in order.persons),
        items=tuple(_item(item, parts) for item in order.items),
        statements=statements,
        measurements=tuple(
            _measurement(evidence, part, found, finished, standards, id_)
            for part, id_ in zip(parts, ids, strict=True)
        ),
        software=(Software(name=Text.plain("remotecal"), release=f"v{version('remotecal')}"),),
        evidence=model.EvidenceReference(
            run=evidence.run,
            procedure=Path(evidence.procedure.name).name,
            procedure_hash=evidence.procedure.sha256,
            journal_hash=evidence.head,
            lines=evidence.lines,
        ),
        demonstration=head.demonstration or head.training,
    )
    return verified(made, head.valid_months) if head.verification else made


def joined(text: Text, further: Text) -> Text:
    """Return a text with another behind it, in every language of the first."""
    return Text(**{language: f"{said}, {further.get(language)}" for language, said in text.root.items()})


def _item(item: Item, parts: Sequence[Evaluation]) -> Item:
    """Return an item with what was found of its characteristics."""
    found = [part.item_quantities for part in parts if not part.items or item.id in part.items]
    quantities = [quantity for several in found for quantity in several]
    return item.model_copy(update={"quantities": (*item.quantities, *dict.fromkeys(quantities))})


def _said(parts: Sequence[Evaluation], ids: Sequence[str | None]) -> Iterator[Statement]:
    """Yield what the measurements declare, each once; a verdict of several refers to what it is of."""
    told: list[Statement] = []
    for part, id_ in zip(parts, ids, strict=True):
        for statement in part.statements:
            said = statement
            if id_ is not None and statement.conformity is not None and not statement.refs:
                said = statement.model_copy(update={"refs": (*part.items, id_)})
            if said not in told:
                told.append(said)
                yield said


def _measurement(
    evidence: Evidence,
    evaluation: Evaluation,
    found: Found,
    finished: date,
    standards: tuple[Equipment, ...],
    id_: str | None,
) -> Measurement:
    """Return what was measured, by which methods and standards."""
    procedure = found.procedure
    norms = procedure.norms if evaluation.norms is None else evaluation.norms
    return Measurement(
        id=id_,
        name=evaluation.heading or procedure.title,
        items=_items(evidence, evaluation, found),
        methods=tuple(
            method.model_copy(update={"norms": _in_force(method.norms, finished)})
            for method in (Method(name=procedure.title, norms=norms), *evaluation.methods)
        ),
        software=_software(evidence, evaluation),
        standards=standards,
        conditions=evaluation.conditions,
        results=tuple(_measured_with(standards, result) for result in evaluation.results),
        budgets=evaluation.budgets,
    )


def _items(evidence: Evidence, evaluation: Evaluation, found: Found) -> tuple[str, ...]:
    """Return the items a measurement is of; of an order for one, that one.

    Raises:
        EvidenceError: there are several, and the procedure does not tell of which.
    """
    devices = tuple(evidence.order.devices)
    if len(devices) > 1 and not evaluation.items:
        raise EvidenceError(
            f"{found.procedure.__name__}.evaluate does not say of which of {len(devices)} devices its "
            "results are: let each Evaluation name its `items`"
        )
    return evaluation.items or devices


NEW_EVALUATION = "remotecal_newEvaluation"
"""Marks the statement that a later text of the procedure evaluated."""


def _in_force(norms: tuple[str, ...], day: date) -> tuple[str, ...]:
    return tuple(edition(norm, day) for norm in norms)


ORDER = Text(zh="委托单编号", en="Order number")


def _measured_with(standards: tuple[Equipment, ...], result: Result) -> Result:
    """Return a result whose tables name the standards they rest on."""
    names = tuple(standard.id for standard in standards if standard.id)
    tables = tuple(table.model_copy(update={"equipment": names}) for table in result.tables)
    return result.model_copy(update={"tables": tables})


def _software(evidence: Evidence, evaluation: Evaluation) -> tuple[Software, ...]:
    """Return what measured, and the libraries that this evaluation's numbers come from."""
    programs = {**evidence.software, **{name: version(name) for name in evaluation.libraries}}
    return tuple(Software(name=Text.plain(name), release=f"v{v}") for name, v in programs.items())


def _standards(evidence: Evidence, taken: set[str]) -> tuple[Equipment, ...]:
    """Return the instruments that have a certificate, each once, whatever roles it fills.

    Args:
        evidence: of the run.
        taken: ids that other parts of the record have; those given here are added.
    """
    used: dict[str, tuple[InstrumentUsed | ArtefactUsed, CertificateUsed]] = {}
    for role, certificate in evidence.certificates.items():
        standard = evidence.instruments.get(role) or evidence.artefacts[role]
        used[standard.name] = standard, certificate
    return tuple(_standard(*entry, _free_id(name, taken)) for name, entry in used.items())


def _proofs(evidence: Evidence, facts: Collection[str], taken: set[str]) -> Iterator[Equipment]:
    """Yield the rig by each record that a characteristic was read from, which it is a standard by."""
    told = set()
    for name, fact in evidence.characteristics.items():
        proof = fact.proof
        if name not in facts or proof is None or proof.sha256 in told:
            continue
        told.add(proof.sha256)
        (item, *_) = proof.record.items
        yield Equipment(
            id=_free_id(name, taken),
            name=item.name,
            manufacturer=item.manufacturer,
            model=item.model,
            identifications=item.identifications,
            certificate=CertificateReference(
                number=proof.record.number,
                title=item.name,
                procedure="SHA256",
                value=proof.sha256,
                issuer=proof.record.laboratory.contact.name,
                issued=Certificate(proof.record).issued,
                valid_until=fact.valid_until,
                in_validity=True,
            ),
        )


def _free_id(name: str, taken: set[str]) -> str:
    """Return an instrument's name as an id that XML takes and nothing else has, and take it."""
    plain = _NO_ID.sub("_", name)
    plain = plain if plain[0].isalpha() else f"_{plain}"
    free = next(
        one for one in (plain, *(f"{plain}-{n}" for n in range(2, len(taken) + 3))) if one not in taken
    )
    taken.add(free)
    return free


_NO_ID = re.compile(r"[^A-Za-z0-9_.\u4e00-\u9fff-]")
"""What no id has here, though some of it XML would take."""


def _standard(standard: InstrumentUsed | ArtefactUsed, used: CertificateUsed, id_: str) -> Equipment:
    certificate = used.certificate
    (item, *_) = used.record.items
    serial = standard.serial or next(iter(certificate.serials), None)
    said = standard if isinstance(standard, InstrumentUsed) else None  # an artefact says nothing of itself
    maker = Text.plain(said.maker) if said and said.maker else item.manufacturer
    return Equipment(
        id=id_,
        name=item.name,
        manufacturer=maker,
        model=(said and said.model) or item.model,
        identifications=(Identification(value=serial, name=SERIAL),) if serial else (),
        certificate=CertificateReference(
            number=certificate.number,
            title=item.name,
            procedure="SHA256",
            value=used.sha256,
            issuer=used.record.laboratory.contact.name,
            issued=certificate.issued,
            valid_until=certificate.valid_until,
            in_validity=True,
        ),
        quantities=tuple(stated for table in used.record.tables for stated in _calibrated(table)),
    )


def _calibrated(table: Table) -> Iterator[Column]:
    """Yield over which range a standard was calibrated, and the uncertainties stated there.

    What is for itself, such as a weight or a solid of known density, has its certified values instead. Which
    part of the uncertainty several standards have in common is neither.
    """
    columns = [
        column for column in table.columns if isinstance(column, Column) and SHARED not in column.ref_types
    ]
    against = next((column for column in columns if column.uncertainty is None), None)
    stated = next((column for column in columns if column.uncertainty is not None), None)
    if against is None and table.rows == 1:
        kept = ("name", "unit", "values", "uncertainty")
        yield from (
            Column(ref_types=(CERTIFIED,), **{name: getattr(column, name) for name in kept})
            for column in columns
        )
        return
    if against is None or stated is None or stated.uncertainty is None:
        return
    for name, ref_type, unit, numbers in (
        (_quantity(against), RANGE, against.unit, against.values),
        (UNCERTAINTY, "remotecal_expandedUncertainty", stated.unit, stated.uncertainty.expanded),
    ):
        known = [number for number in numbers if number != "NaN"]
        if known:
            ends = (min(known, key=Decimal), max(known, key=Decimal))
            yield Column(name=name, ref_types=(ref_type,), unit=unit, values=ends)


def _quantity(against: Column) -> Text:
    """Return what a range is called: by its quantity, where its unit tells nothing of that."""
    if against.unit != "1":
        return OF_RANGE
    if any("reynolds" in each.lower() for each in against.ref_types):
        return REYNOLDS
    return against.name or OF_RANGE


CERTIFIED = "remotecal_certifiedValue"
"""refType of a value, with its uncertainty, that a standard embodies."""

SHARED = "remotecal_commonDeviation"
"""refType of what several standards deviate together by: 0, with its part of their uncertainty."""

REYNOLDS = Text(zh="雷诺数 Re", en="Reynolds number Re")
UNCERTAINTY = Text(zh="扩展不确定度", en="Expanded uncertainty")
SERIAL = Text(zh="出厂编号", en="Serial number")


def _statements(evidence: Evidence, found: Found, parts: Sequence[Evaluation]) -> tuple[Statement, ...]:
    always = standing_statements(verification=evidence.order.order.verification)
    if evidence.certificates:
        always = (TRACEABLE, *rests_on(evidence, found.procedure, parts), *always)
    if evidence.discarded:
        always = (*always, _interruption(evidence.discarded))
    if found.sha256 == evidence.procedure.sha256:
        return always
    renewed = Statement(
        ref_types=(NEW_EVALUATION,),
        declaration=Text(
            zh=f"本证书由测量证据重新计算；所用计算程序的 SHA-256 为 {found.sha256}。",
            en="The results were evaluated anew from the evidence of the measurement, by a later text of the "
            f"procedure, whose SHA-256 is {found.sha256}.",
        ),
    )
    return (*always, renewed)


def _approved(approval: Approval) -> Statement:
    """State that what measured is approved as a measurement standard."""
    told = (("zh", "；"), ("en", "; "))
    return Statement(
        ref_types=(APPROVED_STANDARD,),
        name=approval.name,
        declaration=Text(
            {
                language: mark.join((approval.range.get(language), approval.quality.get(language)))
                for language, mark in told
            }
        ),
        references=(approval.number,),
        day=approval.valid_until,
    )


def _interruption(discarded: tuple[tuple[str, int], ...]) -> Statement:
    """Say which repeats were begun and thrown away, for results must not be picked."""
    return Statement(
        ref_types=("remotecal_interruption",),
        declaration=Text(
            zh="测量曾中断。以下已开始而未完成的重复测量均已重新测量："
            + "、".join(f"{point} 第 {repeat} 次" for point, repeat in discarded)
            + "。",
            en="The run was interrupted. Repeats begun and not completed, each measured anew: "
            + ", ".join(f"repeat {repeat} at {point}" for point, repeat in discarded)
            + ".",
        ),
    )
