"""Carrying a procedure out on a bench: finding it, checking, measuring, stopping, and the record of it."""
