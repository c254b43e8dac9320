"""Where the tests of pressure benches find the laboratory with its pages."""

import sys
from pathlib import Path

for folder in ("procedures", "transport", "store", "certificates", "web"):
    sys.path.append(str(Path(__file__).parent.parent / folder))
