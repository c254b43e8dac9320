"""What a demonstration's laboratory knows of its standards over the years: drift, and a check standard."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from remotecal.bench_file import Admission, BenchHead, Entry
from remotecal.certificates import dcc
from remotecal.configuration import as_toml
from remotecal.model import Column, Record, Table, Text
from remotecal.register_entries import enter, standard_of
from remotecal.registers import LaboratoryRegister
from remotecal.runs.admission import CheckStandard
from remotecal.web.brought import bring

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

CHECKED: Final = "check-stand"
"""The bench that is kept in control by a check standard, and has nothing to do: no run of the demonstration
is refused for a check that nobody made that day."""
CHECK: Final = "check.toml"
SINCE_CHECKED: Final = timedelta(days=2)
IN_CONTROL: Final = (0.031, 0.036, 0.028, 0.034, 0.030, 0.033, 0.037, 0.029, 0.032, 0.035, 0.030, 0.033)
"""Errors of the check meter in %, from the month in which the bench was characterised."""
LATEST: Final = (0.033, 0.031, 0.035, 0.034, 0.030, 0.036, 0.046, 0.034, 0.032, 0.035, 0.031, 0.034)
"""The same, month by month for a year; in the seventh it was out of control, and the cause was found."""


def followed(record: Record, part: float) -> Record:
    """Return a simulated certificate as a good institute writes it: with the nominal values, for its drift.

    Args:
        record: the certificate.
        part: by what part of U the error at the last point is raised; those before it by less.
    """
    measurements = tuple(
        one.model_copy(
            update={
                "results": tuple(
                    result.model_copy(
                        update={"tables": tuple(_followed(table, part) for table in result.tables)}
                    )
                    for result in one.results
                )
            }
        )
        for one in record.measurements
    )
    return record.model_copy(update={"measurements": measurements})


def _followed(table: Table, part: float) -> Table:
    at, errors = table.column("basic_measuredValue"), table.column("basic_measurementError")
    if at is None or errors is None or errors.uncertainty is None:
        return table
    nominal = Column(
        name=Text(zh="标称值", en="Nominal value"),
        ref_types=("basic_nominalValue",),
        unit=at.unit,
        values=at.values,
    )
    stated = errors.uncertainty.expanded
    expanded = stated if len(stated) > 1 else stated * len(errors.values)
    values = tuple(
        f"{error + part * float(one) * row / len(expanded):.9f}".rstrip("0").rstrip(".")
        for row, (error, one) in enumerate(zip(errors.floats(), expanded, strict=True), 1)
    )
    changed = errors.model_copy(update={"values": values})
    return table.model_copy(
        update={"columns": (nominal, *(changed if one is errors else one for one in table.columns))}
    )


def register_standards(register: Path, certificates: Path, until: date) -> None:
    """Enter standards into a register as their certificates name them, in the place of those they had before.

    Args:
        register: the laboratory's.
        certificates: directory of theirs (DCC).
        until: last day of their approvals as standards.
    """
    known = {one.serial for one in LaboratoryRegister.load(register).standards}
    for path in sorted(certificates.glob("*.xml")):
        record = dcc.read(path.read_bytes())
        for serial in [serial for item in record.items for serial in item.serials]:
            entry = standard_of(record, f"DEMO-S-{serial}", until, serial)
            enter(register, entry, instead=serial in known)


def bring_certificates(office: Office, caller: Caller, certificates: Path) -> None:
    """Bring the certificates (DCC) in a directory to the laboratory, each for the standards that it names."""
    for path in sorted(certificates.glob("*.xml")):
        content = path.read_bytes()
        for serial in [serial for item in dcc.read(content).items for serial in item.serials]:
            bring(office, caller, serial, content)


def write_checked(bench: Path, today: date) -> None:
    """Write the file of a bench that has a check standard, and the year's record of that beside it."""
    bench.parent.mkdir(parents=True)
    head = BenchHead(name=CHECKED, time_zone="UTC")
    air = Entry(driver="VaisalaPtu300", address="TCPIP::127.0.0.1::9::SOCKET")
    said = {"bench": head, "instruments": {"air": air}, "admission": Admission(check_standards=(CHECK,))}
    bench.write_text(as_toml(said), encoding="utf-8")
    check = CheckStandard(
        name="DN 50, 20 m³/h", unit="%", in_control=IN_CONTROL, latest=LATEST, checked=today - SINCE_CHECKED
    )
    (bench.parent / CHECK).write_text(as_toml(check.model_dump()), encoding="utf-8")
