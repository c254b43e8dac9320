"""Instruments on Modbus that tell, in a register, in which order they send the bytes of a float."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.errors import WrongInstrument

if TYPE_CHECKING:
    from remotecal.drivers.instrument import Identity
    from remotecal.drivers.links.wire import Order


class TellsOrder(ModbusInstrument):
    """An instrument that is read in the order it sends, or refused."""

    @abstractmethod
    def told_order(self) -> Order:
        """Ask for the order that floats are sent in."""

    def check(self) -> Identity:
        """Check who answers, then that floats come in the order they are read in."""
        identity = super().check()
        told = self.told_order()
        if told != self.layout.order:
            raise WrongInstrument(
                f"{self.name} sends floats in the order {told}, they are read as {self.layout.order}: "
                f'state order = "{told}" in the bench file'
            )
        return identity
