"""What evaluations of every quantity share: pure, and without a word of any domain."""
