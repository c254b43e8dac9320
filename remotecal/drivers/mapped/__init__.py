"""Instruments and rig controllers on Modbus whose registers a laboratory states in a table."""
