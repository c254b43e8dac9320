"""To what a device can be read, and what an order says of that."""

from remotecal.drivers.endress_hauser.promass import Promag53
from remotecal.procedures.library.evaluation.output import see_resolution


def test_only_what_a_person_reads_has_a_step_in_the_bench_file() -> None:
    """Meters that total by a counter of overflows have a step that nobody reads to."""
    see_resolution({"dut": Promag53}, "dut.volume", 1e-6, "m3")
