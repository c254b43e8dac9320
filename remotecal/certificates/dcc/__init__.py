"""Digital calibration certificates: write, read any version, validate."""

from remotecal.certificates.dcc.read import read, read_file
from remotecal.certificates.dcc.validate import Fault, validate
from remotecal.certificates.dcc.write import write

__all__ = ["Fault", "read", "read_file", "validate", "write"]
