"""Random numbers of a simulated bench: reproducible, and one source for each of its parts.

A part with a source of its own draws the same numbers whatever the others do or how often somebody
looks at them.
"""

from random import Random


def chance(seed: int, part: str) -> Random:
    """Return the source of random numbers of one part of the bench with this seed."""
    return Random(f"{seed} {part}")  # noqa: S311 - nothing secret, and it has to be reproducible
