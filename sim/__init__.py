"""Simulated benches and instruments that speak the real protocols.

`world` has the time and the chance of a bench, `instruments` the makers' instruments; each physical
bench stands in a folder of its own, with its physics, its truth and its paper.
"""
