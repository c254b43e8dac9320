"""The register of stations: who may connect, and the codes with which they enrol."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remotecal.errors import ConfigurationError
from remotecal.store.digests import digest_of
from remotecal.store.tables import enrolment_codes, stations

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from remotecal.store.database import Database


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station in the register."""

    name: str
    """Its name."""
    key: str
    """The Ed25519 public key that signs its journals, in base64."""
    enabled: bool
    """Whether it may connect."""
    enrolled: float
    """When it enrolled last."""
    certificate: str
    """SHA-256 of its latest certificate, in hexadecimal."""
    certificate_until: float
    """When that expires."""
    session: str | None
    """The latest start of its agent; None before the first."""
    seen: float | None
    """When it was heard of last."""
    announced: str | None
    """What it said of itself, in JSON."""
    used: int
    """Bytes of lines and files that are kept for it."""

    @property
    def said(self) -> Mapping[str, Any]:
        """What it said of itself last; nothing if it was never heard of."""
        return {} if self.announced is None else json.loads(self.announced)


class Stations:
    """The register."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new_code(self, station: str, expires: float, secret: str = "") -> str:
        """Return a secret, made up or given, with which a station of this name may enrol once."""
        secret = secret or secrets.token_urlsafe(18)
        with self._database.begin() as connection:
            connection.execute(
                enrolment_codes.insert().values(digest=digest_of(secret), station=station, expires=expires)
            )
        return secret

    def withdraw_codes(self, station: str, now: float) -> int:
        """Forget the codes of a station that are neither used nor expired; returns how many there were."""
        codes = enrolment_codes.c
        open_ones = enrolment_codes.delete().where(
            codes.station == station, codes.used.is_(None), codes.expires >= now
        )
        with self._database.begin() as connection:
            return connection.execute(open_ones).rowcount

    def invited(self, now: float) -> tuple[tuple[str, float], ...]:
        """Return the stations whose codes are neither used nor expired, each with until when, by name."""
        from sqlalchemy import select

        codes = enrolment_codes.c
        query = select(codes.station, codes.expires).where(codes.used.is_(None), codes.expires >= now)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(codes.station, codes.expires))
            return tuple((row.station, row.expires) for row in rows)

    def add_here(self, name: str) -> None:
        """Enter this computer itself, which enrols nowhere and signs nothing as a station."""
        own = {"name": name, "key": "", "enabled": True, "enrolled": 0.0, "certificate": ""}
        with self._database.begin() as connection:
            connection.execute(stations.insert().values(**own, certificate_until=0.0))

    def station_of(self, secret: str, now: float) -> str:
        """Return the station a secret is for; it stays good until `enrol` uses it.

        Raises:
            ConfigurationError: there is no such code, or it was used, or has expired.
        """
        from sqlalchemy import select

        with self._database.read() as connection:
            row = connection.execute(
                select(enrolment_codes).where(enrolment_codes.c.digest == digest_of(secret))
            ).first()
        if row is None or row.used is not None or row.expires < now:
            raise ConfigurationError(
                "the enrolment code is unknown, used or expired: ask the laboratory for another"
            )
        return str(row.station)

    def enrol(self, secret: str, key: str, certificate: str, until: float, now: float) -> None:
        """Use up a secret and enter its station, or enter it anew.

        Args:
            secret: from `new_code`.
            key: the station's public key for journals, in base64.
            certificate: SHA-256 of the certificate issued to it.
            until: when that expires.
            now: the time.

        Raises:
            ConfigurationError: as `station_of`.
        """
        name = self.station_of(secret, now)
        entry = {
            "key": key,
            "enabled": True,
            "enrolled": now,
            "certificate": certificate,
            "certificate_until": until,
        }
        with self._database.begin() as connection:
            used = connection.execute(
                enrolment_codes.update()
                .where(enrolment_codes.c.digest == digest_of(secret), enrolment_codes.c.used.is_(None))
                .values(used=now)
            )
            if used.rowcount != 1:
                raise ConfigurationError("the enrolment code was used a moment ago: ask for another")
            insert = self._database.insert(stations).values(name=name, **entry)
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=entry))

    def renewed(self, name: str, certificate: str, until: float) -> None:
        """Note the certificate a station was given in place of the last."""
        self._change(name, certificate=certificate, certificate_until=until)

    def seen(self, name: str, session: str, announced: str, now: float) -> None:
        """Note that a station was heard of, and what it said of itself."""
        self._change(name, session=session, announced=announced, seen=now)

    def revoke(self, name: str) -> None:
        """Let a station connect no more (`ConfigurationError` if it is unknown)."""
        self._change(name, enabled=False)

    def find(self, name: str) -> StationRow | None:
        """Return a station; None if it is not in the register."""
        return self.some([name]).get(name)

    def some(self, names: Collection[str]) -> dict[str, StationRow]:
        """Return stations by name; those that are in the register."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(stations).where(stations.c.name.in_(names))).all()
        return {row.name: _station(row) for row in rows}

    def get(self, name: str) -> StationRow:
        """Return a station (`ConfigurationError` if it is not in the register)."""
        found = self.find(name)
        if found is None:
            raise ConfigurationError(f"{name} is no station in the register")
        return found

    def list(self) -> tuple[StationRow, ...]:
        """Return all stations, by name."""
        from sqlalchemy import select

        with self._database.read() as connection:
            rows = connection.execute(select(stations).order_by(stations.c.name)).all()
        return tuple(_station(row) for row in rows)

    def _change(self, name: str, **values: object) -> None:
        with self._database.begin() as connection:
            changed = connection.execute(stations.update().where(stations.c.name == name).values(**values))
        if changed.rowcount != 1:
            raise ConfigurationError(f"{name} is no station in the register")


def _station(row: Sequence[Any]) -> StationRow:
    return StationRow(*row)
