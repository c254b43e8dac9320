"""The words of the printed certificate that are not the record's, from `wording.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from remotecal.model import PASSED

if TYPE_CHECKING:
    from remotecal.model import Record

Said = list[list[str]]
"""A text by language, Chinese first: `[["zh", "校准"], ["en", "Calibration"]]`; a plain one has ""."""

Chosen = dict[str, dict[str, dict[str, str]]]
"""Words that a laboratory chose: group → name → language → word."""


def label(group: str, name: str, **inserted: str) -> Said:
    """Return a text of the wording table in Chinese and English, with `{names}` in it replaced."""
    texts = _table()[group][name]
    return [[language, texts[language].format(**inserted)] for language in ("zh", "en")]


def label_of(kind: str, group: str, name: str) -> Said:
    """Return a text of the wording table as what is of that `kind` words it, which is mostly as all do."""
    own = f"{kind}_{group}"
    return label(own if has(own, name) else group, name)


def has(group: str, name: str) -> bool:
    """Tell whether the wording table has a text."""
    return name in _table().get(group, {})


def names(group: str) -> tuple[str, ...]:
    """Return the names of a group of texts."""
    return tuple(_table()[group])


def kind(record: Record) -> str:
    """Return what a record is the certificate of, and so how it is worded.

    It is calibration, verification, or the notice (检定结果通知书) of a verification that was not passed: one
    without a verdict was not. Of a device that was adjusted what is left decides.
    """
    if not record.is_verification:
        return "calibration"
    verdicts = {statement.conformity for statement in record.verdicts}
    return "verification" if verdicts and verdicts <= PASSED else "notice"


def check_choice(group: str, name: str, language: str, word: str) -> None:
    """Raise `ValueError` unless a laboratory may word a text so."""
    texts = _choices().get(group, {}).get(name)
    if texts is None:
        raise ValueError(f"{group}.{name} is worded alike for all laboratories; {_changeable(group)}")
    known = [*texts.get(language, ()), _table()[group][name].get(language)]
    if language not in texts or word not in known:
        listed = ", ".join(sorted(filter(None, known))) or "none in that language"
        raise ValueError(f"{group}.{name} can't be {word!r}: known are {listed}")


def _changeable(group: str) -> str:
    named = _choices().get(group)
    return f"to choose are {', '.join(named or _choices())}"


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _choices() -> dict[str, dict[str, dict[str, list[str]]]]:
    return tomllib.loads(Path(__file__).with_name("choices.toml").read_text(encoding="utf-8"))
