"""What is refused before a run begins is refused of its evidence, too.

Nobody who asks first begins a run with standards in each other's places. Whoever writes a journal anew can.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from remotecal.drivers.catalogue import driver
from remotecal.errors import BenchError, EvidenceError, RemotecalError
from remotecal.procedures.parameters import read_parameters
from remotecal.procedures.procedure import of_role
from remotecal.runs.suitability import check_reach

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Instrument
    from remotecal.journal.evidence import Evidence
    from remotecal.runs.catalogue import Found


def see_could_begin(evidence: Evidence, found: Found, drivers: Collection[str] = ()) -> None:
    """See that a run could have begun with its certificates, facts and instruments.

    Of a run by another text nobody knows, nor where a driver is not at hand.

    Args:
        evidence: of the run.
        found: the procedure it followed, or a later text.
        drivers: those beside the installed ones that may be used, each as `module:Class`.

    Raises:
        EvidenceError: it could not, and why.
    """
    if found.sha256 != evidence.procedure.sha256:
        return
    known: dict[str, type[Instrument]] = {}
    try:
        for role, one in evidence.instruments.items():
            known[role] = driver(one.driver, drivers).as_stated(one.settings)
    except BenchError:
        return
    procedure = found.procedure(
        read_parameters(found.procedure.accepts(), evidence.parameters, "journal, parameters")
    )
    try:
        wanted = set(procedure.certified())
        filled = evidence.instruments.keys() | evidence.artefacts.keys()
        for role in sorted(filled - evidence.certificates.keys()):
            if of_role(role) in wanted:
                raise BenchError(f"{role} has no certificate")  # noqa: TRY301  as what else is refused
        check_reach(procedure, evidence.points, known)
        procedure.see_facts(evidence.characteristics)
        procedure.check(evidence.certificates, known)
    except Exception as error:  # evidence may be anybody's
        said = str(error) if isinstance(error, RemotecalError) else f"{type(error).__name__}: {error}"
        raise EvidenceError(f"run {evidence.run} could not have begun so: {said}") from error
