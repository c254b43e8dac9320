"""What brings a converter's bench beyond its limits."""


def run_away(bench):
    """Let the pressure go where nobody told it to."""
    with bench.world.present():
        bench.line.control(1150.0, 1000.0)


WORK, TRIPS = {}, {}
BEYOND = {"converter": {"controller.pressure": run_away}}
