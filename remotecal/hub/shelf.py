"""The runs and certificates in a folder of this computer, as a laboratory's database shows them.

A laboratory's pages and lists come from its database. Here one is made for as long as somebody looks, of the
journals and certificates that lie in a folder: it is nothing but an index, and the folder stays as it is.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple, TypeAlias

from remotecal.certificates import APART, JSON_NAME, PDF_NAME, XML_NAME
from remotecal.certificates.dcc import read
from remotecal.certificates.dcc.xml import LARGEST_FILE
from remotecal.certificates.signing.xml import read_signatures
from remotecal.configuration import read_plain
from remotecal.errors import ConfigurationError, EvidenceError, FileMissing, JournalBroken
from remotecal.journal.chain import ending
from remotecal.journal.contents import beside
from remotecal.journal.events import FILE, PACKED, JournalReader, found_in, opened_lines, seconds
from remotecal.journal.evidence import start_of
from remotecal.journal.files import read_file
from remotecal.journal.gathering import gather
from remotecal.model import Record
from remotecal.model.identifiers import same
from remotecal.opening import folders
from remotecal.order import Order
from remotecal.runs.catalogue import find_followed, is_installed
from remotecal.runs.record import evaluate
from remotecal.store import Store
from remotecal.store.records import RecordRow
from remotecal.store.shares import Share
from remotecal.store.signings import SigningRow

log = logging.getLogger(__name__)

HERE: Final = "here"
"""Where runs of this computer were, among the stations of a laboratory."""
TOGETHER: Final = 500
"""Lines of a journal that are taken in at once."""
WHOLE: Final = Share(bytes=2**62, run_lines=2**62)
"""What is ours may take all there is."""
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")
TAKEN: Final = (FILE, PACKED, XML_NAME, PDF_NAME, f"{APART}/*/{XML_NAME}")
"""A run's journal and the certificates beside it."""
Files: TypeAlias = frozenset[tuple[Path, int, int]]
"""Files, each with when it was changed and its bytes."""
COMPLETE: Final = frozenset({"finished", "signed"})
"""States of a run of which a record can be computed."""
LONGEST_NAME: Final = 100
"""Letters of a run's name."""


class Shelved(NamedTuple):
    """A run in the folder."""

    name: str
    """What it is called: its directory's path from the folder, hyphens between."""
    directory: Path
    """Where its journal lies."""


