"""A fake ``micropython``, for CPython only: the virtual board has the real one.

CPython's heap is not a board's, so nothing is locked or measured; calls are counted and checked.
"""

_locks = 0
_opt_level = 0
kbd_intr_char = 3
emergency_buffer = 0  # bytes, as firmware asked for


def const(value):
    return value


def native(function):
    return function


viper = native
bytecode = native


def asm_thumb(function):
    raise NotImplementedError("inline assembler runs on boards only")


asm_xtensa = asm_thumb


def heap_lock():
    global _locks
    _locks += 1


def heap_unlock():
    """The depth that is left. RuntimeError when the heap is not locked."""
    global _locks
    if _locks == 0:
        raise RuntimeError("heap_unlock() without heap_lock()")
    _locks -= 1
    return _locks


def heap_locked():
    return _locks


def mem_info(verbose=None):
    print("mem: not measured on CPython")


qstr_info = mem_info


def stack_use():
    return 0


def opt_level(level=None):
    global _opt_level
    if level is None:
        return _opt_level
    _opt_level = level
    return None


def alloc_emergency_exception_buf(size):
    global emergency_buffer
    emergency_buffer = size


def kbd_intr(char):
    global kbd_intr_char
    kbd_intr_char = char


def schedule(function, argument):
    """Called at once: here nothing is an interrupt. The real one waits for the main program."""
    function(argument)
