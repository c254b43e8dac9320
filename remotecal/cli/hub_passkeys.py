"""`remotecal hub passkey`: a user's passkeys, listed and taken away, as when a device was lost."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial

from remotecal.cli.commands import command

Add = Callable[..., argparse.ArgumentParser]


def add_commands(add: Add, parents: Sequence[argparse.ArgumentParser]) -> None:
    """Declare the commands about passkeys."""
    passkey = add("passkey", "list a user's passkeys, or take them away", None)
    within = partial(command, passkey.add_subparsers(metavar="COMMAND", required=True), parents=parents)
    listing = within("list", "list a user's passkeys", _list)
    remove = within("remove", "take them away: nobody logs in by them, and the user's sessions end", _remove)
    for one in (listing, remove):
        one.add_argument("name", metavar="NAME", help="the user")
    remove.add_argument(
        "number",
        nargs="?",
        type=int,
        metavar="NUMBER",
        help="which, as `list` has it; all if not given",
    )


def _list(asked: argparse.Namespace) -> None:
    from remotecal.cli.service import moment
    from remotecal.cli.tables import show_table
    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store

    with Store(HubFolder(asked.hub).database) as store:
        rows = store.passkeys.of(asked.name)
    show_table(
        ("number", "where it is kept", "added", "last used"),
        [(str(row.id), row.name, moment(row.made), moment(row.used)) for row in rows],
    )


def _remove(asked: argparse.Namespace) -> None:
    import getpass

    from remotecal.cli.tables import plain
    from remotecal.hub.passkeys import take_away
    from remotecal.hub.settings import HubFolder
    from remotecal.store import Store

    with Store(HubFolder(asked.hub).database) as store:
        gone = take_away(store, asked.name, asked.number, by=getpass.getuser())
    for row in gone:
        print(plain(f"Nobody logs in by {row.name} any more. {asked.name}'s sessions have ended."))
