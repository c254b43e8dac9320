"""A procedure: a calibration as a script that reads like the standard it follows."""

from __future__ import annotations

import types
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias, Union, get_args, get_origin, get_type_hints

from remotecal import units
from remotecal.drivers.capabilities.needs import needs
from remotecal.drivers.declarations import Declaration
from remotecal.drivers.instrument import Instrument
from remotecal.drivers.measured import Measured
from remotecal.errors import ParameterError
from remotecal.model import Text
from remotecal.procedures.observed import Observed
from remotecal.procedures.parameters import Parameters

if TYPE_CHECKING:
    from remotecal.bench import CertificateUsed
    from remotecal.bench_file import Characteristic
    from remotecal.journal.evidence import Evidence
    from remotecal.journal.observation import Point, Value
    from remotecal.procedures.evaluation import Evaluation
    from remotecal.procedures.run import Run

Certificates: TypeAlias = "Mapping[str, CertificateUsed]"
"""Role → certificate."""
Drivers: TypeAlias = Mapping[str, type[Instrument]]
"""Role → driver; of a role that holds several, `ROLE[1]` and so on."""
Filling: TypeAlias = "Instrument | Artefact | tuple[Instrument | Artefact, ...] | None"
"""What fills a role."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A standard without an interface, such as a weight: what fills a role of this type."""

    name: str
    """Its name on the bench."""
    serial: str
    """Its serial number."""


