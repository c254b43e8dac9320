"""Which drivers there are, and what each says of itself.

Shipped drivers stand in `SHIPPED`; others come from installed packages by the entry point group
`remotecal.drivers`, such as

```toml
[project.entry-points."remotecal.drivers"]
Sable540 = "sable_drivers:Sable540"
```
"""

from __future__ import annotations

import difflib
import inspect
import re
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Final

from remotecal.drivers.channels import Channels, spelled
from remotecal.drivers.codecs import Register, Sum
from remotecal.drivers.declarations import Declaration, stated
from remotecal.drivers.links.wire import ByHand, Modbus
from remotecal.drivers.quantities import Action, Choice, Flags, Reading, Setting, Trace
from remotecal.errors import BenchError
from remotecal.source import docstrings

if TYPE_CHECKING:
    from collections.abc import Collection

    from remotecal.drivers.accuracy import Accuracy
    from remotecal.drivers.declarations import Step
    from remotecal.drivers.instrument import Instrument

GROUP: Final = "remotecal.drivers"

SHIPPED: Final = {
    "AbbAcs580": "remotecal.drivers.abb.acs580:AbbAcs580",
    "AmbientMonitorByHand": "remotecal.drivers.by_hand.indicating:AmbientMonitorByHand",
    "AmmeterByHand": "remotecal.drivers.by_hand.indicating:AmmeterByHand",
    "BalanceByHand": "remotecal.drivers.by_hand.indicating:BalanceByHand",
    "BarometerByHand": "remotecal.drivers.by_hand.indicating:BarometerByHand",
    "BellProverController": "remotecal.drivers.rig.bell_prover:BellProverController",
    "BranchedRigController": "remotecal.drivers.rig.branched:BranchedRigController",
    "DanfossVlt": "remotecal.drivers.danfoss.vlt:DanfossVlt",
    "DensitometerByHand": "remotecal.drivers.by_hand.indicating:DensitometerByHand",
    "DruckPace": "remotecal.drivers.druck.pace:DruckPace",
    "DruckPace1000": "remotecal.drivers.druck.pace:DruckPace1000",
    "ElsterEk280": "remotecal.drivers.elster.ek280:ElsterEk280",
    "EnergyTotalizerByHand": "remotecal.drivers.by_hand.indicating:EnergyTotalizerByHand",
    "FlonidanUniflo1200": "remotecal.drivers.flonidan.uniflo1200:FlonidanUniflo1200",
    "FlowMeterByHand": "remotecal.drivers.by_hand.indicating:FlowMeterByHand",
    "Fluke5522A": "remotecal.drivers.fluke.calibrator5522a:Fluke5522A",
    "Fluke6270A": "remotecal.drivers.fluke.pressure6270a:Fluke6270A",
    "FlukeWell": "remotecal.drivers.fluke.well:FlukeWell",
    "FrequencyMeterByHand": "remotecal.drivers.by_hand.indicating:FrequencyMeterByHand",
    "GasLoopController": "remotecal.drivers.rig.gas_loop:GasLoopController",
    "GasTankController": "remotecal.drivers.rig.gas_tank:GasTankController",
    "Hart1529": "remotecal.drivers.fluke.hart1529:Hart1529",
    "HuizhongFlowMeter": "remotecal.drivers.huizhong.frames:HuizhongFlowMeter",
    "IsotechMilliK": "remotecal.drivers.isotech.millik:IsotechMilliK",
    "IsotechMilliKPair": "remotecal.drivers.isotech.millik_pair:IsotechMilliKPair",
    "KellerDigital": "remotecal.drivers.keller.digital:KellerDigital",
    "KellerDigitalEarly": "remotecal.drivers.keller.digital:KellerDigitalEarly",
    "Keysight33500B": "remotecal.drivers.keysight.generator33500b:Keysight33500B",
    "Keysight34461A": "remotecal.drivers.keysight.dmm34461a:Keysight34461A",
    "Keysight53230A": "remotecal.drivers.keysight.counter53230a:Keysight53230A",
    "KeysightDaq970A": "remotecal.drivers.keysight.daq970a:KeysightDaq970A",
    "KrohneMfc300": "remotecal.drivers.krohne.mfc:KrohneMfc300",
    "KrohneMfc400": "remotecal.drivers.krohne.mfc:KrohneMfc400",
    "LineMap": "remotecal.drivers.mapped.line_map:LineMap",
    "MassFlowMeterByHand": "remotecal.drivers.by_hand.indicating:MassFlowMeterByHand",
    "MassTotalizerByHand": "remotecal.drivers.by_hand.indicating:MassTotalizerByHand",
    "MettlerSics": "remotecal.drivers.mettler.sics:MettlerSics",
    "MicroMotion2700": "remotecal.drivers.emerson.micro_motion:MicroMotion2700",
    "NozzleBankController": "remotecal.drivers.rig.nozzle_bank:NozzleBankController",
    "PressureGaugeByHand": "remotecal.drivers.by_hand.indicating:PressureGaugeByHand",
    "Promag53": "remotecal.drivers.endress_hauser.promass:Promag53",
    "Promass83": "remotecal.drivers.endress_hauser.promass:Promass83",
    "PowerGuard": "remotecal.drivers.rig.power_guard:PowerGuard",
    "ProverController": "remotecal.drivers.rig.prover:ProverController",
    "RegisterMap": "remotecal.drivers.mapped.register_map:RegisterMap",
    "SartoriusSbi": "remotecal.drivers.sartorius.sbi:SartoriusSbi",
    "SartoriusSbiKilogram": "remotecal.drivers.sartorius.sbi:SartoriusSbiKilogram",
    "SiemensFc410": "remotecal.drivers.siemens.coriolis:SiemensFc410",
    "SiemensMag6000": "remotecal.drivers.siemens.mag6000:SiemensMag6000",
    "SiemensMass6000": "remotecal.drivers.siemens.coriolis:SiemensMass6000",
    "TankScaleByHand": "remotecal.drivers.by_hand.indicating:TankScaleByHand",
    "TankScaleTransmitter": "remotecal.drivers.rig.tank_scale:TankScaleTransmitter",
    "ThermometerByHand": "remotecal.drivers.by_hand.indicating:ThermometerByHand",
    "Tuf2000M": "remotecal.drivers.tuf.tuf2000m:Tuf2000M",
    "Tuf2000MFuji": "remotecal.drivers.tuf.fuji:Tuf2000MFuji",
    "VaisalaDmt340": "remotecal.drivers.vaisala.dmt340:VaisalaDmt340",
    "VaisalaPtu300": "remotecal.drivers.vaisala.ptu300:VaisalaPtu300",
    "VoltmeterByHand": "remotecal.drivers.by_hand.indicating:VoltmeterByHand",
    "VolumeTotalizerByHand": "remotecal.drivers.by_hand.indicating:VolumeTotalizerByHand",
    "WaterRigController": "remotecal.drivers.rig.controller:WaterRigController",
}
"""Name → module and class, so that a driver is imported only when it is wanted."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something a bench can say when it opens the instrument, such as its channel."""

    name: str
    default: object
    doc: str


