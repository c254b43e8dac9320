"""How the hub is doing: `/health` for whoever restarts it, `/metrics` for Prometheus.

Both may be read without logging in; they tell numbers, nothing of anybody's work.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from remotecal.errors import StoreError
from remotecal.hub.standing import HEARD_WITHIN
from remotecal.web.office import Here, Office

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

router = APIRouter(tags=["health"])

State = Literal["ok", "unreachable"]
Stored = Literal["ok", "full", "unreachable"]


class Health(BaseModel):
    """Whether the hub can do its work, and how much of it waits."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    database: Stored
    """The database; without it nothing is taken in or handed out, and nothing is taken in on a full disk."""
    broker: State
    """The broker, as this hub sees it."""
    stations_connected: int | None
    """Stations heard of within two of their rounds; null if the database can't tell."""
    orders_open: int | None
    """Orders that wait to be begun."""
    journal_lag: float | None
    """Seconds since the last line came of the journal that has waited longest; 0 if none is awaited."""


@router.head("/health", include_in_schema=False, status_code=HTTPStatus.NO_CONTENT)
async def is_there() -> None:
    """Tell a page that the hub answers, before it sends what somebody typed; nothing is looked up."""


@router.get("/health", responses={503: {"model": Health, "description": "It can't do its work."}})
async def get_health(here: Here) -> Response:
    """Tell whether the hub can do its work; 503 if it can't."""
    up = here.laboratory.connection.up.is_set()
    try:
        async with here.one_health:
            found = await here.at_once(here.store.figures.waiting, here.clock.now(), HEARD_WITHIN)
            full = not await here.at_once(here.store.database.has_room)
    except StoreError:
        found, full = None, False
    health = Health(
        database="unreachable" if found is None else "full" if full else "ok",
        broker="ok" if up else "unreachable",
        stations_connected=None if found is None else found.connected,
        orders_open=None if found is None else found.open_orders,
        journal_lag=None if found is None else found.journal_lag,
    )
    return JSONResponse(health.model_dump(), 503 if found is None or full or not up else 200)


class FiguresResponse(Response):
    """Figures for Prometheus."""

    media_type = CONTENT_TYPE_PLAIN_0_0_4


@router.get("/metrics", response_class=FiguresResponse)
async def get_metrics(request: Request) -> Response:
    """Return the hub's figures in Prometheus' text format."""
    measures: Measures = request.app.state.measures
    return await run_in_threadpool(measures.text)


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
    """Stations, orders, runs and journals, counted in the database when they are asked for."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = self._office.laboratory.connection.up.is_set()
        yield GaugeMetricFamily("remotecal_broker_connected", "Whether the broker is reached", int(up))
        try:
            found = self._office.store.figures.now(self._office.clock.now(), HEARD_WITHIN)
        except StoreError:
            yield GaugeMetricFamily("remotecal_database_up", "Whether the database can be used", 0)
            return
        yield GaugeMetricFamily("remotecal_database_up", "Whether the database can be used", 1)
        for name, text, number in (
            ("stations", "Stations that may connect", found.stations),
            ("stations_connected", "Stations heard of within two of their rounds", found.connected),
            ("orders_open", "Orders that wait to be begun", found.open_orders),
            ("journals_awaited", "Runs whose journal is not complete", found.journals_awaited),
            ("journal_lag_seconds", "Since the last line of the longest awaited journal", found.journal_lag),
            ("journals_refused", "Runs of which lines were refused", found.journals_refused),
            ("runs_unordered", "Runs that were not ordered, or not like this", found.runs_unordered),
            ("records_due", "Signed journals without a record", found.records_due),
            (
                "records_differing",
                "Records the station computed differently",
                found.differing,
            ),
        ):
            yield GaugeMetricFamily(f"remotecal_{name}", text, number)
        for name, text, counted in (
            ("orders", "Work orders by state", found.orders),
            ("runs", "Runs by state", found.runs),
            ("certificates", "Signed certificates by the last duty they were signed for", found.certificates),
        ):
            family = GaugeMetricFamily(f"remotecal_{name}", text, labels=["state"])
            for state, number in counted.items():
                family.add_metric([state], number)
            yield family

    def describe(self) -> Iterator[GaugeMetricFamily]:
        return iter(())  # so that registering does not read the database
