"""A simulated large balance with weights and substitution loads, and somebody who puts them on."""
