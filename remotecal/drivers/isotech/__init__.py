"""Instruments of Isothermal Technology."""
