"""The frame of all pages: what a browser is told with each, the templates, and forms that are our own."""

from __future__ import annotations

import math
import re
import struct
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from remotecal import units
from remotecal.certificates.pdf.numbers import full_width, printed
from remotecal.errors import NotAllowed
from remotecal.journal.events import is_on_site
from remotecal.pages.assets import address, is_styled
from remotecal.pages.formulas import formulas, symbol
from remotecal.pages.words import LANGUAGES, Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.datastructures import FormData
    from starlette.requests import Request

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a page may load and send: what comes from here, and nothing written into the page."""
HEADERS: Final = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
"""What a browser is told with each page; without a referrer it would not say whose form it sends."""
LONGEST_REPLY: Final = 500
"""Bytes of a reply that are shown."""
SHA256: Final = re.compile(r"[0-9a-f]{64}")
MOST_FIELDS: Final = 200
"""Fields of a form, at most."""


def text_in(fields: FormData, name: str) -> str:
    """Return a field of a form; "" where it is missing, or is a file."""
    value = fields.get(name, "")
    return "" if isinstance(value, UploadFile) else value


def refuse_foreign(request: Request) -> None:
    """Raise `NotAllowed` where a browser says that another site's page sent a form."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")
    if foreign or site not in {"same-origin", "none"}:
        raise NotAllowed("another site's page sent this form", "")


def local(where: str) -> str:
    """Return a page of ours somebody asked to be led to; the first one for anything else."""
    ours = where.startswith("/") and not where.startswith(("//", "/\\")) and where.isascii()
    return where if ours and where.isprintable() else "/"


def came_from(request: Request) -> str:
    """Return the page of ours somebody came from, with its query; "" for none, or this very page."""
    try:
        said = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    whole = f"{said.path}?{said.query}".rstrip("?")
    here = f"{request.url.path}?{request.url.query}".rstrip("?")
    ours = said.netloc == request.headers.get("host") and local(whole) == whole
    return whole if ours and (request.method == "POST" or whole != here) else ""


def see(where: str) -> Response:
    """Return the way to a page, after something was done: going back does not do it again."""
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


def common(request: Request, words: Catalogue, base: str = "") -> dict[str, object]:
    """Return what every template is given.

    Args:
        request: what is asked for.
        words: the language.
        base: where all addresses begin.
    """
    return {
        "t": words,
        "language": words.language,
        "languages": LANGUAGES,
        "address": lambda name: base + address(name),
        "base": base,
        "styled": bool(base) or is_styled(request),  # at a station nothing moves, nor its stop button
        "path": request.url.path,
        "whole": f"{request.url.path}?{request.url.query}".rstrip("?"),
    }


