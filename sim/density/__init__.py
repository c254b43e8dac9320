"""Benches of density: bodies weighed in air and in a liquid, gas in chambers, oscillating tubes."""
