"""Faults one can give to a simulated instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from remotecal.sim.world import World

InstrumentFault = Literal["late", "cut", "garbled", "dead", "noisy", "drifting", "stuck"]
_NEVER_ENDING = -1


class InstrumentFaults:
    """`instrument.faults.set("late", 0.5, times=1)`, `instrument.faults.clear("late")`.

    late       replies come `size` s (of real time) late
    cut        only the first `size` bytes of a reply come
    garbled    bytes of a reply are flipped
    dead       no reply comes
    noisy      readings scatter with standard deviation `size`, in their unit
    drifting   readings move by `size` an hour, in their unit
    stuck      readings stay as they were

    `times` says for how many replies; without it a fault lasts until cleared.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._rng = world.random(f"{name} faults")
        self._sizes: dict[InstrumentFault, float] = {}
        self._left: dict[InstrumentFault, int] = {}
        self._since = 0.0
        self._kept: dict[str, float] = {}

    def set(self, fault: InstrumentFault, size: float = 0.0, *, times: int | None = None) -> None:
        """Make something fail.

        Raises:
            ConfigurationError: there is no such fault.
        """
        if fault not in get_args(InstrumentFault):
            raise ConfigurationError(f"there is no fault {fault!r}; there are {get_args(InstrumentFault)}")
        with self._world.present() as time:
            self._since = time
            self._kept.clear()
            self._left[fault] = _NEVER_ENDING if times is None else times
            self._sizes[fault] = size

    def clear(self, fault: InstrumentFault) -> None:
        """Repair it."""
        with self._world.lock:
            self._sizes.pop(fault, None)

    def distort(self, quantity: str, value: float) -> float:
        """Return what a faulty instrument indicates when a sound one would indicate `value`."""
        if not self._sizes:
            return value
        if self._strikes("stuck") is not None:
            return self._kept.setdefault(quantity, value)
        drift = self._strikes("drifting")
        if drift is not None:
            value += drift * (self._world.time - self._since) / 3600.0
        noise = self._strikes("noisy")
        if noise is not None:
            value += self._rng.gauss(0.0, noise)
        return value

    def spoil(self, frame: bytes) -> tuple[bytes | None, float]:
        """Return what becomes of a reply on the wire, and how many real seconds late it is."""
        if not self._sizes:
            return frame, 0.0
        with self._world.lock:
            late = self._strikes("late") or 0.0
            if self._strikes("dead") is not None:
                return None, late
            kept = self._strikes("cut")
            if kept is not None:
                frame = frame[: int(kept)]
            if self._strikes("garbled") is not None:
                frame = bytes(byte ^ 0xA5 for byte in frame[:-1]) + frame[-1:]
            return frame, late

    def _strikes(self, fault: InstrumentFault) -> float | None:
        """Return the size of a fault that is set, and count its use."""
        size = self._sizes.get(fault)
        if size is None:
            return None
        self._left[fault] -= 1
        if self._left[fault] == 0:
            del self._sizes[fault]
        return size