@cache
def environment(package: str) -> Environment:
    """Return the templates of a package, and those that all share."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("remotecal.pages")]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "legible": legible,
        "unit": unit,
        "printed": printed,
        "behind": behind,
        "indicated": indicated,
        "watched": watched,
        "as_read": as_read,
        "wide": full_width,
        "parted": parted,
        "unbroken": unbroken,
        "formulas": formulas,
        "commands": commands,
        "indexed": indexed,
        "symbol": symbol,
    }
    made.tests |= {"on_site": is_on_site, "sha256": is_sha256}
    return made


QUOTED: Final = re.compile("`([^`]+)`")
"""What a person types, in a sentence that a terminal prints as well."""


def commands(text: str) -> Markup:
    """Return a text in which what stands between backquotes is code."""
    return Markup(QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  all of it is escaped before


INDEXED: Final = re.compile(r"\b[^\W\d_]+_\w+\b")
"""A symbol with an index, in a sentence."""


def indexed(text: str) -> Markup:
    """Return a sentence whose symbols with an index are set as those of a budget."""
    return Markup(INDEXED.sub(lambda found: symbol(found[0]), str(escape(text))))  # noqa: S704  as above


SMALL: Final = 1e-4
"""Numbers below are shown with their exponent."""
LARGE: Final = 1e15
"""As are numbers above."""
UNBROKEN: Final = 24
"""Characters of a number that stands on one line."""
TOLD: Final = 8
"""Digits that 32 bits tell of a number."""
WATCHED: Final = 6
"""Digits of an indication that somebody watches, where nobody knows how many it has."""


def indicated(value: float, digits: int | None = None) -> str:
    """Return an indication as it is shown: with the digits it has, or with what 32 bits tell of a number.

    These are as few digits as tell such a float, and 8 of any other number; digits before the point stay all,
    however many a counter has.

    Args:
        value: the indication.
        digits: behind the point; None where nobody knows.
    """
    if digits is not None:
        return f"{value:.{digits}f}"
    if not SMALL <= abs(value) <= LARGE:
        return f"{value:.7g}"
    most = max(0, TOLD - 1 - math.floor(math.log10(abs(value))))
    if _in_32_bits(value) != value:
        text = f"{value:.{most}f}"
        return text.rstrip("0").rstrip(".") if most else text
    texts = (f"{value:.{behind}f}" for behind in range(most + 2))
    return next(text for text in texts if _in_32_bits(float(text)) == value)


def watched(value: float, digits: int | None = None) -> str:
    """Return an indication as it is watched: with the digits it has; where nobody knows, with six at most.

    Digits before the point stay all; the journal and its evidence have what was read.
    """
    if digits is not None or not SMALL <= abs(value) <= LARGE:
        return indicated(value, digits)
    most = max(0, WATCHED - 1 - math.floor(math.log10(abs(value))))
    text = indicated(value)
    return text if len(text.partition(".")[2]) <= most else f"{value:.{most}f}"


def as_read(value: float) -> str:
    """Return a reading as it stands beside what it was read from: with what 32 bits tell, or all that 64 do.

    The last of the 17 digits that tell any such float apart are those of its binary form: 15 are shown.
    """
    return indicated(value) if _in_32_bits(value) == value else f"{value:.15g}"


def _in_32_bits(value: float) -> float:
    (kept,) = struct.unpack("f", struct.pack("f", value))
    return float(kept)


def behind(number: str, column: Iterable[object]) -> str:
    """Return blanks that, behind a number of a column set to the right, bring the points in line.

    Each is as wide as a digit or a point; there are none beside a number with an exponent.
    """
    decimals = [_decimals(each) for each in (number, *column) if isinstance(each, str)]
    if any("e" in each.lower() for each in (number, *column) if isinstance(each, str)):
        return ""
    own, most = decimals[0], max(decimals)
    return ("\u2008" if most and not own else "") + "\u2007" * (most - own)


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def unit(notation: str) -> str:
    """Return a unit as it is printed: `m³/h`; "" for that of a plain number."""
    return "" if notation in {"", "1"} else units.symbol(notation)


def parted(name: str) -> Markup:
    """Return a name that may be broken after its points and underscores, and nowhere else."""
    said = str(escape(name))
    # Escaped text has neither in what stands for a character.
    return Markup(said.replace(".", ".<wbr>").replace("_", "_<wbr>"))  # noqa: S704  it is escaped


def unbroken(text: object) -> Markup:
    """Return a number or a date that is not broken where a line ends, unless it is long."""
    said = escape("" if text is None else text)
    return Markup('<span class="unbroken">{}</span>').format(said) if 0 < len(said) <= UNBROKEN else said


def is_sha256(text: str) -> bool:
    """Tell whether a text is a hash, such as that of the photo by which a question was answered."""
    return SHA256.fullmatch(text) is not None


def legible(data: bytes) -> str:
    """Return what an instrument was sent or answered as people read it, other bytes by their number."""
    text = data[:LONGEST_REPLY].decode("latin-1").encode("unicode_escape").decode()
    return text if len(data) <= LONGEST_REPLY else f"{text}…"
