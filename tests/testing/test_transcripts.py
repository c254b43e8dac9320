"""A conversation that breaks off leaves nobody behind who would read what the next test says."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from remotecal.testing.transcripts import on_serial_port, on_socket


@pytest.mark.parametrize("wire", [on_serial_port, on_socket])
def test_nobody_goes_on_reading_once_a_test_has_failed(
    wire: Callable[..., AbstractContextManager[object]],
) -> None:
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="the test failed"), wire((b"never said", b"")):
        raise RuntimeError("the test failed")
    assert threading.active_count() == before
