"""The pytest plugin that comes with motelink."""
