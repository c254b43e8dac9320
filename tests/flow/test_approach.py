"""A flow is found wherever the pump starts from."""

import pytest

from remotecal.bench import Bench
from remotecal.drivers.capabilities import FlowSource, Valve, WaterRig
from remotecal.journal.writing import Journal
from remotecal.order import Order
from remotecal.runs.catalogue import find
from remotecal.runs.control import Control
from remotecal.runs.prompts import Scripted
from remotecal.runs.running import Running
from remotecal.sim.water.assemblies import water_rig


@pytest.mark.parametrize("flow", [31.0, 2.1])
def test_a_small_flow_is_found_from_rest_as_a_large_one_is(tmp_path, flow):
    with water_rig(tmp_path / "rig", seed=7) as rig, Journal.create(tmp_path / "run", rig.clock) as journal:
        order, bench = Order.load(rig.order), Bench.load(rig.bench)
        kind = find(order.order.procedure).procedure
        parameters = kind.accepts()(**{**order.parameters, "flows": (flow,)})
        with bench.open(rig.clock) as opened:
            needed = [role.name for role in kind.roles() if not role.optional]
            procedure = kind(parameters, {name: opened.role(name) for name in needed})
            controller, pump = opened.role("rig"), opened.role("pump")
            assert isinstance(controller, WaterRig)
            assert isinstance(pump, FlowSource)
            for valve in (controller.inlet, controller.outlet):
                valve.set(Valve.OPEN)
            controller.regulator.set(100.0)
            run = Running(opened, journal, Control(), Scripted())
            (point,) = procedure.points()
            began = rig.clock.now()
            procedure.approach(point, run)
            assert controller.flow.read().value == pytest.approx(flow, rel=0.03)
            assert rig.clock.now() - began < 300
