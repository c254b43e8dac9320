"""The words of the printed certificate that are not the record's, from `wording.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remotecal.model import Record

Said = list[list[str]]
"""A text by language, Chinese first: `[["zh", "校准"], ["en", "Calibration"]]`; a plain one has ""."""

VERIFICATION = "remotecal_verification"
"""The refType of a statement by which a certificate is one of verification (检定), not of calibration."""


def label(group: str, name: str, **inserted: str) -> Said:
    """Return a text of the wording table in Chinese and English, with `{names}` in it replaced."""
    texts = _table()[group][name]
    return [[language, texts[language].format(**inserted)] for language in ("zh", "en")]


def has(group: str, name: str) -> bool:
    """Tell whether the wording table has a text."""
    return name in _table()[group]


def names(group: str) -> tuple[str, ...]:
    """Return the names of a group of texts."""
    return tuple(_table()[group])


def kind(record: Record) -> str:
    """Return what a record is the certificate of, and so how it is worded: calibration or verification."""
    declared = any(VERIFICATION in statement.ref_types for statement in record.statements)
    return "verification" if declared else "calibration"


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text(encoding="utf-8"))
