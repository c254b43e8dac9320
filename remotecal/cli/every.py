"""Every command: its name, what it is for, and what declares its arguments, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from remotecal.cli import declared

if TYPE_CHECKING:
    import argparse

Declare: TypeAlias = "Callable[[argparse.ArgumentParser], None]"
"""Gives a command its arguments, and its handler."""


def _of(module: str, function: str = "add_arguments") -> Declare:
    """Return what lets a module of this package declare its command's arguments."""

    def declare(one: argparse.ArgumentParser) -> None:
        getattr(import_module(f"{__package__}.{module}"), function)(one)

    return declare


COMMANDS: Mapping[str, tuple[str, Declare]] = {
    "run": ("carry out a work order and issue its certificate", declared.run),
    "resume": ("take up a run where it was cut off", declared.resume),
    "evaluate": ("compute a run's certificate from its journal", declared.evaluate),
    "rehearse": ("tell what a run would state, before anything moves", _of("rehearse")),
    "bench": ("look after a bench", declared.bench),
    "record": ("keep what an instrument says, for tests to hear it again", declared.record),
    "keys": ("make keys that sign, and have an authority say whose they are", _of("keys")),
    "sign": ("sign a certificate, a trust list or a journal", _of("sign")),
    "verify": ("check a certificate and whatever proves it", _of("verify")),
    "certificate": ("make a certificate on paper one that benches read", _of("certificate")),
    "trace": ("draw a certificate's chain of traceability", _of("trace")),
    "amend": ("draft the certificate that takes the place of an issued one", _of("amend")),
    "trust": ("make a trust list, put bodies on it, renew it", _of("trust")),
    "register": ("say who may sign what, with which standards and procedures", _of("register")),
    "revoke": ("say in a trust list that a certificate or a key is not to be believed", _of("revoke")),
    "hub": ("the laboratory's side: serve stations, invite and revoke them", _of("hub")),
    "station": ("the computer beside a bench: enrol it, let it work", _of("station")),
    "order": ("sign a work order and send it to a station", _of("order")),
    "bundle": ("pack and sign a procedure of one's own, for an order over the API", _of("bundle")),
    "runs": ("list the runs of all stations, control them, issue their certificates", _of("runs")),
    "certificates": ("list the certificates, and how far they are signed", _of("lists", "certificates")),
    "serve": ("show the runs in a folder as pages, on this computer alone", _of("serve")),
    "due": ("list what falls due: standards, items, persons, accreditation", _of("lists", "due")),
    "watch": ("show a run at a station, live", _of("watch")),
    "drivers": ("list the drivers", declared.drivers),
    "procedures": ("list the procedures", declared.procedures),
    "new": ("write a start of a driver, a procedure or a bench", _of("new")),
    "sim": ("simulate a bench", declared.sim),
    "demo": ("calibrate on a simulated bench, from wire to certificate", declared.demo),
}
"""Name → what it is for, and what declares it; in the order of the help."""
