"""A pressure controller on a line with a gauge, or with a transmitter."""
