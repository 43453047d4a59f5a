"""The host side of motelink: hub, virtual board, flasher, tests and benchmarks."""
