"""Fixtures of rows that run together: see mqtt_rows."""

from .mqtt_rows import outcome, running

__all__ = ["outcome", "running"]
