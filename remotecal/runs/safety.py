"""Making a rig safe at both ends of a run: by its wires, and by the person on site where these don't reach.

What is not known to be safe is never said to be. There are three outcomes: it is safe; it is not, or nobody
knows; and there was nothing that could be made safe.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remotecal.drivers.shown import DONE, NOT_POSSIBLE
from remotecal.errors import RemotecalError, RunError, SafeStateNotReached

if TYPE_CHECKING:
    from remotecal.journal.events import Json
    from remotecal.model import Text
    from remotecal.open_bench import OpenBench

PATIENCE = 600.0
"""Seconds a person on site has to confirm that a rig is safe once its run has ended."""

NOTHING = "nothing on this bench can be made safe by remotecal: see to the rig yourself"
"""What is said where no instrument has a safe state, and nobody is asked for one."""

Ask = Callable[[], str]
"""Asks the person on site for the safe step; raises where nobody answers."""

OPTIONS = (NOT_POSSIBLE, DONE)
"""What they may answer. A script that takes the first option has looked at nothing, and confirms nothing."""


@dataclass(frozen=True, slots=True)
class Safety:
    """How a rig was made safe."""

    unsafe: SafeStateNotReached | None
    """Why it is not, or is not known to be."""
    nothing: bool
    """Whether there was nothing that could be made safe."""
    seconds: float
    """How long it took."""

    def written(self) -> Mapping[str, Json]:
        """Return what the journal says of it."""
        reached = None if self.nothing else self.unsafe is None
        told: dict[str, Json] = {"reached": reached, "seconds": round(self.seconds, 6)}
        if self.nothing or self.unsafe is not None:
            told["text"] = str(self.unsafe or NOTHING)
        return told


def make_safe(opened: OpenBench, step: Text | None, ask: Ask | None) -> Safety:
    """Bring a bench to its safe state, first what has a wire, then what the person on site must do.

    Args:
        opened: the bench.
        step: what the person must do, by the procedure (`Procedure.safe_by_hand`).
        ask: asks them; None where nobody can be asked.
    """
    began, said = time.monotonic(), []
    try:
        opened.make_safe()
    except SafeStateNotReached as failure:
        said.append(str(failure))
    if step is not None:
        said += filter(None, [_by_hand(step, ask)])
    unsafe = SafeStateNotReached("; ".join(said)) if said else None
    nothing = step is None and not opened.can_be_made_safe
    return Safety(unsafe, nothing, time.monotonic() - began)


def _by_hand(step: Text, ask: Ask | None) -> str:
    """Return why it is not safe, or not known to be, by what the person did; "" if it is."""
    called = step.get("en").removesuffix(".")
    called = called[:1].lower() + called[1:]
    unknown = f"it is not known whether the rig is safe: go and look at it, {called}"
    if ask is None:
        return f"{unknown}; nobody is asked here"
    try:
        answer = ask()
    except RemotecalError as failure:
        return f"{unknown}; nobody confirmed it: {failure}"
    if answer == DONE:
        return ""
    return f"the rig is not safe: go and look at it; who was asked, {called}, says that it is not possible"


class Patience:
    """Gives up a question at the end of a run once nobody has answered it for `PATIENCE` seconds."""

    def __init__(self) -> None:
        self._until = time.monotonic() + PATIENCE

    def look(self) -> None:
        """Raise `RunError` once nobody is waited for any more."""
        if time.monotonic() >= self._until:
            raise RunError(f"no answer came within {PATIENCE:g} s")
