"""A certificate as it is printed, as one picture: beside the data of a review."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from itertools import accumulate
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
MOST: Final = 20
"""Pages of a picture: nobody reads more of them beside the data, and each takes memory while it is made."""


def picture_of(office: Office, of_run: RunAt) -> bytes:
    """Return a certificate's pages, one below the other (PNG); it is drawn once for as long as it stays.

    Raises:
        CertificateRefused, JournalBroken, ConfigurationError: as where it is printed.
    """
    key = sha256(of_run.certificate()).digest()
    return office.drawn.get(key, lambda: stacked(of_run.drawn()))


def stacked(pages: Sequence[bytes]) -> bytes:
    """Return pages (PNG) as one picture, the first at the top: as many as it may show."""
    from PIL import Image

    sizes = [Image.open(BytesIO(page)).size for page in pages[:MOST]]  # of each its head alone is read
    ends = list(accumulate(height + GAP for _, height in sizes))
    shown = max(1, sum(end <= HIGHEST for end in ends))
    size = (max(width for width, _ in sizes[:shown]), ends[shown - 1] - GAP)
    whole = Image.new("RGB", size, "silver")
    for page, end, (_, height) in zip(pages[:shown], ends, sizes, strict=False):
        with Image.open(BytesIO(page)) as one:
            whole.paste(one.convert("RGB"), (0, end - GAP - height))
    made = BytesIO()
    whole.quantize(COLOURS).save(made, "PNG", optimize=True)
    return made.getvalue()
