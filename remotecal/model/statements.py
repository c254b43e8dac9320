"""Statements, and the ones every certificate of calibration carries."""

from datetime import date

from pydantic import Field

from remotecal.model.base import Frozen, Id, Line, Text, Word
from remotecal.model.people import Location
from remotecal.model.quantities import Verdict


class Statement(Frozen):
    """Something the laboratory declares about the calibration, or about what it refers to."""

    id: Id | None = None
    """What columns refer to it by."""
    ref_types: tuple[Word, ...] = ()
    """What it is about, machine-readable: `basic_decisionRule`, `basic_conformity` …"""
    refs: tuple[Id, ...] = ()
    """The elements it speaks of: items, measurements, standards; `Record.place_id` for where it was done.

    None means the whole. A statement of conformity names its items where there are several.
    """
    name: Text | None = None
    """Heading."""
    declaration: Text | None = None
    """What is declared."""
    norms: tuple[Line, ...] = ()
    """Documents it follows."""
    references: tuple[Line, ...] = ()
    """Clauses in them."""
    traceable: bool | None = None
    """For a statement of traceability."""
    valid: bool | None = None
    """Whether something holds."""
    conformity: Verdict | None = None
    """For a statement of conformity, the verdict on the whole."""
    day: date | None = None
    """A date, such as the end of validity."""
    period: Line | None = Field(default=None, pattern=r"^P[0-9YMDTHS.]+$")
    """An ISO 8601 duration, such as the interval to the next calibration."""
    location: Location | None = None
    """A place, such as where the rig stood."""


ONLY_THE_ITEM = Statement(
    ref_types=("remotecal_onlyTheItem",),
    declaration=Text(
        zh="本证书的结果仅对所校准的器具在校准时的状态有效。",
        en="The results relate only to the item calibrated, in its state at the time of calibration.",
    ),
)
"""ISO/IEC 17025, 7.8.2.1 l."""

ONLY_IN_FULL = Statement(
    ref_types=("remotecal_onlyInFull",),
    declaration=Text(
        zh="未经本实验室书面批准，不得部分复制本证书。",
        en="This certificate may be reproduced only in full, unless the laboratory agrees in writing.",
    ),
)
"""ISO/IEC 17025, 7.8.2.1, note 2."""

BY_BENCH = Text(zh="台架声明", en="stated by the bench")
"""Whose word a correlation in a budget is that a certificate does not state."""

TRACEABLE = Statement(
    ref_types=("remotecal_traceability",),
    name=Text(zh="计量溯源性", en="Metrological traceability"),
    declaration=Text(
        zh="测量结果通过所列测量标准的证书溯源至国际单位制（SI）；附录中注明其他来源的分量以其来源为准。",
        en="The results are traceable to the International System of Units (SI) through the "
        "certificates of the standards listed; contributions for which the annex names another source "
        "rest on that source.",
    ),
    norms=("ISO/IEC 17025:2017",),
    references=("6.5",),
    traceable=True,
)
"""ISO/IEC 17025, 7.8.4.1 c."""

APPROVED_STANDARD = "remotecal_approvedStandard"
"""refType of the statement that what measured is approved as a measurement standard (计量标准考核证书).

`name` says what is approved, `references` the document's number, `declaration` its range and uncertainty or
class, `day` the last day."""

VERIFICATION = "remotecal_verification"
"""refType of the statement by which a certificate is one of verification (检定), not of calibration."""

VERIFIED = Statement(
    ref_types=(VERIFICATION,),
    name=Text(zh="检定", en="Verification"),
    declaration=Text(
        zh="按所列计量检定规程对器具进行了检定。",
        en="The item was verified by the regulations listed.",
    ),
)
"""Its `norms` are the regulations."""

PASSED: frozenset[Verdict | None] = frozenset({"pass", "conditionalPass"})
"""Verdicts by which a verification was passed; what is undecided was not."""

VALID_UNTIL = "remotecal_validUntil"
"""refType of the statement until when (`day`) a certificate may be used."""

ONLY_THE_ITEM_VERIFIED = Statement(
    ref_types=ONLY_THE_ITEM.ref_types,
    declaration=Text(
        zh="检定结果仅对所检定的器具在检定时的状态有效。",
        en="The results relate only to the item verified, in its state at the time of verification.",
    ),
)
"""`ONLY_THE_ITEM`, of a verification."""

ONLY_IN_FULL_VERIFIED = Statement(
    ref_types=ONLY_IN_FULL.ref_types,
    declaration=Text(
        zh="未经本实验室书面批准，不得部分复制本文件。",
        en="This document may be reproduced only in full, unless the laboratory agrees in writing.",
    ),
)
"""`ONLY_IN_FULL`, of a verification, which may end in a notice and no certificate."""

IN_CMC = Statement(
    id="inCmc",
    ref_types=("basic_isInCMC",),
    name=Text(zh="校准和测量能力", en="Calibration and measurement capability (CMC)"),
    declaration=Text(
        zh="标明在 CMC 范围内的结果由实验室的认可覆盖。",
        en="Results marked as in the CMC are covered by the accreditation of the laboratory.",
    ),
)
"""What the mark `InCmc` means; refer to it by its id."""
