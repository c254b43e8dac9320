"""Flow of gases."""
