"""Simulated benches whose standard is a volume: a tank with a scale, a pipe prover."""
