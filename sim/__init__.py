"""Simulated rigs and instruments that speak the real protocols.

`rig` is the physics, `outfit` draws rigs at random with honest certificates, `truth` knows what a
calibration should find. `instruments` holds makers' instruments that know no rig of their own.
"""
