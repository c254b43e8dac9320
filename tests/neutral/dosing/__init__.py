"""A package of somebody else's for tests of the engine: a procedure and a bench of no shipped domain."""
