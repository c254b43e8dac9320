"""Density: of solids by weighing and by gas, densitometers, oscillating tubes, hydrometers."""
