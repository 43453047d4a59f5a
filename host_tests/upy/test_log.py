"""motelink.log: levels, the ring, and what is never shown."""

import sys

from kit import MICROPYTHON, no_alloc, raises
from motelink import log
from motelink.errors import ConfigError


class _Fresh:
    """Level info and a ring of ``size`` bytes; forgotten afterwards."""

    def __init__(self, size=2000):
        self.size = size

    def __enter__(self):
        log.set_level("info")
        log.keep(self.size)

    def __exit__(self, *_):
        log.set_level("info")
        log.keep(0)


def _texts():
    """The lines kept, without their time."""
    return [line.split(" ", 1)[1] for line in log.lines()]


def test_levels():
    with _Fresh():
        shown = {}
        for name in ("debug", "info", "warning", "error", "off"):
            log.keep(2000)
            log.set_level(name)
            log.debug("d")
            log.info("i")
            log.warning("w")
            log.error("e")
            shown[name] = "".join([text[0] for text in _texts()])
    assert shown == {"debug": "DIWE", "info": "IWE", "warning": "WE", "error": "E", "off": ""}


def test_level_by_constant():
    with _Fresh():
        log.set_level(log.ERROR)
        log.warning("w")
        assert _texts() == []


def test_unknown_level_is_refused():
    with _Fresh():
        for level in ("loud", 15, None):
            raises(ConfigError, log.set_level, level)


def test_values():
    with _Fresh():
        log.info("none")
        log.info("%d", 1)
        log.info("%s %s", "a", None)
        log.info("%s %d %s", "a", 2, OSError(5))
        log.info("100 %")
        assert _texts() == ["I none", "I 1", "I a None", "I a 2 %s" % OSError(5), "I 100 %"]


def test_line_begins_with_seconds():
    with _Fresh():
        log.info("x")
        seconds, _, millis = log.lines()[0].split(" ")[0].partition(".")
        assert seconds.isdigit()
        assert len(millis) == 3, millis


def test_level_off_allocates_nothing():
    with _Fresh():
        no_alloc(_debug_three)
        no_alloc(_debug_none)


def _debug_three():
    log.debug("%s %s %s", "a", 1, None)


def _debug_none():
    log.debug("x")


def test_what_containers_hold_is_not_shown():
    with _Fresh():
        secret = "hunter2"
        for value in ({"k": secret}, [secret], (secret,), {secret}, secret.encode()):
            log.info("%s", value)
            log.info("%r %s", value, bytearray(secret.encode()))
        text = "\n".join(log.lines())
        assert secret not in text, text
        assert "<dict of 1>" in text
        assert "<bytearray of 7>" in text


def test_a_peer_cannot_forge_a_line():
    with _Fresh():
        log.info("said %s", "hello\r\n9.999 E all is lost")
        assert _texts() == ["I said hello\\r\\n9.999 E all is lost"]


def test_values_that_do_not_fit_the_template_do_not_raise():
    with _Fresh():
        log.info("%d", "x")
        log.info("%s", 1, 2)
        log.info("%s %s", 1)
        assert [text.split(" (")[0] for text in _texts()] == ["I %d", "I %s", "I %s %s"]
        assert "TypeError" in log.lines()[0]


def test_ring_keeps_the_last_whole_lines():
    with _Fresh(200):
        for i in range(100):
            log.info("line %d", i)
        texts = _texts()
        assert texts == ["I line %d" % i for i in range(100 - len(texts), 100)], texts
        assert 5 < len(texts) <= 200 // len("0.000 I line 99\n")


def test_ring_holds_what_fits_at_every_size():
    for size in range(1, 60):
        with _Fresh(size):
            for i in range(7):
                log.info("%s", "x" * (i * 5 % 23))
                assert len("\n".join(log.lines())) < size
            assert len(log.lines()) >= 1


def test_longer_line_is_cut_between_characters():
    for size in range(20, 40):
        with _Fresh(size):
            log.info("%s", "é€😀" * 20)
            line = log.lines()[0]
            assert size - 5 < len(line.encode()) < size, line
            assert ("é€😀" * 20).startswith(line.split(" ")[2]), line


def test_no_ring_by_default():
    log.info("x")
    assert log.lines() == []


def test_exception_is_kept_with_its_traceback():
    with _Fresh():
        try:
            _fails()
        except ValueError as exc:
            log.exception(exc, "the kettle")
        texts = _texts()
        assert texts[0] == "E the kettle:"
        assert texts[1].startswith("E Traceback")
        assert any("_fails" in text for text in texts), texts
        assert texts[-1] == "E ValueError: no water"


def _fails():
    raise ValueError("no water")


def test_exception_below_the_level_is_not_shown():
    with _Fresh():
        log.set_level("off")
        log.exception(ValueError("x"))
        assert log.lines() == []


def test_where_there_is_no_memory_the_bare_text_is_printed():
    class _Poor:
        def __str__(self):
            raise MemoryError

    with _Fresh():
        log.warning("%s: low", _Poor())
        log.exception(ValueError("x"), _Poor())
        assert log.lines() == []  # no other trouble: that was all
        assert not MICROPYTHON or "motelink.log_text" not in sys.modules  # least of all now
        log.warning("again")
        assert _texts() == ["W again"]


def test_what_writes_lines_is_dropped_but_at_level_debug():
    with _Fresh():
        log.info("x")
        assert not MICROPYTHON or "motelink.log_text" not in sys.modules
        log.set_level("debug")
        log.info("x")
        assert "motelink.log_text" in sys.modules


def test_lone_surrogates_do_not_raise():
    with _Fresh():
        log.info("name %s", chr(0xD800))
        assert len(log.lines()) == 1
