"""The console: the pages that people in a laboratory, and its customers, look at in a browser.

Pages are made here, and are whole without a script; what they show comes from the store and from signed
files, and what they do goes through the functions of the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI


def add_to(app: FastAPI) -> None:
    """Have an application answer with pages, compressed for whoever takes that."""
    from remotecal.pages import assets
    from remotecal.web.pages import (
        audit,
        certificates,
        comparing,
        course,
        drift,
        due,
        entry,
        evidence,
        first_order,
        intervals,
        issuing,
        items,
        keys,
        moment,
        my,
        notices,
        numbers,
        ordering,
        orders,
        origins,
        papers,
        passkeys,
        people,
        pictures,
        public,
        requests,
        resting,
        review,
        runs,
        search,
        sheets,
        signing,
        spreads,
        standards,
        stations,
        statistics,
        today,
        walls,
    )
    from remotecal.web.pages.compressed import Compressed

    work = (
        today,
        ordering,
        first_order,
        sheets,
        orders,
        numbers,
        runs,
        course,
        moment,
        comparing,
        evidence,
        pictures,
        origins,
        review,
        signing,
        issuing,
        certificates,
    )
    held = (drift, standards, papers, resting, items, notices, due, stations)
    told = (statistics, spreads, intervals, people, audit, walls, my, requests, passkeys)
    for part in (*work, *held, *told, search, keys, entry, assets, public):
        app.include_router(part.router)
    app.add_middleware(Compressed)