@dataclass(frozen=True, slots=True)
class Described:
    """One statement of a driver, in words."""

    name: str
    """As it is called; `temperature[1–17]` stands for its channels."""
    kind: str
    """Reading, Setting, Choice, Flags or Action."""
    unit: str
    """Short notation; "" where there is none."""
    span: tuple[float, float] | None
    """Lowest and highest value, in `unit`."""
    accuracy: str
    """The maker's limit of error, or what it depends on; "" where there is none to state."""
    ranges: tuple[str, ...]
    """What each range says, where it depends on that."""
    source: str
    """Where the limit of error is printed."""
    unless: tuple[str, ...]
    """What it says nothing under: each of what is asked along with it, with its states or conditions."""
    states: tuple[str, ...]
    """Names of the states or conditions."""
    settable: bool
    """Whether this driver can set it."""
    place: str
    """Where it lives on the wire."""
    doc: str


@dataclass(frozen=True, slots=True)
class Description:
    """What a driver says of itself, with no instrument."""

    name: str
    instrument: str
    """Maker and model."""
    doc: str
    wire: str
    capabilities: tuple[str, ...]
    """What roles it can fill."""
    options: tuple[Option, ...]
    """What its constructor takes beyond the usual."""
    quantities: tuple[Described, ...]
    safe: tuple[str, ...]
    """What makes it harmless, in this order."""
    expects: tuple[str, ...]
    """How the instrument must be configured."""
    forbidden: tuple[str, ...]
    """What is never sent."""


def drivers() -> dict[str, type[Instrument]]:
    """Return every driver that can be loaded, by name; `broken` tells of the others."""
    return {name: found for name, found in _loaded().items() if not isinstance(found, str)}


