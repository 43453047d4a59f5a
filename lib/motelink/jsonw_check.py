"""What JSON can say. MicroPython's encoder takes anything, and writes what no server reads."""

_SCALARS = (str, int, bool, type(None))


def checked(value):
    """``value``: of str, int, float, bool, None, lists of these and dicts by str. TypeError for
    all else, ValueError for floats that are no number. Allocates nothing."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError("JSON's keys are str, got %s" % type(key).__name__)
            checked(value[key])
    elif isinstance(value, list):
        for item in value:
            checked(item)
    elif isinstance(value, float):
        if value - value != 0:
            raise ValueError("JSON has no %s" % value)
    elif not isinstance(value, _SCALARS):
        raise TypeError("JSON has no %s" % type(value).__name__)
    return value
