"""Fixtures of rows that run together: see mqtt_rows."""

from .mqtt_rows import library, outcome, running

__all__ = ["library", "outcome", "running"]
