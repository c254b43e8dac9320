"""What a verification (检定) needs beyond a calibration: a regulation, and a verdict on each device by it.

A certificate that says a device was verified by a regulation must be true. So an order that can't end in one
is refused before anything moves, and of a run without a verdict no record is made; its evidence stays.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from remotecal.errors import EvidenceError, OrderError
from remotecal.model import (
    ONLY_IN_FULL,
    ONLY_IN_FULL_VERIFIED,
    ONLY_THE_ITEM,
    ONLY_THE_ITEM_VERIFIED,
    PASSED,
    VALID_UNTIL,
    VERIFIED,
    Statement,
    Text,
)
from remotecal.model.certificate import after_period
from remotecal.model.choice import of_items

if TYPE_CHECKING:
    from remotecal.model import Item, Measurement, Record
    from remotecal.order import Order
    from remotecal.procedures.procedure import Procedure


CALLED: Final = {"校准": "检定", "Calibration": "Verification", "calibration": "verification"}
"""What a procedure calls what it does → what that is in a verification."""


def check_verification(order: Order, procedure: Procedure) -> None:
    """Raise `OrderError` if an order is for a verification, and its certificate could not truly say so.

    Args:
        order: the work order.
        procedure: with its parameters.
    """
    if not order.order.verification:
        return
    number, held_against = order.order.number, procedure.held_against()
    if not held_against:
        raise OrderError(
            f"order {number}, verification: {type(procedure).__name__} names no document by which it judges "
            "the device: leave verification out, or choose a procedure that judges by a regulation"
        )
    if not any(map(is_regulation, held_against)):
        raise OrderError(
            f"order {number}, verification: it would be judged by {', '.join(held_against)}, which is no "
            "verification regulation: give the regulation (JJG) as the parameter norm, or leave "
            "verification out"
        )
    if len(order.devices) > 1 and not order.apart:
        raise OrderError(
            f"order {number}, verification: one certificate of {len(order.devices)} devices can't say that "
            'one passed and another did not: say certificates = "each" under [order]'
        )


def is_regulation(norm: str) -> bool:
    """Tell whether a document is a verification regulation (计量检定规程)."""
    return norm.strip().upper().startswith("JJG")


def standing_statements(*, verification: bool) -> tuple[Statement, ...]:
    """Return what every certificate says of how far it goes."""
    if verification:
        return ONLY_THE_ITEM_VERIFIED, ONLY_IN_FULL_VERIFIED
    return ONLY_THE_ITEM, ONLY_IN_FULL


def verified(record: Record, valid_months: int | None = None) -> Record:
    """Return a record that says by which regulations its devices were verified, and until when that holds.

    Args:
        record: what was found.
        valid_months: for how many months the verification of a device that passed holds; None if the order
            does not say.

    Raises:
        EvidenceError: a device was not judged, or by nothing that is a regulation.
    """
    regulations: list[str] = []
    until: list[Statement] = []
    for item in record.items:
        alone = record if len(record.items) == 1 else of_items(record, (item,))
        named = [norm for said in alone.verdicts for norm in said.norms if is_regulation(norm)]
        if not named:
            numbers = ", ".join(one.value for one in item.identifications)
            raise EvidenceError(
                f"order {record.number} is for a verification, and the evaluation gives no verdict by a "
                f"verification regulation (JJG) on {numbers}: nothing can be certified of it. The evidence "
                "stays; order it without verification, or mend the procedure"
            )
        regulations += named
        if valid_months is not None and {said.conformity for said in alone.verdicts} <= PASSED:
            until.append(_until(record, item, valid_months))
    said = VERIFIED.model_copy(update={"norms": tuple(dict.fromkeys(regulations))})
    measured = tuple(map(_called_verification, record.measurements))
    statements = (said, *until, *record.statements)
    return record.model_copy(update={"statements": statements, "measurements": measured})


def _until(record: Record, item: Item, months: int) -> Statement:
    """Return the statement of the last day of a verification: the day before the same one of its month."""
    return Statement(
        ref_types=(VALID_UNTIL,),
        refs=(item.id,) if len(record.items) > 1 and item.id is not None else (),
        name=Text(zh="有效期", en="Validity"),
        declaration=Text(
            zh=f"检定周期：{months} 个月。",
            en=f"Interval of verification: {months} month{'s' * (months > 1)}.",
        ),
        day=after_period(record.finished, f"P{months}M") - timedelta(days=1),
    )


def _called_verification(measurement: Measurement) -> Measurement:
    """Return a measurement that no more calls itself, or its methods, a calibration."""
    methods = tuple(
        method.model_copy(update={"name": _of_verification(method.name)}) for method in measurement.methods
    )
    return measurement.model_copy(update={"name": _of_verification(measurement.name), "methods": methods})


def _of_verification(name: Text) -> Text:
    """Return what a procedure calls itself, of a verification."""
    said = dict(name.root)
    for calibrating, verifying in CALLED.items():
        said = {language: text.replace(calibrating, verifying) for language, text in said.items()}
    return Text(said)
