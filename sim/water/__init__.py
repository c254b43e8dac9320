"""A simulated water rig, with a weigh tank or a master meter.

`rig` is the physics, `outfit` draws rigs at random with honest certificates, `truth` knows what a
calibration should find, `assemblies` puts whole rigs up.
"""
