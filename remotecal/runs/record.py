"""From evidence to the record of a certificate: a pure function of both."""

from __future__ import annotations

import re
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

from remotecal import model
from remotecal.clock import civil_day
from remotecal.editions import edition
from remotecal.errors import EvaluationFailed, EvidenceError
from remotecal.journal.observation import Observation, Point
from remotecal.model import (
    ONLY_IN_FULL,
    ONLY_THE_ITEM,
    TRACEABLE,
    CertificateReference,
    Column,
    Equipment,
    Identification,
    Measurement,
    Method,
    Record,
    Result,
    Software,
    Statement,
    Table,
    Text,
)
from remotecal.order import DUT
from remotecal.procedures.parameters import read_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from remotecal.bench import CertificateUsed
    from remotecal.journal.evidence import Evidence, InstrumentUsed
    from remotecal.procedures.evaluation import Evaluation
    from remotecal.procedures.parameters import Parameters
    from remotecal.runs.catalogue import Found


def evaluate(evidence: Evidence, found: Found, *, new_evaluation: bool = False) -> Record:
    """Return the record that follows from the evidence of a complete run.

    Args:
        evidence: of the run.
        found: the procedure it followed.
        new_evaluation: the procedure was changed since, and the record shall say so.

    Raises:
        EvidenceError: the run is not complete, is not what its order asks for, or can't be evaluated;
            or the procedure was changed.
        EvaluationFailed: the procedure can't evaluate it: its name, the point, and the cause.
    """
    if not evidence.complete:
        raise EvidenceError(f"run {evidence.run} is not complete: resume it first")
    if found.sha256 != evidence.procedure.sha256 and not new_evaluation:
        raise EvidenceError(
            f"procedure {found.name} was changed since run {evidence.run}: restore it, or ask for a new "
            "evaluation, which the certificate will state"
        )
    parameters = read_parameters(found.procedure.accepts(), evidence.parameters, "journal, parameters")
    _check_terms(evidence, found, parameters)
    try:
        evaluation = found.procedure(parameters).evaluate(evidence)
    except Exception as error:  # evidence may be anybody's, and the procedure, too
        raise EvaluationFailed(Path(found.name).name, _point_of(error), error) from error
    return compile_record(evidence, evaluation, found)


def _point_of(error: Exception) -> str:
    """Return the name of the point a procedure was at when it raised; "" if it was at none.

    That is the point, or the observation, which the innermost of its functions that has one was at work on.
    """
    found = ""
    for frame, _ in walk_tb(error.__traceback__):
        for value in frame.f_locals.values():
            at = value.point if isinstance(value, Observation) else value
            if isinstance(at, Point):
                found = at.name
    return found


def _check_terms(evidence: Evidence, found: Found, parameters: Parameters) -> None:
    """Raise `EvidenceError` if a run took other parameters than its order gives, or other points."""
    number = evidence.order.order.number
    ordered = read_parameters(
        found.procedure.accepts(), evidence.order.parameters, f"order {number}, parameters"
    )
    for name in type(parameters).model_fields:
        was, wanted = getattr(parameters, name), getattr(ordered, name)
        if was != wanted:
            raise EvidenceError(f"the run took {was!r} for {name}, order {number} says {wanted!r}")
    due = tuple(found.procedure(parameters).points())
    if found.sha256 == evidence.procedure.sha256 and evidence.points != due:
        raise EvidenceError(
            f"the run went to {_named(evidence.points)}, order {number} asks for {_named(due)}"
        )


def _named(points: tuple[Point, ...]) -> str:
    return ", ".join(f"{point.name} × {point.repeats}" for point in points)


def compile_record(evidence: Evidence, evaluation: Evaluation, found: Found) -> Record:
    """Return a record of what evidence and evaluation say.

    Args:
        evidence: of the run.
        evaluation: what the procedure makes of it.
        found: the procedure that evaluated.
    """
    order, head = evidence.order, evidence.order.order
    item = order.dut.item()
    item = item.model_copy(update={"quantities": (*item.quantities, *evaluation.item_quantities)})
    finished = civil_day(evidence.finished, evidence.time_zone)
    statements = tuple(
        said.model_copy(update={"norms": _in_force(said.norms, finished)})
        for said in (*evaluation.statements, *_statements(evidence, found))
    )
    taken = {DUT, *(statement.id for statement in statements if statement.id)}
    return Record(
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
        items=(item,),
        statements=statements,
        measurements=(_measurement(evidence, evaluation, found, finished, taken),),
        software=(Software(name=Text.plain("remotecal"), release=f"v{version('remotecal')}"),),
        evidence=model.Evidence(
            run=evidence.run,
            procedure=Path(evidence.procedure.name).name,
            procedure_hash=evidence.procedure.sha256,
            journal_hash=evidence.head,
            lines=evidence.lines,
        ),
        demonstration=head.demonstration or head.training,
    )


