"""Flat TOML: lines ``key = value``, with comments. A subset of TOML 1.0 (toml.io/en/v1.0.0).

Values: strings on one line, "basic" with escapes or 'literal'; integers, also 0x, 0o, 0b; floats;
true and false. Not: tables, arrays, dates, multi-line strings, dotted or quoted keys, inf, nan.

Secrets lie apart from ``settings.toml``, so that neither a flash nor a commit meets them: in the
file ``secrets.toml``, or on an ESP32 in NVS, as the blob "secrets" of the namespace "motelink", of
at most 1984 bytes, with the same lines. What stands there wins. `motelink provision` writes them.
"""

from motelink import port
from motelink.errors import ConfigError

_NVS_LIMIT = port.const(1984)

_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_BLANK = " \t"
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_DIGITS = "0123456789"
_PREFIXES = {"0x": (16, "0123456789abcdefABCDEF"), "0o": (8, "01234567"), "0b": (2, "01")}
_SUPPORTED = "a value is a string in quotes, an integer, a float, true or false"


class _Wrong(Exception):
    """What is wrong with a line, without what is in it."""


def read(path: str) -> dict:
    """The settings in a file, none where there is no file; with those of ``settings.toml`` come
    the secrets. Raises ConfigError. Allocates 2 KB for a moment where there is NVS."""
    values = _file(path)
    if path == "settings.toml":
        values.update(_file("secrets.toml"))
        nvs = port.load("_files").nvs
        if nvs:
            values.update(_blob(nvs))
    return values


def _file(path):
    try:
        with open(path, "rb") as file:
            return parse(file, path)
    except OSError as error:
        if isinstance(error, ConfigError):
            raise
        if error.errno == 2:  # ENOENT
            return {}
        raise ConfigError("%s cannot be read: %s" % (path, error)) from None


def _blob(nvs):
    data = bytearray(_NVS_LIMIT)
    try:
        size = nvs("motelink").get_blob("secrets", data)
    except OSError:  # there is none
        return {}
    return parse(bytes(memoryview(data)[:size]).split(b"\n"), "NVS")


def parse(lines, name: str) -> dict:
    """The settings in ``lines``, an iterable of bytes lines. Raises ConfigError, which says the
    file's ``name`` and the line, and no value.
    """
    values: dict = {}
    for number, raw in enumerate(lines, 1):
        try:
            _read_line(_text_of(raw), values)
        except _Wrong as wrong:
            raise ConfigError("%s line %d: %s" % (name, number, wrong)) from None
    return values


def _text_of(raw):
    try:
        text = raw.decode("utf-8")
    except UnicodeError:
        raise _Wrong("not UTF-8") from None
    if text.endswith("\r\n"):
        text = text[:-2]
    elif text.endswith("\n"):
        text = text[:-1]
    for character in text:
        if (character < " " and character != "\t") or character == "\x7f":
            raise _Wrong("a control character; write it as an escape")
    return text


def _read_line(line, values):
    line = line.lstrip(_BLANK)
    if not line or line[0] == "#":
        return
    if line[0] == "[":
        raise _Wrong("tables are not supported; write all settings as lines: key = value")
    end = 0
    while end < len(line) and line[end] in _KEY:
        end += 1
    key = line[:end]
    rest = line[end:].lstrip(_BLANK)
    if rest[:1] == "." or line[0] in "\"'":
        raise _Wrong("dotted and quoted keys are not supported; a key is A-Z a-z 0-9 _ -")
    if not key or rest[:1] != "=":
        raise _Wrong("expected: key = value, a key of A-Z a-z 0-9 _ -")
    if key in values:
        raise _Wrong("%s is set twice" % key)
    try:
        values[key] = _read_value(rest[1:].lstrip(_BLANK))
    except _Wrong as wrong:
        raise _Wrong("%s: %s" % (key, wrong)) from None


def _read_value(text):
    if text[:3] in ('"""', "'''"):
        raise _Wrong("strings of several lines are not supported")
    if text[:1] == '"':
        return _read_basic(text)
    if text[:1] == "'":
        end = text.find("'", 1)
        if end < 0:
            raise _Wrong("the closing ' is missing")
        _check_rest(text[end + 1 :])
        return text[1:end]
    if text[:1] in ("[", "{"):
        raise _Wrong("arrays and tables are not supported; " + _SUPPORTED)
    word = text.partition("#")[0].rstrip(_BLANK)
    if word in ("true", "false"):
        return word == "true"
    return _read_number(word)


def _check_rest(rest):
    rest = rest.lstrip(_BLANK)
    if rest and rest[0] != "#":
        raise _Wrong("only a comment can follow a value")


def _read_basic(text):
    parts = []
    at = 1
    while True:
        end = at
        while end < len(text) and text[end] not in '"\\':
            end += 1
        if end == len(text):
            raise _Wrong('the closing " is missing')
        parts.append(text[at:end])
        if text[end] == '"':
            _check_rest(text[end + 1 :])
            return "".join(parts)
        at = _read_escape(text, end + 1, parts)


def _read_escape(text, at, parts):
    # Returns where the text behind the escape begins.
    letter = text[at : at + 1]
    if letter in _ESCAPES:
        parts.append(_ESCAPES[letter])
        return at + 1
    size = 4 if letter == "u" else 8 if letter == "U" else 0
    digits = text[at + 1 : at + 1 + size]
    if not size or len(digits) != size or not _all_in(digits, _PREFIXES["0x"][1]):
        raise _Wrong(r"escapes are \b \t \n \f \r \" \\ \uXXXX \UXXXXXXXX")
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise _Wrong("an escape names no character")
    parts.append(chr(code))
    return at + 1 + size


def _read_number(word):
    prefix = _PREFIXES.get(word[:2])
    try:
        if prefix is not None:
            return int(_plain(word[2:], prefix[1]), prefix[0])
        sign = word[:1] if word[:1] in ("+", "-") else ""
        body = word[len(sign) :]
        whole = _leading_digits(body)
        if len(whole) > 1 and whole[0] == "0":
            raise _Wrong("a number does not begin with 0")
        if whole == body:
            return int(sign + _plain(body, _DIGITS))
        return float(sign + _read_float(whole, body[len(whole) :]))
    except ValueError:  # more digits than the runtime takes
        raise _Wrong("the number is too large") from None


def _read_float(whole, rest):
    # "1", ".5e-3": checks it, and returns it without underscores.
    text = _plain(whole, _DIGITS)
    if rest[:1] == ".":
        fraction = _leading_digits(rest[1:])
        text += "." + _plain(fraction, _DIGITS)
        rest = rest[1 + len(fraction) :]
    if rest[:1] in ("e", "E"):
        sign = rest[1:2] if rest[1:2] in ("+", "-") else ""
        text += "e" + sign + _plain(rest[1 + len(sign) :], _DIGITS)
        rest = ""
    if rest:
        raise _Wrong(_SUPPORTED)
    return text


def _leading_digits(text):
    end = 0
    while end < len(text) and text[end] in "0123456789_":
        end += 1
    return text[:end]


def _plain(digits, allowed):
    # The digits without underscores, which must stand between two of them.
    for part in digits.split("_"):
        if not part or not _all_in(part, allowed):
            raise _Wrong(_SUPPORTED)
    return digits.replace("_", "")


def _all_in(text, allowed):
    return all(character in allowed for character in text)
