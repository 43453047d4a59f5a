# ruff: noqa: PTH123
# mypy: ignore-errors
# Prints the version of the library, None without one; then guard and the end of crash.txt, ""
# where there is none.

try:
    import motelink

    print("~" + repr(motelink.__version__))
    del motelink
except ImportError:
    print("~None")
for name in ("guard", "crash.txt"):
    try:
        with open(name, "rb") as f:
            print("~" + repr(f.read(2100)[-300:].decode("utf-8", "replace")))
    except (OSError, UnicodeError):
        print('~""')
