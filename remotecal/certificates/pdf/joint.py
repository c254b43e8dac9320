"""What values have to do with each other, as it is printed: complex columns and correlation matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.certificates.pdf.numbers import Cell, aligned, printed, said, with_unit
from remotecal.certificates.pdf.wording import Said, label
from remotecal.model import Column, Complex, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remotecal.model import Correlation, JointResult, Region, Table, Text

MOST_PRINTED, MOST_DECIMALS = 12, 5
"""Values whose correlation matrix is printed, that of more is only in the XML; and decimals of it."""


def parts(entry: Complex) -> tuple[tuple[Said, Column], ...]:
    """Return the two parts of complex values, each with what it is called."""
    first, second = entry.parts()
    names = ("real", "imaginary") if entry.form == "cartesian" else ("magnitude", "phase")
    return tuple((_called(entry.name, name), part) for name, part in zip(names, (first, second), strict=True))


def coefficients(entry: Complex) -> tuple[str, ...]:
    """Return the correlation coefficients between the parts, if there is any that is not 0."""
    found = entry.uncertainty.r if entry.uncertainty else ()
    return found if any(r != "0" for r in found) else ()


def covered(region: Region | None, name: str = "together") -> list[Said]:
    """Return what a region says of the values it covers, if there is one."""
    if region is None:
        return []
    shape = label("regions", region.shape)
    p = f"{float(region.p) * 100:.4g} %"
    return [label("regions", name, **dict(shape), k=region.k, p=p)]


def correlations(table: Table) -> list[dict[str, object]]:
    """Return the correlation matrices of a table that say anything, each with what its values are called."""
    found = []
    for column in table.columns:
        if isinstance(column, Column) and column.correlation is not None:
            title = said(column.name) if column.name else []
            found.append(_matrix(title, column.correlation, _rows(table, column)))
    found += [_matrix([], joint.correlation, _joint(table, joint)) for joint in table.joint]
    return [each for each in found if each]


def shown(correlation: Correlation) -> tuple[str, ...]:
    """Return the coefficients that are printed of a matrix."""
    below = tuple(row[j] for i, row in enumerate(correlation.matrix) for j in range(i))
    if correlation.is_identity:
        return ()
    if len(set(below)) == 1:
        return below[:1]
    return below if correlation.size <= MOST_PRINTED else ()


def _matrix(title: Said, correlation: Correlation, called: list[Said]) -> dict[str, object]:
    if correlation.is_identity:
        return {}
    heading = label("correlations", "title") if not title else _joined(label("correlations", "title"), title)
    found: dict[str, object] = {
        "title": heading,
        "remarks": covered(correlation.region),
        "head": [],
        "rows": [],
    }
    told = shown(correlation)
    if len(told) == 1 and correlation.size > 2:
        found["remarks"] = [label("correlations", "alike", r=printed(told[0])), *covered(correlation.region)]
    elif not told:
        size = f"{correlation.size} × {correlation.size}"
        found["remarks"] = [label("correlations", "elsewhere", size=size), *covered(correlation.region)]
    else:
        found["head"] = [str(number) for number in range(1, correlation.size + 1)]
        found["rows"] = list(_triangle(correlation, called))
    return found


def _triangle(correlation: Correlation, called: list[Said]) -> Iterator[list[Cell]]:
    """Yield the rows of a matrix up to the diagonal, each behind its number and what the value is called."""
    flat = tuple(entry for i, row in enumerate(correlation.matrix) for entry in row[:i])
    cells = iter(aligned(padded(flat)))
    for number, name in enumerate(called):
        below = [next(cells) for _ in range(number)]
        blank: list[Cell] = [{"text": ""}] * (correlation.size - number - 1)
        yield [{"text": f"{number + 1}"}, {"said": name}, *below, {"text": "1"}, *blank]


def padded(numbers: tuple[str, ...]) -> tuple[str, ...]:
    """Return coefficients with the decimals of the longest: 0.5 beside 0.588 is 0.500.

    More than `MOST_DECIMALS` are printed only where a coefficient is nearer to ±1 than they show.
    """
    longest = max((len(number.partition(".")[2]) for number in numbers), default=0)
    for decimals in range(min(MOST_DECIMALS, longest), longest + 1):
        found = tuple(f"{float(number):.{decimals}f}" for number in numbers)
        if not any(
            abs(float(text)) == 1 != abs(float(number)) for text, number in zip(found, numbers, strict=True)
        ):
            return found
    return numbers


def _rows(table: Table, column: Column) -> list[Said]:
    """Return what the values of a column are called: by the table's first column, or by their number."""
    first = table.columns[0]
    if first is not column and isinstance(first, Column) and len(first.values) == table.rows:
        return [[["", with_unit((value,), first.unit)]] for value in first.values]
    if isinstance(first, Words) and len(first.words) == table.rows:
        return [[["", word]] for word in first.words]
    return [[["", f"{row}"]] for row in range(1, len(column.values) + 1)]


def _joint(table: Table, joint: JointResult) -> list[Said]:
    found: list[Said] = []
    rows = table.joint_rows(joint)
    for number, column in zip(joint.columns, table.joint_columns(joint), strict=True):
        name: Said = said(column.name) if column.name else [["", f"{number + 1}"]]
        for row in rows:
            of = [["", f"({row + 1})"]] if table.rows > 1 else []
            found.append([*name, *of])
    return found


def _called(name: Text | None, part: str) -> Said:
    of = label("columns", part)
    if name is None:
        return of
    return [[language, f"{name.get(language)} {text}"] for language, text in of]


def _joined(one: Said, other: Said) -> Said:
    return [*one, ["", "–"], *other]
