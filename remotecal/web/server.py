"""Serving the API over HTTP, next to the hub and in its event loop."""

from __future__ import annotations

import asyncio
import ipaddress
from asyncio.sslproto import SSLProtocol
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
from anyio import to_thread

from remotecal.clock import RealClock
from remotecal.errors import ConfigurationError
from remotecal.pages.serving import PageServer, Patient
from remotecal.transport.doors import Door
from remotecal.web.app import make_app

if TYPE_CHECKING:
    from pathlib import Path

    from remotecal.clock import Clock
    from remotecal.hub.laboratory import OrderDesk
    from remotecal.hub.settings import ApiSettings

HOST, PORT = "127.0.0.1", 4290
"""Where the API listens unless it is told otherwise: for this machine only."""
GRACE = 3
"""Seconds that requests have to finish when the hub goes down."""
THREADS = 6
"""Requests that are worked on at once; what commands wait for has threads beside (`Office.at_once`). The
interpreter computes for one at a time, and each more keeps a station's command waiting longer; what takes
long is done one at a time besides (`Office.one_print`, `Boards.make`)."""

READ_AT_ONCE = 2**14
"""Bytes taken of a TLS connection at once: what a record has at most (RFC 8446, 5.1). asyncio keeps room for
so many for each that is open, by itself 256 kB of the 280 kB that a connection takes."""


@asynccontextmanager
async def serving(
    laboratory: OrderDesk,
    host: str = HOST,
    port: int = PORT,
    *,
    certificate: Path | None = None,
    proxied: bool = False,
    clock: Clock | None = None,
    key: str = "",
) -> AsyncIterator[str]:
    """Serve a laboratory's API while the context lasts, and give its URL.

    Args:
        laboratory: the hub's; its connection is used as it is, up or not.
        host: address to listen on.
        port: port to listen on; 0 for any that is free.
        certificate: server's key and certificate chain (PEM); without it there is no TLS.
        proxied: whether a reverse proxy on this machine speaks TLS with the clients, and says in
            `X-Forwarded-For` and `X-Forwarded-Proto` who they are; nobody else may reach the port then.
        clock: the time by which sessions, tokens and signatures are judged; the computer's by default.
        key: who has it comes in as a reader without a password; "" for nobody.

    Raises:
        ConfigurationError: the address can't be listened on, the certificate can't be used, or
            passwords would cross a network in the clear.
    """
    if certificate is None and not _is_loopback(host):
        raise ConfigurationError(
            f"without TLS the API listens on this machine only, not on {host}: give it a certificate, or "
            "listen on 127.0.0.1 behind a reverse proxy that speaks TLS"
        )
    config = uvicorn.Config(
        make_app(laboratory, clock or RealClock(), key=key),
        ssl_certfile=certificate,
        proxy_headers=proxied,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )
    try:
        config.load()
    except OSError as error:
        raise ConfigurationError(f"{certificate} is no key with its certificate (PEM): {error}") from error
    door = _door(laboratory.folder.settings.api, host, port, proxied=proxied)
    config.http_protocol_class = partial(Patient, door=door)  # type: ignore[assignment]  # it is called only
    shown = f"[{host}]" if ":" in host else host
    server = PageServer(config)
    SSLProtocol.max_size = READ_AT_ONCE
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    running = asyncio.create_task(server.serve([door]), name="api")
    try:
        yield f"{'https' if certificate else 'http'}://{shown}:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        door.close()


def _door(bounds: ApiSettings, host: str, port: int, *, proxied: bool) -> Door:
    # Behind a reverse proxy everybody comes from its address; telling clients apart is its work then.
    of_one = bounds.connections if proxied else bounds.connections_of_one
    try:
        return Door(host, port, most=bounds.connections, of_one=of_one)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"the API can't listen on {host}:{port}: {error}") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
