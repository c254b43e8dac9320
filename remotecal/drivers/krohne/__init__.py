"""Instruments of KROHNE."""
