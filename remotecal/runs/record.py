"""From evidence to the record of a certificate: a pure function of both."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvaluationFailed, EvidenceError
from remotecal.journal.observation import AS_FOUND, AS_LEFT, Observation, Point
from remotecal.journal.values import sources
from remotecal.model import Statement, Text
from remotecal.procedures.evaluation import Evaluation
from remotecal.procedures.held import disordered, hurried, miscounted, strays
from remotecal.procedures.parameters import read_parameters
from remotecal.procedures.stood_by import unfit
from remotecal.runs.compiling import compile_record, joined
from remotecal.runs.items import check_evidence
from remotecal.runs.parts import LIBRARY
from remotecal.runs.suitability import implausible, points_of

if TYPE_CHECKING:
    from remotecal.journal.evidence import Evidence
    from remotecal.model import Record
    from remotecal.procedures.parameters import Parameters
    from remotecal.procedures.procedure import Procedure
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
    _check_form(evidence, found, parameters)
    procedure = found.procedure(_as_stated(evidence, parameters))
    check_evidence(evidence, procedure)
    _check_readers(evidence, procedure)
    _check_facts(evidence, procedure)
    try:
        if fault := next(unfit(procedure, evidence, complete=evidence.procedure.sha256 == found.sha256), ""):
            raise EvidenceError(fault)  # noqa: TRY301  what it computes may fail as well
        parts = tuple(_parts(evidence, procedure))
    except Exception as error:  # evidence may be anybody's, and the procedure, too
        raise EvaluationFailed(Path(found.name).name, _point_of(error), error) from error
    facts = {*procedure.characteristics(), *procedure.may_state()}
    return compile_record(evidence, parts, found, facts)


def _parts(evidence: Evidence, procedure: Procedure) -> Iterator[Evaluation]:
    """Yield the measurements that follow: of an adjusted device those as found, then those as left."""
    if not evidence.order.order.adjust:
        yield from _several(procedure.evaluate(evidence))
        return
    if not evidence.adjusted:
        for one in _several(procedure.evaluate(evidence.of_series(AS_FOUND))):
            yield _saying(one, NOT_ADJUSTED)
        return
    for label, (name, status) in SERIES.items():
        for one in _several(procedure.evaluate(evidence.of_series(label))):
            heading = joined(one.heading or procedure.title, name)
            conditions = tuple(each.model_copy(update={"status": status}) for each in one.conditions)
            made = one.model_copy(update={"heading": heading, "conditions": conditions})
            yield _saying(made, procedure.adjustment(evidence.adjusted)) if label == AS_LEFT else made


def _saying(measurement: Evaluation, text: Text) -> Evaluation:
    """Return a measurement that states something more."""
    said = Statement(ref_types=("remotecal_remark",), declaration=text)
    return measurement.model_copy(update={"statements": (*measurement.statements, said)})


NOT_ADJUSTED = Text(
    zh="委托要求调整，但未能调整；以上为器具原有状态下的结果。",
    en="An adjustment was ordered and was not possible: the results are those of the device as found.",
)
"""What is said of a device that was to be adjusted and could not be."""


def _several(evaluated: Evaluation | Sequence[Evaluation]) -> Sequence[Evaluation]:
    return (evaluated,) if isinstance(evaluated, Evaluation) else evaluated


SERIES: Mapping[str, tuple[Text, str]] = {
    AS_FOUND: (Text(zh="调整前", en="as found"), "beforeAdjustment"),
    AS_LEFT: (Text(zh="调整后", en="as left"), "afterAdjustment"),
}
"""What the measurements of an adjusted device are called, and the state in which it was, for machines."""


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


def _as_stated(evidence: Evidence, taken: Parameters) -> Parameters:
    """Return a run's parameters, of which those count as stated (`model_fields_set`) that its order states.

    Forms of older versions filled in every default and sent it along. So of an order that states all there
    are, and of a run that is as old, a value that is the default counts as left, as it was printed then.
    """
    kind = type(taken)
    usual = {
        name: field.get_default(call_default_factory=True)
        for name, field in kind.model_fields.items()
        if not field.is_required()
    }
    ordered = evidence.order.parameters
    filled_in = all(name in ordered for name, value in usual.items() if value not in (None, (), ""))
    left = {name for name, value in usual.items() if name not in ordered}
    if filled_in or not evidence.own_word:
        left |= {name for name, value in usual.items() if getattr(taken, name) == value}
    values = {name: getattr(taken, name) for name in kind.model_fields}
    return kind.model_construct(kind.model_fields.keys() - left, **values)


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
    if found.sha256 == evidence.procedure.sha256 and (fault := other_points(evidence, found)):
        raise EvidenceError(fault)


def _check_form(evidence: Evidence, found: Found, parameters: Parameters) -> None:
    """Raise `EvidenceError` if evidence of a run by this very text has the form of runs before it.

    Such are evaluated as they were: without what counts, or is said, since. But a run tells each parameter
    that its text takes, and the library's texts came with runs that tell the rest.
    """
    if found.sha256 != evidence.procedure.sha256:
        return
    untold = [name for name in type(parameters).model_fields if name not in evidence.parameters]
    if found.procedure.__module__.startswith(f"{LIBRARY}."):
        parts = {"format": evidence.format >= OF_LIBRARY, "own_word": evidence.own_word}
        untold += [name for name, there in {**parts, "wording": evidence.wording}.items() if not there]
    if untold:
        raise EvidenceError(
            f"run {evidence.run} does not tell {', '.join(untold)}, as runs did before the text of "
            f"{found.name} that it followed"
        )


OF_LIBRARY: Final = 2
"""Format of journals in which runs by the library's texts of today are written at the earliest."""


