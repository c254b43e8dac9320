"""How long a code, and a phone that joined by it, are good for."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import Response

from remotecal.errors import ConfigurationError
from remotecal.station.folder import StationFolder
from remotecal.station.pages.entering import Doorkeeper
from remotecal.station.pages.phones import FILE
from remotecal.station.pages.serving import WHERE, serving_pages


async def rest(heard: AsyncIterator[str]) -> str:
    return "".join([text async for text in heard])


def test_a_code_holds_ten_minutes_and_a_phone_half_a_day() -> None:
    at = [1000.0]
    keeper = Doorkeeper(lambda: at[0])
    word, late = keeper.ticket(phone=True), keeper.ticket(phone=True)
    at[0] += 599.0
    assert keeper.good(word, phone=True)
    answer = Response()
    assert keeper.let_in(word, answer, phone=True, secure=True)
    assert not keeper.good(word, phone=True), "it lets one phone in"
    cookie = Headers({"cookie": answer.headers["set-cookie"].partition(";")[0]})
    at[0] += 1.5
    assert not keeper.let_in(late, Response(), phone=True, secure=True), "ten minutes are over"
    assert keeper.guest(cookie) is not None
    at[0] += 12 * 3600 - 2.0
    assert (keeper.guest(cookie) is not None, keeper.phones) == (True, 1)
    at[0] += 2.0
    assert (keeper.guest(cookie), keeper.phones) == (None, 0)


def test_a_phone_that_joined_ends_with_the_page(tmp_path: Path) -> None:
    folder = StationFolder.make(tmp_path / "here", "here")

    async def look() -> None:
        async with AsyncExitStack() as stack:
            served = await stack.enter_async_context(serving_pages(folder, phones="127.0.0.1"))
            await served.phones.open()
            trusted = ssl.create_default_context(cafile=folder.path / FILE)  # as who compared the print
            phone = await stack.enter_async_context(httpx.AsyncClient(verify=trusted, timeout=60))
            address, origin = served.phones.address, served.phones.origin
            assert (await phone.get(address)).status_code == 200, "looking uses nothing up"
            word = {"ticket": address.partition("ticket=")[2], "name": "Li"}
            joined = await phone.post(address.partition("?")[0], data=word, headers={"Origin": origin})
            assert joined.status_code == 200
            base = origin + served.keeper.base
            page = (await phone.get(base + "/")).text
            assert re.search(r'value="Li"', page)
            assert f'{served.keeper.base}/phone"' not in page, "a phone lets no phones in"
            async with phone.stream("GET", base + "/news") as news:
                heard = news.aiter_text()
                assert (await anext(heard)).startswith("event: parts")
                closing = asyncio.ensure_future(rest(heard))
                served.keeper.shut_phones_out()
                assert (await closing).endswith("event: over\ndata: {}\n\n"), "it is told"
            assert (await phone.get(base + "/")).status_code == 403
            await served.phones.open()
            assert served.phones.origin == origin, "the port stays as long as phones are served"
        async with httpx.AsyncClient(verify=trusted) as again:
            with pytest.raises(httpx.ConnectError):
                await again.get(base + "/")
        assert not (folder.path / WHERE).exists()
        with pytest.raises(ConfigurationError, match="no code waits"):
            served.phones.drawing()

    asyncio.run(look())
