"""motelink.settings_toml against tomllib: what both can read they read alike, and ours reads no
file that is not TOML.
"""

import contextlib
import tomllib
from io import BytesIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from motelink.errors import ConfigError
from motelink.settings_toml import parse

KEYS = st.text("abcXYZ019_-", min_size=1, max_size=6)
BLANKS = st.text(" \t", max_size=2)
COMMENTS = st.just("") | st.text(st.characters(exclude_categories=["Cc", "Cs"])).map("#{}".format)


def basic(text: str) -> str:
    """A basic string: escapes for some characters that need none, raw where that is allowed."""
    names = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}
    parts = []
    for index, character in enumerate(text):
        code = ord(character)
        if character in names:
            parts.append("\\" + names[character])
        elif code < 32 or code == 127 or index % 3 == 1:
            parts.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08X}")
        else:
            parts.append(character)
    return '"' + "".join(parts) + '"'


def grouped(number: int) -> str:
    return f"{number:_}"


VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(basic),
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'"), max_size=12)
    .filter(lambda text: text[:2] != "''")
    .map("'{}'".format),
    st.integers().map(str),
    st.integers().map(grouped),
    st.integers(min_value=0).map("+{}".format),
    st.integers(min_value=0).flatmap(
        lambda number: st.sampled_from(
            [f"{number:#x}", f"0x{number:X}", f"{number:#o}", f"{number:#b}"]
        )
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map("{:.5E}".format),
    st.sampled_from(["true", "false"]),
)


@st.composite
def files(draw: st.DrawFn) -> str:
    lines = []
    for key in draw(st.lists(KEYS, unique=True, max_size=5)):
        blank = draw(st.lists(BLANKS, min_size=4, max_size=4))
        line = f"{blank[0]}{key}{blank[1]}={blank[2]}{draw(VALUES)}{blank[3]}{draw(COMMENTS)}"
        lines += [line, draw(BLANKS | COMMENTS)]
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@given(files())
def test_files_of_the_subset_are_read_as_tomllib_reads_them(text: str) -> None:
    assert parse(BytesIO(text.encode()), "settings.toml") == tomllib.loads(text)


# Fragments that make most lines nearly TOML.
PIECES = r"""a b-_ = " ' "'" \ \u00e9 \U0001F600 # 1 0 _ . e E+ - + 0x 0b1 f true false inf nan
    [ ] { } , 2024-01-01 : é"""
NEARLY = st.lists(
    st.sampled_from([*PIECES.split(), " ", "\t", " = ", "\n", "\r\n", "\r", "\x01", "\x7f"]),
    max_size=14,
).map("".join)


@given(NEARLY | st.text(max_size=30))
@example("a = 1\r")
@example("a = '\u2028'")
def test_whatever_is_read_is_toml(text: str) -> None:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    try:
        values = parse(BytesIO(data), "settings.toml")
    except ConfigError:
        return
    assert values == tomllib.loads(text)


@given(NEARLY)
def test_what_is_refused_is_no_toml_or_not_flat(text: str) -> None:
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(ConfigError):
            parse(BytesIO(text.encode()), "settings.toml")
        return
    unsupported = any(mark in text for mark in "[{.:\"'") or "inf" in text or "nan" in text
    if not unsupported and "2024-01-01" not in text:
        assert parse(BytesIO(text.encode()), "settings.toml") == expected


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_a_config_error(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(parse(BytesIO(data), "settings.toml"), dict)
