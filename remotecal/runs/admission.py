"""Whether a run may be started: by the laboratory's register, the trust list, the check standards.

A bench file's `[admission]` names what has to agree. Everything here is looked at before anything
moves, and again before a run is taken up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.configuration import Written, checked, read_toml
from remotecal.errors import BenchError, CertificateRefused
from remotecal.statistics import ControlChart, Journey, check_before_run, close_journey

if TYPE_CHECKING:
    from remotecal.bench import Bench, CertificateUsed
    from remotecal.bench_file import Admission
    from remotecal.order import Order
    from remotecal.runs.catalogue import Found


class CheckStandard(Written):
    """The record of a check standard: a TOML file that is added to at every check."""

    name: str
    """What it is."""
    unit: str
    """Unit of the values."""
    in_control: tuple[float, ...]
    """Values from the time when the rig was in control; the limits come from them."""
    latest: tuple[float, ...]
    """Values since, the last of them today's."""
    checked: date
    """Day of the last value."""


class JourneyPoint(Written):
    """A transfer standard at one point, before and after a journey."""

    point: str
    """Which point: "50 m3/h"."""
    before: float
    """Result before."""
    before_expanded: float
    """Its expanded uncertainty."""
    after: float
    """Result after."""
    after_expanded: float
    """Its expanded uncertainty."""
    common_expanded: float = 0.0
    """Part of both uncertainties that is the same before and after."""


class JourneyRecord(Written):
    """The record of a transfer standard's journey: a TOML file."""

    name: str
    """Which standard, from where to where."""
    unit: str
    """Unit of results and uncertainties."""
    points: tuple[JourneyPoint, ...]
    """What was found before and after."""


def admit(
    order: Order, found: Found, bench: Bench, certificates: Mapping[str, CertificateUsed], day: date
) -> None:
    """Raise unless everything the bench asks for allows the run.

    Raises:
        CertificateRefused: the register objects (and the run is not declared as training), a
            standard's chain is not recognised, a check standard is out of control, or a transfer
            standard's journey did not close.
        BenchError, ConfigurationError: a file it names is missing or wrong.
    """
    admission = bench.file.admission
    if admission is None:
        return
    folder = bench.path.parent
    if admission.registers:
        _ask_register(bench, folder / admission.registers, order, found, certificates, day)
    if admission.trust:
        _recognise(bench, admission)
    for chart in admission.check_standards:
        _look_at_chart(folder / chart, day)
    for journey in admission.journeys:
        _look_at_journey(folder / journey)


def _ask_register(
    bench: Bench,
    path: Path,
    order: Order,
    found: Found,
    certificates: Mapping[str, CertificateUsed],
    day: date,
) -> None:
    from remotecal.registers import LaboratoryRegister, StatedApproval, Undertaking, UsedStandard

    undertaking = Undertaking(
        laboratory=order.laboratory.name,
        persons=tuple(signatory.person() for signatory in order.persons),
        standards=tuple(
            UsedStandard(used.certificate.serials, used.certificate.number) for used in certificates.values()
        ),
        approvals=tuple(StatedApproval(one.number, one.valid_until) for one in bench.file.approvals),
        procedure=found.name,
        procedure_sha256=found.sha256,
        day=day,
    )
    LaboratoryRegister.load(path).admit(undertaking, training=order.order.training)


def _recognise(bench: Bench, admission: Admission) -> None:
    """Follow each standard's certificate to a national standard the trust list knows."""
    from remotecal.certificates.library import CertificateLibrary
    from remotecal.certificates.signing.seal import read_public_key
    from remotecal.certificates.trace import recognise_chain, trace
    from remotecal.certificates.trust import read_trust_list

    folder = bench.path.parent
    if admission.trust is None or admission.trust_key is None:
        raise BenchError("admission.trust is believed by its issuer's key alone: give admission.trust_key")
    trust = read_trust_list(folder / admission.trust, read_public_key(folder / admission.trust_key))
    library = CertificateLibrary(folder / place for place in admission.certificates)
    for name, entry in bench.standards.items():
        if entry.certificate is None:
            continue
        try:
            recognise_chain(trace((folder / entry.certificate).read_bytes(), library, trust))
        except CertificateRefused as refusal:
            raise CertificateRefused(f"{name}: {refusal}") from None


def read_check_standard(path: Path) -> CheckStandard:
    """Return the record of a check standard (`BenchError`: it can't be read, or something in it is wrong)."""
    return checked(CheckStandard, read_toml(path, BenchError), str(path), BenchError)


def _look_at_chart(path: Path, day: date) -> None:
    record = read_check_standard(path)
    if record.checked != day:
        raise CertificateRefused(
            f"check standard {record.name} was last measured on {record.checked}, not today: do that first"
        )
    try:
        check_before_run(ControlChart.of(record.in_control), record.latest)
    except CertificateRefused as refusal:
        raise CertificateRefused(f"check standard {record.name}, in {record.unit}: {refusal}") from None


def _look_at_journey(path: Path) -> None:
    record = checked(JourneyRecord, read_toml(path, BenchError), str(path), BenchError)
    try:
        close_journey([Journey(**point.model_dump()) for point in record.points])
    except CertificateRefused as refusal:
        raise CertificateRefused(f"{record.name}, in {record.unit}: {refusal}") from None