def _measurement(
    evidence: Evidence, evaluation: Evaluation, found: Found, finished: date, taken: set[str]
) -> Measurement:
    """Return what was measured, by which methods and standards; `taken` are ids other parts have."""
    procedure = found.procedure
    standards = _standards(evidence, taken)
    return Measurement(
        name=evaluation.heading or procedure.title,
        items=(DUT,),
        methods=tuple(
            method.model_copy(update={"norms": _in_force(method.norms, finished)})
            for method in (Method(name=procedure.title, norms=procedure.norms), *evaluation.methods)
        ),
        software=_software(evidence),
        standards=standards,
        conditions=evaluation.conditions,
        results=tuple(_measured_with(standards, result) for result in evaluation.results),
        budgets=evaluation.budgets,
    )


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


def _software(evidence: Evidence) -> tuple[Software, ...]:
    return tuple(Software(name=Text.plain(name), release=f"v{v}") for name, v in evidence.software.items())


def _standards(evidence: Evidence, taken: set[str]) -> tuple[Equipment, ...]:
    """Return the instruments that have a certificate, each once, whatever roles it fills.

    Args:
        evidence: of the run.
        taken: ids that other parts of the record have; those given here are added.
    """
    used = {
        evidence.instruments[role].name: (evidence.instruments[role], certificate)
        for role, certificate in evidence.certificates.items()
    }
    return tuple(_standard(*entry, _free_id(name, taken)) for name, entry in used.items())


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


def _standard(instrument: InstrumentUsed, used: CertificateUsed, id_: str) -> Equipment:
    certificate = used.certificate
    (item, *_) = used.record.items
    serial = instrument.serial or next(iter(certificate.serials), None)
    maker = Text.plain(instrument.maker) if instrument.maker else item.manufacturer
    return Equipment(
        id=id_,
        name=item.name,
        manufacturer=maker,
        model=instrument.model or item.model,
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
    """Yield over which range a standard was calibrated, and the uncertainties stated there."""
    columns = [column for column in table.columns if isinstance(column, Column)]
    against = next((column for column in columns if column.uncertainty is None), None)
    stated = next((column for column in columns if column.uncertainty is not None), None)
    if against is None or stated is None or stated.uncertainty is None:
        return
    for name, ref_type, unit, numbers in (
        (RANGE, "remotecal_measurementRange", against.unit, against.values),
        (UNCERTAINTY, "remotecal_expandedUncertainty", stated.unit, stated.uncertainty.expanded),
    ):
        known = [number for number in numbers if number != "NaN"]
        if known:
            ends = (min(known, key=Decimal), max(known, key=Decimal))
            yield Column(name=name, ref_types=(ref_type,), unit=unit, values=ends)


RANGE = Text(zh="测量范围", en="Range")
UNCERTAINTY = Text(zh="扩展不确定度", en="Expanded uncertainty")
SERIAL = Text(zh="出厂编号", en="Serial number")


def _statements(evidence: Evidence, found: Found) -> tuple[Statement, ...]:
    always: tuple[Statement, ...] = (
        (TRACEABLE, ONLY_THE_ITEM, ONLY_IN_FULL) if evidence.certificates else (ONLY_THE_ITEM, ONLY_IN_FULL)
    )
    if evidence.discarded:
        always = (*always, _interruption(evidence.discarded))
    if found.sha256 == evidence.procedure.sha256:
        return always
    renewed = Statement(
        ref_types=(NEW_EVALUATION,),
        declaration=Text(
            zh=f"本证书由测量证据重新计算;所用计算程序的 SHA-256 为 {found.sha256}。",
            en="The results were evaluated anew from the evidence of the measurement, by a later text of the "
            f"procedure, whose SHA-256 is {found.sha256}.",
        ),
    )
    return (*always, renewed)


def _interruption(discarded: tuple[tuple[str, int], ...]) -> Statement:
    """Say which repeats were begun and thrown away, for results must not be picked."""
    return Statement(
        ref_types=("remotecal_interruption",),
        declaration=Text(
            zh="测量曾中断。以下已开始而未完成的重复测量均已重新测量:"
            + "、".join(f"{point} 第 {repeat} 次" for point, repeat in discarded)
            + "。",
            en="The run was interrupted. Repeats begun and not completed, each measured anew: "
            + ", ".join(f"repeat {repeat} at {point}" for point, repeat in discarded)
            + ".",
        ),
    )
