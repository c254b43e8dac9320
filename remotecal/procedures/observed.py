"""What one repeat yields, declared like what an instrument has: names, units, what may be missing."""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import (
    TYPE_CHECKING,
    Annotated,
    ClassVar,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from remotecal import units
from remotecal.drivers.capabilities.needs import needs
from remotecal.drivers.measured import Measured
from remotecal.drivers.waveform import Waveform
from remotecal.errors import EvidenceError, ParameterError, RemotecalError
from remotecal.journal.contents import File
from remotecal.journal.observation import KeptBeside, Observation, Point, Value

if TYPE_CHECKING:
    from remotecal.journal.evidence import Evidence

SEVERAL = tuple[Measured, ...]
"""Several readings of one quantity, in the order they were taken."""

KINDS = (Measured, SEVERAL, Waveform, float, int, str, File)
"""What a part of an observation may be; each may be missing where `| None = None` says so."""


@dataclass(frozen=True, slots=True)
class By:
    """Whose readings a part of an observation is made of: of what fills a role, by one of its quantities.

    A part that names several may be of any of them; one that names none, of anything in its unit.
    """

    role: str
    """Name of the role; of one that several fill, any of them."""
    quantity: str = ""
    """Name of the quantity, whatever its channel unless that is named, as in `temperature[3]`; "" for any."""

    def __str__(self) -> str:
        return f"{self.role}.{self.quantity}" if self.quantity else self.role

    def gave(self, source: str, roles: Mapping[str, str]) -> bool:
        """Tell whether a reading's source is this, where `roles` are role → name of what fills it."""
        name, _, quantity = source.rpartition(".")
        there = any(one == name and self.of(key) for key, one in roles.items())
        return there and self.quantity in {"", quantity, quantity.partition("[")[0]}

    def of(self, key: str) -> bool:
        """Tell whether it is the role of what evidence calls `ROLE` or `ROLE[2]`."""
        return key.partition("[")[0] == self.role

    def can_be(self, declared: Mapping[str, tuple[type, ...]]) -> bool:
        """Tell whether what fills the role has the quantity, where `declared` are role → capabilities."""
        name = self.quantity.partition("[")[0]
        return not name or any(name in needs(kind) for kind in declared[self.role])


@dataclass(frozen=True, slots=True)
class Often:
    """How many readings of each source a part holds: so many, or as many as the order says by a parameter."""

    count: int | str
    """The number, or the parameter's name."""
    evenly: bool = False
    """Whether they are taken evenly while a repeat lasts, with a wait behind the last as between any two."""

    def due(self, parameters: object) -> int:
        """Return how many are due by a run's parameters.

        Raises:
            ParameterError: they have no such parameter, or it is no whole number.
        """
        count: object = self.count
        if isinstance(count, str):
            if not hasattr(parameters, count):
                raise ParameterError(
                    f"Often({count!r}) names no parameter of the procedure: name one, or write the number"
                )
            count = getattr(parameters, count)
        whole = isinstance(count, int | float) and not isinstance(count, bool) and count == count // 1
        if not whole or count < 0:  # type: ignore[operator]  # it is a number
            raise ParameterError(
                f"Often({self.count!r}) is {count!r}, and must be a whole number: of readings by each source"
            )
        return int(count)  # type: ignore[call-overload,no-any-return]  # it is a number


@dataclass(frozen=True, slots=True)
class Waited:
    """How long a part's first reading waits: for something to drip, to come to rest or to be counted."""

    time: float | str
    """Seconds, or the name of a parameter that tells them."""
    since: str = ""
    """The part whose last reading they are counted from, where it was read; "" for the repeat's beginning."""

    def due(self, parameters: object) -> float:
        """Return how many seconds must pass by a run's parameters.

        Raises:
            ParameterError: they have no such parameter, or it is no number.
        """
        time: object = getattr(parameters, self.time, None) if isinstance(self.time, str) else self.time
        if isinstance(time, bool) or not isinstance(time, int | float) or not math.isfinite(time):
            raise ParameterError(
                f"Waited({self.time!r}) must be seconds, or name a parameter that tells them"
            )
        return float(time)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a declared observation."""

    name: str
    kind: object
    """One of `KINDS`."""
    units: tuple[str, ...]
    """Short notations, each of another dimension; readings in any unit of one of these are taken. Empty for a
    text and a file."""
    optional: bool
    """Whether a repeat may lack it."""
    by: tuple[By, ...] = ()
    """Whose readings it is; empty for anybody's."""
    often: Often | None = None
    """How many readings of each source it holds, where that is known."""
    waited: Waited | None = None
    """How long was waited for its first reading, where that is told."""

    def may_be_of(self, source: str, roles: Mapping[str, str]) -> bool:
        """Tell whether a reading of this source can be in it; `roles` are role → name of what fills it."""
        return not self.by or any(by.gave(source, roles) for by in self.by)

    def filled_by(self, source: str, roles: Mapping[str, str]) -> int:
        """Return how many of its roles the instrument of a source fills, and 1 where it has none."""
        name = source.rpartition(".")[0]
        return max(1, sum(who == name and any(by.of(key) for by in self.by) for key, who in roles.items()))

    def among(self, declared: Mapping[str, tuple[type, ...]]) -> Part:
        """Return the part as a procedure with these roles has it; `declared` are role → capabilities.

        Observations are shared: a role that the procedure does not declare reads nothing in it, and one none
        of whose capabilities has a quantity that is named may tell the part by any.
        """
        there = [by for by in self.by if by.role in declared]
        told = [by for by in there if by.can_be(declared)]
        known = {by.role for by in told}
        others = (replace(by, quantity="") for by in there if by.role not in known)
        return replace(self, by=tuple(dict.fromkeys((*told, *others))))

    def whose(self, roles: Mapping[str, str]) -> str:
        """Return in words by whom its readings must be; `roles` are role → name of what fills it."""
        filled = {by.role: [one for key, one in roles.items() if by.of(key)] for by in self.by}
        told = (
            f"{' and '.join(names) or 'nothing'} {'have' if len(names) > 1 else 'has'} the role {role}"
            for role, names in filled.items()
        )
        return f"{' or '.join(map(str, self.by))}, where {', '.join(told)}"

    def fault(self, value: object) -> str:
        """Return why a value can't be this part; "" if it can."""
        if self.kind is Measured:
            return self._fault_of_reading(value)
        if self.kind == SEVERAL:
            if not isinstance(value, tuple) or isinstance(value, Measured) or not value:
                return f"is {value!r}, and one reading or more are due"
            return next((fault for one in value if (fault := self._fault_of_reading(one))), "")
        if self.kind is Waveform:
            return (
                self._fault_of_unit(value.unit)
                if isinstance(value, Waveform)
                else f"is {value!r}, and a waveform is due"
            )
        if self.kind is str:
            return "" if isinstance(value, str) else f"is {value!r}, and a text is due"
        if self.kind is File:
            return "" if isinstance(value, File) else f"is {value!r}, and a file of the run is due"
        number = isinstance(value, int if self.kind is int else int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):  # type: ignore[arg-type]  # it is a number
            return f"is {value!r}, and a finite number in {self.units[0]} is due"
        return ""

    def _fault_of_reading(self, value: object) -> str:
        if not isinstance(value, Measured):
            return f"is {value!r}, and a reading is due"
        return self._fault_of_unit(value.unit)

    def _fault_of_unit(self, unit: str) -> str:
        if self.unit_for(unit) is None:
            return f"was read in {unit}, and a quantity in {' or '.join(self.units)} or the like is due"
        return ""

    def unit_for(self, unit: str) -> str | None:
        """Return the declared unit of a unit's dimension; None if there is none."""
        return next((one for one in self.units if units.same_dimension(unit, one)), None)

    def converted(self, value: Value) -> Value:
        """Return a value with its readings in the declared unit."""
        if isinstance(value, Measured | Waveform):
            return value.to(self.unit_for(value.unit) or value.unit)
        if isinstance(value, tuple):
            return tuple(
                one.to(self.unit_for(one.unit) or one.unit) for one in value if isinstance(one, Measured)
            )
        return float(value) if self.kind is float and isinstance(value, int) else value


@dataclass_transform(frozen_default=True, kw_only_default=True)
@dataclass(frozen=True, kw_only=True)
class Observed:
    """What one repeat yields; a procedure's `measure` says by its annotation which.

    ```python
    class Seen(Observed):
        mass: Annotated[Measured, "kg", By("balance", "settled_mass")]
        '''Balance with the tank full.'''
        temperature: Annotated[tuple[Measured, ...], "°C", Often("samples")]
        '''Water at the meter, while it was collected; as often as the order's parameter says.'''
        pulses: Annotated[Measured | None, "1"] = None
        '''Counted pulses, of a meter that gives them.'''
        duration: Annotated[float, "s"]
        '''How long it was collected, by the run's clock.'''
    ```

    A part is a reading, several of one quantity, a waveform, a number in its unit, a text, or a file; one
    that is of either kind, such as a total of mass or of volume, names both units. What a repeat yields is
    held against the declaration before it is kept, so a wrong name or unit is refused at the first repeat; so
    is a reading of somebody else than the part says it is `By`, there and at the evaluation: of the standard,
    say, in the place of the device. Several readings say how `Often` each source was read, where that is
    known, and are held against it in the same two places. A shared class can name roles that not every
    procedure has: such a `By` does not count there. Where a procedure reads a part by another quantity than
    the class says, or not as often, its own class declares the part anew. What must wait says so by `Waited`;
    where several parts are read of one quantity, the class says how their readings follow one another.

    ```python
    class Weighed(Observed):
        in_order: ClassVar[tuple[str, ...]] = ("pan (standard sample)+ pan",)

        pan: Annotated[tuple[Measured, ...], "kg", By("balance", "settled_mass"), Often(2)]
        standard: Annotated[tuple[Measured, ...], "kg", By("balance", "settled_mass")]
        sample: Annotated[tuple[Measured, ...], "kg", By("balance", "settled_mass")]
    ```

    `at` and `of` read it back, in the declared units; of waveforms and files what is said of them.
    """

    in_order: ClassVar[tuple[str, ...]] = ()
    """How the readings of parts follow one another: each a regular expression in which a part's name stands
    for one reading of it, `"full empty+"`. It is held for each source apart, by the numbers of the exchanges,
    and so is the order within each of these parts. What a class says holds in those made of it."""

    entry: ClassVar[Observation]
    """What was kept, of one that was read back: readings as they were taken, point and repeat."""

    _parts: ClassVar[Mapping[str, Part]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        told = inspect.get_annotations(cls)
        if taken := sorted(name for name in RESERVED & told.keys() if "ClassVar" not in str(told[name])):
            raise TypeError(f"{cls.__name__} can't call a part {taken[0]!r}: that is what it is read by")
        dataclass(frozen=True, kw_only=True)(cls)

    @classmethod
    def parts(cls) -> Mapping[str, Part]:
        """Return name → part, in the order they are written.

        Raises:
            ParameterError: a part is nothing an observation holds, or has no unit, or a unit nobody knows.
        """
        if "_parts" not in vars(cls):
            cls._parts = _parts_of(cls)
        return cls._parts

    @classmethod
    def of(cls, entry: Observation | KeptBeside) -> Self:
        """Return what one repeat yielded, by its kept observation, or what was kept beside the repeats.

        Raises:
            EvidenceError: it is none of this kind.
        """
        if faults := _faults(cls, entry.values):
            raise EvidenceError(f"{entry.place}: the observation is no {cls.__name__}: {'; '.join(faults)}")
        parts = cls.parts()
        read = cls(**{name: parts[name].converted(value) for name, value in entry.values.items()})
        object.__setattr__(read, "entry", entry)
        return read

    @classmethod
    def at(cls, evidence: Evidence, point: Point) -> tuple[Self, ...]:
        """Return what the repeats at a point yielded, in their order (EvidenceError as `of`)."""
        return tuple(cls.of(entry) for entry in evidence.at(point))

    @classmethod
    def last_before(
        cls, entry: Observation, evidence: Evidence, text: str, about: Mapping[str, float | str]
    ) -> Self | None:
        """Return what was kept last before a repeat (`Run.observe`); None where nothing was.

        Args:
            entry: the repeat.
            evidence: it is in.
            text: what it was read for.
            about: what must be told of it, such as the pressure it was read at.
        """
        before = (
            one
            for one in reversed(evidence.kept)
            if one.text == text and one.at <= entry.began and about.items() <= one.about.items()
        )
        return next(map(cls.of, before), None)


RESERVED = frozenset({"at", "entry", "in_order", "last_before", "of", "parts"})
"""What no part can be called."""


def packed(seen: Observed) -> dict[str, Value]:
    """Return name → value of what a repeat yielded, as the journal keeps them; what is missing is left out.

    Raises:
        ParameterError: a value is not as it is declared.
    """
    kept = {name: getattr(seen, name) for name in seen.parts() if getattr(seen, name) is not None}
    if faults := _faults(type(seen), kept):
        raise ParameterError(
            f"{type(seen).__name__} is not what was declared: {'; '.join(faults)}: mend the declaration, or "
            "what is measured"
        )
    return kept


def _faults(kind: type[Observed], values: Mapping[str, object]) -> list[str]:
    """Return how values differ from what a declared observation holds."""
    parts = kind.parts()
    missing = [
        f"{name} is missing" for name, part in parts.items() if not part.optional and name not in values
    ]
    unknown = [f"{name} is not declared" for name in values if name not in parts]
    wrong = [
        f"{name} {fault}"
        for name, value in values.items()
        if name in parts and (fault := parts[name].fault(value))
    ]
    return missing + unknown + wrong


def _parts_of(kind: type[Observed]) -> Mapping[str, Part]:
    if not fields(kind):
        raise ParameterError(f"{kind.__name__} declares nothing that a repeat yields")
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: _part(kind, field.name, hints[field.name]) for field in fields(kind)}


def _part(kind: type[Observed], name: str, hint: object) -> Part:
    where = f"{kind.__name__}.{name}"
    given: tuple[str, ...] = ()
    by: tuple[By, ...] = ()
    often = waited = None
    if get_origin(hint) is Annotated:
        hint, *said = get_args(hint)
        by = tuple(each for each in said if isinstance(each, By))
        often = next((each for each in said if isinstance(each, Often)), None)
        waited = next((each for each in said if isinstance(each, Waited)), None)
        given = tuple(str(each) for each in said if not isinstance(each, By | Often | Waited))
    choices = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    optional = types.NoneType in choices
    (inner, *more) = (choice for choice in choices if choice is not types.NoneType)
    if more or inner not in KINDS:
        raise ParameterError(
            f"{where} must be a reading, a tuple of readings, a waveform, a number, a text or a file, not "
            f"{hint!r}"
        )
    if (inner in {str, File}) == bool(given):
        raise ParameterError(f'{where} needs a unit unless it is a text or a file: Annotated[…, "kg"]')
    try:
        for unit in given:
            units.check(unit)
    except RemotecalError as error:
        raise ParameterError(f"{where}: {error}") from None
    if by and inner not in {Measured, SEVERAL, Waveform}:
        raise ParameterError(f"{where} is nobody's reading, so it can't say By whom")
    if often and inner != SEVERAL:
        raise ParameterError(f"{where} is no tuple of readings, so it can't say how Often each was read")
    if waited and inner not in {Measured, SEVERAL}:
        raise ParameterError(f"{where} is nobody's reading, so nothing can be Waited for it")
    return Part(name, inner, given, optional, by, often, waited)
