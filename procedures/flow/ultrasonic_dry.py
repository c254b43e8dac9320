"""Calibrate a multipath ultrasonic meter for water without flow, from its geometry (JJF 1358-2012).

Where no rig makes the flow, the meter is surveyed dry: its diameter in three cross sections and more, lengths
and angles of its paths by total station. What was surveyed is imported as a file, which the journal names by
its SHA-256. In a still tank the velocity the meter tells of resting water is read, v_0. At a mean velocity v
the error of its flow is

    E = (D_s/D)²·Σ w_i·(G_s,i/G_i)·(1 + τ_i/Δt_i)·(1 + ε_p) + v_0/v - 1

G = L/(2·cos φ), Δt_i = 2·L_i·cos φ_i·v/c²; s is what the meter has been told of itself, τ how far a delay may
be from what it was in the tank, ε_p what the integration over an ideal profile may miss. Where the order
tells at which temperature and pressure it is used, its body is larger there than as surveyed (`body`). What a
bend ahead of the meter does to the profile is no part of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import model_validator

from remotecal.drivers.capabilities import AmbientMonitor, VelocityMeter
from remotecal.drivers.measured import Measured
from remotecal.errors import EvidenceError, ParameterError
from remotecal.model import Result, Table, Text, Words
from remotecal.procedures import By, Evaluation, Evidence, File, In, Point, Procedure, Run, Waited
from remotecal.procedures.library.evaluation import conformity
from remotecal.procedures.library.evaluation.conformity import Constant, Specification
from remotecal.procedures.library.evaluation.digits import fixed
from remotecal.procedures.library.evaluation.repeats import REPEATABILITY, Repeats
from remotecal.procedures.library.evaluation.tables import budgets, by_gum, column
from remotecal.procedures.library.flow import body
from remotecal.procedures.library.flow.body import BodyInUse, BodyParameters
from remotecal.procedures.library.flow.chordal import (
    INPUTS,
    Geometry,
    SetUp,
    chord,
    diameter_of,
    geometry_in,
    inputs_of,
    told_over_true,
)
from remotecal.procedures.library.measuring.surroundings import AirDuring, InAir, read_air
from remotecal.procedures.library.meters.results import MeterFinding, error_table
from remotecal.procedures.library.meters.under_test import METER
from remotecal.uncertainty.number import Number, Numbers

STILL: Final = "still water"
"""What the only point is called at which anything is measured."""
LARGEST: Final = 100_000
"""Bytes of a file with what was surveyed; none of so few paths has as many."""


class StillSeen(InAir):
    """What a repeat yields: the velocity told of resting water."""

    zero: Annotated[Measured, "m/s", By("dut", "velocity"), Waited("every")]
    """Velocity the meter tells."""
    geometry: File
    """What was surveyed."""


class DryParameters(BodyParameters):
    """What a calibration without flow is told."""

    geometry: str
    """Path of the file with what was surveyed, on the computer beside the tank."""
    diameter: Annotated[float, In("m", above=0)]
    """Inner diameter set in the meter."""
    lengths: Annotated[tuple[float, ...], In("m", above=0)]
    """Lengths of its paths set in the meter, in the order of the file."""
    angles: Annotated[tuple[float, ...], In("°", above=0)]
    """Angles of its paths set in the meter."""
    velocities: Annotated[tuple[float, ...], In("m/s", above=0)]
    """Mean velocities to state errors at."""
    sound_speed: Annotated[float, In("m/s", at_least=1300, at_most=1600)] = 1482.0
    """Speed of sound in the water; by it a delay counts."""
    repeats: Annotated[int, In("1", at_least=3, at_most=100)] = 10
    """Readings of resting water."""
    every: Annotated[float, In("s", above=0)] = 10.0
    """Time from one reading to the next."""
    accuracy_class: Annotated[float, In("%", above=0, at_most=10)]
    """Maximum permissible error, ±, relative."""
    norm: str = "JJG 1030-2007"
    """The regulation the meter is held against."""
    rule: Literal["verification", "guard band U", "simple acceptance"] = "verification"
    """Decision rule of the statement of conformity."""
    coverage: Annotated[float, In("1", at_least=0.9, at_most=0.999)] = 0.95
    """Coverage probability of the expanded uncertainties."""
    coverage_factor: Annotated[float | None, In("1", at_least=1, at_most=4)] = None
    """Coverage factor of the expanded uncertainties, where it shall be exactly this."""

    @model_validator(mode="after")
    def _paths_are_whole(self) -> Self:
        if len(self.lengths) != len(self.angles) or not self.lengths:
            raise ValueError("lengths and angles must be as many as the meter has paths")
        if not self.velocities or len(set(self.velocities)) < len(self.velocities):
            raise ValueError("velocities must be given, each once")
        return self


class UltrasonicDry(Procedure):
    """Calibrate a multipath ultrasonic meter without flow, from its geometry (JJF 1358)."""

    title: ClassVar[Text] = Text(
        zh="多声道超声流量计非实流法校准", en="Calibration of a multipath ultrasonic meter without flow"
    )
    norms: ClassVar[tuple[str, ...]] = ("JJF 1358-2012",)
    model_equation: ClassVar[str] = (
        "E = (D_s/D)²·Σ w_i·(G_s,i/G_i)·(1 + τ_i/Δt_i)·(1 + ε_p) + v_0/v - 1, G = L/(2·cos φ)"
    )

    in_use: ClassVar[str] = (
        model_equation.replace("G_s,i/G_i)", "G_s,i/(G_i·g_i))")
        + ", g_i = (1 + α·(t_u - t_s))³·(1 + κ·p_u/2)²·(1 + κ·p_u·sin² φ_i)"
    )
    """That of a meter whose body is otherwise in use than as it was surveyed."""

    dut: VelocityMeter
    ambient: AmbientMonitor

    Parameters: ClassVar[type[DryParameters]] = DryParameters
    parameters: DryParameters

    inputs: ClassVar[Mapping[str, Text]] = {
        REPEATABILITY: Text(zh="零点重复性", en="repeatability of the zero"),
        **INPUTS,
        **body.INPUTS,
    }

    def points(self) -> Sequence[Point]:
        return (Point(STILL, repeats=self.parameters.repeats),)

    def prepare(self, run: Run) -> None:
        """See that the file tells enough, before anybody waits for the water to rest."""
        path = Path(self.parameters.geometry)
        if not path.is_file():
            raise ParameterError(f"parameters.geometry: there is no file {path}")
        if path.stat().st_size > LARGEST:
            raise ParameterError(f"parameters.geometry: {path} has more than {LARGEST} bytes, no survey has")
        self._fits(geometry_in(path.read_bytes()))

    def _fits(self, geometry: Geometry) -> None:
        if len(geometry.paths) != len(self.parameters.lengths):
            raise ParameterError(
                f"the geometry file has {len(geometry.paths)} paths, and {len(self.parameters.lengths)} "
                "lengths are set in the meter: mend either"
            )
        BodyInUse(self.parameters, geometry)

    def measure(self, point: Point, run: Run) -> StillSeen:
        run.wait(self.parameters.every)
        air = read_air(run, self.ambient)
        (zero,) = run.read(self.dut.velocity)
        surveyed = run.attach(Path(self.parameters.geometry), "geometry as surveyed")
        return StillSeen(zero=zero, geometry=surveyed, **air._asdict())

    def evaluate(self, evidence: Evidence) -> Evaluation:
        """Return the errors at all velocities, the geometry, budgets and conformity."""
        (point,) = self.points()
        seen, wanted = StillSeen.at(evidence, point), self.parameters
        if len({one.geometry.sha256 for one in seen}) > 1:
            raise EvidenceError(
                "the geometry file was changed while the run was on, and which survey counts can't be told: "
                "calibrate anew"
            )
        geometry = geometry_in(seen[0].geometry.content())
        self._fits(geometry)
        findings = [self._finding(evidence, seen, geometry, v) for v in wanted.velocities]
        specification = Specification(Constant(wanted.accuracy_class, "%"), wanted.norm, wanted.rule)
        equation = self.in_use if BodyInUse(wanted, geometry).inputs else self.model_equation
        air = AirDuring()
        for one in seen:
            air.take(one)
        return Evaluation(
            results=(
                error_table(findings, specification, accredited=False),
                self._surveyed(geometry, seen[0].geometry.sha256),
            ),
            budgets=budgets(findings),
            conditions=tuple(air.conditions()),
            methods=(by_gum(equation, findings, self.inputs),),
            statements=conformity.statements(findings, specification, METER, ()),
        )

    def _finding(
        self, evidence: Evidence, seen: Sequence[StillSeen], geometry: Geometry, velocity: float
    ) -> MeterFinding:
        """Return the error at one velocity in m/s."""
        wanted = self.parameters
        flow = 3600.0 * velocity * math.pi / 4 * diameter_of(geometry)[0] ** 2
        point = Point(f"{velocity:g} m/s", {"flow": float(f"{flow:.4g}")}, wanted.repeats)
        set_up = SetUp(diameter=wanted.diameter, paths=tuple(zip(wanted.lengths, wanted.angles, strict=True)))
        repeats = Repeats(point, evidence, seen)
        used = BodyInUse(wanted, geometry)
        repeats.inputs += [*inputs_of(geometry, geometry.by), *used.inputs]

        def error(one: StillSeen, x: Numbers) -> Number:
            over = told_over_true(geometry, x, set_up, velocity, wanted.sound_speed, used.grown)
            relative: Number = over + one.zero.value / velocity - 1.0
            return relative

        return MeterFinding(
            point=point,
            observed_at=repeats.points,
            title=Text(zh=f"流速 {velocity:g} m/s", en=f"Velocity {velocity:g} m/s"),
            reference=[flow] * len(seen),
            errors=repeats.errors(error, 100.0),
            evaluated=repeats.evaluate(
                error, "%", scale=100.0, coverage=wanted.coverage, k=wanted.coverage_factor
            ),
            factors=(),
        )

    def _surveyed(self, geometry: Geometry, digest: str) -> Result:
        """Return what was surveyed."""
        diameter, _ = diameter_of(geometry)
        paths = geometry.paths
        columns = (
            Words(
                name=Text(zh="声道", en="Path"),
                ref_types=("remotecal_path",),
                words=tuple(str(n) for n in range(1, len(paths) + 1)),
            ),
            column("长度 L", "Length L", "remotecal_pathLength", "m", [fixed(p.length, 4) for p in paths]),
            column("角度 φ", "Angle φ", "remotecal_pathAngle", "°", [fixed(p.angle, 4) for p in paths]),
            column("弦高/R", "Distance from the axis / R", "remotecal_chord", "1",
                   [fixed(chord(p.length, p.angle, diameter), 3) for p in paths]),
            column("权重 w", "Weight w", "remotecal_pathWeight", "1", [fixed(p.weight, 4) for p in paths]),
        )  # fmt: skip
        wide = column("内径 D", "Inner diameter D", "remotecal_diameter", "m", [fixed(diameter, 4)])
        file = Words(
            name=Text(zh="几何数据文件 SHA-256", en="Geometry file, SHA-256"),
            ref_types=("remotecal_geometryFile",),
            words=(digest,),
        )
        return Result(
            name=Text(zh="几何参数", en="Geometry"),
            ref_types=("remotecal_geometry",),
            tables=(Table(columns=columns), Table(columns=(wide, file))),
        )
