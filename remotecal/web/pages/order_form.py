"""What the form of a new order says, read into an order; or what is wrong with it, field by field."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, get_args

from remotecal.configuration import checked
from remotecal.errors import ConfigurationError, OrderError
from remotecal.model import Text
from remotecal.numerals import read_count
from remotecal.order import MOST_MONTHS, Head
from remotecal.registers import PersonDuty
from remotecal.web.bodies import OrderWanted
from remotecal.web.pages.ordering import ends_on, hours_until, planned_on
from remotecal.web.pages.parameter_form import MISSING, refused_in, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from remotecal.registers import LaboratoryRegister
    from remotecal.runs.catalogue import Found
    from remotecal.store.items import KeptItem
    from remotecal.transport.messages import BenchAnnounced
    from remotecal.web.pages.frame import Visitor

DUTIES: Final[tuple[PersonDuty, ...]] = get_args(PersonDuty)
SITES: Final[tuple[str, ...]] = get_args(Head.model_fields["place"].annotation)
"""Where the calibration may be done."""
BINDING: Final = ("zh", "en", "zh en")
"""In which languages the certificate may be binding, by blanks."""
OF_DEVICE: Final = ("maker", "model", "serial", "owner_number")
"""What is said of a device beside its name."""
NUMBERLESS, NO_ACCOUNT = "numberless", "no_account"
"""Faults that the form tells in words of its own, beside those of parameters."""
_ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class Setup(NamedTuple):
    """What was chosen before the form."""

    station: str
    bench: BenchAnnounced
    found: Found
    """The procedure."""
    places: tuple[str, ...]
    """Where on the bench devices can be."""
    item: KeptItem | None
    """Which the order is for; None where the device is typed."""


class _Typed:
    """What stands in the fields of the form."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, "").strip()

    def named(self, name: str, known: Iterable[Text]) -> dict[str, str]:
        """Return a name, in all its languages where it is one of those that are known."""
        said = self[name]
        return next((one.root for one in known if said in one.root.values()), {"": said})


def read_order(
    visitor: Visitor, setup: Setup, fields: Mapping[str, str], register: LaboratoryRegister | None
) -> tuple[OrderWanted | None, dict[str, str]]:
    """Return the order that a form says, or None and what is wrong: field → that, under "" with none of them.

    Args:
        visitor: who sent it.
        setup: what was chosen before.
        fields: field → what stands in it.
        register: the laboratory's, by whose names persons are called in all languages.
    """
    typed = _Typed(fields)
    parameters = values_of(setup.found.procedure.accepts(), fields)
    faults = dict(_faults(visitor, setup, typed, parameters))
    if faults:
        return None, faults
    try:
        planned = planned_on(typed["planned"])
        content = {
            "station": setup.station,
            "bench": setup.bench.name,
            "order": _order(setup, typed, parameters, register),
            "account": (setup.item.account if setup.item else typed["account"]) or None,
            "hours": hours_until(visitor, ends_on(planned, typed["days"])),
            "planned": planned,
            "item": None if setup.item is None else setup.item.id,
        }
        return checked(OrderWanted, content, "the order", OrderError), {}
    except ConfigurationError as error:
        return None, {"": str(error)}


def _faults(
    visitor: Visitor, setup: Setup, typed: _Typed, parameters: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """Yield the fields in which something is wrong, and what."""
    yield from refused_in(setup.found.procedure.accepts(), parameters)
    numbered = () if visitor.office.settings.numbers.order else ("number",)
    for name in (*numbered, "planned", "days", "customer", "address", "laboratory", "laboratory_address"):
        if not typed[name]:
            yield name, MISSING
    if not any(typed[f"person.{duty}"] for duty in DUTIES):
        yield f"person.{DUTIES[0]}", MISSING
    if setup.item is None and typed["account"] and not _ACCOUNT.fullmatch(typed["account"]):
        yield "account", NO_ACCOUNT
    given = [place for place in range(len(setup.places)) if _is_told(typed, place)]
    for place in given or (0,):
        if not (typed[f"dut{place}.name_zh"] or typed[f"dut{place}.name_en"]):
            yield f"dut{place}.name_zh", MISSING
        if not (typed[f"dut{place}.serial"] or typed[f"dut{place}.owner_number"]):
            yield f"dut{place}.serial", NUMBERLESS


def _order(
    setup: Setup, typed: _Typed, parameters: Mapping[str, object], register: LaboratoryRegister | None
) -> dict[str, object]:
    """Return the order as its TOML file would say it."""
    several = len(setup.places) > 1
    told = [place for place in range(len(setup.places)) if _is_told(typed, place)]
    duts = [_device(typed, place) for place in told]
    if several:
        duts = [dut | {"on": setup.places[place]} for dut, place in zip(duts, told, strict=True)]
    laboratory = () if register is None else (register.laboratory.name,)
    persons = () if register is None else tuple(person.name for person in register.persons)
    code = {} if register is None else {"code": register.laboratory.code}
    head = {
        "number": typed["number"],
        "procedure": setup.found.name,
        "place": typed["place"] or SITES[0],
        "binding": (typed["binding"] or "zh").split(),
        "empty": [name for place, name in enumerate(setup.places) if name and place not in told],
        "certificates": "each" if typed["each"] else "together",
        **{name: bool(typed[name]) for name in ("mount", "training", "verification")},
        "valid_months": _valid_months(typed),
        "demonstration": setup.bench.simulated,
        "adjust": bool(typed["adjust"]) and setup.found.procedure.can_adjust(),
    }
    return {
        "order": head,
        "parameters": dict(parameters),
        **({"duts": duts} if several else {"dut": duts[0]}),
        "customer": {"name": typed["customer"], "address": typed["address"]},
        "laboratory": {
            "name": typed.named("laboratory", laboratory),
            "address": typed["laboratory_address"],
            **code,
        },
        "persons": [
            {"name": typed.named(f"person.{duty}", persons), "duty": duty}
            for duty in DUTIES
            if typed[f"person.{duty}"]
        ],
    }


def _valid_months(typed: _Typed) -> int | None:
    """Return for how many months a verification is to hold; None if nobody says (`ConfigurationError`)."""
    said = typed["valid_months"]
    if not said:
        return None
    if not typed["verification"]:
        raise ConfigurationError("months of validity are of a verification: mark that, or leave them out")
    with suppress(ValueError):
        if months := read_count(said, MOST_MONTHS):
            return months
    raise ConfigurationError(f"{said[:60]!r} is no number of months from 1 to {MOST_MONTHS}")


def _device(typed: _Typed, place: int) -> dict[str, object]:
    names = {language: typed[f"dut{place}.name_{language}"] for language in ("zh", "en")}
    name = Text({language: name for language, name in names.items() if name}).for_all()
    said = {name: typed[f"dut{place}.{name}"] for name in OF_DEVICE}
    return {"name": name.root, **{key: value for key, value in said.items() if value}}


def _is_told(typed: _Typed, place: int) -> bool:
    names = ("name_zh", "name_en", *OF_DEVICE)
    return any(typed[f"dut{place}.{name}"] for name in names)
