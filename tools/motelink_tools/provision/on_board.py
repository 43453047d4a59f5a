# ruff: noqa: PTH123
# mypy: ignore-errors
# Runs on the board, in the raw REPL, beside flash/on_board.py. The blob is as motelink.settings
# reads it.
try:
    from esp32 import NVS
except ImportError:
    NVS = None


def content(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError:
        return None


def blob():
    # None without NVS, b"" where nothing is in it
    if NVS is None:
        return None
    data = bytearray(1984)
    try:
        n = NVS("motelink").get_blob("secrets", data)
    except OSError:
        return b""
    return bytes(data[:n])


def keep(text):
    # b"" for none
    nvs = NVS("motelink")
    if text:
        nvs.set_blob("secrets", text)
    else:
        try:
            nvs.erase_key("secrets")
        except OSError:  # there were none
            return
    nvs.commit()
