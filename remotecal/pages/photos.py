"""Photos: what somebody sends is looked at with suspicion, kept as it is, and shown only as drawn anew."""

from __future__ import annotations

import re
import warnings
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = {"JPEG": ".jpg", "MPO": ".jpg", "PNG": ".png", "WEBP": ".webp"}
"""Formats that are read, and how their files end; MPO is a JPEG with another behind it."""
READ: Final = ("JPEG", "PNG", "WEBP")
"""Formats that are looked for; a JPEG turns out to be MPO."""
REDUCED: Final = frozenset({"JPEG", "MPO"})
"""Formats that are made smaller while they are read; of others each pixel takes memory, twice."""
MOST_PIXELS: Final = 64_000_000
MOST_WHOLE: Final = 25_000_000
"""Pixels of a photo, at most, and of one that is drawn whole: what a phone takes has fewer."""
MOST_SCANS: Final = 100
"""Scans of a JPEG, each of which goes over the whole picture again; a progressive one has ten."""
MANY_SCANS: Final = "the photo is written in more than {} scans, as no camera does: take another one"
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Of a segment of a JPEG (ISO/IEC 10918-1, B.1.1.3); what may stand within a scan is none."""
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
SIDE: Final = 1600
"""Longest side of what is shown, in pixels."""
LARGEST_SHOWN: Final = 2_000_000
"""Bytes of what is shown."""
TOO_MANY: Final = "the photo has more than {} pixels: choose a lower resolution"
QUALITIES: Final = (85, 70, 50, 30)
ONE_AT_A_TIME: Final = Lock()
"""A station's computer may be a small one, and a run is on."""
WHAT_TO_DO: Final = "take a photo as JPEG, PNG or WebP; other files are added by `remotecal station attach`"


def examine(content: bytes) -> str:
    """Return how the name of a photo's file ends (`ConfigurationError`: it is none, or a bomb)."""
    if not content:
        raise ConfigurationError(f"no file was chosen: {WHAT_TO_DO}")
    with _opened(content) as image:
        return FORMATS[str(image.format)]


def drawn_anew(content: bytes) -> bytes:
    """Return a photo as JPEG, no larger than a screen, upright, and with nothing else in it but the picture.

    Raises:
        ConfigurationError: it is no photo that can be drawn.
    """
    from PIL import ImageOps

    with ONE_AT_A_TIME, _opened(content) as image:
        try:
            image.draft("RGB", (SIDE, SIDE))
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((SIDE, SIDE))
            plain = upright.convert("RGB")
        except Exception as error:
            raise ConfigurationError(f"the photo can't be drawn ({error}): {WHAT_TO_DO}") from error
        return _small(plain)


def _small(image: Image) -> bytes:
    made = BytesIO()
    for quality in QUALITIES:
        made = BytesIO()
        image.save(made, "JPEG", quality=quality)
        if made.tell() <= LARGEST_SHOWN:
            break
    return made.getvalue()


def _opened(content: bytes) -> Image:
    """Return a photo of which only the head was read."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the bound below is ours
            image = Image.open(BytesIO(content), formats=READ)
    except Image.DecompressionBombError as error:
        raise ConfigurationError(TOO_MANY.format(MOST_PIXELS)) from error
    except Exception as error:
        raise ConfigurationError(f"this is no photo that can be shown: {WHAT_TO_DO}") from error
    if image.format in REDUCED and _scans(content) > MOST_SCANS:
        raise ConfigurationError(MANY_SCANS.format(MOST_SCANS))
    # A progressive JPEG is made smaller only when it is read to its end, and held whole until then.
    reduced = image.format in REDUCED and "progressive" not in image.info
    most = MOST_PIXELS if reduced else MOST_WHOLE
    if image.width * image.height > most:
        raise ConfigurationError(TOO_MANY.format(most))
    return image


def _scans(content: bytes) -> int:
    """Return how many scans a JPEG has, up to its end; a film may stand behind that."""
    scans, place = 0, 0
    while (found := _MARKER.search(content, place)) and (kind := content[found.end() - 1]) != _EOI:
        place = found.end()
        if kind not in {_SOI, _TEM}:
            place += int.from_bytes(content[place : place + 2])
        scans += kind == _SOS
    return scans