def broken() -> dict[str, str]:
    """Return why installed drivers can't be used, by name."""
    hidden = {
        f"{entry.name} ({entry.value})": "a shipped driver has this name"
        for entry in entry_points(group=GROUP)
        if entry.name in SHIPPED
    }
    return hidden | {name: found for name, found in _loaded().items() if isinstance(found, str)}


def driver(name: str, trusted: Collection[str] = ()) -> type[Instrument]:
    """Return a driver by its name, or the class at `module:Class`.

    Args:
        name: either.
        trusted: the classes that somebody here has named; no other one's module is imported.

    Raises:
        BenchError: there is no such driver, it can't be loaded, or nobody here has named it.
    """
    if ":" in name and name not in trusted:
        raise BenchError(
            f"driver {name} is not an installed one: where you trust it, name it yourself, by --driver {name}"
        )
    # What is installed is looked through only for a name that is neither: it takes as long as many readings.
    value = name if ":" in name else SHIPPED.get(name)
    entry = EntryPoint(name, value, GROUP) if value else _entries().get(name)
    if entry is None:
        lower = {key.lower(): key for key in _entries()}
        near = [lower[key] for key in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.5)]
        hint = f"did you mean {' or '.join(near)}?" if near else "`remotecal drivers` lists them"
        raise BenchError(f"there is no driver {name!r}: {hint}")
    found = _load(entry)
    if isinstance(found, str):
        raise BenchError(f"the driver {name} can't be loaded: {found}")
    return found


def describe(cls: type[Instrument]) -> Description:
    """Return what a driver says of itself, from its declarations alone."""
    docs = docstrings(cls)
    return Description(
        name=cls.__name__,
        instrument=" ".join(filter(None, (cls.maker, cls.model))),
        doc="\n\n".join(_introduction(base) for base in cls.__mro__ if _declares(base)) or _introduction(cls),
        wire=_wire(cls),
        capabilities=tuple(base.__name__ for base in _capabilities(cls)),
        options=_options(cls),
        quantities=tuple(_described(cls, item, docs.get(item.name, "")) for item in stated(cls)),
        safe=tuple(_step(step) for step in cls.safe),
        expects=tuple(_step(step) for step in cls.expects),
        forbidden=tuple(
            str(item) if isinstance(item, str) else _register(item) for item in getattr(cls, "forbidden", ())
        ),
    )


def _entries() -> dict[str, EntryPoint]:
    """Return how to load each driver; a shipped one can't be replaced."""
    installed = {entry.name: entry for entry in entry_points(group=GROUP)}
    return installed | {name: EntryPoint(name, value, GROUP) for name, value in SHIPPED.items()}


def _loaded() -> dict[str, type[Instrument] | str]:
    return {name: _load(entry) for name, entry in sorted(_entries().items())}


def _load(entry: EntryPoint) -> type[Instrument] | str:
    """Return a driver, or why there is none."""
    from remotecal.drivers.instrument import Instrument
    from remotecal.source import load

    try:
        if entry.name not in SHIPPED:
            load(entry.module)
        found = entry.load()
    except Exception as error:  # noqa: BLE001  somebody else's module may fail in any way
        why = f"{entry.value}: {type(error).__name__}: {error}"
        if isinstance(error, ModuleNotFoundError) and error.name == entry.module:
            why += "; install its package (`pip install -e .`), or name its folder in PYTHONPATH"
        return why
    if not (isinstance(found, type) and issubclass(found, Instrument)):
        return f"{entry.value} is no Instrument"
    return found


def _capabilities(cls: type) -> list[type]:
    """Return the capabilities a driver inherits from, those that others imply left out."""
    found = [base for base in cls.__mro__ if vars(base).get("_is_protocol") and base.__name__ != "Protocol"]
    return [base for base in found if not any(base in other.__mro__[1:] for other in found)]


def _declares(cls: type) -> bool:
    """Tell whether a class is a driver that states something itself, and no general kind of instrument."""
    return any(isinstance(item, Declaration) for item in vars(cls).values())


def _introduction(cls: type) -> str:
    return inspect.cleandoc(cls.__doc__ or "").partition("\nArgs:")[0].strip()


def _options(cls: type[Instrument]) -> tuple[Option, ...]:
    usual = {"link", "name", "serial", "clock"}
    docs: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        arguments = inspect.cleandoc(base.__doc__ or "").partition("\nArgs:\n")[2]
        docs |= {name: " ".join(text.split()) for name, text in _ARGUMENT.findall(arguments)}
    parameters = inspect.signature(cls).parameters.values()
    return tuple(
        Option(item.name, item.default, docs.get(item.name, ""))
        for item in parameters
        if item.name not in usual
    )


