"""A bank of critical nozzles with a gas meter ahead of it, and a vacuum pump behind."""
