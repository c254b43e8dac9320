"""`python -m remotecal`."""

import sys

from remotecal.cli import main

sys.exit(main())
