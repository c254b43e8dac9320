"""How benches for heat meters are brought to work, under the guard that supplies baths and pump."""

from remotecal.drivers.capabilities import FlowSource, HeatSource
from remotecal.drivers.rig.power_guard import GuardTrip, Supply


def heat(_, opened):
    opened["guard"].heartbeat.set(1)
    opened["guard"].supply.set(Supply.ON)
    for instrument in opened.values():
        if isinstance(instrument, HeatSource):
            instrument.setpoint.set(60.0)
            instrument.start()
        if isinstance(instrument, FlowSource):
            instrument.speed.set(50)
            instrument.start()


WORK = {GuardTrip: heat}
TRIPS = {}
