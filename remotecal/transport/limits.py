"""What stops a run, as a station tells it to whoever looks on."""

from remotecal.transport.versions import Informing


class LimitTold(Informing):
    """What stops a run."""

    above: float | None = None
    """It stops above this."""
    below: float | None = None
    """It stops below this."""
    unit: str
    """Unit of these."""
