"""Properties of water and air, for floats, GTC uncertain numbers and numpy arrays alike."""
