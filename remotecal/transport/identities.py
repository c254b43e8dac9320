"""Who is who on the wire: names of stations, and the URIs their certificates carry."""

from __future__ import annotations

import re

from remotecal.errors import ConfigurationError

HUB = "urn:remotecal:hub"
"""The laboratory's side."""
BROKER = "urn:remotecal:broker"
"""A server between the two; in a cluster each of them."""

_STATION = "urn:remotecal:station:"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def check_name(station: str) -> str:
    """Return a station's name.

    Raises:
        ConfigurationError: it is none. A name is part of subjects, so it holds neither dots nor
            wildcards.
    """
    if not _NAME.fullmatch(station):
        raise ConfigurationError(
            f"{station!r} is no name for a station: use a to z, 0 to 9 and hyphens within, 63 at most"
        )
    return station


def station_uri(station: str) -> str:
    """Return the URI a station's certificate carries."""
    return _STATION + check_name(station)


def station_named(uri: str) -> str | None:
    """Return the station a URI names; None if it names something else."""
    name = uri.removeprefix(_STATION)
    return name if uri.startswith(_STATION) and _NAME.fullmatch(name) else None
