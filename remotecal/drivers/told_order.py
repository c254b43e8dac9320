"""Instruments on Modbus that tell, in a register, in which order they send the bytes of a float."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from remotecal.drivers.modbus_instrument import ModbusInstrument
from remotecal.errors import WrongInstrument

if TYPE_CHECKING:
    from remotecal.drivers.links.wire import Order


class TellsOrder(ModbusInstrument):
    """An instrument that is read in the order it sends, or refused."""

    @abstractmethod
    def told_order(self) -> Order:
        """Ask for the order that floats are sent in."""

    def check_setup(self) -> None:
        """See that it is set up as expected, and sends floats in the order they are read in."""
        super().check_setup()
        told = self.told_order()
        if told != self.layout.order:
            raise WrongInstrument(
                f"{self.name} sends floats in the order {told}, they are read as {self.layout.order}: "
                f'state order = "{told}" in the bench file'
            )
