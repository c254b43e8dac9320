"""What signed orders say is copied beside them, for lists; requests of customers name their items."""

import base64
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

COLUMNS = {
    "procedure": "full name of its procedure",
    "customer": "name by language, JSON",
    "device": "what it is for, the first of several, by language, JSON",
    "serial": "that one's number, the maker's or else its owner's",
}
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
"""Name without the folder → with it, of procedures that older orders call so."""
LONGEST = 200
LANGUAGES = ("zh", "en", "")


def upgrade() -> None:
    """Make the columns and their indexes, and fill them; what is no order as it was signed stays empty."""
    numbered = sa.Column("number", sa.BigInteger, comment="of the item in the register, where it is one")
    op.add_column("requests", numbered)
    for name, comment in COLUMNS.items():
        op.add_column("orders", sa.Column(name, sa.Text, comment=comment))
    op.add_column("orders", sa.Column("devices", sa.Integer, comment="how many it is for"))
    op.create_index("ix_orders_procedure_issued_id", "orders", ["procedure", "issued", "id"])
    op.create_index("ix_orders_words", "orders", ["customer", "device", "id"])
    told = (sa.column(name, sa.Text) for name in COLUMNS)
    orders = sa.table(
        "orders",
        sa.column("id", sa.Text),
        sa.column("envelope", sa.LargeBinary),
        *told,
        sa.column("devices", sa.Integer),
    )
    connection = op.get_bind()
    for order in connection.execute(sa.select(orders.c.id)).scalars().all():
        this = orders.c.id == order
        said = _says(connection.execute(sa.select(orders.c.envelope).where(this)).scalar_one())
        if said:
            connection.execute(orders.update().where(this).values(**said))


def _says(envelope: bytes) -> dict[str, object]:
    """Return column → what the order in an envelope says; nothing if it is none."""
    try:
        content = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
        order = content["order"]
        devices = [order["dut"]] if order.get("dut") else order["duts"]
        called = content["procedure"]["name"]
        return {
            "procedure": FULL.get(called, called),
            "customer": _in_short(order["customer"]["name"]),
            "device": _in_short(devices[0]["name"]),
            "serial": devices[0].get("serial") or devices[0].get("owner_number") or "",
            "devices": len(devices),
        }
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def _in_short(words: dict[str, Any]) -> str:
    known = {language: words[language] for language in LANGUAGES if language in words}
    some = known or dict(list(words.items())[:2])
    return json.dumps(
        {language: said[:LONGEST] for language, said in some.items()}, ensure_ascii=False, sort_keys=True
    )
