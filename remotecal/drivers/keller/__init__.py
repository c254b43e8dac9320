"""Instruments of Keller."""
