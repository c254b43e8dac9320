"""Paper certificates as standards: what two persons typed apart from each other, as one certificate.

A digit that slips when a certificate is copied goes into every result that leans on it. So two persons type
it, neither from the other's sheet, and a certificate comes out only where both typed the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Context, Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import ValidationError

from remotecal import units
from remotecal.certificates.sheet import MEANINGS, UNCERTAINTY
from remotecal.errors import ConfigurationError, UnitError
from remotecal.model import (
    Column,
    Condition,
    Measurement,
    Method,
    Record,
    Result,
    Software,
    Statement,
    Table,
    Text,
    Uncertainty,
    Words,
)
from remotecal.model.base import NOT_STATED
from remotecal.model.identifiers import same

if TYPE_CHECKING:
    from remotecal.certificates.sheet import Sheet, TypedColumn
    from remotecal.certificates.transcript import Transcript, TypedTable

TRANSCRIBED: Final = "remotecal_transcribed"
"""refType of the statement that tells who typed a paper certificate."""
MOST_TOLD: Final = 20
"""Differences that are told."""
_COMPUTED: Final = Context(prec=3, rounding=ROUND_CEILING)
"""Digits of an uncertainty that the paper states in other terms, rounded up."""


class TypedApart(NamedTuple):
    """What two persons typed differently."""

    where: str
    """Where on the sheet: `item.serial`, `results 1.rows 2 3`."""
    first: str
    """What one of them typed."""
    second: str
    """What the other did."""


def transcribe(first: Transcript, second: Transcript, scan: str, digest: str) -> Record:
    """Return what two persons typed as a certificate, marked as transcribed and by whom.

    Args:
        first: what one of them typed.
        second: what the other typed, who must be another person.
        scan: name of the file with the picture of the paper.
        digest: its SHA-256, in hexadecimal.

    Raises:
        ConfigurationError: both are of one person; or they differ, and where; or they say no certificate.
    """
    if same(first.sheet.typed.by, second.sheet.typed.by):
        raise ConfigurationError(
            f"both sheets are typed by {first.sheet.typed.by}: a second person must type the paper anew"
        )
    if found := differences(first, second):
        told_ = [f"  {each.where}: {each.first} and {each.second}" for each in found]
        raise ConfigurationError(
            f"{first.sheet.typed.by} and {second.sheet.typed.by} typed differently what is below; look "
            "at the paper, and put right whichever sheet is wrong:\n" + in_short(told_)
        )
    try:
        return _record(first, _statement(first, second, scan, digest))
    except (ValidationError, UnitError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise ConfigurationError(f"what was typed is no certificate: {said}") from error


def differences(first: Transcript, second: Transcript) -> list[TypedApart]:
    """Return where two persons typed something else of what stands on the paper."""
    return list(_differences(_said(first), _said(second)))


def in_short(lines: Sequence[str]) -> str:
    """Return lines, as many as are told, and how many more there are."""
    more = [f"… and {len(lines) - MOST_TOLD} more"] if len(lines) > MOST_TOLD else []
    return "\n".join([*lines[:MOST_TOLD], *more])


def told(record: Record) -> Text | None:
    """Return what a certificate says of its being transcribed from paper; None if it is none."""
    of = (statement for statement in record.statements if TRANSCRIBED in statement.ref_types)
    return next((statement.declaration for statement in of), None)


def _said(transcript: Transcript) -> dict[str, object]:
    """Return what stands on the paper, whoever typed it and wherever its tables came from."""
    said = transcript.sheet.model_dump(mode="json", by_alias=True, exclude={"typed"})
    for result, table in zip(said["results"], transcript.tables, strict=True):
        result["rows"] = table.rows
        del result["file"]
    return said


def _differences(one: object, other: object, where: str = "") -> Iterator[TypedApart]:
    """Yield where two sheets differ, and by what."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            yield from _differences(one.get(key), other.get(key), f"{where}.{key}" if where else key)
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple):
        if len(one) != len(other):
            yield TypedApart(where, f"{len(one)} of them", f"{len(other)} of them")
        for number, (mine, theirs) in enumerate(zip(one, other, strict=False), 1):
            yield from _differences(mine, theirs, f"{where} {number}")
    elif one != other:
        yield TypedApart(where, _shown(one), _shown(other))


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value)


