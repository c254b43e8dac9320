"""Flonidan."""