def other_points(evidence: Evidence, found: Found) -> str:
    """Return in what the points of a run are not those a text of the procedure gives for its order; "" if so.

    Raises:
        ParameterError: that text does not take the parameters.
    """
    parameters = read_parameters(found.procedure.accepts(), evidence.parameters, "journal, parameters")
    due = points_of(found.procedure(parameters), adjust=evidence.order.order.adjust)
    if evidence.points == due:
        return ""
    went, asked = (_named(points) for points in (evidence.points, due))
    how = "" if went != asked else ", with other nominal values or series"
    return f"the run went to {went}, order {evidence.order.order.number} asks for {asked}{how}"


def _check_readers(evidence: Evidence, procedure: Procedure) -> None:
    """Raise `EvidenceError` if something was not read by whom, as often, as late or in the order that is due.

    The standard's readings in the place of the device's would show a device without errors; so would those
    alone that suit, or what was read of the full tank in the place of the empty one's.
    """
    roles = {role: one.name for role, one in evidence.instruments.items()}
    declared = {role.name: role.capabilities for role in procedure.roles()}
    if evidence.sources and (faults := strays(procedure.yields(), evidence.sources, roles, declared)):
        raise EvidenceError("; ".join(faults))
    told = procedure.parameters
    for kept in evidence.kept:
        if (kind := procedure.keeps.get(kept.text)) is None:
            raise EvidenceError(f"{kept.place}: the procedure reads nothing beside the repeats for that")
        kind.of(kept)
        faults = strays(kind, sources(kept.values), roles, declared) + disordered(kind, kept.values, roles)
        faults += miscounted(kind, kept.values, told, roles)
        if faults := faults + hurried(kind, kept.values, told, -math.inf):  # it has no beginning of its own
            raise EvidenceError(f"{kept.place}: {'; '.join(faults)}")
    for entry in evidence.observations:
        kind = procedure.yields()
        faults = miscounted(kind, entry.values, told, roles) + disordered(kind, entry.values, roles)
        if faults := faults + hurried(kind, entry.values, told, entry.began):
            raise EvidenceError(f"{entry.place}: {'; '.join(faults)}")


def _check_facts(evidence: Evidence, procedure: Procedure) -> None:
    """Raise `EvidenceError` if a fact of the rig can't be what it is said to be."""
    for name, unit in {**procedure.characteristics(), **procedure.may_state()}.items():
        fact = evidence.characteristics.get(name)
        if fact is not None and (doubt := implausible(procedure, name, fact, unit)):
            raise EvidenceError(doubt)


def _named(points: tuple[Point, ...]) -> str:
    return ", ".join(f"{point.name} × {point.repeats}" for point in points)
