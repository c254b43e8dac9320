"""What trips the controllers of water rigs."""

from remotecal.drivers.capabilities import Outlet
from remotecal.drivers.rig.branched import BranchTrip
from remotecal.drivers.rig.controller import Trip


def overfill(bench, opened):
    opened["rig"].diverter.set(Outlet.TANK)
    bench.clock.sleep(3600.0)


def over_pressure(bench, _):
    """A surge, as of a pump against a valve that shuts at once."""
    with bench.world.present():
        bench.rig.line.pressure = 7.0e5


def no_way_on(bench, _):
    """The same in the header of a large rig."""
    with bench.world.present():
        bench.rig.header = 9.0e5


def diverter_stuck(bench, opened):
    opened["rig"].diverter.set(Outlet.BYPASS)
    bench.clock.sleep(5.0)
    bench.rig.faults.set("diverter stuck")
    opened["rig"].diverter.set(Outlet.TANK)


WORK = {}
TRIPS = {
    Trip: {
        "TANK_LEVEL_HIGH": overfill,
        "LINE_PRESSURE_HIGH": over_pressure,
        "DIVERTER_FAULT": diverter_stuck,
    },
    BranchTrip: {"LINE_PRESSURE_HIGH": no_way_on},
}
