"""Instruments without an interface, which a bench describes and a person reads."""
