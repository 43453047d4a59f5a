"""`motelink.http` on MicroPython: `motelink.http_client`; see there why not requests."""

fetch = None
