"""`remotecal evaluate`: from a journal to the certificate, and a summary of it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from remotecal.certificates.pdf.wording import label
from remotecal.cli.tables import UNWRAPPED, plain, plain_lines, print_table, terminal
from remotecal.cli.terminal import SIGNED_AS, language, say
from remotecal.errors import EvidenceError
from remotecal.journal.contents import beside
from remotecal.journal.events import JournalReader
from remotecal.journal.gathering import gather
from remotecal.runs.catalogue import find_followed
from remotecal.runs.record import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.table import Table as Printed

    from remotecal.journal.evidence import Evidence
    from remotecal.model import Measurement, Record, Result, Table
    from remotecal.runs.catalogue import Found


def evaluate_run(
    directory: Path, out: Path, *, procedure: Path | None = None, new_evaluation: bool = False
) -> None:
    """Compute the certificate of a run and write it.

    Args:
        directory: the run's.
        out: where the certificate goes; where one is already, beside that, and it is told how they differ.
        procedure: file of the procedure that the run followed, where that is not an installed one.
        new_evaluation: the procedure may be a later text of it.

    Raises:
        EvidenceError: the journal is not what was written or signed, or the procedure is another one.
        ConfigurationError: the procedure is neither installed nor given, or nothing can be written.
    """
    from remotecal.certificates.signing.journal import JournalSeal

    seal = JournalSeal()
    evidence = gather(seal.along(JournalReader.at(directory)), beside(directory))
    if seal.there:
        seal.signer()
    used = evidence.procedure
    try:
        found = find_followed(used.name, used.sha256, procedure, changed=new_evaluation)
    except EvidenceError as error:
        raise EvidenceError(
            f"{error}, or evaluate by it as it is now, which the certificate then says: --new-evaluation"
        ) from error
    issue(evidence, found, out, new_evaluation=new_evaluation)


def issue(evidence: Evidence, found: Found, out: Path, *, new_evaluation: bool = False) -> None:
    """Evaluate, write the certificate to a directory and print a summary; `evaluate_run` says where."""
    from remotecal.certificates import certificate_in
    from remotecal.runs.apart import write_certificates

    record = evaluate(evidence, found, new_evaluation=new_evaluation)
    there = certificate_in(out)
    places = (out / f"evaluated-{number}" for number in count(1))
    place = next(place for place in places if not place.exists()) if there else out
    written = write_certificates(record, evidence.order, place)
    summarise(record)
    seen = len(evidence.observations)
    many = say(f"; {len(written)} certificates", f"；{len(written)} 份证书") if len(written) > 1 else ""
    print(
        say(
            f"{seen} observations{many}; everything is in {place}",
            f"{seen} 次观测{many}；全部在 {place} 中",
        )
    )
    if there and not evidence.order.apart:
        _compare(out, record)


def _compare(out: Path, again: Record) -> None:
    """Tell how a record computed anew differs from the certificate that is in `out`."""
    from remotecal.certificates import XML_NAME
    from remotecal.certificates.approval import state
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.xml import read_signatures
    from remotecal.errors import RemotecalError
    from remotecal.verify.journal import differences

    path = out / XML_NAME
    try:
        data = path.read_bytes()
        signatures = read_signatures(data)
        earlier = read(signatures[-1].content if signatures else data)
    except (OSError, RemotecalError) as error:
        print(
            say(
                f"{path} was left as it is; it can't be compared: {error}",
                f"{path} 保持原样；无法比较：{error}",
            )
        )
        return
    found = differences(earlier, again)
    came = state(signatures)
    left = say(
        f"{path} ({came if signatures else 'a draft'}) was left as it is; ",
        f"{path}（{SIGNED_AS.get(came, '草稿')}）保持原样；",
    )
    if not found:
        print(left + say("it says the same, to the last digit", "内容相同，直到最后一位数字"))
        return
    print(left + say(f"it says otherwise in {len(found)} places:", f"有 {len(found)} 处不同："))
    for difference in found[:MOST_TOLD]:
        print(plain(f"  {difference}"))


MOST_TOLD = 20
"""Differences that are printed."""


def summarise(record: Record) -> None:
    """Print the tables of a record's results, in the reader's language where there is a choice."""
    from rich.console import Console
    from rich.text import Text

    console = terminal()
    called = say(f"Certificate {record.number}", f"证书 {record.number}")
    console.print(Text(plain(called), "bold"), soft_wrap=True)
    several = len(record.items) > 1 or len(record.measurements) > 1
    for measurement in record.measurements:
        for result in measurement.results:
            for table in result.tables:
                # What a record says is no markup, and nothing a terminal is to obey.
                named = table.name or result.name
                title = named.get(language())
                if several:
                    title = " – ".join(filter(None, (_of_which(record, measurement, result), title)))
                console.print(Text(plain(title), "table.title"), soft_wrap=True)
                for columns in _parts(list(_columns(table)), console.width):
                    printed = _printed(columns, table.rows, console.width)
                    if console.width >= UNWRAPPED:
                        print_table(console, printed)
                        continue
                    # What no terminal that narrow can show goes on in the next line, and is not cut.
                    wide = Console(width=max(console.width, printed.width or 0))
                    wide.print(printed, crop=False, soft_wrap=True)


def _of_which(record: Record, measurement: Measurement, result: Result) -> str:
    """Return which measurement and which items a result is of."""
    from remotecal.certificates.pdf.items import called

    of = called(record, measurement.items_of(result))
    return ", ".join(part for part in (measurement.name.get(language()), of) if part)


Headed = tuple[str, tuple[str, ...]]
"""A column as it is printed: its heading, and its cells."""


def _parts(columns: Sequence[Headed], width: int) -> Iterator[list[Headed]]:
    """Yield the columns, those that no words of headings fit beside in a table of their own, by the first."""
    from rich.cells import cell_len

    least = [max(map(cell_len, cells), default=0) for _, cells in columns]
    whole = [
        max(*map(cell_len, heading.split()), own, 0) for (heading, _), own in zip(columns, least, strict=True)
    ]
    if sum(least) + len(least) + 1 > width or sum(whole) + len(whole) + 1 <= width:
        yield list(columns)
        return
    part, taken = [columns[0]], whole[0] + 2
    for column, own in zip(columns[1:], whole[1:], strict=True):
        if taken + own + 1 > width and len(part) > 1:
            yield part
            part, taken = [columns[0]], whole[0] + 2
        part.append(column)
        taken += own + 1
    yield part


def _printed(columns: Sequence[Headed], rows: int, width: int) -> Printed:
    from rich import box
    from rich.cells import cell_len
    from rich.table import Table as Printed
    from rich.text import Text

    printed = Printed(box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    headings = [plain_lines(heading) for heading, _ in columns]
    if sum(max(map(cell_len, heading.split("\n"))) + 1 for heading in headings) > width:
        headings = [heading.replace(" ", "\n") for heading in headings]  # Rich would break within words
    longest = [max(map(cell_len, cells), default=0) for _, cells in columns]
    wanted = [max(map(cell_len, heading.split("\n"))) for heading in headings]
    widths = _fitted(wanted, longest, width - len(columns) - 1)
    printed.width = sum(widths) + len(widths) + 1
    for heading, room in zip(headings, widths, strict=True):
        printed.add_column(Text(heading), justify="right", overflow="fold", width=room)
    for row in range(rows):
        shown = (cells[row if len(cells) > 1 else 0] for _, cells in columns)
        printed.add_row(*(Text(plain(cell)) for cell in shown))
    return printed


def _fitted(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return columns' widths: headings give way, numbers never, for one that is cut or broken is another."""
    widths = list(map(max, wanted, least))
    while sum(widths) > room and (yielding := [n for n, width in enumerate(widths) if width > least[n]]):
        widths[max(yielding, key=widths.__getitem__)] -= 1
    return widths


def _columns(table: Table) -> Iterator[Headed]:
    """Yield what a table is printed in: heading and cells; limits are left to the certificate."""
    from remotecal.model.flat import flatten

    for column in flatten(table.columns):
        rows = range(len(column.cells))
        cells = tuple(column.at(row, language()) for row in rows)
        if column.part == "verdict":
            cells = tuple(dict(label("verdicts", verdict))[language()] for verdict in cells)
        if column.part not in {"lower", "upper"}:
            yield f"{column.short(language())}{_in(column.unit)}", cells


def _in(unit: str) -> str:
    from remotecal import units

    return "" if unit == "1" else f"\n{units.symbol(unit)}"
