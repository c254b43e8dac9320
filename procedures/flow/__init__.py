"""Flow of liquids."""
