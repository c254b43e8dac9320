"""Gauges, transmitters and piston gauges for pressure."""
