"""Instruments of Mettler-Toledo."""
