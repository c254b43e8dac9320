import statistics

import pytest

from remotecal.uncertainty import Budget, Input
from remotecal.uncertainty.number import cos, sin

VOLTAGE = [5.007, 4.994, 5.005, 4.990, 4.999]
CURRENT = [19.663e-3, 19.639e-3, 19.640e-3, 19.685e-3, 19.678e-3]
PHASE = [1.0456, 1.0438, 1.0468, 1.0428, 1.0433]


@pytest.fixture
def impedance() -> Budget:
    """Resistance, reactance and impedance observed simultaneously (GUM H.2, table H.2)."""
    return Budget(
        lambda v, i, phi: (v / i * cos(phi), v / i * sin(phi), v / i),
        [
            Input.from_readings("v", VOLTAGE, "V"),
            Input.from_readings("i", CURRENT, "A"),
            Input.from_readings("phi", PHASE, "rad"),
        ],
        correlations={
            ("v", "i"): statistics.correlation(VOLTAGE, CURRENT),
            ("v", "phi"): statistics.correlation(VOLTAGE, PHASE),
            ("i", "phi"): statistics.correlation(CURRENT, PHASE),
        },
    )
