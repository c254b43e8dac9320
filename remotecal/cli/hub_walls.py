"""`remotecal hub wall`: screens on a wall, put up, listed and taken down."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from remotecal.cli.commands import command
from remotecal.errors import ConfigurationError

Add = Callable[..., argparse.ArgumentParser]
LISTED = 1000
"""Screens in the list, at most."""


def add_commands(add: Add, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Declare the commands about screens."""
    wall = add("wall", "let screens on a wall show what is on, and nothing else", None)
    within = partial(command, wall.add_subparsers(metavar="COMMAND", required=True), parents=parents)
    new = within("new", "print the address of a screen, once", _new)
    new.add_argument("place", metavar="PLACE", help="where it hangs")
    new.add_argument("--language", choices=("zh", "en"), help="of what it shows; yours if not given")
    new.add_argument("--days", type=int, default=366, metavar="N", help="for how long, at most; 366")
    new.add_argument(
        "--full", action="store_true", help="with names of runs and indications: where no stranger comes by"
    )
    new.add_argument(
        "--console", metavar="URL", help="where the console is; as `hub.toml` says for mails if not given"
    )
    within("list", "list the screens", _list)
    revoke = within("revoke", "have a screen show nothing any more", _revoke)
    revoke.add_argument("number", type=int, metavar="NUMBER", help="the screen, as `list` has it")


def _new(asked: argparse.Namespace) -> None:
    import getpass
    import time

    from remotecal.cli.terminal import language, show_code
    from remotecal.hub.settings import HubFolder
    from remotecal.hub.walls import LONGEST, MOST_DAYS, put_up
    from remotecal.store import Store

    place = asked.place.strip()
    if not 0 < len(place) <= LONGEST or not place.isprintable():
        raise ConfigurationError(f"say in a line of {LONGEST} characters where the screen hangs")
    if not 0 < asked.days <= MOST_DAYS:
        raise ConfigurationError(f"--days {asked.days}: give a number from 1 to {MOST_DAYS}")
    folder = HubFolder(asked.hub)
    mail = folder.settings.notices.mail
    console = asked.console or (mail.console if mail is not None else None) or ""
    with Store(folder.database) as store:
        _, path = put_up(
            store,
            place,
            language=asked.language or language(),
            full=asked.full,
            days=asked.days,
            by=getpass.getuser(),
            now=time.time(),
        )
    print(f"{console.rstrip('/')}{path}")
    if console:
        show_code(f"{console.rstrip('/')}{path}")
    else:
        print("Open it on the screen, behind the console's address (--console URL says it whole).")


def _list(asked: argparse.Namespace) -> None:
    from remotecal.cli.service import moment
    from remotecal.cli.tables import show_table
    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store

    with Store(HubFolder(asked.hub).database) as store:
        rows = store.walls.list(LISTED)
    show_table(
        ("number", "where", "shows", "by", "since", "until", "taken down"),
        [
            (
                str(row.id),
                row.place,
                "names, too" if row.full else "states",
                row.by,
                moment(row.at),
                moment(row.expires),
                moment(row.revoked) if row.revoked else "no",
            )
            for row in rows
        ],
    )


def _revoke(asked: argparse.Namespace) -> None:
    import getpass
    import time

    from remotecal.hub.settings import HubFolder
    from remotecal.hub.walls import take_down
    from remotecal.store import Store

    with Store(HubFolder(asked.hub).database) as store:
        take_down(store, asked.number, by=getpass.getuser(), now=time.time())
    print(f"Screen {asked.number} shows nothing any more.")
