"""A laboratory with its API up, for all tests of one file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "procedures"))
sys.path.insert(0, str(Path(__file__).parent.parent / "transport"))
sys.path.insert(0, str(Path(__file__).parent.parent / "store"))
sys.path.insert(0, str(Path(__file__).parent.parent / "certificates"))

from web_laboratory import tiny, web

__all__ = ["tiny", "web"]
