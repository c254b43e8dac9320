"""Instruments of Sartorius."""
