"""Simulated benches an instrument of which is somebody else's: it has the registers of a shipped table.

A domain's tests say so in `short.toml`, of a bench: `tables`, table of `docs/tables` → role whose it is, and
`killed`, whether its runs by them are killed as those by our own controllers are.
"""

import math
import tomllib
from dataclasses import replace
from pathlib import Path

from shipped import BENCHES

from remotecal.drivers.mapped.register_map import RegisterMap

TABLES = Path(__file__).parents[2] / "docs" / "tables"
BY = " by "


def text(table):
    return (TABLES / f"{table}.toml").read_text(encoding="utf-8")


def tabled(kind, role, table):
    """Return a bench whose instrument in a role has the registers of a table."""

    class Tabled(kind):
        __doc__ = kind.__doc__

        def __init__(self, world, options):
            super().__init__(world, options)
            place, said = self.wired[role], text(table)
            served = place.simulated.behind(RegisterMap.as_stated({"table": said}))
            settings = {**place.settings, "table": said}
            self.wired = {**self.wired, role: replace(place, simulated=served, settings=settings)}

        def paper(self, today):
            made = super().paper(today)
            takes = self.wired[role].simulated.driver.time_to_be_safe(math.inf, {})
            return replace(made, safe=made.safe.model_copy(update={"within": made.safe.within + takes}))

    return Tabled


def plain(name):
    """Return what the bench is called when all of it is our own."""
    return name.partition(BY)[0]


TOLD = {
    bench: told
    for path in sorted(Path(__file__).parent.parent.glob("*/short.toml"))
    for bench, told in tomllib.loads(path.read_text(encoding="utf-8")).items()
}
"""What the domains' tests say of their benches."""

TABLED = {
    f"{bench}{BY}{table}": tabled(BENCHES[bench], role, table)
    for bench, told in TOLD.items()
    for table, role in told.get("tables", {}).items()
    if bench in BENCHES
}
"""The benches, by name and table."""

KILLED = [name for name in TABLED if TOLD[plain(name)].get("killed")]
"""Those whose runs are killed too: what a table does then is what another one does."""

KINDS = {**BENCHES, **TABLED}
"""Those, and the shipped ones."""
