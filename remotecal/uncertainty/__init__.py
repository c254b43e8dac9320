"""Uncertainty of measurement: budgets, Monte Carlo, calibration curves, conformity, rounding.

A result is a model, written once in plain arithmetic, and its inputs:

>>> from remotecal.fluids.water import water_density_tanaka
>>> from remotecal.uncertainty import Budget, Distribution, Input, Tolerance, DECISION_RULES, decide
>>> def error(collected, temperature, buoyancy, pulses, k_factor, repeatability):
...     '''Relative error in percent of a meter giving `k_factor` pulses per litre.'''
...     litres = collected * buoyancy / water_density_tanaka(temperature) * 1000
...     return (pulses / k_factor / litres - 1) * 100 + repeatability
>>> errors = [0.121, 0.128, 0.117]
>>> mean = sum(errors) / len(errors)
>>> point = Budget(
...     error,
...     [
...         Input.from_certificate("collected", 500.012, "kg", 0.050, k=2, source="certificate M-0815"),
...         Input.from_limits("temperature", 21.3, "°C", 0.1, source="thermometer, limit of error"),
...         Input.normal("buoyancy", 1.00105, "1", 2e-6),
...         Input.from_limits("pulses", 50216, "1", 1, Distribution.TRIANGULAR, source="±1 count"),
...         Input.normal("k_factor", 100.0, "1/L", 0.0, source="nominal"),
...         Input.from_readings("repeatability", [each - mean for each in errors], "%"),
...     ],
...     unit="%",
... ).evaluate(cmc=0.02)
>>> point.reported()
Reported(value='0.117', expanded='0.020')
>>> for line in point.lines:
...     print(f"{line.symbol:14}{line.unit:5}{line.u:9.2g}{line.sensitivity:11.3g}{line.share:7.1f} %")
collected     kg       0.025       -0.2   66.4 %
temperature   °C       0.058    -0.0221    4.3 %
buoyancy      1        2e-06       -100    0.1 %
pulses        1         0.41    0.00199    1.8 %
k_factor      1/L          0         -1    0.0 %
repeatability %       0.0032          1   27.4 %
>>> rule = DECISION_RULES["verification"]
>>> decide(point.value, point.expanded, Tolerance.symmetric(0.2), rule, k=point.k).conformity
<Outcome.PASS: 'pass'>

The same `Budget` goes to `monte_carlo.simulate`, and to `evaluate_points` for many points at once. Inputs
are observed and certified quantities; constants may as well be captured by the model. Every result is a
plain float, or an array of them for many points.
"""

from remotecal.uncertainty.batch import EvaluatedPoints, evaluate_points
from remotecal.uncertainty.budget import Budget, Contribution, Evaluated, Joint
from remotecal.uncertainty.conformity import DECISION_RULES, DecisionRule, Outcome, Tolerance, decide
from remotecal.uncertainty.inputs import Distribution, Input
from remotecal.uncertainty.rounding import Reported, report
from remotecal.uncertainty.together import evaluate_together

__all__ = [
    "DECISION_RULES",
    "Budget",
    "Contribution",
    "DecisionRule",
    "Distribution",
    "Evaluated",
    "EvaluatedPoints",
    "Input",
    "Joint",
    "Outcome",
    "Reported",
    "Tolerance",
    "decide",
    "evaluate_points",
    "evaluate_together",
    "report",
]
