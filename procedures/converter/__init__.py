"""Volume converters, and meters with pressure and temperature built in: their parts, and the whole."""