_ARGUMENT: Final = re.compile(r"^    (\w+): (.*(?:\n     +.*)*)", re.MULTILINE)
"""One argument in a docstring, with the lines that go on with it."""


def _described(cls: type[Instrument], item: Declaration, doc: str) -> Described:
    if isinstance(item, Channels):
        first, *_, last = (*item, *item)
        places = dict.fromkeys((_place(first), _place(last)))
        name = f"{item.name}[{spelled(item.numbers)}]"
        return replace(_described(cls, first, doc), name=name, place="\n… ".join(places))
    accuracy, source, ranges = _good(item) if isinstance(item, Reading | Setting | Trace) else ("", "", ())
    states = getattr(item, "options", None) or getattr(item, "conditions", None) or ()
    return Described(
        name=item.name,
        kind=next(kind.__name__ for kind in _KINDS if isinstance(item, kind)),
        unit=getattr(item, "unit", ""),
        span=getattr(item, "span", None),
        accuracy=accuracy,
        ranges=ranges,
        source=source,
        unless=tuple(f"{one.name} is {one.spoiling}" for one in getattr(item, "unless", ())),
        states=tuple(member.name for member in states),
        settable=isinstance(item, Setting | Choice) and _settable(cls, item),
        place=_place(item),
        doc=doc,
    )


_KINDS: Final = (Reading, Setting, Choice, Flags, Action, Trace)


def _good(item: Reading | Setting | Trace) -> tuple[str, str, tuple[str, ...]]:
    """Return a limit of error in words, where it is printed, and what each range says of it."""
    if isinstance(item, Trace) or item.ranges is None:
        return _limit(item.accuracy, item.unit), item.accuracy.source, ()
    return str(item.ranges), item.ranges.source, tuple(item.ranges.lines(item.unit))


def _limit(accuracy: Accuracy, unit: str) -> str:
    """Return a limit of error in words; its constant part, which stands last, has the quantity's unit."""
    return f"{accuracy} {unit}" if accuracy.absolute and unit != "1" else str(accuracy)


def _settable(cls: type[Instrument], item: Declaration) -> bool:
    codec = item.wire
    if isinstance(codec, Register | Sum):
        writes = {"coil": {5, 15}, "holding": {6, 16}}
        functions = cls.wire.functions if isinstance(cls.wire, Modbus) else frozenset()
        return isinstance(codec, Register) and not functions.isdisjoint(writes.get(codec.table, ()))
    return codec.command("0") is not None


def _place(item: Declaration) -> str:
    codec = item.wire
    if isinstance(codec, Register | Sum):
        return "\n+ ".join(_register(part) for part in codec.parts)
    if isinstance(item, Action):
        return (codec.command(str(item.content)) or "").strip().translate(_SEEN)
    order = codec.command("…") if isinstance(item, Setting | Choice) else None
    return "\n".join(filter(None, (codec.ask, order))).translate(_SEEN)


_SEEN: Final = {0x1B: "ESC "}
"""How what no display shows is written."""


def _register(register: Register) -> str:
    scale = "" if register.scale == 1 else f" × {register.scale:g}"
    form = "" if register.form == "bit" else f" {register.form}"
    bit = "" if register.bit is None else f" bit {register.bit}"
    offset = f" {register.offset:+g}" if register.offset else ""
    return f"{register.table} {register.number}{form}{bit}{scale}{offset}"


def _wire(cls: type[Instrument]) -> str:
    wire = cls.wire
    if isinstance(wire, Modbus):
        functions = ", ".join(map(str, sorted(wire.functions)))
        counting = f"registers counted from {wire.manual_counts_from}"
        return f"Modbus, functions {functions}; bytes {wire.order}, {counting}; serial {wire.serial}"
    if isinstance(wire, ByHand):
        return "a person, who is asked on site"
    if wire.lengths is not None:
        return "frames of {} bytes, replies of {}; serial {}".format(*wire.lengths, wire.serial)
    reply = wire.ending if wire.reply_ending is None else wire.reply_ending
    return f"lines ending {wire.ending!r}, replies ending {reply!r}; serial {wire.serial}"


def _step(step: Step | Action) -> str:
    return f"{step.name}()" if isinstance(step, Action) else str(step)
