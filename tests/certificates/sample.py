"""A realistic record: a DN 50 electromagnetic flow meter, class 0.5, on a gravimetric water rig.

The figures are made up but hold together: the budgets are computed here from their inputs by the
law of propagation, with the numbers of a middling rig.
"""

from __future__ import annotations

import math
from datetime import date

from remotecal.model import (
    IN_CMC,
    ONLY_IN_FULL,
    ONLY_THE_ITEM,
    TRACEABLE,
    BudgetLine,
    CertificateReference,
    Column,
    Condition,
    Conformity,
    Contact,
    Equipment,
    EquipmentClass,
    EvidenceReference,
    Identification,
    InCmc,
    InputQuantity,
    Item,
    Laboratory,
    Limits,
    Location,
    Measurement,
    Method,
    Note,
    Person,
    PointBudget,
    Record,
    Result,
    Software,
    Statement,
    Table,
    Text,
    Uncertainty,
)

NOMINAL = ("70", "50", "35", "14", "7.0", "2.1")
"""Flow points, m³/h."""
ERRORS = (0.112, 0.087, 0.064, 0.021, -0.058, -0.243)
"""Mean errors, %."""
SPREADS = (0.008, 0.006, 0.007, 0.010, 0.014, 0.031)
"""Standard deviations of three repeats, %."""
COLLECTED = (600.0, 600.0, 600.0, 400.0, 200.0, 60.0)
"""Water collected, kg."""
PULSES_PER_M3 = 100_000

INPUTS = (
    InputQuantity(
        symbol="W",
        name=Text(zh="收集的水的质量示值", en="balance reading of the water collected"),
        source=Text(zh="电子秤证书 MASS-2026-00045", en="certificate of the scale MASS-2026-00045"),
    ),
    InputQuantity(
        symbol="ρ",
        name=Text(zh="水的密度", en="density of the water"),
        source=Text(zh="Tanaka 公式与实测修正", en="Tanaka's formula with measured correction"),
    ),
    InputQuantity(
        symbol="ρ_a",
        name=Text(zh="空气密度", en="density of the air"),
        source=Text.plain("CIPM-2007"),
    ),
    InputQuantity(
        symbol="Δt",
        name=Text(zh="换向器时间差", en="timing difference of the diverter"),
        source=Text(zh="换向器测试 2026-10-12", en="diverter test of 2026-10-12"),
    ),
    InputQuantity(
        symbol="ΔV",
        name=Text(zh="连接管段容积变化", en="change of the connecting volume"),
        source=Text(zh="水温漂移", en="drift of the water temperature"),
    ),
    InputQuantity(symbol="N", name=Text(zh="被检表脉冲数", en="pulses of the meter under test")),
    InputQuantity(
        symbol="δE",
        name=Text(zh="重复性", en="repeatability"),
        source=Text(zh="3 次测量的平均", en="mean of 3 repeats"),
    ),
)


def significant(value: float, digits: int = 2) -> str:
    """Return `value` with so many significant digits, written out."""
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, decimals):.{max(decimals, 0)}f}"


