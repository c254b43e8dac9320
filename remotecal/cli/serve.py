"""`remotecal serve`: the pages of a laboratory for the runs in a folder, on this computer alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from remotecal.cli.listing import add_procedures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(handler=main)
    parser.add_argument("folder", type=Path, metavar="DIR", help="where runs lie, to any depth")
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="port to listen on; any that is free by default"
    )
    add_procedures(parser)
    parser.add_argument("--name", metavar="TEXT", help="of the laboratory, at the head of each page")
    parser.add_argument("--open", action="store_true", help="open them in the browser")


def main(asked: argparse.Namespace) -> None:
    """Serve until interrupted.

    Raises:
        ConfigurationError: there is no such folder, or the port can't be listened on.
    """
    import asyncio
    import secrets
    import webbrowser
    from urllib.parse import urlencode

    from remotecal.cli.terminal import say
    from remotecal.hub.shelf_desk import open_shelf
    from remotecal.web.pages.by_key import ENTER
    from remotecal.web.server import HOST, serving

    async def run() -> None:
        key = secrets.token_urlsafe(32)
        name = asked.name or asked.folder.resolve().name
        async with (
            open_shelf(asked.folder, name, asked.procedures) as desk,
            serving(desk, HOST, asked.port, key=key) as url,
        ):
            address = f"{url}{ENTER}?{urlencode({'given': key})}"
            said = (
                f"Ctrl-C ends it. Whoever has this address sees what lies in {asked.folder}:",
                f"按 Ctrl-C 结束。持有以下地址者可查看 {asked.folder} 中的内容：",
            )
            print(say(*said), flush=True)
            print(address, flush=True)
            if asked.open:
                webbrowser.open(address)
            await asyncio.Event().wait()

    asyncio.run(run())
