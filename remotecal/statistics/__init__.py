"""Is the standard still what it was? Closure of a journey, and control charts of check standards."""

from remotecal.statistics.closure import Closure, Journey, close_journey
from remotecal.statistics.control_chart import ControlChart, check_before_run

__all__ = ["Closure", "ControlChart", "Journey", "check_before_run", "close_journey"]
