"""What measuring shares, whatever the quantity: sweeps, waiting, sampling, the state of the air."""
