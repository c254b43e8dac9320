"""The paper of a simulated rig: bench file, certificates of the standards, a work order."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.certificates.dcc import write
from remotecal.certificates.keeping import replace
from remotecal.model import Text
from remotecal.sim.certificates import AGE, VALIDITY, Standard, certificate

if TYPE_CHECKING:
    from remotecal.sim.water.outfit import Outfit
    from remotecal.sim.water.wiring import Place

TABLES = {
    "balance": Text(zh="质量", en="mass"),
    "line_thermometer": Text(zh="温度", en="temperature"),
    "barometer": Text(zh="气压", en="air pressure"),
    "air_thermometer": Text(zh="气温", en="air temperature"),
    "hygrometer": Text(zh="相对湿度", en="relative humidity"),
    "reference": Text(zh="流量", en="flow"),
    "ammeter": Text(zh="直流电流", en="direct current"),
}
"""What the tables of certificates are called, by the names of `outfit.CERTIFIED`."""

ITEMS = {
    "balance": Text(zh="电子秤", en="Weighing platform"),
    "thermometer": Text(zh="铂电阻测温仪", en="Platinum resistance thermometer"),
    "ambient": Text(zh="温湿度大气压变送器", en="Pressure, temperature and humidity transmitter"),
    "reference": Text(zh="标准质量流量计", en="Reference Coriolis meter"),
    "dut": Text(zh="数字多用表", en="Digital multimeter"),
}
"""What the certified instruments are called."""

WATCHED = (
    ("rig.level", "above", 95.0, "%"),
    ("rig.pressure", "above", 550.0, "kPa"),
    ("thermometer.temperature", "above", 35.0, "°C"),
)
"""The bench's interlocks."""


