"""Certificates: all there are, whose, how far they have come, and what takes their place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter, Response

from remotecal.errors import ConfigurationError, EvidenceError
from remotecal.hub.issuing import trust_of
from remotecal.model import Record
from remotecal.order import DUT
from remotecal.web.pages.frame import Visiting, Visitor
from remotecal.web.pages.orders import Searched
from remotecal.web.runs import BeforeRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from remotecal.certificates.trust import Revocation, TrustList
    from remotecal.store.amendments import AmendmentRow
    from remotecal.store.index import ItemRow
    from remotecal.store.journals import RunRow
    from remotecal.store.signings import SignedRow
    from remotecal.web.office import Office

router = APIRouter(prefix="/certificates", include_in_schema=False)

ON_A_PAGE = 50
"""Runs whose certificates are in a list."""


class CertificateLine(NamedTuple):
    """A certificate in the list."""

    row: RunRow
    """Of which run."""
    device: str
    """Whose, where each device has its own."""
    number: str
    items: tuple[str, ...]
    """What it is for: name, maker, model and numbers."""
    customer: str
    state: str
    """What it was signed for last; `draft` for nothing yet."""
    signed: tuple[SignedRow, ...]
    """Its signatures."""
    revoked: Revocation | None
    """What the laboratory's trust list says against it."""
    edition: int = 0
    """How often it was amended before."""
    replaces: str = ""
    """Number of the certificate it takes the place of; "" for the first."""
    replaced: str = ""
    """Number of the issued certificate that takes its place; "" while there is none."""
    amended: bool = False
    """Whether one that takes its place is drafted, or issued."""


@router.get("")
def list_certificates(visitor: Visiting, q: Searched = "", before: BeforeRun = None) -> Response:
    """Return the certificates, those of the latest runs first; a number finds its own."""
    store, account, number = visitor.office.store, visitor.caller.account, q.strip()
    last = None if before is None else (before.partition("/")[0], before.partition("/")[2])
    items = store.about.numbered(number, account=account) if number else ()
    found = [(item.station, item.run) for item in items]
    rows = store.pages.certified(
        ON_A_PAGE + 1,
        before=last,
        account=account,
        issued=account is not None,
        among=set(found) if number else None,
    )
    shown = rows[:ON_A_PAGE]
    further = f"{shown[-1].station}/{shown[-1].run}" if len(rows) > ON_A_PAGE else None
    trust, doubt = believed(visitor.office)
    lines = lines_of(visitor, shown, trust)
    return visitor.page("certificates.html", lines=lines, further=further, number=number, doubt=doubt)


def believed(office: Office) -> tuple[TrustList | None, str]:
    """Return the laboratory's trust list, if it has one, and why that can't be used; "" if it can."""
    try:
        return trust_of(office.laboratory.folder), ""
    except (ConfigurationError, EvidenceError) as error:
        return None, str(error)


def lines_of(visitor: Visitor, rows: Sequence[RunRow], trust: TrustList | None) -> list[CertificateLine]:
    """Return the certificates of some runs as their list shows them; for a customer those that are issued."""
    runs = {(row.station, row.run) for row in rows}
    items, signed, amended = visitor.office.store.by_run.certified(runs)
    known = _Known(signed, amended, trust)
    lines = []
    for row in rows:
        own = [item for item in items if (item.station, item.run) == (row.station, row.run)]
        lines += [
            line
            for line in _of_run(visitor, row, own, known)
            if visitor.caller.account is None or line.state == "issued"
        ]
    return lines


class _Known(NamedTuple):
    """What is known of the certificates of some runs."""

    signed: Sequence[SignedRow]
    amended: Sequence[AmendmentRow]
    trust: TrustList | None

    def line(
        self, row: RunRow, device: str, number: str, items: tuple[str, ...], customer: str, edition: int = 0
    ) -> CertificateLine:
        """Return a certificate as the list has it."""
        of = (row.station, row.run, edition)
        signed = tuple(
            one
            for one in self.signed
            if (one.station, one.run, one.edition) == of and one.device in {device, ""}
        )
        issued = {one.number for one in self.signed if one.duty == "issued"}
        drafted = [one for one in self.amended if one.replaces == number]
        following = [one for one in drafted if one.number in issued]
        before = [one.replaces for one in self.amended if one.number == number]
        return CertificateLine(
            row,
            signed[-1].device if signed else "",
            number,
            items,
            customer,
            signed[-1].duty if signed else "draft",
            signed,
            None if self.trust is None else self.trust.revocation_of(number),
            edition,
            before[0] if before else "",
            following[0].number if following else "",
            bool(drafted),
        )


def _of_run(
    visitor: Visitor, row: RunRow, items: Sequence[ItemRow], known: _Known
) -> Iterator[CertificateLine]:
    """Give the certificates of a run: one for each number that its items have, and what took their place."""
    numbers = dict.fromkeys(item.certificate for item in items)
    for number in numbers:
        of = [item for item in items if item.certificate == number]
        device = f"{DUT}-{of[0].place + 1}" if len(numbers) > 1 else ""
        named = tuple(_called(visitor, item) for item in of)
        customer = visitor.words.choose(json.loads(of[0].customer))
        yield known.line(row, device, number, named, customer)
        for one in known.amended:
            if (one.station, one.run) == (row.station, row.run) and one.device in {device, ""}:
                other = Record.from_json(one.record).customer.name.root
                yield known.line(
                    row, one.device, one.number, named, visitor.words.choose(dict(other)), one.edition
                )


def _called(visitor: Visitor, item: ItemRow) -> str:
    name = visitor.words.choose(json.loads(item.name))
    return " ".join(filter(None, (name, item.maker, item.model, item.serial or item.owner_number)))
