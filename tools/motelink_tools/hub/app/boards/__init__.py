"""Virtual boards that the hub runs: real MicroPython, with the firmware that devices run.

`records` remembers them, `board` is one that can be started, `firmware` is what goes on it,
`scrollback` what it printed, and `shelf` is all of them, for the API.
"""
