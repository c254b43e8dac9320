"""Instruments of Endress+Hauser."""
