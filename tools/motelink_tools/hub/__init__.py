"""The local hub: every platform, played on this machine."""
