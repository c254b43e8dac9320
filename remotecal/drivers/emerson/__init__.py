"""Instruments of Emerson."""
