"""The evidence: what a run did and saw, written as it happens, and read back."""
