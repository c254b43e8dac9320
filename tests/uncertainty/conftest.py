import statistics
from itertools import combinations

import pytest

from remotecal.uncertainty import Budget, Input
from remotecal.uncertainty.number import cos, sin

UNITS = {"v": "V", "i": "A", "phi": "rad"}


def _impedance(readings: dict[str, list[float]]) -> Budget:
    return Budget(
        lambda v, i, phi: (v / i * cos(phi), v / i * sin(phi), v / i),
        [Input.from_readings(symbol, readings[symbol], unit) for symbol, unit in UNITS.items()],
        correlations={
            (a, b): statistics.correlation(readings[a], readings[b]) for a, b in combinations(UNITS, 2)
        },
    )


OBSERVED = {
    "v": [5.007, 4.994, 5.005, 4.990, 4.999],
    "i": [19.663e-3, 19.639e-3, 19.640e-3, 19.685e-3, 19.678e-3],
    "phi": [1.0456, 1.0438, 1.0468, 1.0428, 1.0433],
}


@pytest.fixture
def impedance() -> Budget:
    """Resistance, reactance and impedance observed simultaneously (GUM H.2, table H.2)."""
    return _impedance(OBSERVED)


@pytest.fixture
def impedance_of_six() -> Budget:
    """The same of six observations (JCGM 102, 9.4)."""
    sixth = {"v": 4.999, "i": 19.661e-3, "phi": 1.0445}
    return _impedance({symbol: [*readings, sixth[symbol]] for symbol, readings in OBSERVED.items()})
