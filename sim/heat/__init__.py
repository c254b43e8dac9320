"""Simulated benches for heat meters."""
