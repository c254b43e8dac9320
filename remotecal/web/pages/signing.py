"""Signing on a page by a key that the browser keeps: making it, having it certified, signing with it."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from remotecal.certificates.signing.keys import common_name, fingerprint
from remotecal.errors import ConfigurationError, NotThere
from remotecal.web import browser_keys, callers
from remotecal.web.answers import file
from remotecal.web.bodies import NAME, STATION
from remotecal.web.browser_keys import ActId, Certificated, Named
from remotecal.web.pages.frame import Brought, Sent, Visiting
from remotecal.web.pages.weighty import asked_again, once

if TYPE_CHECKING:
    from remotecal.web.pages.frame import Visitor

router = APIRouter(prefix="/signing", include_in_schema=False)

LARGEST: Final = 20_000
"""Bytes of a file with certificates."""
WHICH: Final = re.compile(
    rf"(?P<station>{STATION[1:-1]})/(?P<run>{NAME[1:-1]})(?:/(?P<device>dut-[1-9][0-9]{{0,3}}))?"
)
"""How a form calls a certificate."""


@router.get("/key")
def show_key(visitor: Visiting) -> Response:
    """Return the page on which a key is made, and what is to be done with it."""
    callers.require(visitor.caller, "sign")
    return _key_page(visitor)


@router.post("/key/request")
async def check_request(form: Sent) -> Response:
    """Return the request for a key's certificate as a file, once it is found to be one."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "sign")
    browser_keys.refuse_unless_on(visitor.office)
    form.only_shown()
    pem = form["request"]
    said = await run_in_threadpool(_requested, pem)
    await run_in_threadpool(visitor.office.store.note, caller.name, "browser key", said)
    return file(visitor.request, pem.encode(), "application/pkcs10", "browser-key.csr")


@router.post("/key/certificate")
async def bring_certificate(form: Brought) -> Response:
    """Look at the certificate that the authority issued, and give it to the browser to keep with its key."""
    visitor = form.visitor
    callers.require(visitor.caller, "sign")
    form.only_shown()
    content = await form.file("certificate", LARGEST)
    if not content:
        raise ConfigurationError("choose the certificate first: the file that the authority issued")
    told = await run_in_threadpool(browser_keys.told, visitor.office, content.decode("ascii", "replace"))
    return await run_in_threadpool(_key_page, visitor, told)


@router.post("")
async def prepare(form: Sent) -> Response:
    """Examine certificates, make them ready to be signed, and go to where they are."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "sign")
    if asking := await asked_again(form):
        return asking

    def make() -> str:
        wanted = [_named(which) for which in form.all("which")]
        return f"/signing/{browser_keys.prepare(visitor.office, caller, wanted, form['certificate']).id}"

    return await once(form, lambda: run_in_threadpool(make))


@router.get("/{act}")
def show_act(act: ActId, visitor: Visiting) -> Response:
    """Return what is about to be signed, and by which key."""
    caller, office = callers.require(visitor.caller, "sign"), visitor.office
    browser_keys.refuse_unless_on(office)
    found = office.prepared.look(caller.name, act, office.clock.now())
    return visitor.page(
        "signing.html",
        act=found,
        signed=[(one, b64encode(one.unsigned.signed_info).decode()) for one in found.prepared],
        signer=common_name(found.chain[0]),
        certificate=fingerprint(found.chain[0]),
    )


@router.post("/{act}")
async def finish(act: ActId, form: Sent) -> Response:
    """File certificates with the signatures that the browser made, and go on with what is left to sign."""
    visitor, caller = form.visitor, callers.require(form.visitor.caller, "sign")
    if asking := await asked_again(form):
        return asking

    def work() -> str:
        done = browser_keys.finish(visitor.office, caller, act, form.all("value"))
        if not done.prepared:
            return f"/signing/{done.id}"  # which are not signed, and why
        one = done.prepared[0].of_run
        device = f"?device={one.device}" if one.device else ""
        return "/review" if len(done.prepared) > 1 else f"/review/{one.station}/{one.run}{device}"

    return await once(form, lambda: run_in_threadpool(work))


def _key_page(visitor: Visitor, given: Certificated | None = None) -> Response:
    browser_keys.refuse_unless_on(visitor.office)
    # A certificate was sent to where there is no page: the choice of a language leads back to this one.
    return visitor.page("signing_key.html", given=given, whole="/signing/key")


def _requested(pem: str) -> dict[str, str]:
    """Return whose key a request is for, and its SHA-256, for the audit log.

    Raises:
        ConfigurationError: it is no request, or for a key that may not sign.
    """
    from remotecal.certificates.signing.issuing import key_fingerprint, requested, subject
    from remotecal.certificates.signing.keys import weakness

    asked = requested(pem.encode())
    subject(asked.name)
    if why := weakness(asked.public):
        raise ConfigurationError(f"the key can't be used: {why}")
    if not asked.in_browser:
        raise ConfigurationError(
            "the request does not say that a browser keeps the key: make it on this page"
        )
    return {"name": asked.name, "key": key_fingerprint(asked.public)}


def _named(which: str) -> Named:
    """Return the certificate a form calls so (`NotThere`: that is no name of one)."""
    found = WHICH.fullmatch(which)
    if found is None:
        raise NotThere("there is no such certificate")
    return Named(found["station"], found["run"], found["device"] or "")
