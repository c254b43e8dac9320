"""What trips the controller of a gas loop, and how it is brought to work."""

from remotecal.drivers.capabilities import LoopMode
from remotecal.drivers.rig.gas_loop import LoopTrip


def circulate(bench, opened):
    loop, blower = opened["loop"], opened["blower"]
    loop.setpoint.set(600.0)
    loop.slew.set(5.0)
    loop.mode.set(LoopMode.REGULATE)
    bench.clock.sleep(150.0)
    loop.opened.set(0b111)
    blower.speed.set(50)
    blower.start()
    bench.clock.sleep(60.0)


def over_pressure(bench, opened):
    opened["loop"].highest_pressure.set(500.0)


def over_temperature(bench, _):
    with bench.world.present():
        bench.rig.heat.gas = 46.0


def surge(bench, _):
    bench.rig.plc.stuck = 0b111


def gas_alarm(bench, _):
    bench.rig.gas_alarm = True


def no_cooling(bench, _):
    bench.rig.heat.cooled = False


def over_speed(_, opened):
    opened["loop"].opened.set(0b1)


WORK = {LoopTrip: circulate}
TRIPS = {
    LoopTrip: {
        "PRESSURE_HIGH": over_pressure,
        "TEMPERATURE_HIGH": over_temperature,
        "SURGE": surge,
        "GAS_ALARM": gas_alarm,
        "COOLER_FLOW_LOST": no_cooling,
        "MASTER_OVER_SPEED": over_speed,
    }
}
