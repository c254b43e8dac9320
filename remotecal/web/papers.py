"""Certificates on paper: the scan, what two persons type apart, and the certificate where they agree."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from remotecal.certificates import dcc
from remotecal.certificates.transcribed import differences, in_short, transcribe
from remotecal.certificates.transcript import transcript
from remotecal.clock import civil_day
from remotecal.errors import ConfigurationError, RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remotecal.certificates.transcribed import TypedApart
    from remotecal.certificates.transcript import Transcript
    from remotecal.model import Record
    from remotecal.store.papers import PaperRow
    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

LARGEST_SCAN: Final = 10 * 2**20
"""Bytes of a scan."""
SCANS: Final[Mapping[bytes, str]] = {
    b"%PDF-": "pdf",
    b"\x89PNG\r\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"II*\0": "tif",
    b"MM\0*": "tif",
}
"""How a scan begins → how its file's name ends."""
_UNPRINTED: Final = re.compile(r"[^\w.()-]+")


class TypedForm(NamedTuple):
    """What somebody typed of a paper."""

    said: Mapping[str, object]
    """As a sheet's TOML file has it, but for who typed it, and when."""
    files: Mapping[str, bytes]
    """Name → content of the files with its tables."""
    fields: Mapping[str, str]
    """The form's own fields, so that it can be opened again."""

    def as_json(self, by: str, on: str) -> str:
        """Return it as it is kept."""
        files = {name: base64.b64encode(content).decode() for name, content in self.files.items()}
        said = {"typed": {"by": by, "on": on}, **self.said}
        return json.dumps({"said": said, "files": files, "fields": dict(self.fields)}, ensure_ascii=False)


def ending_of(scan: bytes) -> str:
    """Return how the name of a scan's file ends (`ConfigurationError`: it is no PDF and no picture)."""
    for begin, ending in SCANS.items():
        if scan.startswith(begin):
            return ending
    raise ConfigurationError("bring the scan as PDF, JPEG, PNG or TIFF")


def bring_scan(here: Office, caller: Caller, name: str, scan: bytes) -> int:
    """Keep the scan of a certificate on paper, and return the paper's number.

    Raises:
        ConfigurationError: it is no PDF and no picture.
    """
    called = f"{_UNPRINTED.sub('_', name.rpartition('.')[0])[:100] or 'scan'}.{ending_of(scan)}"
    digest = sha256(scan).hexdigest()
    with here.store.transaction():
        paper = here.store.papers.add(caller.name, here.clock.now(), called, digest, scan)
        here.store.note(caller.name, "paper", {"paper": paper, "scan": called, "sha256": digest})
    return paper


def type_paper(here: Office, caller: Caller, paper: int, typed: TypedForm) -> None:
    """Keep what somebody typed; where another person typed the same, the certificate is made.

    Raises:
        ConfigurationError: it is no sheet: something is missing, or no number.
        NotNow, NotAllowed: the certificate is made, or two others type it.
    """
    on = civil_day(here.clock.now(), here.laboratory.folder.time_zone).isoformat()
    kept = typed.as_json(caller.name, on)
    _transcript(kept, caller.name)
    digest = sha256(kept.encode()).hexdigest()
    with here.store.transaction():
        row = here.store.papers.typed(paper, caller.name, kept)
        here.store.note(caller.name, "paper typed", {"paper": paper, "sha256": digest})
    if not (row.first and row.second):
        return
    try:
        record = joined(row)
        xml = dcc.write(record)
    except (ConfigurationError, RecordError) as error:
        why = "\n".join(each.where for each in _differences_of(row)) or str(error)
        here.store.note(caller.name, "paper differs", {"paper": paper, "why": why[:2000]})
        return
    made: dict[str, str | int | float | None] = {
        "paper": paper,
        "number": record.number,
        "sha256": sha256(xml).hexdigest(),
    }
    with here.store.transaction():
        if here.store.papers.finish(row, record.number, xml, here.clock.now()):
            here.store.note(caller.name, "paper certificate", made)


def joined(row: PaperRow) -> Record:
    """Return the certificate that both typed, by the function of `remotecal certificate transcribe`.

    Raises:
        ConfigurationError: they differ, and where; or are one person; or it is no certificate.
    """
    first, second = _transcript(row.first, row.first_by), _transcript(row.second, row.second_by)
    return transcribe(first, second, row.scan_name, row.scan_sha256)


def differing(row: PaperRow, name: str) -> str:
    """Return why no certificate came of what both typed, for one of them or for somebody else.

    They are told where they differ, and each what they typed themselves. Who was told what the other typed
    could type that, and would not have looked at the paper.

    Returns:
        "" where one of them has not typed, or the certificate is made.
    """
    if row.finished is not None or not (row.first and row.second):
        return ""
    if found := _differences_of(row):
        own = {row.first_by: "first", row.second_by: "second"}.get(name)
        return in_short(
            [each.where if own is None else f"{each.where}: {getattr(each, own)}" for each in found]
        )
    try:
        dcc.write(joined(row))
    except (ConfigurationError, RecordError) as error:
        return str(error)
    return ""


def _differences_of(row: PaperRow) -> list[TypedApart]:
    return differences(_transcript(row.first, row.first_by), _transcript(row.second, row.second_by))


def fields_of(said: str) -> Mapping[str, str]:
    """Return the form's fields of what somebody typed; none of what nobody has."""
    found: dict[str, str] = json.loads(said)["fields"] if said else {}
    return found


def _transcript(kept: str, by: str) -> Transcript:
    told = json.loads(kept)
    files: dict[str, str] = told["files"]
    return transcript(told["said"], f"the sheet of {by}", lambda name: base64.b64decode(files[name]))
