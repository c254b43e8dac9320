"""Instruments of Druck (GE, Baker Hughes)."""
