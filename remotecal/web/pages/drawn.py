"""A certificate as it is printed, as one picture: beside the data of a review."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remotecal.hub.run_at import RunAt
    from remotecal.web.office import Office

GAP: Final = 12
"""Pixels between two pages."""
COLOURS: Final = 64
"""Colours of the picture: print on paper, a logo, a few lines of curves."""
HIGHEST: Final = 60_000
"""Pixels that a picture may be high for a browser to show it; further pages stand in the PDF alone."""


def picture_of(office: Office, of_run: RunAt) -> bytes:
    """Return a certificate's pages, one below the other (PNG); it is drawn once for as long as it stays.

    Raises:
        CertificateRefused, JournalBroken, ConfigurationError: as where it is printed.
    """
    key = sha256(of_run.certificate()).digest()
    return office.drawn.get(key, lambda: stacked(of_run.drawn()))


def stacked(pages: Sequence[bytes]) -> bytes:
    """Return pages (PNG) as one picture, the first at the top."""
    from PIL import Image

    drawn = [Image.open(BytesIO(page)).convert("RGB") for page in pages]
    while sum(page.height + GAP for page in drawn) > HIGHEST:
        drawn.pop()
    size = (max(page.width for page in drawn), sum(page.height + GAP for page in drawn) - GAP)
    whole, top = Image.new("RGB", size, "silver"), 0
    for page in drawn:
        whole.paste(page, (0, top))
        top += page.height + GAP
    made = BytesIO()
    whole.quantize(COLOURS).save(made, "PNG", optimize=True)
    return made.getvalue()
