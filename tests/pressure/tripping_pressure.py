"""What brings a pressure bench beyond its limits."""


def run_away(bench):
    """Let the pressure go where nobody told it to."""
    with bench.world.present():
        bench.line.control(1.15 * bench.device.spec.full, bench.device.spec.full)


WORK, TRIPS = {}, {}
BEYOND = {"pressure-bench": {"controller.pressure": run_away}}
