"""Issued certificates with their evidence as one ZIP, made while it is sent: little of it is ever held."""

from __future__ import annotations

import re
import time
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from remotecal.errors import EvidenceError, NotThere
from remotecal.web import runs, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from remotecal.web.callers import Caller
    from remotecal.web.office import Office

IN_MEMORY: Final = 4 * 2**20
"""Bytes of one file that are held in memory before they are sent; more are held on disk."""
PIECE: Final = 64 * 1024
REPLACED: Final = "replaced"
"""Folder of the certificates that others have taken the place of."""
LEFT_OUT: Final = "LEFT-OUT.txt"
"""Says what is not in the archive, and why."""


class _Made:
    """What was written of an archive and is not sent yet; it can't be gone back in."""

    def __init__(self) -> None:
        self._held = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  closed by `close`

    def write(self, data: bytes) -> int:
        return self._held.write(data)

    def flush(self) -> None:
        """Do nothing: it is read from the beginning."""

    def taken(self) -> Iterator[bytes]:
        """Yield what was written, and forget it."""
        self._held.seek(0)
        while piece := self._held.read(PIECE):
            yield piece
        self._held.seek(0)
        self._held.truncate()

    def close(self) -> None:
        self._held.close()


def archive(office: Office, caller: Caller, wanted: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """Yield a ZIP of what somebody may see of some runs, named by station and run: a folder for each.

    In it are the issued certificates, those that were amended in a folder of their own, and journal, record
    and files once all of the run's are issued. Whether they may see a run is asked when its turn comes.
    """
    made, left_out = _Made(), list[str]()
    try:
        with ZipFile(made, "w", ZIP_DEFLATED) as zipped:
            for station, run in wanted:
                for name, content in _files(office, caller, station, run, left_out):
                    _put(zipped, name, content)
                    yield from made.taken()
            if left_out:
                _put(zipped, LEFT_OUT, ["\n".join(left_out).encode() + b"\n"])
        yield from made.taken()
    finally:
        made.close()


def _put(zipped: ZipFile, name: str, content: Iterable[bytes]) -> None:
    """Write a file; what is compressed already is stored as it is."""
    told = ZipInfo(name, time.gmtime()[:6])
    told.compress_type = ZIP_DEFLATED if name.endswith((".jsonl", ".json", ".xml", ".txt")) else ZIP_STORED
    told.external_attr = 0o644 << 16
    with zipped.open(told, "w", force_zip64=True) as file:
        for piece in content:
            file.write(piece)


def _files(
    office: Office, caller: Caller, station: str, run: str, left_out: list[str]
) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield name and content of the files of a run; what is not there is said in `left_out`."""
    folder, store = f"{station}/{run}", office.store
    try:
        visible.run(office, caller, station, run)
    except NotThere:
        return
    issued = [one for one in store.signings.of_runs({(station, run)}) if one.duty == "issued"]
    last = {one.device: one.edition for one in issued}  # the last amended comes last
    for one in issued:
        signed = store.signings.latest(station, run, one.device, one.edition)
        if signed is not None and signed.pdf is not None:
            name = f"certificate{f'-{one.device}' if one.device else ''}"
            if one.edition != last[one.device]:
                name = f"{REPLACED}/{name}-{one.edition + 1}"
            yield f"{folder}/{name}.pdf", [signed.pdf]
            yield f"{folder}/{name}.xml", [signed.xml]
    try:
        runs.may_see_evidence(office, caller, station, run)
    except NotThere as error:
        left_out.append(f"{folder}: evidence: {error}")
        return
    yield f"{folder}/journal.jsonl", _journal(office, station, run)
    record = store.records.find(station, run)
    if record is not None:
        yield f"{folder}/record.json", [record.record.encode()]
    for row in store.files.list(station, run):
        called = re.sub(r"[^\w.-]", "_", row.file.place.rpartition("/")[2])
        name = f"{folder}/files/{row.file.sha256}-{called}"
        try:
            yield name, [store.files.content(station, run, row.file.sha256)]
        except EvidenceError as error:
            left_out.append(f"{name}: {error}")


def _journal(office: Office, station: str, run: str) -> Iterator[bytes]:
    """Yield a journal's lines; the database is let go of before the first of them is sent."""
    with office.store.journals.opened(station, run) as lines:
        yield from lines