class Shelf:
    """The runs in a folder.

    Args:
        folder: where they lie, in directories to any depth.
        database: URL of an empty database, for what is found.
        procedures: files of procedures that runs followed and that are not installed, each known by its name.

    Raises:
        ConfigurationError: there is no such folder.
    """

    def __init__(self, folder: Path, database: str, procedures: Sequence[Path] = ()) -> None:
        if not folder.is_dir():
            raise ConfigurationError(f"there is no folder {folder}")
        self._folder = folder
        self._given = {file.name: file for file in procedures}
        Store.migrate(database)
        self.store = Store(database, WHOLE)
        """What is known of them."""
        self.store.stations.add_here(HERE)
        self._found: dict[str, Shelved] = {}
        self._taken: dict[str, Files] = {}
        self._evaluated: dict[str, tuple[str, Files]] = {}
        self._evaluating = threading.Lock()
        self._clashing: dict[str, str] = {}
        self._failed: dict[str, str] = {}

    @property
    def refused(self) -> dict[str, str]:
        """Name of a run → why it, or what lies beside it, can't be shown now."""
        return self._clashing | self._failed

    def runs(self) -> Iterator[Shelved]:
        """Yield the runs that lie in the folder now, each once."""
        known: set[str] = set()
        self._clashing = {}
        places = (folder for folder, names in folders(self._folder) if names & {FILE, PACKED})
        for directory in sorted(places):
            parts = directory.relative_to(self._folder).parts or (self._folder.resolve().name,)
            name = _UNFIT.sub("_", "-".join(parts))[-LONGEST_NAME:]
            if name not in known:
                known.add(name)
                yield Shelved(name, directory)
            else:
                self._clashing[name] = f"two runs would be called {name}: the second is in {directory}"

    def refresh(self) -> None:
        """Take in what has come since: journals as far as they are written, files, signatures."""
        self._found = {run.name: run for run in self.runs()}
        for run in self._found.values():
            files = _files(run.directory, TAKEN)
            if self._taken.get(run.name) == files:
                continue
            self._failed.pop(run.name, None)
            try:
                self._take_in(run)
                self._certify(run)
            except Exception as error:
                # What anybody wrote keeps nothing else from being shown.
                log.info("%s can't be taken in", run.directory, exc_info=True)
                self._failed[run.name] = str(error) or type(error).__name__
            self._taken[run.name] = files

    def evaluate(self) -> None:
        """Compute the records of complete runs that were not computed yet, from their journals."""
        with self._evaluating:
            for run in self._found.values():
                row = self.store.journals.find(HERE, run.name)
                if row is None or row.state not in COMPLETE:
                    continue
                of = (row.head, _files(run.directory, [JSON_NAME]))
                if of != self._evaluated.get(run.name):
                    self._evaluate(run, row.head)
                    self._evaluated[run.name] = of

    def directory(self, run: str) -> Path:
        """Return where a run lies (`ConfigurationError` if there is none of this name)."""
        if (found := self._found.get(run)) is None:
            raise ConfigurationError(f"there is no run {run} in {self._folder}")
        return found.directory

    def order(self, run: str) -> Order:
        """Return what a run's journal says was ordered (`JournalBroken`: it says nothing of the kind)."""
        try:
            return start_of(json.loads(self.store.journals.first_line(HERE, run))["data"]).order
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise JournalBroken(f"the journal of {run} begins with no order: {error}") from None

    def _take_in(self, run: Shelved) -> None:
        """Take in what has come of a journal (`EvidenceError`: it was changed, and the pages say so)."""
        try:
            take_in(self.store, HERE, run.name, run.directory)
        except EvidenceError as error:
            self.store.journals.note_failed(HERE, run.name, str(error))
            raise

    def _certify(self, run: Shelved) -> None:
        """Take in the certificates that lie beside a journal, as far as they are signed."""
        signed = {(one.device, one.duty) for one in self.store.signings.of_runs([(HERE, run.name)])}
        for xml in (run.directory / XML_NAME, *sorted(run.directory.glob(f"{APART}/*/{XML_NAME}"))):
            if xml.is_file():
                for signing in self._signings(run, xml):
                    if (signing.device, signing.duty) not in signed:
                        self.store.signings.add(signing)

    def _evaluate(self, run: Shelved, head: str) -> None:
        """Compute a run's record, and hold it against the one that lies beside the journal."""
        try:
            row = RecordRow(HERE, run.name, head, "", *self._computed(run.directory), time.time())
        except Exception as error:
            # A procedure of anybody's evaluates what anybody wrote.
            log.info("the record of %s can't be computed", run.directory, exc_info=True)
            self.store.journals.note_failed(HERE, run.name, str(error) or type(error).__name__)
        else:
            self.store.records.put(row)

    def _computed(self, directory: Path) -> tuple[str, bool]:
        """Return the record of a run in JSON, and whether it says what the one beside the journal says."""
        evidence = gather(JournalReader.at(directory), beside(directory))
        used = evidence.procedure
        given = None if is_installed(used.name) else self._given.get(Path(used.name).name)
        record = evaluate(evidence, find_followed(used.name, used.sha256, given)).to_json()
        stated = directory / JSON_NAME
        if not stated.exists():
            return record, True
        return record, Record.from_json(read_plain(stated, LARGEST_FILE)).to_json() == record

    def _check_its_own(self, run: Shelved, record: Record, path: Path) -> None:
        """Raise `EvidenceError` unless a certificate was computed from the journal that it lies beside."""
        evidence = record.evidence
        if evidence is not None:
            last = evidence.lines
            with self.store.journals.opened(HERE, run.name, [(last, last)]) as lines:
                found = [ending(line[:-1]) for line in lines]
            if any(line is not None and line.hash == evidence.journal_hash for line in found):
                return
        raise EvidenceError(f"the certificate {record.number} in {path} rests on another journal")

    def _signings(self, run: Shelved, path: Path) -> Iterator[SigningRow]:
        """Yield a certificate under each of its signatures."""
        xml = read_plain(path, LARGEST_FILE)
        signatures = read_signatures(xml)
        if not signatures:
            return
        record = read(signatures[-1].content)
        self._check_its_own(run, record, path)
        number = record.number
        device = next((id_ for id_, its in self.order(run.name).numbers.items() if same(its, number)), "")
        printed = path.with_name(PDF_NAME)
        for signature in signatures:
            issued = signature.duty == "issued"
            yield SigningRow(
                HERE,
                run.name,
                signature.duty,
                signature.name,
                path.stat().st_mtime if signature.at is None else signature.at.timestamp(),
                xml,
                read_plain(printed, LARGEST_FILE) if issued and printed.is_file() else None,
                number if issued else None,
                device,
            )


@contextmanager
def shelf(folder: Path, procedures: Sequence[Path] = ()) -> Iterator[Shelf]:
    """Give what lies in a folder, taken in, while the context lasts; errors as `Shelf`."""
    with TemporaryDirectory(prefix="remotecal-shelf-") as kept:
        made = Shelf(folder, f"sqlite:///{Path(kept) / 'shelf.sqlite'}", procedures)
        try:
            made.refresh()
            yield made
        finally:
            made.store.close()


def take_in(store: Store, station: str, run: str, directory: Path) -> None:
    """Take in a journal's new lines, at the times they tell, and the files they name (errors as `append`)."""
    first = store.journals.committed(station, run) + 1
    with opened_lines(found_in(directory)) as opened:
        new = takewhile(lambda line: line.endswith(b"\n"), islice(opened, first - 1, None))
        whole = (line[:-1] for line in new)
        while lines := list(islice(whole, 1 if first == 1 else TOGETHER)):
            store.journals.append(station, run, first, lines, _at(lines[-1]))
            first += len(lines)
    for file in store.files.list(station, run):
        if not file.complete:
            with suppress(FileMissing):
                store.files.take(station, run, file.file.sha256, 0, read_file(file.file, directory))


def _files(directory: Path, names: Iterable[str]) -> Files:
    """Return what of some files in a directory tells that they are others than before."""
    found: list[tuple[Path, int, int]] = []
    for path in (path for name in names for path in directory.glob(name)):
        with suppress(OSError):
            told = path.stat()
            found.append((path, told.st_mtime_ns, told.st_size))
    return frozenset(found)


def _at(line: bytes) -> float:
    try:
        return seconds(str(json.loads(line)["at"]))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise JournalBroken(f"a line is no event of a journal: {error}") from None
