"""Who is who on the wire: names of stations and hosts, and the URIs stations' certificates carry."""

from __future__ import annotations

import re

from remotecal.errors import ConfigurationError

HUB = "urn:remotecal:hub"
"""The laboratory's side."""
BROKER = "urn:remotecal:broker"
"""A server between the two; in a cluster each of them."""

_STATION = "urn:remotecal:station:"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PLACE = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


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


def host_and_port(place: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, where HOST is a name in ASCII (RFC 1123) or an address.

    One by IPv6 is written in brackets, [::1]:4280, and returned without.

    Raises:
        ConfigurationError: it is no such place.
    """
    found = _PLACE.fullmatch(place)
    host = found["host"] if found else ""
    named = host.startswith("[") or all(map(_LABEL.fullmatch, host.removesuffix(".").split(".")))
    if found is None or not named or len(host) > 253 or int(found["port"]) > 65535:
        raise ConfigurationError(
            f"{place!r:.300} is no HOST:PORT such as calibration.example.org:4280: a host is written in "
            "letters, digits, dots and hyphens (a Chinese name by its form xn--…), a port is 65535 at most"
        )
    return host.strip("[]"), int(found["port"])