def budget(row: int) -> PointBudget:
    flow, error, mass = float(NOMINAL[row]), ERRORS[row], COLLECTED[row]
    volume = mass / 998.26
    time = volume / flow * 3600
    pulses = round(volume * (1 + error / 100) * PULSES_PER_M3)
    inputs = (
        ("W", f"{mass - 0.632:.2f}", "kg", 0.050 * mass / 600 + 0.006, "normal", "∞", -100 / mass),
        ("ρ", "998.26", "kg/m3", 0.021, "normal", "∞", 100 / 998.26),
        ("ρ_a", "1.1882", "kg/m3", 0.0021, "rectangular", "∞", -100 * (1 / 998.26 - 1 / 8000)),
        ("Δt", "0.0021", "s", 0.0042, "normal", "9", -100 / time),
        ("ΔV", "0.000", "L", 0.021, "rectangular", "∞", -0.1 / volume),
        ("N", str(pulses), "1", 0.41, "triangular", "∞", 100 / pulses),
        ("δE", "0.000", "%", SPREADS[row] / math.sqrt(3), "t", "2", 1.0),
    )
    variance = sum((c * u) ** 2 for *_, u, _, _, c in inputs)
    standard = math.sqrt(variance)
    dof = variance**2 / sum((c * u) ** 4 / float(nu.replace("∞", "inf")) for *_, u, _, nu, c in inputs)
    expanded = significant(2 * standard)
    decimals = len(expanded.partition(".")[2])
    return PointBudget(
        title=Text(zh=f"流量点 {NOMINAL[row]} m³/h", en=f"Flow point {NOMINAL[row]} m³/h"),
        row=row,
        lines=tuple(
            BudgetLine(
                symbol=symbol,
                value=value,
                unit=unit,
                u=significant(u),
                distribution=distribution,
                dof=nu,
                sensitivity=significant(c, 3),
                contribution=significant(abs(c * u)),
                share=f"{100 * (c * u) ** 2 / variance:.1f}",
            )
            for symbol, value, unit, u, distribution, nu, c in inputs
        ),
        value=f"{error:.{decimals}f}",
        unit="%",
        u=significant(standard),
        dof=str(math.floor(dof)),
        k="2.00",
        p="0.95",
        expanded=expanded,
    )


BUDGETS = tuple(budget(row) for row in range(len(NOMINAL)))
FLOW = Text(zh="标准流量", en="Reference flow")


def results() -> Result:
    expanded = tuple(entry.expanded for entry in BUDGETS)
    reference = tuple(
        significant(float(flow) * (1 + 0.0013 * (i % 3 - 1)), 5) for i, flow in enumerate(NOMINAL)
    )
    indicated = tuple(
        significant(float(flow) * (1 + error / 100), 5) for flow, error in zip(reference, ERRORS, strict=True)
    )
    guarded = tuple(f"{0.5 - float(U):.3f}" for U in expanded)
    error = Column(
        name=Text(zh="示值误差", en="Error of indication"),
        ref_types=("basic_measurementError",),
        unit="%",
        values=tuple(entry.value for entry in BUDGETS),
        uncertainty=Uncertainty(
            expanded=expanded,
            k=tuple(entry.k for entry in BUDGETS),
            p=("0.95",),
            distribution=("normal",),
        ),
        dof=tuple(entry.dof for entry in BUDGETS),
        conformity=Conformity(
            verdicts=("pass",) * len(NOMINAL),
            rule="decisionRule",
            tolerance=Limits(lower=("-0.5",), upper=("0.5",)),
            acceptance=Limits(lower=tuple(f"-{limit}" for limit in guarded), upper=guarded),
        ),
        in_cmc=InCmc(valid=(True,) * len(NOMINAL), statement="inCmc"),
    )
    table = Table(
        ref_types=("basic_1IndexTable",),
        columns=(
            Column(
                name=Text(zh="流量点", en="Flow point"),
                ref_types=("remotecal_nominalValue", "basic_tableIndex0"),
                unit="m3/h",
                values=NOMINAL,
            ),
            Column(name=FLOW, ref_types=("basic_referenceValue",), unit="m3/h", values=reference),
            Column(
                name=Text(zh="被检表示值", en="Indicated flow"),
                ref_types=("basic_measuredValue",),
                unit="m3/h",
                values=indicated,
            ),
            error,
            Column(
                name=Text(zh="重复性", en="Repeatability"),
                ref_types=("remotecal_repeatability",),
                unit="%",
                values=tuple(f"{spread:.3f}" for spread in SPREADS),
            ),
        ),
        equipment=("scale", "counter", "thermometer"),
    )
    return Result(
        name=Text(zh="示值误差", en="Error of indication"),
        ref_types=("remotecal_errorCurve",),
        tables=(table,),
    )


