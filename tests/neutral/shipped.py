"""What is shipped, whichever domains are there: tests of the library name none."""

from remotecal.runs.catalogue import names
from remotecal.sim.catalogue import benches

PROCEDURES = [name for name in names() if "." in name]
"""The shipped procedures, by their whole names."""

SHORT = [name.rpartition(".")[2] for name in (PROCEDURES[0], PROCEDURES[-1])]
"""Two of them, as they were called before there were folders."""

BENCHES = {name: kind for name, kind in benches().items() if kind.__module__.startswith("remotecal.")}
"""The shipped benches."""
