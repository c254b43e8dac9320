"""Instruments of Keysight Technologies."""