class Procedure(ABC):
    """A calibration: roles, parameters, points, one measurement, the evaluation.

    A role is an annotation in the class body whose type is a capability, several of them joined by
    `|`, or with `| None` where the bench may do without. A tuple of them, `tuple[FlowMeter, ...]`, holds
    several instruments, which evidence calls `duts[1]`, `duts[2]` …, and with `| None` behind it may hold
    none; and `Artefact` is a standard that nobody can ask:

    ```python
    class MasterMeter(Procedure):
        title = Text(zh="标准表法", en="Master meter method")
        norms = ("JJG 643",)
        reference: FlowMeter
        dut: PulseCounter | VolumeTotalizer

        class Parameters(Parameters):
            flows: Annotated[tuple[float, ...], In("m3/h", above=0)]

        parameters: Parameters
    ```

    `prepare`, `approach` and `measure` talk to instruments, through the roles. `evaluate` is pure:
    it sees the parameters and the evidence, never an instrument, a clock or a file.
    """

    title: ClassVar[Text]
    """What the procedure is called on a certificate."""
    norms: ClassVar[tuple[str, ...]] = ()
    """The documents it follows; those with a row in `remotecal.editions` without their year, for a
    certificate names the edition that was in force on the day of measurement."""
    sets: ClassVar[Mapping[str, str]] = {}
    """What a point sets, by the names of its nominal values: name → unit."""
    reach: ClassVar[Mapping[str, str]] = {}
    """Which quantities must span a point's nominal value: `role.quantity` → its name in `sets`."""
    safe_by_hand: ClassVar[Text | None] = None
    """What the person on site must do for the rig to be safe where no wire does it, such as to open a line to
    the air. They are asked for it before anything else, and whenever a run ends, and confirm it."""
    under_test: ClassVar[str] = "dut"
    """The role in which the devices of the order are; one that holds several takes several."""
    read_by: ClassVar[tuple[type, ...]] = ()
    """Capabilities of what only reads a device in that role, as an ammeter reads a transmitter. What has
    none of them is the device itself: the serial number it tells must be the one the order gives."""
    bears_silence: ClassVar[bool] = False
    """Whether it goes on without a device under test, among several, that does not answer."""
    drift_by: ClassVar[Mapping[str, str]] = {}
    """Role → the fact or parameter by which the drift of what fills it is charged where the bench file has no
    `drift` of it: a certificate says whose drift is not."""
    keeps: ClassVar[Mapping[str, type[Observed]]] = {}
    """What is read beside the repeats and kept (`Run.observe`), by the text it is kept under."""
    parameters: Parameters

    def __init__(self, parameters: Parameters, roles: Mapping[str, Filling] | None = None) -> None:
        self.parameters = parameters
        vars(self).update(roles or {})

    def filled(self, roles: Mapping[str, Filling]) -> Self:
        """Return the same procedure with its roles filled: with what `check` kept of the certificates."""
        made = copy(self)
        vars(made).update(roles)
        return made

    @classmethod
    def accepts(cls) -> type[Parameters]:
        """Return the class of the procedure's parameters."""
        kind = getattr(cls, "Parameters", Parameters)
        if not (isinstance(kind, type) and issubclass(kind, Parameters)):
            raise ParameterError(f"{cls.__name__}.Parameters must be a class of Parameters")
        return kind

    @classmethod
    def roles(cls) -> tuple[Role, ...]:
        """Return the roles, in the order they are written.

        Raises:
            ParameterError: an annotation is no capability.
        """
        hints = get_type_hints(cls)
        return tuple(
            _role(cls, name, kind)
            for name, kind in hints.items()
            if name != "parameters" and ClassVar not in {kind, get_origin(kind)}
        )

    @classmethod
    def yields(cls) -> type[Observed]:
        """Return what one repeat yields, by the annotation of `measure`.

        Raises:
            ParameterError: it declares nothing, or a part that an observation can't hold.
        """
        said = SimpleNamespace(__annotations__={"return": cls.measure.__annotations__.get("return")})
        kind = get_type_hints(said, cls.measure.__globals__, dict(vars(cls)))["return"]
        if not (isinstance(kind, type) and issubclass(kind, Observed)):
            raise ParameterError(
                f"{cls.__name__}.measure must say by its annotation what it yields: a class of Observed"
            )
        kind.parts()
        return kind

    @abstractmethod
    def points(self) -> Sequence[Point]:
        """Return the points, in the order they are to be measured."""

    def characteristics(self) -> Mapping[str, str]:
        """Return the facts of the rig the evaluation needs, each with a unit of its dimension."""
        return {}

    def may_state(self) -> Mapping[str, str]:
        """Return further facts of the rig that the evaluation heeds where the bench states them.

        Each with a unit of its dimension; one in another is refused before anything is opened.
        """
        return {}

    def plausible(self) -> Mapping[str, tuple[float, float]]:
        """Return between which values a fact can be, in the unit of `characteristics` or `may_state`.

        One declared in °C is taken for a temperature, one in K for a difference. One outside was mistyped,
        or in another unit than it says; it is refused before anything is opened.
        """
        return {}

    def see_facts(self, facts: Mapping[str, Characteristic]) -> None:  # noqa: B027  often anything suffices
        """Raise `ParameterError` if what the bench states of itself does not suffice for what is ordered.

        Asked before anything is opened; `facts` are those of `characteristics` and `may_state`, by name.
        """

    def held_against(self) -> tuple[str, ...]:
        """Return the documents by which the evaluation judges the devices; none where it gives no verdict.

        That is the parameter `norm` where there is one, unless the procedure says otherwise. A device can
        be verified (检定) only by what is returned here.
        """
        norm = getattr(self.parameters, "norm", None)
        return (norm,) if isinstance(norm, str) and norm else ()

    def stands_by(self) -> Sequence[str]:
        """Return for what of `keeps` something must be read before any repeat; a `StoodBy` may refuse it."""
        return ()

    def certified(self) -> Sequence[str]:
        """Return the roles whose instruments must have a calibration certificate."""
        return ()

    def suits(self, drivers: Drivers) -> None:  # noqa: B027  often anything suits
        """Raise `ParameterError` if the parameters can't be carried out by what fills the roles.

        Asked where the order is written and before anything is opened; `drivers` is role → driver, and
        there may be fewer than roles.
        """

    def shows(self, quantity: str, driver: type[Instrument], nominal: float) -> tuple[float, float]:
        """Return between which values a quantity of `reach` is where a point has a nominal value.

        Both are the nominal value, unless what fills the role counts from elsewhere, as a gauge for absolute
        pressure does.

        Args:
            quantity: `role.quantity`.
            driver: what fills the role.
            nominal: in the unit of `sets`, as is what is returned.
        """
        return nominal, nominal

    def allowance(self) -> Mapping[str, float]:
        """Return how far beyond a nominal value a run may go on its way: name → value, as `sets` has it.

        What the bench's interlocks must leave room for; nothing unless stated.
        """
        return {}

    def check(self, certificates: Certificates, drivers: Drivers) -> None:  # noqa: B027  nor to check
        """Refuse what the evaluation could not use, before anything moves.

        What it keeps on itself of the certificates, the procedure has while it measures.

        Args:
            certificates: role → certificate of the instrument that fills it, where it has one.
            drivers: role → its driver.

        Raises:
            CertificateRefused: a certificate does not say, or not reach, what is needed.
            BenchError: an instrument lacks what is needed.
        """

    def prepare(self, run: Run) -> None:  # noqa: B027  a procedure may have nothing to prepare
        """Make the rig ready, once when a run begins and again when it is taken up again."""

    def approach(self, point: Point, run: Run) -> None:  # noqa: B027  nor anything to approach
        """Bring the rig to a point, before its repeats and again when a run is taken up there."""

    def takes(self, point: Point) -> float:
        """Return how long a repeat takes at a point, in s, as far as can be told before anything is read.

        Who is asked for the run, or waits for it, is told by it about how long that takes; where a procedure
        leaves this as it is, nobody is told beforehand, and all repeats count alike.
        """
        return 1.0

    def arrives(self, point: Point, last: Point | None) -> float:
        """Return how long `approach` takes to a point, in s, as far as can be told; see `takes`.

        Args:
            point: to come to.
            last: the point before it; None of the first one.
        """
        return 0.0

    @abstractmethod
    def measure(self, point: Point, run: Run) -> Observed:
        """Measure once, and return what that yields: a declared observation of the procedure's own."""

    def adjust(self, run: Run) -> Mapping[str, Value]:
        """Bring the devices' errors down, where the order asks for that, and return what was set.

        All points are measured before it, as found, and again after it, as left; what was set is evidence,
        and stands on the certificate (`adjustment`). Where the devices can't be adjusted it returns nothing:
        then they are not measured again, and the certificate says so. A procedure that can't adjust at all
        leaves this as it is, and such an order is refused.
        """
        raise NotImplementedError

    def adjustment(self, was_set: Mapping[str, Value]) -> Text:
        """Return what the certificate says of an adjustment, by what `adjust` returned."""
        told = ", ".join(f"{name} = {_told(value)}" for name, value in was_set.items())
        return Text(zh=f"调整：{told}。", en=f"Adjustment: {told}.")

    @classmethod
    def can_adjust(cls) -> bool:
        """Tell whether the procedure knows how to adjust."""
        return cls.adjust is not Procedure.adjust

    @abstractmethod
    def evaluate(self, evidence: Evidence) -> Evaluation | Sequence[Evaluation]:
        """Return the results that follow from the evidence, the same ones each time.

        Of a device that was adjusted that is asked twice: with the evidence as found, and as left. What is
        measured in several ways, or of several devices, is several measurements.
        """


