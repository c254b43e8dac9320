"""Properties of water, air and gases, for all numbers that a measurement model computes with."""
