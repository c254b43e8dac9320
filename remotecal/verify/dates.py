"""Whether the days and times of a certificate can be: in order, not to come, not long apart."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from remotecal.clock import possible_days
from remotecal.errors import CertificateRefused
from remotecal.verify.report import Unable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.certificates.signing.signature import Signature
    from remotecal.model import Record

ONE_DAY = timedelta(days=1)
"""By which a civil day may differ from the day in UTC."""

CLOCKS_MAY_DIFFER = timedelta(minutes=5)
"""By which the clock of a signer or a station may be ahead of another's."""

LONGEST_APART = timedelta(days=92)
"""Days from the calibration to its certificate, and from one signature to the next, above which it is not
proven that what was signed is what was found: nobody can tell what became of the item in between."""


def check_dates(
    record: Record, signatures: Sequence[Signature], now: datetime, *, virtual: bool = False
) -> str:
    """Return what the dates of a certificate say, as `check_order`.

    Args:
        record: the certificate.
        signatures: those on it, earliest first.
        now: the time.
        virtual: its run lived by a virtual clock, as its journal says. The days of calibration of a
            demonstration are that clock's then, which runs ahead, and are not held against anybody's.

    Raises:
        CertificateRefused: they can't be true.
        Unable: they lie further apart than `LONGEST_APART`. An amended certificate may be of any day.
    """
    said = check_order(record, signatures, now, virtual=virtual and record.demonstration)
    _check_gaps(record, [signature.at for signature in signatures if signature.at is not None])
    return said


def check_order(
    record: Record, signatures: Sequence[Signature], now: datetime, *, virtual: bool = False
) -> str:
    """Return what dates and times say that may be true, as of `check_dates`.

    Raises:
        CertificateRefused: something has not come yet, or came before what it rests on.
    """
    times = [signature.at for signature in signatures if signature.at is not None]
    _check_days(record, times, now, virtual=virtual)
    if times != sorted(times):
        raise CertificateRefused("the signatures' times are not in the order of the signatures")
    if times and times[-1] > now:
        raise CertificateRefused(f"signed on {times[-1]:%Y-%m-%d %H:%M %z}, which has not come yet")
    if times and possible_days(times[0])[1] < record.finished and not virtual:
        raise CertificateRefused(
            f"signed on {times[0]:%Y-%m-%d}, before the calibration ended on {record.finished}"
        )
    days = days_of(record)
    said = f"calibrated {days} by a virtual clock" if virtual else f"calibrated {days}"
    if len(times) < len(signatures):
        return (
            f"{said}; time unknown: {len(signatures) - len(times)} signatures do not say when they were made"
        )
    if virtual and times:
        return f"calibrated {days} by a virtual clock, signed in order"
    return f"{said}, signed in order after that" if times else said


def days_of(record: Record) -> str:
    """Return from when to when it was calibrated, a single day once."""
    begun, finished = record.begun, record.finished
    return f"on {begun}" if begun == finished else f"from {begun} to {finished}"


def _check_days(record: Record, times: list[datetime], now: datetime, *, virtual: bool) -> None:
    tomorrow = now.date() + ONE_DAY
    for what, day in (
        ("calibrated", None if virtual else record.finished),
        ("issued", record.issued),
        ("received", record.received),
    ):
        if day is not None and day > tomorrow:
            raise CertificateRefused(f"{what} on {day}, which has not come yet")
    if record.received is not None and record.received > record.begun:
        raise CertificateRefused(f"received on {record.received}, but calibrated from {record.begun} on")
    if record.issued is None:
        return
    if record.issued < record.finished and not virtual:
        raise CertificateRefused(
            f"issued on {record.issued}, before the calibration ended on {record.finished}"
        )
    if times and record.issued > possible_days(times[-1])[1] + ONE_DAY:
        raise CertificateRefused(f"issued on {record.issued}, but signed on {times[-1]:%Y-%m-%d} already")


def _check_gaps(record: Record, times: list[datetime]) -> None:
    days = [time.date() for time in times]
    if record.issued is not None:
        days = sorted([record.issued, *days])
    if record.replaces is None:
        days = [record.finished, *days]
    for before, after in pairwise(days):
        if after - before > LONGEST_APART:
            raise Unable(
                f"{(after - before).days} days from {before} to {after}: more than {LONGEST_APART.days} lie "
                "between calibration, issue and signatures"
            )
