"""Scales: what a temperature is, and what instruments that tell it do."""
