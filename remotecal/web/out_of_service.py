"""Standards out of service: no order may use one until it is put back."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from fastapi import APIRouter

from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, NotThere
from remotecal.hub.ordering import announced
from remotecal.model.identifiers import same
from remotecal.web.about import Number
from remotecal.web.callers import PuttingBack, Reader, TakingOut
from remotecal.web.office import Here, Office
from remotecal.web.register import not_a_customer
from remotecal.web.shown_about import OutOfServiceShown, words
from remotecal.web.standard_bodies import PutBack, TakenOut

if TYPE_CHECKING:
    from remotecal.store.index import EquipmentRow
    from remotecal.store.out_of_service import OutOfServiceRow

router = APIRouter(prefix="/standards", tags=["what runs are about"])


class KnownStandard(NamedTuple):
    """A standard that is known here: it took part in a run, is on a bench, or an item of its own."""

    number: str
    """Its serial number, or its certificate's where nobody tells that."""
    name: str
    """On the bench."""
    maker: str = ""
    model: str = ""
    station: str = ""
    """Where it was last."""
    item: int | None = None
    """Its number among the laboratory's items, where it was found there."""
    certificate: str = ""
    """Its certificate's number, where a bench tells that, and it took part in no run."""


@router.get("/out-of-service")
def list_out_of_service(caller: Reader, here: Here, number: Number | None = None) -> list[OutOfServiceShown]:
    """List the standards that are out of service; or, of one of them, when it ever was."""
    not_a_customer(caller)
    rows = here.store.out_of_service.now() if number is None else here.store.out_of_service.of(number)
    return [shown(row).named(here.names()) for row in rows]


@router.post("/out-of-service", status_code=HTTPStatus.CREATED)
def take_out_of_service(wanted: TakenOut, caller: TakingOut, here: Here) -> OutOfServiceShown:
    """Take a standard out of service: orders that need it are refused, and no run begins with it.

    Nobody is asked again who they are: whoever doubts a standard stops it. A run that is on goes on.
    """
    number = known(here, wanted.number).number
    today = civil_day(here.clock.now(), here.laboratory.folder.time_zone)
    since = wanted.since or today
    if since > today:
        raise ConfigurationError(f"it is in doubt from {today} on at the latest, not from {since}")
    said = {"number": number, "since": since.isoformat(), "reason": wanted.reason}
    with here.store.transaction():
        row = here.store.out_of_service.take_out(
            number, since=since.isoformat(), reason=wanted.reason, by=caller.name, at=here.clock.now()
        )
        here.store.note(caller.name, "out of service", {**said})
    here.forget_out()
    return shown(row).named(here.names())


@router.post("/back-in-service")
def put_back_into_service(wanted: PutBack, caller: PuttingBack, here: Here) -> OutOfServiceShown:
    """Put a standard back into service; runs that stand apart for it stay so."""
    with here.store.transaction():
        row = here.store.out_of_service.put_back(
            wanted.number, reason=wanted.reason, by=caller.name, at=here.clock.now()
        )
        here.store.note(caller.name, "back in service", {"number": row.number, "reason": wanted.reason})
    here.forget_out()
    return shown(row).named(here.names())


def known(here: Office, number: str) -> KnownStandard:
    """Return the standard that has a number.

    Raises:
        NotThere: none took part in a run, no station has it on a bench, and it is no own item.
        ConfigurationError: it is that of a certificate of several.
    """
    return known_by(here, number, here.store.about.took_part(number))


def known_by(here: Office, number: str, used: tuple[EquipmentRow, ...]) -> KnownStandard:
    """Return the standard that has a number, from the runs in which that took part; errors as `known`."""
    if not used:
        return _announced(here, number)
    serials = sorted({row.serial for row in used if row.serial})
    if number not in serials and len(serials) > 1:
        raise ConfigurationError(
            f"{number} is the certificate of several standards: say which by its serial number, of "
            f"{', '.join(serials[:20])}"
        )
    last = used[0]
    its = number if number in serials or not serials else serials[0]
    return KnownStandard(its, last.name, last.maker, last.model, last.station)


def _announced(here: Office, number: str) -> KnownStandard:
    for station in here.store.stations.list():
        for bench in announced(station).values():
            for name, (serial, certificate) in bench.numbers.items():
                its = serial or certificate
                if same(its, number):
                    return KnownStandard(its, name, station=station.name, certificate=certificate)
    for item in here.store.items.numbered(number, account="", limit=1):
        called = words(item.name)
        said = called.get("en") or next(iter(called.values()), "")
        number = item.serial or item.owner_number
        return KnownStandard(number, said, item.maker, item.model, item.station, item.id)
    raise NotThere(f"nothing here has taken part in a run by the number {number!r}")


def shown(row: OutOfServiceRow) -> OutOfServiceShown:
    """Return how the API shows that a standard is out of service, or was."""
    return OutOfServiceShown.model_validate({**row._asdict(), "since": date.fromisoformat(row.since)})
