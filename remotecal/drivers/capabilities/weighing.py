"""What weighing instruments can do."""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, runtime_checkable

from remotecal.drivers.quantities import Reading


@runtime_checkable
class Balance(Protocol):
    """Indicates the mass of what stands on it."""

    mass: ClassVar[Annotated[Reading, "kg"]]
    """Indication at once, whether the pan is at rest or not."""
    settled_mass: ClassVar[Annotated[Reading, "kg"]]
    """Indication when the instrument itself finds it stable; may take its time."""
