"""What a laboratory may say in lines of its own on a certificate: nothing that reads as a result."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 160
"""Widths of a Latin letter that one line of its own may have; Chinese characters have two."""

_ALLOWED = re.compile(
    r"[ -~\u00b7\u00c0-\u024f\u2013\u2014\u2018-\u201d\u2026\u2116"
    r"\u3001-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e]*"
)
"""Latin letters, Chinese characters and the punctuation of both: no look-alikes, nothing that nobody sees."""

_RESULTS: Final = re.compile(
    r"合\s*格|符\s*合|通\s*过|不\s*确\s*定\s*度|误\s*差|修\s*正|准\s*确\s*度|结\s*论|有\s*效\s*期|等\s*级"
    r"|偏\s*差|示\s*值|[百千万]\s*分\s*之|扩\s*展|置\s*信|超\s*差|达\s*标"
    r"|满\s*足|允\s*许\s*范\s*围|作\s*废|撤\s*销"
    r"|\b(?:(?:dis|un)?pass\w*|fail\w*|(?:non-?)?conform\w*|compl(?:y|ie[sd]|ian\w*)|uncertaint\w*|errors?|accura\w*"
    r"|tolerance\w*|correction\w*|verdict\w*|valid(?:ity)?\s+(?:until|to)|MPE|deviat\w*|per\s*(?:cent|mill?e)|pp[mb]|expanded|coverage|confidence"
    r"|within\s+(?:\w+\s+)?limits?|class\s+\w{1,3}|meets|satisf\w*|revoked|withdrawn)\b",
    re.IGNORECASE,
)
"""Words of verdicts, uncertainties, validity and of what counts no more."""

_NUMBERS: Final = re.compile(r"\d[.,]\d|[%‰°±=<>~^|\\]|\b[Uuk]\s*[:(]?\s*\d")
"""Decimal fractions, signs that stand with results, an uncertainty and a coverage factor by their letters."""


_VOID: Final = re.compile(r"无\s*效|\b(?:void|invalid)\b", re.IGNORECASE)
_UNLESS: Final = re.compile(r"未|无(?!\s*效)|涂\s*改|复\s*印|\b(?:without|unless|if)\b", re.IGNORECASE)
"""That a certificate is void; and when, as many a laboratory says on it: without its seal, if altered."""

_SPACED: Final = re.compile(r"\b(?:[^\W\d_] ){3,}[^\W\d_]\b")
"""A word whose letters stand apart."""


def own_words(text: str) -> str:
    """Return a line that a laboratory may add.

    Raises:
        ValueError: it is too long, has characters that deceive, or could be read as a result.
    """
    width = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
    if not text.strip() or text != text.strip() or width > LONGEST:
        raise ValueError(
            f"a line has 1 to {LONGEST} letters, Chinese ones count double, and no blanks around it"
        )
    if not _ALLOWED.fullmatch(text):
        foreign = next(letter for letter in text if not _ALLOWED.fullmatch(letter))
        raise ValueError(f"U+{ord(foreign):04X} is neither Latin nor Chinese: no line of a face may have it")
    plain = _SPACED.sub(lambda word: word[0].replace(" ", ""), unicodedata.normalize("NFKC", text))
    void = None if _UNLESS.search(plain) else _VOID.search(plain)
    if found := _RESULTS.search(plain) or _NUMBERS.search(plain) or void:
        raise ValueError(
            f"{found[0]!r} could be read as a result or a verdict: those stand in the certificate itself, "
            "and its statements, and never in a face"
        )
    return text
