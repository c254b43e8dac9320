"""One test walks every driver: what it declares is complete, consistent, and goes both ways on its wire."""

from pathlib import Path

import pytest

from remotecal.drivers.catalogue import SHIPPED, driver
from remotecal.drivers.mapped.line_map import LineMap
from remotecal.drivers.mapped.register_map import RegisterMap
from remotecal.testing import DRIVER_CHECKS
from remotecal.testing.drivers import DriverCheck

TABLES = sorted((Path(__file__).parents[2] / "docs" / "tables").glob("*.toml"))


@pytest.mark.parametrize("check", DRIVER_CHECKS)
@pytest.mark.parametrize("name", sorted(SHIPPED.keys() - {"LineMap", "RegisterMap"}))
def test_every_driver_keeps_what_drivers_promise(name: str, check: DriverCheck) -> None:
    check(driver(name))


@pytest.mark.parametrize("check", DRIVER_CHECKS)
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_driver_by_a_table_keeps_it_as_well(path: Path, check: DriverCheck) -> None:
    text = path.read_text(encoding="utf-8")
    check((LineMap if "\n[line]\n" in text else RegisterMap).as_stated({"table": text}))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_driver_is_named_as_it_is_called(name: str) -> None:
    cls = driver(name)
    assert SHIPPED[cls.__name__] == f"{cls.__module__}:{cls.__qualname__}"
