"""Photos: what somebody sends is looked at with suspicion, kept as it is, and shown only as drawn anew."""

from __future__ import annotations

import warnings
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

from remotecal.errors import ConfigurationError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}
"""Formats that are read, and how their files end."""
MOST_PIXELS: Final = 64_000_000
"""Pixels of a photo, at most: what a phone takes has fewer, and each takes memory once it is drawn."""
SIDE: Final = 1600
"""Longest side of what is shown, in pixels."""
LARGEST_SHOWN: Final = 2_000_000
"""Bytes of what is shown."""
TOO_MANY: Final = f"the photo has more than {MOST_PIXELS} pixels: choose a lower resolution"
QUALITIES: Final = (85, 70, 50, 30)
KEPT: Final = 8
"""Pictures that are remembered as they are shown."""
WHAT_TO_DO: Final = "take a photo as JPEG, PNG or WebP; other files are added by `remotecal station attach`"


def examine(content: bytes) -> str:
    """Return how the name of a photo's file ends (`ConfigurationError`: it is none, or a bomb)."""
    if not content:
        raise ConfigurationError(f"no file was chosen: {WHAT_TO_DO}")
    with _opened(content) as image:
        return FORMATS[str(image.format)]


@lru_cache(KEPT)
def drawn_anew(content: bytes) -> bytes:
    """Return a photo as JPEG, no larger than a screen, upright, and with nothing else in it but the picture.

    Raises:
        ConfigurationError: it is no photo that can be drawn.
    """
    from PIL import ImageOps

    with _opened(content) as image:
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
            image = Image.open(BytesIO(content), formats=tuple(FORMATS))
    except Image.DecompressionBombError as error:
        raise ConfigurationError(TOO_MANY) from error
    except Exception as error:
        raise ConfigurationError(f"this is no photo that can be shown: {WHAT_TO_DO}") from error
    if image.width * image.height > MOST_PIXELS:
        raise ConfigurationError(TOO_MANY)
    return image
