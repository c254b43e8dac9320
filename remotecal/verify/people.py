"""What people left in a journal: photos and other files, and what they did to the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remotecal.journal.files import check_file, named_files
from remotecal.verify.kept import kept_exchanges
from remotecal.verify.report import Checklist, Unable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remotecal.journal.events import Event


def examine_people(checks: Checklist, events: Sequence[Event], run: Path) -> None:
    """Check the files a journal names, and show who did what; nothing where there is none of it.

    Args:
        checks: takes the outcome.
        events: the journal's, its chain checked.
        run: the directory in which `files/` should be.
    """
    kinds = {event.kind for event in events}
    if "file" in kinds:
        checks.examine("files", lambda: _files(events, run), needed=True)
    if kinds & {"control", "answer"}:
        checks.examine("people", lambda: _acts(events), needed=False)


def _files(events: Sequence[Event], run: Path) -> str:
    files = named_files(events)
    missing = []
    for file in files:
        try:
            check_file(file, run)
        except FileNotFoundError:
            missing.append(f"{file.place} ({file.name})")
    if missing:
        raise Unable(f"the journal names {len(files)} files; not in {run}: {', '.join(missing)}")
    replies = {exchange.file for event in events for exchange in kept_exchanges(event)}
    told = [file for file in files if file.sha256 not in replies]
    said = [f"{file.name} ({file.about or 'no remark'}, by {file.by})" for file in told]
    if len(told) < len(files):
        said.append(f"{len(files) - len(told)} replies of instruments")
    return ", ".join(said)


def _acts(events: Sequence[Event]) -> str:
    """Return who did what, in its order."""
    said = []
    for event in events:
        if event.kind == "control":
            reason = event.data.get("reason")
            said.append(f"{event.data.get('by')}: {event.data.get('verb')}{f' ({reason})' if reason else ''}")
        elif event.kind == "answer":
            said.append(f"{event.data.get('by', 'somebody')}: answered {str(event.data.get('answer'))[:40]}")
    return "; ".join(said)
