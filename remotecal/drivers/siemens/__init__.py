"""Instruments of Siemens."""
