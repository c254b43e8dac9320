"""Whatever the procedures for heat meters may be told, and whatever fact they ask for, changes something."""

from __future__ import annotations

from contextlib import contextmanager
from typing import ClassVar

from heeded import Heeded, Somebody

from remotecal.order import Order
from remotecal.sim.heat.assemblies import HeatBench
from remotecal.sim.heat.calculator_bench import CalculatorBench
from remotecal.sim.heat.complete_bench import CompleteBench

PAIR, CALCULATOR, COMPLETE = "heat.pair", "heat.calculator", "heat.complete"

JUDGED = {
    "norm": {"norm": "OIML R 75"},
    "rule": {"rule": "guard band U"},
    "coverage": {"coverage": 0.99},
    "coverage_factor": {"coverage_factor": 3.0},
    "lowest": {"lowest": 60.0},
    "highest": {"highest": 100.0},
    "smallest_difference": {"smallest_difference": 2.5},
}


def put_up(kind, **chosen):
    @contextmanager
    def up(folder):
        with kind.up(folder / "bench", **{"seed": 7, **chosen}) as bench:
            yield bench, Somebody(folder)

    return up


class TestHeat(Heeded):
    domain = "heat"
    benches: ClassVar = {
        # A pair whose error is worst somewhere between the ends of its range.
        PAIR: put_up(HeatBench, pairs=1, seed=20),
        CALCULATOR: put_up(CalculatorBench, calculators=1),
        COMPLETE: put_up(CompleteBench, meters=2),
    }
    quick: ClassVar = {
        PAIR: {"repeats": 3, "samples": 2, "duration": 10.0},
        CALCULATOR: {"repeats": 2, "packet": 500},
        COMPLETE: {
            "differences": [15.0],
            "flows": [0.5],
            "returns": [40.0],
            "repeats": 2,
            "duration": 100.0,
            "smallest_volume": 0.0,
        },
    }
    planned: ClassVar = {
        PAIR: {
            **JUDGED,
            "largest_difference": {"largest_difference": 90.0},
            "nominal": {"nominal": 100.5},
            "temperatures": {"temperatures": [10.0, 50.0, 121.0]},
            "differences": {"differences": [7.0]},
            "step": {"step": 7.0},
            "hot_return": {"hot_return": 20.0},
            "hot_difference": {"hot_difference": 1.0},
            "repeats": {"repeats": 4},
            "permitted": {"permitted": [0.1, 0.2]},
            "pair_norm": {"pair_norm": "GB/T 30121"},
            "medium": {"medium": "water"},
            "immersion": {"immersion": 200.0},
            "current": {"current": 0.5},
            "wires": {"wires": 2},
        },
        CALCULATOR: {
            **JUDGED,
            "largest_difference": {"largest_difference": 90.0},
            "nominal": {"nominal": 100.5},
            "side": {"side": "forward"},
            "pulses_per_volume": {"pulses_per_volume": 999.0},
            "pulses_per_energy": {"pulses_per_energy": 999.0},
            "differences": {"differences": [20.0]},
            "returns": {"differences": [20.0], "returns": [30.0]},
            "pressure": {"pressure": 1e6},
            "coefficient_limit": {"coefficient_limit": 0.001},
            "repeats": {"repeats": 3},
            "permitted": {"permitted": [0.01, 0.02]},
            "energy_resolution": {"energy_resolution": 0.1},
        },
        COMPLETE: {
            **JUDGED,
            "largest_difference": {"largest_difference": 14.0},
            "accuracy_class": {"accuracy_class": 3},
            "flow_permitted": {"flow_permitted": [1.5, 0.1]},
            "pair_permitted": {"pair_permitted": [0.1, 0.2]},
            "calculator_permitted": {"calculator_permitted": [0.01, 0.02]},
            "permanent": {"permanent": 3.0},
            "smallest_flow": {"smallest_flow": 0.6},
            "side": {"side": "forward"},
            "differences": {"differences": [16.0]},
            "flows": {"flows": [0.6]},
            "returns": {"returns": [41.0]},
            "pulses_per_energy": {"pulses_per_energy": 9999.0},
            "pressure": {"pressure": 1e6},
            "master_resolution": {"master_resolution": 1e-3},
            "coefficient_limit": {"coefficient_limit": 0.001},
            "repeats": {"repeats": 3},
            "pressure_loss": {"pressure_loss": 10.0},
            "found_apart": {"found_apart": [0.1]},
            "found_by": {"found_apart": [0.1], "found_by": ["F-1", "P-2", "C-3"]},
            "energy_resolution": {"energy_resolution": 0.1},
        },
    }
    run: ClassVar = {
        PAIR: {
            "samples": {"samples": 3},
            "duration": {"duration": 20.0},
            "rest": {"rest": 300.0},
            "steady": {"steady": 900.0},
            "drift": {"drift": 1e-9},
            "spread": {"spread": 1e-5},
            "patience": {"patience": 700.0},
            "plausible": {"plausible": 1e-4},
        },
        CALCULATOR: {
            "packet": {"packet": 600},
            "frequency": {"frequency": 40.0},
            "settling": {"settling": 90.0},
            "integration": {"integration": 60.0},
        },
        COMPLETE: {
            "duration": {"duration": 150.0},
            "smallest_volume": {"smallest_volume": 0.02},
            "full_flow": {"full_flow": 2.9},
            "flow_tolerance": {"flow_tolerance": 0.001},
            "coming_to_rest": {"coming_to_rest": 40.0},
            "rest": {"rest": 300.0},
            "steady": {"steady": 500.0},
            "drift": {"drift": 1e-9},
            "patience": {"patience": 700.0},
        },
    }
    shared = frozenset()
    # Of a display, which is not read on these benches.
    unused: ClassVar = {
        CALCULATOR: frozenset({"energy_resolution"}),
        COMPLETE: frozenset({"energy_resolution"}),
    }
    facts: ClassVar = {
        PAIR: ("uniformity", "stem_conduction", "self_heating", "cmc"),
        CALCULATOR: ("lead_resistance", "cmc"),
        COMPLETE: (
            "uniformity",
            "stem_conduction",
            "warmer_at_meter",
            "connecting_volume",
            "meter_spacing",
            "cmc",
        ),
    }

    @classmethod
    def ordered(cls, bench, name, changes):
        order = Order.load(bench.order)
        return order.model_copy(update={"parameters": {**order.parameters, **cls.quick[name], **changes}})
