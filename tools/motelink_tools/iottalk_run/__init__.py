"""Runs SA files, as iottalk-py's users write them, on this machine."""
