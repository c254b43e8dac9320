"""Who takes part in a run besides the instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.errors import ConfigurationError
from remotecal.journal.events import ON_SITE
from remotecal.journal.files import LARGEST, refusal
from remotecal.runs.control import Control

if TYPE_CHECKING:
    from remotecal.runs.prompts import Answerer
    from remotecal.runs.running import Watcher


@dataclass(frozen=True, slots=True)
class Company:
    """Who takes part in a run besides the instruments."""

    answers: Answerer
    """Answers the procedure's questions."""
    watchers: Sequence[Watcher] = ()
    """Are shown where the run is."""
    control: Control = field(default_factory=Control)
    """Stops and pauses the run."""
    by: str = ON_SITE
    """Who begins the run, or takes it up again."""
    files: Sequence[Path] = ()
    """Photos and other files to add to the evidence when the run begins, or is taken up again."""
    largest_file: int = LARGEST
    """Bytes a file may have that is added to the evidence."""

    def check_files(self) -> None:
        """Raise `ConfigurationError` if one of the files can't be taken."""
        faults = [fault for path in self.files if (fault := refusal(path, self.largest_file))]
        if faults:
            raise ConfigurationError("; ".join(faults))
