"""Every command: its name, what it is for, and what declares its arguments, imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from remotecal.cli import declared

if TYPE_CHECKING:
    import argparse

Declare: TypeAlias = "Callable[[argparse.ArgumentParser], None]"
"""Gives a command its arguments, and its handler."""


def _rehearse(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import rehearse

    rehearse.add_arguments(one)


def _sign(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import sign

    sign.add_arguments(one)


def _verify(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import verify

    verify.add_arguments(one)


def _trace(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import trace

    trace.add_arguments(one)


def _amend(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import amend

    amend.add_arguments(one)


def _revoke(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import revoke

    revoke.add_arguments(one)


def _hub(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import hub

    hub.add_arguments(one)


def _station(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import station

    station.add_arguments(one)


def _order(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import order

    order.add_arguments(one)


def _bundle(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import bundle

    bundle.add_arguments(one)


def _runs(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import runs

    runs.add_arguments(one)


def _watch(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import watch

    watch.add_arguments(one)


def _new(one: argparse.ArgumentParser) -> None:
    from remotecal.cli import new

    new.add_arguments(one)


COMMANDS: Mapping[str, tuple[str, Declare]] = {
    "run": ("carry out a work order and issue its certificate", declared.run),
    "resume": ("take up a run where it was cut off", declared.resume),
    "evaluate": ("compute a run's certificate from its journal", declared.evaluate),
    "rehearse": ("tell what a run would state, before anything moves", _rehearse),
    "bench": ("look after a bench", declared.bench),
    "record": ("keep what an instrument says, for tests to hear it again", declared.record),
    "sign": ("sign a certificate, a trust list or a journal", _sign),
    "verify": ("check a certificate and whatever proves it", _verify),
    "trace": ("draw a certificate's chain of traceability", _trace),
    "amend": ("draft the certificate that takes the place of an issued one", _amend),
    "revoke": ("say in a trust list that a certificate or a key is not to be believed", _revoke),
    "hub": ("the laboratory's side: serve stations, invite and revoke them", _hub),
    "station": ("the computer beside a bench: enrol it, let it work", _station),
    "order": ("sign a work order and send it to a station", _order),
    "bundle": ("pack and sign a procedure of one's own, for an order over the API", _bundle),
    "runs": ("list the runs of all stations, control them, issue their certificates", _runs),
    "watch": ("show a run at a station, live", _watch),
    "drivers": ("list the drivers", declared.drivers),
    "procedures": ("list the procedures", declared.procedures),
    "new": ("write a start of a driver, a procedure or a bench", _new),
    "sim": ("simulate a bench", declared.sim),
    "demo": ("calibrate on a simulated bench, from wire to certificate", declared.demo),
}
"""Name → what it is for, and what declares it; in the order of the help."""
