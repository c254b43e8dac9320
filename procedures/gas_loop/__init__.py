"""Flow of gases under pressure, against master meters in a sealed loop."""
