"""The platforms that a hub can serve: one file each, found by its name."""
