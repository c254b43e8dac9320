"""A gravimetric calibration worked once more by hand."""

import numpy as np
import pytest

from remotecal.bench import Bench
from remotecal.fluids.air import air_density
from remotecal.fluids.water import water_density_tanaka
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.company import Company
from remotecal.runs.execute import execute
from remotecal.runs.prompts import Scripted
from remotecal.runs.record import evaluate
from remotecal.sim.water.assemblies import CoriolisRig, water_rig


def interpolated(certificate, value):
    """Return the error of indication at `value`, by numpy rather than by our own interpolation."""
    tables = [table for table in certificate.record.tables if table.column("basic_measurementError")]
    table = next(t for t in tables if t.column("basic_measurementError").unit == value.unit)
    places = table.column("basic_measuredValue").floats()
    return float(np.interp(value.value, places, table.column("basic_measurementError").floats()))


@pytest.mark.parametrize("put_up", [water_rig, CoriolisRig.up])
def test_the_first_error_follows_from_the_replies_by_hand(tmp_path, put_up):
    """ISO 4185's chain, written out once more from the observations, without the product's evaluation."""
    with put_up(tmp_path / "rig") as rig:
        order = Order.load(rig.order)
        one = {**order.parameters, "flows": order.parameters["flows"][:1]}
        found, order = find(order.order.procedure), order.model_copy(update={"parameters": one})
        bench = Bench.load(rig.bench)
        evidence = execute(order, found, bench, tmp_path / "run", Company(Scripted()), rig.clock)
    first = [entry for entry in evidence.observations if entry.point.name == evidence.points[0].name]
    certificates = {role: used.certificate for role, used in evidence.certificates.items()}
    facts = {name: fact.value for name, fact in evidence.characteristics.items()}

    def corrected(role, value):
        return value.value - interpolated(certificates[role], value)

    errors = []
    for entry in first:
        values = entry.values
        balance = [corrected("balance", values[name]) for name in ("mass_before", "mass_after")]
        air = [corrected("ambient", values[name].to(unit)) for name, unit in
               (("air_temperature", "°C"), ("air_pressure", "Pa"), ("humidity", "%"))]  # fmt: skip
        gauge = np.mean([reading.to("Pa").value for reading in values["pressure"]])
        waters = [corrected("thermometer", reading) for reading in values["temperature"]]

        def water(temperature, pressure=gauge + air[1]):
            return water_density_tanaka(temperature, pressure) * (1 + facts["water_density"])

        density = water(corrected("thermometer", values["temperature"][0]._replace(
            value=np.mean([reading.value for reading in values["temperature"]]))))  # fmt: skip
        buoyancy = (1 - air_density(air[0], air[1], air[2] / 100) / 8000) / (
            1 - air_density(air[0], air[1], air[2] / 100) / density
        )
        mass = (balance[1] - balance[0]) * buoyancy
        weighing = values["mass_after"].at - values["mass_before"].at
        mass += (facts["tank_evaporation"] * weighing + facts["tank_splash"]) / 2
        mass += facts["connecting_volume"] * (water(waters[-1]) - water(waters[0]))
        time = values["time"].value
        passed = mass * time / (time + facts["diverter_correction"])
        if put_up is water_rig:
            indicated = values["pulses"].value / evidence.parameters["pulses_per_volume"] * density
        else:
            indicated = values["pulses"].value / evidence.parameters["pulses_per_mass"]
        errors.append(100 * (indicated / passed - 1))
    record = evaluate(evidence, found)
    printed = record.tables[0].column("basic_measurementError").values[0]
    assert f"{np.mean(errors):.{len(printed.partition('.')[2])}f}" == printed
