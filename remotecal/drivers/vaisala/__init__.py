"""Instruments of Vaisala."""
