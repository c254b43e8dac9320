"""The catalogue of drivers, those of other packages included, and what the command prints of it."""

import io
import subprocess
import sys
from importlib.metadata import EntryPoints
from pathlib import Path

import pytest
from rich.console import Console

from remotecal.cli.drivers import list_drivers, show_driver
from remotecal.drivers import catalogue
from remotecal.drivers.mettler.sics import MettlerSics
from remotecal.errors import BenchError

PLUGIN = '''
from remotecal.drivers.accuracy import UNSTATED
from remotecal.drivers.capabilities import FlowMeter
from remotecal.drivers.codecs import scpi
from remotecal.drivers.line_instrument import ScpiInstrument
from remotecal.drivers.quantities import Reading


class Sable540(ScpiInstrument, FlowMeter):
    """Laminar-flow reference."""

    maker = "Sable"
    model = "540"

    flow = Reading(scpi("MEASure:FLOW"), "L/min", span=(0.5, 50), accuracy=UNSTATED)
    """Volume flow."""


not_a_driver = 3
'''

ENTRY_POINTS = """
[remotecal.drivers]
Sable540 = sable_drivers:Sable540
Broken1 = sable_drivers:Missing
Broken2 = no_such_module:Driver
Number = sable_drivers:not_a_driver
MettlerSics = sable_drivers:Sable540
"""


@pytest.fixture
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with drivers, good and broken, is installed."""
    (tmp_path / "sable_drivers.py").write_text(PLUGIN, encoding="utf-8")
    about = tmp_path / "sable_drivers-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sable-drivers\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sable_drivers", raising=False)


def shown(width: int, *names: str) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width)
    for name in names:
        show_driver(name, console)
    if not names:
        list_drivers(console)
    return out.getvalue()


def test_shipped_drivers_are_found_by_name() -> None:
    assert list(catalogue.drivers()) == sorted(catalogue.SHIPPED)
    assert catalogue.driver("MettlerSics") is MettlerSics
    assert catalogue.broken() == {}


def test_unknown_driver_comes_with_near_names() -> None:
    with pytest.raises(BenchError, match="no driver 'Metler': did you mean MettlerSics"):
        catalogue.driver("Metler")
    with pytest.raises(BenchError, match="Promass83 or Promag53"):
        catalogue.driver("promass")
    with pytest.raises(BenchError, match="`remotecal drivers` lists them"):
        catalogue.driver("xyzzy")


@pytest.mark.usefixtures("_plugin")
def test_drivers_of_other_packages_are_found_and_broken_ones_reported() -> None:
    assert set(catalogue.drivers()) == {*catalogue.SHIPPED, "Sable540"}
    assert catalogue.describe(catalogue.driver("Sable540")).quantities[0].doc == "Volume flow."
    broken = catalogue.broken()
    assert set(broken) == {"Broken1", "Broken2", "Number", "MettlerSics (sable_drivers:Sable540)"}
    assert "no_such_module" in broken["Broken2"]
    assert broken["Number"].endswith("is no Instrument")
    with pytest.raises(BenchError, match=r"the driver Broken2 can't be loaded: .*ModuleNotFoundError"):
        catalogue.driver("Broken2")
    assert catalogue.driver("MettlerSics") is MettlerSics
    text = shown(200)
    assert "Sable 540" in text
    assert "Broken2 can't be used: no_such_module:Driver: ModuleNotFoundError" in text


def test_description_comes_from_the_declaration_alone() -> None:
    described = catalogue.describe(catalogue.driver("WaterRigController"))
    assert described.capabilities == ("CollectingRig",)
    assert described.safe[:2] == ("diverter = BYPASS", "inlet = SHUT")
    flow = next(item for item in described.quantities if item.name == "flow")
    assert (flow.kind, flow.unit, flow.span, flow.place) == ("Reading", "m3/h", (0, 200), "input 2 f32")
    assert (flow.accuracy, flow.settable) == ("1 % of span", False)
    level = next(item for item in described.quantities if item.name == "level")
    assert level.accuracy == "not stated"
    time = next(item for item in described.quantities if item.name == "collection_time")
    assert (time.accuracy, time.place) == ("0.0001 s", "input 8 u32 × 1e-06")
    inlet = next(item for item in described.quantities if item.name == "inlet")
    assert (inlet.states, inlet.settable, inlet.place) == (("SHUT", "OPEN"), True, "coil 0")
    assert not any(item.settable for item in catalogue.describe(catalogue.driver("Promass83")).quantities)


def test_description_tells_inherited_words_and_the_options_of_the_bench() -> None:
    promass = catalogue.describe(catalogue.driver("Promass83"))
    assert "Coriolis" in promass.doc
    assert "Nothing is ever written" in promass.doc
    options = [("unit", 1), ("order", None), ("manual_counts_from", None)]
    assert [(item.name, item.default) for item in promass.options] == options
    (channel,) = catalogue.describe(catalogue.driver("Hart1529")).options
    assert channel == catalogue.Option("channel", 1, "1 to 4.")


def test_describing_a_driver_imports_no_other() -> None:
    code = (
        "import sys; from remotecal.drivers.catalogue import describe, driver; describe(driver('Tuf2000M'));"
        "print([name for name in sys.modules if 'keysight' in name or name in ('pint', 'numpy', 'serial')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", catalogue.SHIPPED)
def test_show_prints_all_there_is_in_the_width_there_is(name: str, width: int) -> None:
    text = shown(width, name)
    described = catalogue.describe(catalogue.driver(name))
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for item in described.quantities:
        assert item.name in words
        for state in item.states:
            assert state in words
    for label in ("Roles", "Wire", "On the wire"):
        assert label in words
    assert ("Safe state" in words) == bool(described.safe)


@pytest.mark.parametrize("width", [80, 120])
def test_show_prints_what_a_table_makes_of_its_instrument(width: int) -> None:
    table = Path(__file__).parents[2] / "docs" / "tables" / "rig-s7-1200.toml"
    text = shown(width, str(table))
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for said in ("S7-1200, water rig 2", "CollectingRig", "holding 40001", "diverter = BYPASS", "DBX0.3"):
        assert said in words


def test_a_table_that_can_not_be_is_refused_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text("model = 'X'\n[line]\nending = 'CR'\n", encoding="utf-8")
    with pytest.raises(BenchError, match=r"t\.toml: table: .*source is missing"):
        shown(80, str(tmp_path / "t.toml"))
    with pytest.raises(BenchError, match=r"none\.toml can't be read: No such file"):
        shown(80, str(tmp_path / "none.toml"))


def test_list_prints_every_driver_in_80_columns() -> None:
    text = shown(80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(name in text for name in catalogue.SHIPPED)
    assert "PulseCounter, FrequencyMeter" in text


@pytest.mark.usefixtures("_plugin")
def test_what_is_installed_is_looked_through_for_names_that_nobody_ships_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A verification asks for each instrument's driver again and again."""
    looked: list[str] = []
    entry_points = catalogue.entry_points

    def counted(*, group: str) -> EntryPoints:
        looked.append(group)
        return entry_points(group=group)

    monkeypatch.setattr(catalogue, "entry_points", counted)
    assert catalogue.driver("MettlerSics") is MettlerSics
    assert looked == []
    assert catalogue.driver("Sable540").__module__ == "sable_drivers"
    assert len(looked) == 1
