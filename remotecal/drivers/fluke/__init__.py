"""Instruments of Fluke and Hart Scientific."""
