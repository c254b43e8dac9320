"""One test walks every driver: what it declares is complete, consistent, and goes both ways on its wire."""

from pathlib import Path

import pytest

from remotecal.drivers.catalogue import SHIPPED, driver
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
    check(RegisterMap.as_stated({"table": path.read_text(encoding="utf-8")}))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_driver_is_named_as_it_is_called(name: str) -> None:
    cls = driver(name)
    assert SHIPPED[cls.__name__] == f"{cls.__module__}:{cls.__qualname__}"
