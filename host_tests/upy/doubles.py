"""Stand-ins that a test puts in the place of something real."""

from motelink.port import ticks_add, ticks_ms


class Delay:
    """A backoff that always says the same, and counts."""

    def __init__(self, ms):
        self.ms = ms
        self.failures = 0
        self.resets = 0

    def next(self):
        self.failures += 1
        return self.ms

    def reset(self):
        self.resets += 1


class Instead:
    """Puts another function in the place of a module's, for the time of a ``with``."""

    def __init__(self, module, name, function):
        self.module, self.name, self.function = module, name, function

    def __enter__(self):
        # Not getattr: a name that port gives through its __getattr__ is not its own.
        self.own = self.name in dir(self.module)
        self.before = getattr(self.module, self.name, None)
        setattr(self.module, self.name, self.function)

    def __exit__(self, *_):
        if self.own:
            setattr(self.module, self.name, self.before)
        else:
            delattr(self.module, self.name)


class Waiting:
    """A loop's client that is connected, and wants nothing for 100 s."""

    sock = None
    state = 3

    def __init__(self):
        self.deadline = ticks_add(ticks_ms(), 100000)
