"""Instruments of ABB."""
