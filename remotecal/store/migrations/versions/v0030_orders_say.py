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
    "words": "names of both by all languages, a line each",
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
LONGEST = 400
LANGUAGES = ("zh", "en", "")


def upgrade() -> None:
    """Make the columns, fill them, and make their indexes; what is no order as it was signed stays empty."""
    numbered = sa.Column("number", sa.BigInteger, comment="of the item in the register, where it is one")
    op.add_column("requests", numbered)
    *names, last = COLUMNS
    for name in names:
        op.add_column("orders", sa.Column(name, sa.Text, comment=COLUMNS[name]))
    op.add_column("orders", sa.Column("devices", sa.Integer, comment="how many it is for"))
    op.add_column("orders", sa.Column(last, sa.Text, comment=COLUMNS[last]))
    _fill()
    op.create_index("ix_orders_procedure_issued_id", "orders", ["procedure", "issued", "id"])
    op.create_index("ix_orders_words", "orders", ["words", "id"])


def _fill() -> None:
    told = (sa.column(name, sa.Text) for name in COLUMNS)
    orders = sa.table(
        "orders",
        sa.column("id", sa.Text),
        sa.column("envelope", sa.LargeBinary),
        sa.column("bench", sa.Text),
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
        customer, device = _in_short(order["customer"]["name"]), _in_short(devices[0]["name"])
        return {
            "bench": content["bench"],
            "procedure": FULL.get(called, called),
            "customer": json.dumps(customer, ensure_ascii=False),
            "device": json.dumps(device, ensure_ascii=False),
            "serial": devices[0].get("serial") or devices[0].get("owner_number") or "",
            "devices": len(devices),
            "words": "\n".join((*customer.values(), *device.values())),
        }
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def _in_short(words: dict[str, Any]) -> dict[str, str]:
    known = {language: words[language] for language in LANGUAGES if language in words}
    some = known or dict(list(words.items())[:2])
    return {language: _fitting(said) for language, said in sorted(some.items())}


def _fitting(text: str) -> str:
    clean = text.encode("utf-8", "replace").replace(b"\0", "\N{REPLACEMENT CHARACTER}".encode())
    if len(clean) <= LONGEST:
        return clean.decode()
    return f"{clean[: LONGEST - len('…'.encode())].decode(errors='ignore')}…"
