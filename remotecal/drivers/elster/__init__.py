"""Elster, of Honeywell."""
