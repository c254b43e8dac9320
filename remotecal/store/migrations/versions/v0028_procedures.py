"""Procedures are counted by their full names, whatever old orders and journals call them."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

FULL = {
    "balance_by_substitution": "flow.balance_by_substitution",
    "calculator": "heat.calculator",
    "clamp_on_returned": "flow.clamp_on_returned",
    "complete": "heat.complete",
    "dead_weight": "pressure.dead_weight",
    "densitometer": "density.densitometer",
    "diverter": "flow.diverter",
    "gas_pycnometer": "density.gas_pycnometer",
    "gauge": "pressure.gauge",
    "heat_flow_sensors": "flow.heat_flow_sensors",
    "hydrometer": "density.hydrometer",
    "meter_by_bell": "gas.meter_by_bell",
    "meter_by_clamp_on": "flow.meter_by_clamp_on",
    "meter_by_masters": "gas_loop.meter_by_masters",
    "meter_by_nozzles": "gas.meter_by_nozzles",
    "nozzle_by_bell": "gas.nozzle_by_bell",
    "nozzle_by_pvtt": "gas.nozzle_by_pvtt",
    "on_line": "density.on_line",
    "pair": "heat.pair",
    "pipe_volume": "flow.pipe_volume",
    "solid": "density.solid",
    "transmitter": "pressure.transmitter",
    "ultrasonic_dry": "flow.ultrasonic_dry",
    "vibrating_tube": "density.vibrating_tube",
    "volume_converter": "converter.volume_converter",
    "water_bench": "flow.water_bench",
    "water_density": "flow.water_density",
    "water_gravimetric": "flow.water_gravimetric",
    "water_master_meter": "flow.water_master_meter",
    "water_parallel_masters": "flow.water_parallel_masters",
    "water_prover": "flow.water_prover",
    "water_volumetric": "flow.water_volumetric",
}
"""Name without the folder → name with it, of all that could be called so when this version was made."""


def upgrade() -> None:
    """Call them so in the indexes that are grouped by them; sums of days are made anew."""
    for table in ("runs", "run_spreads", "run_steps"):
        named = sa.table(table, sa.column("procedure", sa.Text))
        full = sa.case(FULL, value=named.c.procedure)
        op.execute(named.update().where(named.c.procedure.in_(FULL)).values(procedure=full))
    op.execute(sa.table("work_days").delete())
