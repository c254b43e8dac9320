"""Instruments of Danfoss."""
