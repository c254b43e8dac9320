"""A simulated rig for large water meters: master meters in parallel, long and wide pipes behind them."""
