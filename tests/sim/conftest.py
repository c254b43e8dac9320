"""A world on a virtual clock, and what is served of it; other folders' tests take the same."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from worlds import clock, open_as, serve, world

__all__ = ["clock", "open_as", "serve", "world"]
