# mypy: ignore-errors
# Prints a text, what is wrong with the settings; or a line (name, type, value) for each, the value
# only where its name ends as one of SHOWN: a secret stays on the board.
try:
    from motelink.settings_toml import read

    for k, v in read("settings.toml").items():
        print("~" + repr((k, type(v).__name__, v if k.endswith(SHOWN) else None)))
    del read, k, v
except NameError:
    pass  # there is no setting
except MemoryError:
    raise  # says nothing of the settings
except Exception as e:
    print("~" + repr(f"{type(e).__name__}: {e}"))
try:
    from motelink import port

    port.forget("settings_toml")
except Exception:
    pass
