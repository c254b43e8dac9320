"""What anybody may know of a certificate whose address they have: whether it was issued, and still counts."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from remotecal.clock import civil_day
from remotecal.errors import NotThere
from remotecal.web.office import Here
from remotecal.web.pages.certificates import believed
from remotecal.web.pages.frame import for_anybody

if TYPE_CHECKING:
    from remotecal.model import Record

router = APIRouter(include_in_schema=False)

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
SHOWN = 4
"""Last characters of a serial number that are told; whoever has the item knows the others."""


@router.get("/v/{token}")
def show_certificate(token: str, request: Request, here: Here) -> Response:
    """Return the public page of a certificate; of whatever is none, always the same, and no sooner."""
    from remotecal.certificates.dcc import read
    from remotecal.certificates.signing.xml import read_signatures

    here.sparing.admit(request.client.host if request.client else "unknown", here.clock.now())
    missing = NotThere("there is no certificate at this address")
    found = here.store.signings.by_token(token) if TOKEN.fullmatch(token) else None
    if found is None or found.pdf is None:
        raise missing
    trust, doubt = believed(here)
    replaced = here.store.by_run.replacing(found.number or "")
    seal = read_signatures(found.xml)[-1]
    record = read(seal.content)
    content = {
        "record": record,
        "serials": _serials(record),
        "issued": seal.time.date(),
        "revoked": None if trust is None else trust.revocation_of(record.number),
        "doubt": bool(doubt),
        "replaced": replaced,
        "since": None if replaced is None else civil_day(replaced.at, here.laboratory.folder.time_zone),
        "xml": sha256(found.xml).hexdigest(),
        "pdf": sha256(found.pdf).hexdigest(),
    }
    if found.token != token:
        raise missing
    return for_anybody(request, here, "public.html", **content)


def _serials(record: Record) -> list[str]:
    """Return how the serial numbers of the items end; nothing of one that is no longer than that."""
    numbers = [number for item in record.items for number in item.serials[:1]]
    return [f"…{number[-SHOWN:]}" if len(number) > SHOWN else "…" for number in numbers]
