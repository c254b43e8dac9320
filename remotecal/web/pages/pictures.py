"""Photos and other pictures of a run, drawn anew: what a station brought is never shown itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError, NotThere
from remotecal.journal.files import LARGEST
from remotecal.pages.photos import drawn_anew
from remotecal.web import runs
from remotecal.web.bodies import FileHash, RunName, StationName
from remotecal.web.pages.frame import Visiting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remotecal.journal.files import Attached
    from remotecal.web.office import Office

router = APIRouter(include_in_schema=False)

DRAWN: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
"""Media types of files that pages show as pictures; whether one is a picture is found when it is drawn."""


class PictureShown(NamedTuple):
    """A picture among the evidence."""

    sha256: str
    """SHA-256 of the file, by which the journal names it."""
    about: str
    """What it shows, or what it was called."""
    by: str
    """Who added it."""
    line: int
    """Number of the journal's line that names it."""


def pictures_of(files: Iterable[tuple[int, Attached]]) -> list[PictureShown]:
    """Return the pictures among files, each given with the number of its line."""
    return [
        PictureShown(file.sha256, file.about or file.name, file.by, line)
        for line, file in files
        if is_picture(file.media_type, file.size)
    ]


def is_picture(media_type: str, size: int) -> bool:
    """Tell whether a file is one that pages show: of a kind that is drawn, and no larger than a photo."""
    return media_type in DRAWN and size <= LARGEST


@router.get("/runs/{station}/{run}/pictures/{sha256}")
async def show_picture(station: StationName, run: RunName, sha256: FileHash, visitor: Visiting) -> Response:
    """Return a picture of a run, drawn anew, for whoever may see its evidence."""
    office = visitor.office
    await run_in_threadpool(runs.may_see_evidence, office, visitor.caller, station, run)
    async with office.one_picture:  # else those of one page would keep all others from being answered
        content = await run_in_threadpool(_drawn, office, station, run, sha256)
    return Response(content, media_type="image/jpeg")


def _drawn(office: Office, station: str, run: str, sha256: str) -> bytes:
    found = runs.whole_file(office, station, run, sha256)
    if not is_picture(found.file.media_type, found.file.size):
        raise NotThere(f"{sha256} is no picture that can be shown: fetch the file")

    def draw() -> bytes:
        try:
            return drawn_anew(office.store.files.content(station, run, sha256))
        except ConfigurationError:
            return b""

    content = office.pictures.get(sha256, draw)
    if not content:
        raise NotThere(f"{sha256} is no picture that can be shown: fetch the file")
    return content