def standard(
    name: str, zh: str, en: str, maker: str, model: str, serial: str, number: str, until: date
) -> Equipment:
    return Equipment(
        id=name,
        name=Text(zh=zh, en=en),
        manufacturer=Text.plain(maker),
        model=model,
        identifications=(Identification(value=serial),),
        certificate=CertificateReference(
            number=number,
            title=Text(zh=f"{zh}校准证书", en=f"Calibration certificate of the {en.lower()}"),
            procedure="SHA256",
            value="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            issuer=Text(zh="示范计量院", en="Demonstration Institute of Metrology"),
            issued=until.replace(year=until.year - 1),
            valid_until=until,
            in_validity=True,
            traceable=True,
        ),
    )


STANDARDS = (
    standard(
        "scale",
        "电子秤",
        "Weighing scale 600 kg",
        "Mettler Toledo",
        "IND570",
        "B-204417",
        "MASS-2026-00045",
        date(2027, 3, 1),
    ),
    standard(
        "counter",
        "通用计数器",
        "Universal counter",
        "Keysight",
        "53230A",
        "MY50001234",
        "TF-2026-0311",
        date(2027, 5, 20),
    ),
    standard(
        "thermometer",
        "数字温度计",
        "Thermometer readout",
        "Isotech",
        "milliK",
        "21-P1007",
        "TEMP-2026-1180",
        date(2027, 1, 15),
    ),
)

STATEMENTS = (
    TRACEABLE,
    Statement(
        id="decisionRule",
        ref_types=("basic_decisionRule",),
        name=Text(zh="判定规则", en="Decision rule"),
        norms=("ILAC-G8:09/2019",),
        references=("4.2.2",),
        declaration=Text(
            zh="保护带 w = U(k = 2):|E| ≤ MPE − U 时判定为合格。",
            en="Guard band w = U (k = 2): a point passes if |E| ≤ MPE − U.",
        ),
    ),
    Statement(
        ref_types=("basic_conformity",),
        name=Text(zh="符合性声明", en="Statement of conformity"),
        norms=("JJG 1033-2007",),
        declaration=Text(
            zh="在所有流量点，示值误差符合 0.5 级要求。",
            en="At all flow points the error of indication conforms to class 0.5.",
        ),
        conformity="pass",
    ),
    IN_CMC,
    Statement(
        ref_types=("remotecal_remotePerformance",),
        refs=("performedAt",),
        name=Text(zh="远程校准", en="Remote calibration"),
        declaration=Text(
            zh="校准由实验室人员远程控制并见证，装置位于客户现场。",
            en="The calibration was controlled and witnessed remotely by the laboratory; "
            "the rig stood at the customer's site.",
        ),
        location=Location(city="Tianjin", country="CN"),
    ),
    ONLY_THE_ITEM,
    ONLY_IN_FULL,
)


