"""Controllers of test rigs, with a register map of our own that any PLC can serve."""
