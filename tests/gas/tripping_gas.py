"""What trips the controllers of benches that draw or collect gas, and how a bell is brought to work."""

from remotecal.drivers.capabilities import Valve
from remotecal.drivers.rig.bell_prover import BellTrip
from remotecal.drivers.rig.gas_tank import TankTrip


def blow(bench, opened):
    """Let the blower lift the bell, and the pump draw behind the nozzle."""
    opened["rig"].filling.set(Valve.OPEN)
    opened["rig"].regulator.set(50)
    for name in ("blower", "pump"):
        opened[name].speed.set(50)
        opened[name].start()
    bench.clock.sleep(5.0)


def fill_to_the_stop(bench, _):
    bench.clock.sleep(1200.0)


def fill_above_the_air(bench, _):
    with bench.world.present():
        bench.rig.held *= 1000


WORK = {BellTrip: blow}
TRIPS = {
    BellTrip: {"AT_A_STOP": fill_to_the_stop},
    TankTrip: {"TANK_PRESSURE_HIGH": fill_above_the_air},
}
