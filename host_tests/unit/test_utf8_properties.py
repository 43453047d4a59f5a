"""motelink.utf8 beside CPython's decoder, which is strict. (MicroPython's is not.)"""

from hypothesis import given
from hypothesis import strategies as st

from motelink.utf8 import is_utf8

PIECES = st.one_of(
    st.binary(max_size=4), st.characters().map(lambda one: one.encode("utf-8", "surrogatepass"))
)


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_agrees_with_the_decoder(data: bytes) -> None:
    try:
        data.decode()
        right = True
    except UnicodeDecodeError:
        right = False
    assert is_utf8(data, 0, len(data)) == right
