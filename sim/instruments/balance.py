"""A balance as an MT-SICS instrument, levels 0 and 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.sim.simulated_lines import Command, LineSimulated, Reply

if TYPE_CHECKING:
    from remotecal.sim.instruments.weighing import Platform
    from remotecal.sim.world import World


class SicsBalance(LineSimulated):
    """A balance with a weighing platform.

    Status letters: S stable, D dynamic, A executed, I not executable now (which also answers when
    the pan does not come to rest in time), + and - over- and underload, L wrong parameter. `ES`
    answers what it does not know, lower-case commands among it.
    """

    IGNORES_CASE: ClassVar[bool] = False
    LOOK = 0.5
    """Seconds between two looks at a pan that does not come to rest."""

    def __init__(
        self,
        world: World,
        platform: Platform,
        name: str = "balance",
        *,
        serial: str = "B512874411",
        patience: float = 40.0,
    ) -> None:
        """`patience` is how long `S`, `Z` and `T` wait for rest, in s (unverified: about 40 s)."""
        spec = platform.spec
        self._platform = platform
        self._serial = serial
        self._patience = patience
        self._decimals = len(f"{spec.resolution:.6f}".rstrip("0").partition(".")[2])
        model = f'I2 A "KC{spec.capacity:g} Platform {spec.capacity:.{self._decimals}f} kg"'
        commands: dict[str, Command] = {
            "@|I4": lambda _: f'I4 A "{serial}"',
            "I1": lambda _: 'I1 A "01" "2.30" "2.22" "" ""',
            "I2": lambda _: model,
            "I3": lambda _: 'I3 A "simulated"',
            "SI": lambda _: self._weighed(),
            "S": lambda _: self._at_rest(self._weighed, "S I"),
            "ZI": lambda _: self._zero("ZI S" if self._stable() else "ZI D"),
            "Z": lambda _: self._at_rest(lambda: self._zero("Z A"), "Z I"),
            "TI": lambda _: self._tare("TI S" if self._stable() else "TI D"),
            "T": lambda _: self._at_rest(lambda: self._tare("T S"), "T I"),
            "TA": lambda _: f"TA A {self._written(platform.tare)}",
            r"TA (.*)": self._preset_tare,
            "TAC": lambda _: self._preset_tare("0 kg") and "TAC A",
        }
        super().__init__(MettlerSics, world, name, commands=commands)

    def _stable(self) -> bool:
        return self._platform.stable(self.world.time)

    def _weighed(self) -> str:
        if self._platform.overloaded(self.world.time):
            return "S +"
        net = self.faults.distort("mass", self._platform.net(self.world.time))
        return f"S {'S' if self._stable() else 'D'} {self._written(net)}"

    def _zero(self, done: str) -> str:
        gross = self._platform.gross(self.world.time)
        # The zero-setting range of a weighing instrument: ±2 % of its capacity (OIML R 76-1, 4.5.1).
        if abs(gross) > 0.02 * self._platform.spec.capacity:
            return f"{done.split(maxsplit=1)[0]} {'+' if gross > 0 else '-'}"
        self._platform.tare = gross
        return done

    def _tare(self, done: str) -> str:
        self._platform.tare = self._platform.gross(self.world.time)
        return f"{done} {self._written(self._platform.tare)}"

    def _preset_tare(self, argument: str) -> str:
        number, _, unit = argument.partition(" ")
        try:
            tare = float(number)
        except ValueError:
            return "TA L"
        if unit != "kg" or "e" in number.lower() or not 0.0 <= tare <= self._platform.spec.capacity:
            return "TA L"
        self._platform.tare = tare
        return f"TA A {self._written(tare)}"

    def _at_rest(self, then: Callable[[], str], in_vain: str, waited: float = 0.0) -> Reply:
        """Answer by `then` once the pan is at rest, or by `in_vain` when patience ends."""
        if self._stable():
            return then()
        if waited >= self._patience:
            return in_vain
        return self.after(self.LOOK, lambda: self._at_rest(then, in_vain, waited + self.LOOK))

    def _written(self, mass: float) -> str:
        """Write a mass right-aligned in 10 characters, with its unit."""
        return f"{mass:10.{self._decimals}f} kg"

    def _unknown(self, line: str) -> Reply:
        return "ES"