def record(*, demonstration: bool = True) -> Record:
    return Record(
        number="FLOW-2026-000123",
        country="CN",
        identifications=(
            Identification(value="PO-77812", issuer="customer", name=Text(zh="委托单号", en="Order number")),
        ),
        received=date(2026, 11, 18),
        begun=date(2026, 11, 20),
        finished=date(2026, 11, 20),
        place="customer",
        place_id="performedAt",
        issued=date(2026, 11, 23),
        laboratory=Laboratory(
            contact=Contact(
                name=Text(zh="示范流量实验室", en="Demonstration Flow Laboratory"),
                e_mail="lab@example.org",
                phone="+86 10 0000 0000",
                location=Location(
                    street="Example Road", street_number="1", post_code="100000", city="Beijing", country="CN"
                ),
            ),
            code="L0000",
        ),
        customer=Contact(
            name=Text(zh="某某水务有限公司", en="Example Water Co. Ltd"),
            location=Location(city="Tianjin", country="CN"),
        ),
        persons=(
            Person(name=Text(zh="张伟", en="Zhang Wei"), duty="performed", role="calibration engineer"),
            Person(name=Text(zh="李娜", en="Li Na"), duty="reviewed", role="verification engineer"),
            Person(
                name=Text(zh="王芳", en="Wang Fang"),
                duty="approved",
                role="head of laboratory",
                main_signer=True,
            ),
        ),
        items=(
            Item(
                id="meter",
                name=Text(zh="电磁流量计", en="Electromagnetic flow meter"),
                manufacturer=Text.plain("Endress+Hauser"),
                model="Promag 53W",
                identifications=(
                    Identification(value="SN-4711", name=Text(zh="出厂编号", en="Serial number")),
                    Identification(
                        value="FT-101",
                        issuer="customer",
                        name=Text(zh="位号", en="Tag number"),
                        ref_types=("remotecal_tag",),
                    ),
                ),
                classes=(EquipmentClass(reference="JJG 1033-2007", class_id="0.5"),),
                description=Text(zh="外观完好，未作调整。", en="In good condition; not adjusted."),
                quantities=(
                    Column(
                        name=Text(zh="公称通径", en="Nominal diameter"),
                        ref_types=("remotecal_nominalDiameter",),
                        unit="mm",
                        values=("50",),
                    ),
                    Column(
                        name=Text(zh="脉冲系数", en="Pulses per volume set"),
                        ref_types=("remotecal_kFactor",),
                        unit="1/m3",
                        values=(str(PULSES_PER_M3),),
                    ),
                ),
            ),
        ),
        statements=STATEMENTS,
        measurements=(
            Measurement(
                name=Text(zh="流量校准", en="Flow calibration"),
                items=("meter",),
                methods=(
                    Method(
                        name=Text(
                            zh="静态质量法（换向启停）", en="Static weighing with flying start and finish"
                        ),
                        ref_types=("remotecal_gravimetricFlyingStartFinish",),
                        norms=("JJG 1033-2007", "ISO 4185:1980"),
                    ),
                    Method(
                        name=Text(zh="测量不确定度评定", en="Evaluation of uncertainty"),
                        ref_types=("basic_uncertainty",),
                        norms=("JCGM 100:2008", "JJF 1059.1-2012"),
                        description=Text.plain("E = (N/K)/(m/ρ + ΔV) − 1, m = W·(1 − ρ_a/8000)/(1 − ρ_a/ρ)"),
                        inputs=INPUTS,
                    ),
                ),
                software=(Software(name=Text.plain("remotecal"), release="v0.1.0"),),
                standards=STANDARDS,
                conditions=(
                    Condition.between(
                        "basic_temperature",
                        Text(zh="环境温度", en="Ambient temperature"),
                        "19.8",
                        "20.6",
                        "°C",
                    ),
                    Condition.between(
                        "basic_humidityRelative", Text(zh="相对湿度", en="Relative humidity"), "48", "53", "%"
                    ),
                    Condition.between(
                        "remotecal_atmosphericPressure",
                        Text(zh="大气压力", en="Atmospheric pressure"),
                        "1011.9",
                        "1012.6",
                        "hPa",
                    ),
                    Condition.between(
                        "remotecal_fluidTemperature",
                        Text(zh="水温", en="Water temperature"),
                        "20.12",
                        "20.47",
                        "°C",
                    ),
                    Condition(
                        name=Text(zh="介质", en="Fluid"),
                        ref_types=("remotecal_fluid",),
                        quantities=(
                            Note(ref_types=("remotecal_fluidName",), text=Text(zh="水", en="water")),
                        ),
                    ),
                ),
                results=(results(),),
                budgets=BUDGETS,
            ),
        ),
        software=(Software(name=Text.plain("remotecal"), release="v0.1.0", kind="application"),),
        evidence=EvidenceReference(
            run="2026-11-20T0914-water",
            procedure="weighing",
            procedure_hash="2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            journal_hash="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            lines=1482,
        ),
        demonstration=demonstration,
    )