def _statement(first: Transcript, second: Transcript, scan: str, digest: str) -> Statement:
    one, other = first.sheet.typed, second.sheet.typed
    both = [
        mine.sha256
        for mine, theirs in zip(first.tables, second.tables, strict=True)
        if mine.sha256 and mine.sha256 == theirs.sha256
    ]
    zh = (
        f"本证书由纸质证书转录：{one.by}于{one.on}录入，{other.by}于{other.on}独立录入，两者一致。"
        f"扫描件：{scan}，SHA-256 {digest}。"
    )
    en = (
        f"Transcribed from a certificate on paper: typed by {one.by} on {one.on} and, apart from that, by "
        f"{other.by} on {other.on}; both agree. Scan: {scan}, SHA-256 {digest}."
    )
    for digest_ in dict.fromkeys(both):
        zh += f"其中有表格未经录入，由两人取自同一文件，SHA-256 {digest_}。"
        en += f" Of its tables some were not typed, but read by both from the same file, SHA-256 {digest_}."
    name = Text(zh="纸质证书转录", en="Transcribed from paper")
    return Statement(ref_types=(TRANSCRIBED,), name=name, declaration=Text(zh=zh, en=en))


def _record(transcript: Transcript, transcribed: Statement) -> Record:
    sheet = transcript.sheet
    head = sheet.certificate
    begun = head.begun or head.finished or head.issued
    software = (Software(name=Text.plain("remotecal"), release=f"v{version('remotecal')}"),)
    return Record(
        number=head.number,
        country=head.country,
        begun=begun,
        finished=head.finished or begun,
        place=None,
        issued=head.issued,
        laboratory=sheet.issuer.laboratory(),
        customer=sheet.customer.contact(),
        persons=tuple(person.person() for person in sheet.persons),
        items=(sheet.item.item(),),
        statements=(transcribed, *_declared(sheet)),
        measurements=(
            Measurement(
                name=Text(zh="校准", en="Calibration"),
                items=("item",),
                methods=(Method(name=head.method),),
                software=software,
                conditions=tuple(
                    Condition.between(each.kind, each.name, each.low, each.high, each.unit)
                    for each in sheet.conditions
                ),
                results=tuple(
                    Result(name=result.name, tables=(Table(columns=tuple(_columns(result.columns, table))),))
                    for result, table in zip(sheet.results, transcript.tables, strict=True)
                ),
            ),
        ),
        software=software,
    )


def _declared(sheet: Sheet) -> Iterator[Statement]:
    """Yield what the paper declares of traceability and of its validity."""
    head = sheet.certificate
    if head.traceability is not None:
        yield Statement(
            ref_types=("remotecal_traceability",),
            name=Text(zh="计量溯源性", en="Metrological traceability"),
            declaration=head.traceability,
            traceable=True,
        )
    if head.valid_until is not None:
        yield Statement(
            ref_types=("remotecal_validUntil",),
            name=Text(zh="有效期至", en="Valid until"),
            day=head.valid_until,
        )


def _columns(columns: Sequence[TypedColumn], table: TypedTable) -> Iterator[Column | Words]:
    """Yield the columns of a table, each with its uncertainty if that stands behind it."""
    cells = list(zip(*table.rows, strict=True))
    following = (*columns[1:], None)
    for column, texts, after, behind in zip(columns, cells, following, (*cells[1:], ()), strict=True):
        if column.is_ == UNCERTAINTY:
            continue
        ref_type, called = MEANINGS.get(column.is_, (column.is_, None))
        name = column.name or called
        if column.unit is None:
            yield Words(name=name, ref_types=(ref_type,), words=texts)
            continue
        uncertainty = None
        if after is not None and after.is_ == UNCERTAINTY:
            uncertainty = _uncertainty(column, texts, after, behind)
        yield Column(
            name=name, ref_types=(ref_type,), unit=column.unit, values=texts, uncertainty=uncertainty
        )


def _uncertainty(
    of: TypedColumn, values: Sequence[str], typed: TypedColumn, texts: Sequence[str]
) -> Uncertainty:
    """Return expanded uncertainties in the unit of their values, however the paper states them."""
    unit, own = of.unit or "1", typed.unit or "1"
    factor = Decimal(repr(units.scale(own, "1" if typed.relative else unit)))
    sizes = [abs(Decimal(value)) if typed.relative else Decimal(1) for value in values]
    if not all(sizes):
        raise ConfigurationError(f"an uncertainty relative to a value of 0 is none: state it in {unit}")
    probability = (typed.p,) if typed.p else None if typed.k == "1" else (NOT_STATED,)
    return Uncertainty(
        expanded=tuple(_written(text, factor * size) for text, size in zip(texts, sizes, strict=True)),
        k=(typed.k or "1",),
        p=probability,
        distribution=None if typed.p is None else ("normal",),
    )


def _written(text: str, factor: Decimal) -> str:
    """Return a number times a factor: with its digits where only the point moves, else rounded up."""
    if factor == 1:
        return text
    number = Decimal(text)
    digits = factor.normalize().as_tuple().digits
    moved = number.scaleb(factor.adjusted()) if digits == (1,) else _COMPUTED.multiply(number, factor)
    return f"{moved:f}"
