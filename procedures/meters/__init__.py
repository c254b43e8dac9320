"""What calibrations of flow meters share, whatever flows: the meter under test, its errors, its class."""
