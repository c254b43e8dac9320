"""Demonstrations and their keys, which are made once for all tests of a process.

Six RSA keys take over a second of the processor, more than many a demonstration; whose they are is certified
anew each time. `tests/whole` demonstrates with new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from remotecal.certificates import demonstration
from remotecal.certificates.demonstration import NewKeys
from remotecal.certificates.signing.issuing import new_rsa_key
from remotecal.cli import main

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from remotecal.certificates.demonstration import DemonstrationKeys

_KEPT: list[RSAPrivateKey] = []


class KeptKeys(NewKeys):
    """The keys made before, each once in a demonstration; more are made when they are asked for."""

    def __init__(self, count: int) -> None:
        super().__init__(0)
        self._given = 0

    def take(self) -> RSAPrivateKey:
        if self._given == len(_KEPT):
            _KEPT.append(new_rsa_key())
        self._given += 1
        return _KEPT[self._given - 1]


def demonstrate(*arguments: object) -> int:
    """Carry out `remotecal demo`, and return its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demonstration, "NewKeys", KeptKeys)
        return main(["demo", *map(str, arguments)])


def certified_keys(names: Mapping[str, str], at: datetime) -> DemonstrationKeys:
    """Return signers as `make_demonstration_keys` does, with kept keys: those of two calls are the same."""
    return demonstration.make_demonstration_keys(names, at, KeptKeys(0))
