"""Huizhong ultrasonic water meters."""
