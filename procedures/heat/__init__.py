"""Heat meters: their pair of thermometers, their calculator, and the whole."""
