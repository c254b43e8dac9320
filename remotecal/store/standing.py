"""How a run stands by its journal: why it stopped, whether its rig is safe, who acted on site last.

This is an index, as `index` is: made of a journal's lines as they arrive, and anew by `hub reindex`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from remotecal.journal.chain import told_by
from remotecal.journal.events import is_on_site
from remotecal.store.tables import runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

LONGEST: Final = 500
"""Bytes of a text that are kept."""
STOPS: Final = frozenset({"interlock", "failure", "abort", "suspend"})
"""Kinds of events that say why a run stopped."""
BY: Final = frozenset({"answer", "control", "file", "resume"})
"""Kinds that say who acted."""
AT_WORK: Final = frozenset({"point", "repeat"})
"""Kinds with which a rig is at work: it is not in its safe state, and need not be."""
REACHED: Final = {True: "yes", False: "no", None: "nothing"}
"""What a journal says of the safe state → what is kept of it."""


@dataclass(slots=True)
class RunStanding:
    """How a run stands after some of its lines."""

    why: str = ""
    """Why it stopped, and why its rig is not safe; "" while neither is so."""
    why_line: int = 0
    """Number of the line that says so; 0 for none."""
    safe: str = ""
    """Whether its rig is in its safe state, see `REACHED`; "" at work, and as long as nobody knows."""
    on_site: str = ""
    """Who acted last of those on site, as journals name them; "" for nobody."""

    def take(self, kind: str, seq: int, line: bytes) -> None:
        """Go on with a line of the journal; one that is not of its kind's form tells nothing."""
        if kind in AT_WORK:
            self.safe = ""
        elif kind == "safe" or kind in STOPS or kind in BY:
            try:
                self._tell(kind, seq, told_by(line)["data"])
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                return

    def _tell(self, kind: str, seq: int, data: Mapping[str, Any]) -> None:
        if kind in STOPS:
            self.why, self.why_line, self.safe = fitting(str(data["text"])), seq, ""
        elif kind == "safe":
            self.safe = REACHED[data["reached"]]
            if self.safe == "no":
                said = str(data.get("text") or "")
                self.why = fitting("; ".join(filter(None, (self.why, said))))
                self.why_line = self.why_line or seq
        elif kind == "resume":
            self.why, self.why_line, self.safe = "", 0, ""
        if kind in BY and is_on_site(by := str(data.get("by") or "")):
            self.on_site = fitting(by)


def keep(connection: Connection, station: str, run: str, standing: RunStanding) -> None:
    """Enter how a run stands."""
    this = (runs.c.station == station) & (runs.c.run == run)
    connection.execute(runs.update().where(this).values(**asdict(standing)))


def fitting(text: str, longest: int = LONGEST) -> str:
    """Return a text of so many bytes at most, as any database takes it, whatever a station wrote."""
    clean = text.encode("utf-8", "replace").replace(b"\0", "\N{REPLACEMENT CHARACTER}".encode())
    if len(clean) <= longest:
        return clean.decode()
    return f"{clean[: longest - len('…'.encode())].decode(errors='ignore')}…"
