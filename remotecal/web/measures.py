"""How the hub is doing: `/health` for whoever restarts it, `/metrics` for Prometheus.

Both may be read without logging in; they tell numbers, nothing of anybody's work.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from remotecal.errors import ConfigurationError
from remotecal.web.office import Here, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

router = APIRouter()

State = Literal["ok", "unreachable"]


class Health(BaseModel):
    """Whether the hub can do its work."""

    database: State
    broker: State


@router.get("/health", responses={503: {"model": Health}})
async def get_health(here: Here) -> Response:
    """Tell whether the hub can do its work; 503 if it can't."""
    try:
        await run_in_threadpool(here.store.stations.list)
        database: State = "ok"
    except ConfigurationError:
        database = "unreachable"
    health = Health(
        database=database, broker="ok" if here.laboratory.connection.up.is_set() else "unreachable"
    )
    well = health.database == health.broker == "ok"
    return JSONResponse(health.model_dump(), 200 if well else 503)


class Measures:
    """The figures of one hub, and a layer around its application that counts requests."""

    def __init__(self, office: Office) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_Register(office))
        self.requests = Counter(
            "remotecal_http_requests", "Requests", ["method", "route", "status"], registry=self.registry
        )
        self.duration = Histogram(
            "remotecal_http_request_seconds", "Time to answer", ["method", "route"], registry=self.registry
        )

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return an application that counts what `app` answers."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            began, status = time.perf_counter(), 500

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, noting)
            finally:
                # The route's pattern, not the address: that could be anything, and each would be kept.
                route = getattr(scope.get("route"), "path", "none")
                method = scope["method"] if scope["method"] in METHODS else "other"
                self.requests.labels(method, route, str(status)).inc()
                self.duration.labels(method, route).observe(time.perf_counter() - began)

        return counted

    def text(self) -> Response:
        """Return all figures in Prometheus' text format."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class _Register(Collector):
    """Orders, runs and stations, counted in the database when they are asked for."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def collect(self) -> Iterator[GaugeMetricFamily]:
        from sqlalchemy import func, select

        from remotecal.store.tables import orders, runs, stations

        counted = (("orders", orders, orders.c.state), ("runs", runs, runs.c.state))
        with self._office.store.database.read() as connection:
            for name, table, state in counted:
                family = GaugeMetricFamily(
                    f"remotecal_{name}",
                    f"Work {name} by state" if name == "orders" else "Runs by state",
                    labels=["state"],
                )
                for value, number in connection.execute(
                    select(state, func.count()).select_from(table).group_by(state)
                ):
                    family.add_metric([value], number)
                yield family
            enabled = select(func.count()).where(stations.c.enabled)
            yield GaugeMetricFamily(
                "remotecal_stations", "Stations that may connect", connection.execute(enabled).scalar_one()
            )
        up = self._office.laboratory.connection.up.is_set()
        yield GaugeMetricFamily("remotecal_broker_connected", "Whether the broker is reached", int(up))

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())  # so that registering does not read the database
