"""Sentences in another language, found by what they are in the one they were written in."""

from __future__ import annotations

import re
import tomllib
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 4000
"""Characters of a sentence that is looked for: what somebody typed stands in it at any length."""
MOST_PIECES = 12
"""Pieces with `; ` between that are looked for one by one: a sentence may have that within."""
LONGEST_PLACE = 200
"""Characters of what may stand before a colon as the place that a sentence is about."""
REFUSALS: Final = "refusals.zh.toml"
"""What the modules of a folder refuse, and what that is in Chinese: a file beside them."""
_PART = re.compile(r"\{(\w+)\}")
_CHINESE = re.compile("[\u4e00-\u9fff]")
_PHRASE = re.compile(r"\b(?:is|are|was|were|has|have|must|can't) [a-z]")
"""What no name has, and most sentences do."""
_SENTENCE = re.compile(r"check|why\d?")
"""Parts that are a sentence, or the name of a check."""


class Sayings:
    """Sentences with parts that stay as they are: `there is no run {run} at {station}`.

    A part that is called `why` (or `why2` …) is a sentence itself, and `check` the name of a check: both are
    said in the other language too where that is known. So is what stands behind a place and a colon, as in
    `order.toml: flows: each once`; the place stays.

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
        told = self._in_turn(sentence.split("; "), outermost=outermost)
        if not told:
            return self._of(sentence, outermost=outermost)
        *before, last = told
        between, full = ("; ", ".") if last.endswith(".") else ("；", "。")
        return between.join([*(one.removesuffix(full) for one in before), last])

    def _in_turn(self, pieces: Sequence[str], *, outermost: bool) -> list[str]:
        """Return sentences in the other language, each of one piece or more; none where one is not known."""
        told: list[str] = []
        at = 0
        while at < len(pieces) <= MOST_PIECES:
            for end in range(len(pieces), at, -1):
                joined = "; ".join(pieces[at:end])
                if (one := self._of(joined, outermost=outermost, own=end - at - 1)) is not None:
                    told.append(one)
                    at = end
                    break
            else:
                return []
        return told

    def _of(self, sentence: str, *, outermost: bool, own: int | None = None) -> str | None:
        """Return one sentence; with `own`, one that has so many `; ` itself, and none in its parts."""
        if (whole := self._said.get(sentence)) is not None and not _PART.search(whole):
            return whole
        for pattern in self._patterns:
            if own not in (None, pattern.breaks) or not all(map(sentence.__contains__, pattern.pieces)):
                continue
            if found := pattern.whole.fullmatch(sentence):
                parts = found.groupdict()
                if any(_PHRASE.search(part) for name, part in parts.items() if not _SENTENCE.fullmatch(name)):
                    continue  # another sentence, of which this one has a few words
                if outermost:
                    parts |= {
                        name: self._reason(part) for name, part in parts.items() if _SENTENCE.fullmatch(name)
                    }
                return _put_in(pattern.other, parts)
        return self._behind_a_place(sentence, outermost=outermost, own=own)

    def _behind_a_place(self, sentence: str, *, outermost: bool, own: int | None) -> str | None:
        place, colon, rest = sentence.partition(": ")
        if not colon or "; " in place or len(place) > LONGEST_PLACE:
            return None
        if (told := self._of(rest, outermost=outermost, own=own)) is None:
            return None
        return f"{self._of(place, outermost=False) or place}{'：' if _CHINESE.search(told) else colon}{told}"

    def _reason(self, text: str) -> str:
        """Return a reason within a sentence in the other language; as it is where that is not known."""
        told = self._each(text, outermost=False)
        if told is None or told.casefold().startswith(text.casefold()):
            return text
        return told.rstrip(".。")

    @cached_property
    def _patterns(self) -> tuple[_Pattern, ...]:
        """The sentences with parts; those that say most themselves come first."""
        with_parts = sorted(
            (each for each in self._said.items() if _PART.search(each[0])),
            key=lambda each: -len(_PART.sub("", each[0])),
        )
        return tuple(_pattern(sentence, other) for sentence, other in with_parts)


class _Pattern(NamedTuple):
    """A sentence with parts."""

    pieces: Sequence[str]
    """What it says itself, between its parts; looked for first, for that is quick."""
    breaks: int
    """How many `; ` it has itself."""
    whole: re.Pattern[str]
    other: str
    """The same in the other language."""


@cache
def refused_by_rooms() -> Mapping[str, str]:
    """Return what remotecal and its shipped procedures refuse → the same in Chinese, by folder."""
    here = Path(__file__).parent
    files = chain(
        here.glob(REFUSALS), here.glob(f"*/{REFUSALS}"), here.glob(f"procedures/library/*/{REFUSALS}")
    )
    return {
        sentence: said
        for file in sorted(files)
        for sentence, said in tomllib.loads(file.read_text(encoding="utf-8")).items()
    }


def _put_in(sentence: str, parts: Mapping[str, str]) -> str:
    return _PART.sub(lambda part: parts[part[1]], sentence)


def _pattern(sentence: str, other: str) -> _Pattern:
    pieces = _PART.split(sentence)
    told = [re.escape(pieces[0])]
    for at in range(1, len(pieces), 2):
        name = pieces[at]
        told += [f"(?P={name})" if name in pieces[1:at:2] else f"(?P<{name}>.+?)", re.escape(pieces[at + 1])]
    longest_first = sorted(filter(None, pieces[::2]), key=len, reverse=True)
    return _Pattern(longest_first, sentence.count("; "), re.compile("".join(told), re.DOTALL), other)
