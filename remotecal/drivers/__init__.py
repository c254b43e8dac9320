"""Instruments: what they can do, how to talk to them, how good they are."""
