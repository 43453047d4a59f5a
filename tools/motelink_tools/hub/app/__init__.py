"""The hub put together: every platform in one process, on one folder.

A further platform is one file in ``platforms/`` that says what its settings are and how it is
made; nothing else here knows any platform's name.
"""
