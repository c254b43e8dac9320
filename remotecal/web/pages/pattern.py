"""An order of before as a pattern: its procedure, and the parameters that a form says in place of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from remotecal.errors import ConfigurationError, EvidenceError, OrderError, ParameterError
from remotecal.journal.observation import AS_FOUND, AS_LEFT
from remotecal.procedures.parameters import read_parameters
from remotecal.runs.catalogue import find, is_installed
from remotecal.web.pages.evidence import stands
from remotecal.web.pages.parameter_form import BEFORE, fields_of, read_undeclared, refused_in, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.procedures import Procedure
    from remotecal.store.orders import OrderRow
    from remotecal.transport.messages import RemoteOrder
    from remotecal.web.pages.frame import SentForm, Visitor


def procedure_of(visitor: Visitor, told: RemoteOrder) -> type[Procedure] | None:
    """Return an order's procedure; None where it is gone, and so can't be ordered at all."""
    name = told.procedure.name
    try:
        if told.bundle:
            return visitor.office.procedures.find(told.procedure).procedure
        return find(name).procedure if is_installed(name) else None
    except (OrderError, EvidenceError):
        return None


def alone(procedure: type[Procedure], written: Mapping[str, object], point: str) -> dict[str, object] | None:
    """Return the parameters by which a procedure has one point and no other; None where no list says so.

    Of each list among the parameters each entry is tried by itself, and the procedure tells which points that
    makes: nothing is known here of what a list means.

    Args:
        procedure: that of an order.
        written: the parameters of that.
        point: name of the point.
    """
    kind = procedure.accepts()
    for name in kind.model_fields:
        entries = written.get(name)
        for one in entries if isinstance(entries, list | tuple) else ():
            said = {**written, name: [one]}
            with suppress(ParameterError, OrderError, ValueError, ArithmeticError):
                points = procedure(read_parameters(kind, said, point)).points()
                if [each.name for each in points] == [point]:
                    return said
    return None


def alone_at(
    visitor: Visitor, row: OrderRow, procedure: type[Procedure] | None, told: RemoteOrder, line: int
) -> tuple[str, dict[str, object] | None]:
    """Return the point that a line of an order's journal is of, and the parameters for it alone, if any."""
    run = visitor.office.store.journals.find(row.station, row.id) if line else None
    if run is None or procedure is None:
        return "", None
    repeats = stands(visitor.office, run).repeats
    point = next((one.point for one in repeats if one.begins <= line <= one.ends), "")
    for state in (AS_FOUND, AS_LEFT) if told.order.order.adjust else ():
        point = point.removesuffix(f", {state}")
    return point, alone(procedure, told.order.parameters, point) if point else None


def faults_of(procedure: type[Procedure] | None, typed: Mapping[str, str]) -> dict[str, str]:
    """Return field → what is wrong with the parameter typed into it, as `parameter_form.refused_in`."""
    if procedure is None:
        return {}
    kind = procedure.accepts()
    return dict(refused_in(kind, values_of(kind, typed)))


def faults_told(visitor: Visitor, faults: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return field → what is wrong with it, as its reader is told, and in which language."""
    words = visitor.words
    return {
        name: (words(f"first.{said}"), words.language) if words.has("first", said) else words.refusal(said)
        for name, said in faults.items()
    }


def parameters_in(form: SentForm, told: RemoteOrder) -> dict[str, object]:
    """Return the parameters that a form tells (`ConfigurationError`: something is wrong with them)."""
    typed = {name: form[name] for name in form.fields if name.startswith(BEFORE)}
    procedure = procedure_of(form.visitor, told)
    if procedure is None:
        return {
            name.removeprefix(BEFORE): read_undeclared(text.strip())
            for name, text in typed.items()
            if text.strip()
        }
    known = {BEFORE + one.name for one in fields_of(procedure.accepts())}
    if strangers := [name.removeprefix(BEFORE) for name in typed if name not in known]:
        name = told.procedure.name
        raise ConfigurationError(f"{strangers[0]} is no parameter of {name}: open the form anew")
    if faults_of(procedure, typed):
        raise ConfigurationError("not all of this can be ordered: mend the fields that are marked")
    return values_of(procedure.accepts(), typed)
