"""One test walks every driver: what it declares is complete, consistent, and goes both ways on its wire."""

import pytest

from remotecal.drivers.catalogue import SHIPPED, driver
from remotecal.testing import DRIVER_CHECKS
from remotecal.testing.drivers import DriverCheck


@pytest.mark.parametrize("check", DRIVER_CHECKS)
@pytest.mark.parametrize("name", SHIPPED)
def test_every_driver_keeps_what_drivers_promise(name: str, check: DriverCheck) -> None:
    check(driver(name))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_driver_is_named_as_it_is_called(name: str) -> None:
    cls = driver(name)
    assert SHIPPED[cls.__name__] == f"{cls.__module__}:{cls.__qualname__}"
