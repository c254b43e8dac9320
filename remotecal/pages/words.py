"""What the pages say, in the language of whoever looks: one catalogue for each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from remotecal.sayings import Sayings
from remotecal.verify.said import checks_and_findings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
COOKIE: Final = "remotecal_language"
"""Keeps which language somebody chose."""
A_YEAR: Final = 366 * 86400


@dataclass(frozen=True)
class Catalogue:
    """The catalogue of one language."""

    language: Language
    """Which."""
    texts: Mapping[str, str]
    """`section.name` → what is said, with `{names}` of what is inserted."""

    def __call__(self, name: str, **inserted: object) -> str:
        """Return a text (`KeyError` if the catalogue lacks it)."""
        return self.texts[name].format(**inserted)

    def of(self, group: str, name: str) -> str:
        """Return the text of something that others name, such as a state; the name itself where none is."""
        return self.texts.get(f"{group}.{name}", name)

    def has(self, group: str, name: str) -> bool:
        """Tell whether the catalogue has a text."""
        return f"{group}.{name}" in self.texts

    def refusal(self, sentence: str) -> tuple[str, Language]:
        """Return why something was refused in this language, or in English where nobody put it otherwise."""
        said = self._refusals.of(sentence)
        return (sentence, "en") if said is None else (said, self.language)

    @cached_property
    def _refusals(self) -> Sayings:
        group = "refusals."
        said = {name.removeprefix(group): text for name, text in self.texts.items() if name.startswith(group)}
        return Sayings(said if self.language == "en" else {**checks_and_findings(), **said})

    def choose(self, said: Mapping[str, str]) -> str:
        """Return a text by language in this one, or in the one it has."""
        return said.get(self.language) or said.get("en") or next(iter(said.values()), "")


@cache
def words(language: Language) -> Catalogue:
    """Return the catalogue of a language."""
    path = Path(__file__).parent / "words" / f"{language}.toml"
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    texts = {f"{section}.{name}": text for section, told in sections.items() for name, text in told.items()}
    return Catalogue(language, texts)


def words_for(request: Request) -> Catalogue:
    """Return the catalogue somebody chose, or else that of the language their browser asks for first."""
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return words(chosen)
    asked = (part.partition(";")[0].strip().lower() for part in _accepted(request).split(","))
    known = (language for one in asked for language in LANGUAGES if one.partition("-")[0] == language)
    return words(next(known, "en"))


def keep_language(response: Response, chosen: str, *, secure: bool) -> None:
    """Keep in a browser in which language its pages are to be; one that there is not changes nothing."""
    if chosen in LANGUAGES:
        response.set_cookie(COOKIE, chosen, A_YEAR, secure=secure, httponly=True, samesite="strict")


def _accepted(request: Request) -> str:
    return request.headers.get("accept-language", "")
