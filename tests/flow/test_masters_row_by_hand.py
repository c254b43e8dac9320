"""A row of a certificate against master meters in parallel, worked once more by hand: error and budget."""

import numpy as np
import pytest
from short_runs import ShortRuns, record

from remotecal.fluids.water import water_density_tanaka
from remotecal.sim.large_water.assemblies import LargeWater

RUNNING = (1, 2)
"""Masters that run at 840 m³/h."""


def table_of(certificate):
    """Return places, errors and standard uncertainties that a certificate states, as arrays."""
    errors = next(e for t in certificate.record.tables if (e := t.column("basic_measurementError")))
    table = next(t for t in certificate.record.tables if t.column("basic_measurementError") is errors)
    places = table.column("basic_measuredValue").floats()
    return places, errors.floats(), np.array(errors.uncertainty.expanded, float) / 2


def shared_by(certificate):
    """Return the standard uncertainty of what a master shares with the others of its laboratory."""
    column = next(c for t in certificate.record.tables if (c := t.column("remotecal_commonDeviation")))
    return float(column.uncertainty.expanded[0]) / 2


def mean(readings, unit):
    return np.mean([reading.to(unit).value for reading in readings])


def test_a_row_follows_from_the_readings_and_the_certificates(tmp_path):
    """What two masters of one laboratory share counts once and whole, what is each one's own by its flow."""
    with LargeWater.up(tmp_path / "bench", seed=7) as bench:
        evidence = ShortRuns().calibrate(bench, flows=[840.0], repeats=3, duration=30.0, fewest_pulses=1000)
    certificates = {role: used.certificate for role, used in evidence.certificates.items()}
    facts = {name: fact.value for name, fact in evidence.characteristics.items()}

    def right(role, value):
        places, errors, _ = table_of(certificates[role])
        return value - np.interp(value, places, errors)

    def counted(values, number):
        before, after = values["masters_before"][number - 1], values["masters_after"][number - 1]
        return after.to("m3").value - before.to("m3").value, after.at - before.at

    def flow(number):
        each = [np.divide(*counted(entry.values, number)) * 3600 for entry in evidence.observations]
        return np.mean(each)

    flows, errors = {number: flow(number) for number in RUNNING}, []
    for entry in evidence.observations:
        values = entry.values
        air = values["air_pressure"].to("Pa").value
        air = right("ambient", air)

        def water(role, temperatures, pressures, air=air):
            absolute = air + mean(pressures, "Pa")
            told = right(role, mean(temperatures, "°C"))
            return water_density_tanaka(told, absolute) * (1 + facts["water_density"]), told

        def held(at, values=values, water=water):
            """Return density and stretch of what is in the pipe at one end of the repeat."""
            r, t_r = water(
                "master_thermometer", [values["master_temperature"][at]], [values["header_pressure"][at]]
            )
            m, t_m = water("thermometer", [values["temperature"][at]], [values["pressure"][at]])
            gauge = (mean([values["header_pressure"][at]], "Pa") + mean([values["pressure"][at]], "Pa")) / 2
            wider = 3 * facts["pipe_expansion"] * (t_r + t_m) / 2 + facts["pipe_stretch"] * gauge
            return (r + m) / 2, wider

        at_masters, _ = water("master_thermometer", values["master_temperature"], values["header_pressure"])
        at_meter, _ = water("thermometer", values["temperature"], values["pressure"])
        took = values["pulses_after"].at - values["pulses_before"].at
        passed = 0.0
        for number in RUNNING:
            places, stated, _ = table_of(certificates[f"masters[{number}]"])
            volume, its_time = counted(values, number)
            passed += volume * took / its_time / (1 + np.interp(flows[number], places, stated))
        (dense, wide), (denser, wider) = held(0), held(-1)
        stored = facts["connecting_volume"] * (denser - dense + denser * (wider - wide))
        reference = (passed * at_masters - stored) / at_meter
        pulses = values["pulses_after"].value - values["pulses_before"].value
        errors.append(100 * (pulses / evidence.parameters["pulses_per_volume"] / reference - 1))

    shares = {number: flows[number] / sum(flows.values()) for number in RUNNING}
    common = sum(shares[n] * shared_by(certificates[f"masters[{n}]"]) for n in RUNNING)
    own = []
    for number in RUNNING:
        certificate = certificates[f"masters[{number}]"]
        places, _, whole = table_of(certificate)
        alone = np.sqrt(np.interp(flows[number], places, whole) ** 2 - shared_by(certificate) ** 2)
        own.append(shares[number] * alone)
    leak = evidence.parameters["leak_share"] * 840.0 / np.sqrt(3) / sum(flows.values())
    scatter = np.std(errors, ddof=1) / np.sqrt(len(errors))
    u = np.sqrt(scatter**2 + 1e4 * (common**2 + np.sum(np.square(own)) + leak**2))
    (budget,) = record(evidence).measurements[0].budgets
    lines = {line.symbol: float(line.contribution) for line in budget.lines}
    assert float(budget.value) == pytest.approx(np.mean(errors), abs=0.0051)
    assert lines["E_rep"] == pytest.approx(scatter, abs=0.00051)
    assert lines["δ_e1"] == pytest.approx(100 * common, abs=0.00051)
    assert lines["q_l"] == pytest.approx(100 * leak, abs=0.00051)
    for number, alone in zip(RUNNING, own, strict=True):  # it has the bend between certified points besides
        assert 0.99 < lines[f"e_{number}"] / (100 * alone) < 1.08
    assert float(budget.u) == pytest.approx(u, abs=0.006)
    assert float(budget.expanded) == pytest.approx(float(budget.k) * u, abs=0.006)
    assert 100 * common == pytest.approx(0.09)  # as large as one master's alone
