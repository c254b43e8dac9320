"""Simulated benches of a clamp-on transfer standard: on site at a customer's pipe, and home again."""