def write_paper(
    directory: Path,
    drawn: Outfit,
    places: dict[str, Place],
    addresses: dict[str, str],
    output: str,
    clock: str,
    today: date,
) -> None:
    """Write `bench.toml`, `order.toml` and the standards' certificates into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    certified = {name: place for name, place in places.items() if place.calibrated}
    for number, (name, place) in enumerate(certified.items(), 1):
        record = certificate(_standard(name, place, drawn), f"SIM-{today.year}-{number:03}", today)
        replace(directory / f"{name}.xml", write(record))
    bench = _bench(drawn, places, addresses, clock, today)
    (directory / "bench.toml").write_text(bench, encoding="utf-8")
    order = _order(drawn, output, today, gravimetric="balance" in places)
    (directory / "order.toml").write_text(order, encoding="utf-8")


def _standard(name: str, place: Place, drawn: Outfit) -> Standard:
    driver = place.simulated.driver
    tables = tuple((TABLES[part], drawn.certificates[part].stated) for part in place.calibrated)
    serial = place.serial or f"SIM-{name}"
    return Standard(ITEMS[name], driver.maker, driver.model, serial, tables)


def _bench(
    drawn: Outfit, places: dict[str, Place], addresses: dict[str, str], clock: str, today: date
) -> str:
    lines = [
        "[bench]",
        f"name = {_text(_rig_name(drawn, places))}",
        f"clock = {_text(clock)}",
        'time_zone = "UTC"',
    ]
    for name, place in places.items():
        lines += ["", f"[instruments.{name}]", f"driver = {_text(place.simulated.driver.__name__)}"]
        lines += [f"address = {_text(addresses[name])}"]
        if place.serial:
            lines += [f"serial = {_text(place.serial)}"]
        if place.calibrated:
            lines += [f"certificate = {_text(f'{name}.xml')}"]
        if place.settings:
            settings = ", ".join(f"{key} = {value}" for key, value in place.settings.items())
            lines += [f"settings = {{ {settings} }}"]
    lines += _characteristics(drawn, today, gravimetric="balance" in places)
    for watch, side, limit, unit in WATCHED:
        lines += ["", "[[interlocks]]", f"watch = {_text(watch)}", f"{side} = {limit}"]
        lines += [f"unit = {_text(unit)}", "every = 5.0"]
    lines += ["", "[heartbeat]", 'quantity = "rig.heartbeat"', "every = 2.0"]
    lines += ["", "[safe]", 'order = ["pump", "rig"]', "within = 20.0", ""]
    return "\n".join(lines)


def _characteristics(drawn: Outfit, today: date, *, gravimetric: bool) -> list[str]:
    """Return the facts of the rig; their true values lie within what is stated here."""
    between = "connecting_volume" if gravimetric else "meter_spacing"
    facts = {"connecting_volume": (between, "m3"), "water_density": ("water", "1")}
    if gravimetric:
        facts["diverter_correction"] = ("diverter", "s")
    lines: list[str] = []
    for name, (part, unit) in facts.items():
        stated = drawn.certificates[part].stated
        lines += _characteristic(name, stated.corrections[0], unit, stated.expanded[0], stated.k, today)
    if gravimetric:
        lines += _characteristic("balance_resolution", drawn.size.resolution, "kg", 0.0, 2.0, today)
    else:
        lines += _characteristic("reading_delay", 0.0, "s", 0.02, 2.0, today)
    return lines


def _characteristic(name: str, value: float, unit: str, expanded: float, k: float, today: date) -> list[str]:
    return [
        "",
        f"[characteristics.{name}]",
        f"value = {value!r}",
        f"unit = {_text(unit)}",
        f"expanded_uncertainty = {expanded!r}",
        f"k = {k!r}",
        'source = "characterisation of the simulated rig"',
        f"valid_until = {today - AGE + VALIDITY}",
    ]


def _order(drawn: Outfit, output: str, today: date, *, gravimetric: bool) -> str:
    size = drawn.size
    flows = [round(share * size.highest, 2) for share in (0.9, 0.7, 0.4, 0.2, 0.1, 0.06)]
    procedure = "water_gravimetric" if gravimetric else "water_master_meter"
    lines = [
        "[order]",
        f'number = "SIM-ORDER-{today.year}-0001"',
        f'certificate = "SIM-FLOW-{today.year}-0001"',
        f"procedure = {_text(procedure)}",
        'bench = "bench.toml"',
        "demonstration = true",
        "",
        "[parameters]",
        f"flows = {flows}",
        "repeats = 3",
        "duration = 40.0",
        "accuracy_class = 0.5",
    ]
    if output == "pulses":
        lines += [f"pulses_per_volume = {drawn.spec.dut.pulses!r}"]
    if output == "current":
        lines += [f"full_scale = {3600.0 * drawn.spec.dut.highest!r}"]
    if gravimetric:
        totals = output not in {"pulses", "current"}
        lines += [f"method = {_text('standing' if totals else 'flying')}"]
        lines += [f"smallest_mass = {0.8 * size.tank!r}", f"largest_mass = {0.9 * size.tank!r}"]
        lines += [f"empty = {0.001 * size.tank!r}"]
    elif output == "current":
        lines += ['method = "flying"']
    return "\n".join([*lines, "", _PARTIES])


_PARTIES = """[dut]
name = { zh = "电磁流量计", en = "Electromagnetic flow meter" }
maker = "Simulated"
model = "class 0.5"
serial = "SIM-0001"
class_scheme = "JJG 1033-2007"
class_name = "0.5"

[customer]
name = { zh = "示范水务有限公司", en = "Example Water Co. Ltd" }
address = { zh = "天津", en = "Tianjin" }

[laboratory]
name = { zh = "示范流量实验室", en = "Demonstration Flow Laboratory" }
address = { zh = "北京", en = "Beijing" }

[[persons]]
name = { zh = "模拟校准员", en = "Simulated operator" }
duty = "performed"

[[persons]]
name = { zh = "模拟核验员", en = "Simulated reviewer" }
duty = "reviewed"

[[persons]]
name = { zh = "模拟批准人", en = "Simulated approver" }
duty = "approved"
"""


def _rig_name(drawn: Outfit, places: dict[str, Place]) -> str:
    kind = "water rig with weigh tank" if "balance" in places else "water line with master meter"
    return f"simulated {kind}, up to {drawn.size.highest:g} m3/h"


def _text(text: str) -> str:
    """Write a TOML string; JSON's strings are TOML's."""
    return json.dumps(text, ensure_ascii=False)