@dataclass(frozen=True, slots=True)
class Role:
    """A part on the bench that a procedure needs filled."""

    name: str
    capabilities: tuple[type, ...]
    """The instrument must have one of these."""
    optional: bool
    """Whether the procedure can do without."""
    several: bool = False
    """Whether it holds several instruments."""

    def __str__(self) -> str:
        kinds = " or ".join(capability.__name__ for capability in self.capabilities)
        kinds = f"one or more of {kinds}" if self.several else kinds
        return f"{self.name}: {kinds}{', may be missing' if self.optional else ''}"

    @property
    def artefact(self) -> bool:
        """Whether an artefact fills it."""
        return self.capabilities == (Artefact,)

    def keys(self, count: int) -> tuple[str, ...]:
        """Return what evidence calls those that fill the role, if they are so many."""
        return tuple(f"{self.name}[{n}]" for n in range(1, count + 1)) if self.several else (self.name,)

    def lacks(self, driver: type[Instrument]) -> str:
        """Return why instruments of this driver can't fill the role; "" if they can."""
        faults = [_lacks(driver, capability) for capability in self.capabilities]
        return "" if "" in faults else "; ".join(faults)


def of_role(key: str) -> str:
    """Return the role of what evidence calls `ROLE` or `ROLE[2]`."""
    return key.partition("[")[0]


def _role(procedure: type, name: str, kind: object) -> Role:
    choices = _choices(kind)
    groups = [each for each in choices if get_origin(each) is tuple and get_args(each)[1:] == (...,)]
    several = len(groups) == 1
    if several:
        choices = (*_choices(get_args(groups[0])[0]), *(each for each in choices if each is not groups[0]))
    capabilities: list[type] = []
    for choice in choices:
        if choice is types.NoneType:
            continue
        if not (isinstance(choice, type) and (getattr(choice, "_is_protocol", False) or choice is Artefact)):
            raise ParameterError(_untyped(f"{procedure.__name__}.{name}", choice))
        capabilities.append(choice)
    return Role(name, tuple(capabilities), types.NoneType in choices, several)


def _untyped(role: str, kind: object) -> str:
    if not (isinstance(kind, type) and issubclass(kind, Instrument)):
        return f"{role} must be typed by a capability, not {kind!r}"
    able = [each.__name__ for each in kind.__mro__ if getattr(each, "_is_protocol", False) and needs(each)]
    which = f"such as {', '.join(able)}, which it has" if able else "which it has none of"
    return (
        f"{role} must be typed by a capability, not by the driver {kind.__name__}: one of "
        f"remotecal.drivers.capabilities, or a Protocol of yours that the driver inherits, {which}"
    )


def _choices(kind: object) -> tuple[object, ...]:
    return get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)


def _told(value: Value) -> str:
    if isinstance(value, Measured):
        return f"{value.value:.10g} {'' if value.unit == '1' else value.unit}".strip()
    return f"{value:.10g}" if isinstance(value, float | int) else str(value)


def _lacks(driver: type[Instrument], capability: type) -> str:
    if capability not in driver.__mro__:
        return f"{driver.__name__} is no {capability.__name__}"
    for name, need in needs(capability).items():
        wanted = need.unit
        declared = getattr(driver, name, None)
        if not isinstance(declared, Declaration):
            return f"{driver.__name__} declares no {name}, which a {capability.__name__} has"
        unit = getattr(declared, "unit", None)
        if wanted and (unit is None or not units.same_dimension(unit, wanted)):
            return f"{declared!r} is in {unit}, a {capability.__name__} gives it in {wanted} or the like"
    return ""
