"""Sentences in another language, found by what they are in the one they were written in."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 4000
"""Characters of a sentence that is looked for: what somebody typed stands in it at any length."""
_PART = re.compile(r"\{(\w+)\}")


class Sayings:
    """Sentences with parts that stay as they are: `there is no run {run} at {station}`.

    A part that is called `why` is a sentence itself, and `check` the name of a check: both are said in the
    other language too where that is known.

    Args:
        said: each sentence → the same in the other language, with the same parts.
    """

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def of(self, sentence: str) -> str | None:
        """Return a sentence, or several with `; ` between, in the other language; None if not known."""
        if len(sentence) > LONGEST:
            return None
        return self._each(sentence, outermost=True)

    def _each(self, sentence: str, *, outermost: bool) -> str | None:
        each = [self._of(one, outermost=outermost) for one in sentence.split("; ")]
        told = [one for one in each if one is not None]
        if len(told) < len(each):
            return self._of(sentence, outermost=outermost)
        *before, last = told
        between, full = ("; ", ".") if last.endswith(".") else ("；", "。")
        return between.join([*(one.removesuffix(full) for one in before), last])

    def _of(self, sentence: str, *, outermost: bool) -> str | None:
        if (whole := self._said.get(sentence)) is not None and not _PART.search(whole):
            return whole
        for pattern, other in self._patterns:
            if found := pattern.fullmatch(sentence):
                parts = found.groupdict()
                if outermost:
                    parts |= {name: self._reason(parts[name]) for name in ("check", "why") if name in parts}
                return _put_in(other, parts)
        return None

    def _reason(self, text: str) -> str:
        """Return a reason within a sentence in the other language; as it is where that is not known."""
        told = self._each(text, outermost=False)
        if told is None or told.casefold().startswith(text.casefold()):
            return text
        return told.rstrip(".。")

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], str], ...]:
        """The sentences with parts; those that say most themselves come first."""
        with_parts = sorted(
            (each for each in self._said.items() if _PART.search(each[0])),
            key=lambda each: -len(_PART.sub("", each[0])),
        )
        return tuple((_pattern(sentence), other) for sentence, other in with_parts)


def _put_in(sentence: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda part: parts[part[1]], sentence)


def _pattern(sentence: str) -> re.Pattern[str]:
    pieces = _PART.split(sentence)
    told = [f"(?P<{piece}>.+?)" if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)]
    return re.compile("".join(told), re.DOTALL)
