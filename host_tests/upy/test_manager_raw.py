"""The raw framing of motelink.manager: no boundaries, so a segment means what these say."""

from kit import no_alloc, raises
from motelink import port
from owner import Counter, Ended, Owner

GETINFO = ("command", 1)
END = ("command", 3)


def _message(payload):
    return ("message", payload)


def test_a_segment_is_a_message():
    for payload in (b"hello", b"\x03", b"\xff\xfe", b"{}", b"beat", b"x" * 64):
        assert Owner("raw").feed(payload) == [_message(payload)], payload


def test_two_segments_are_two_messages():
    assert Owner("raw").feed(b"one", b"two") == [_message(b"one"), _message(b"two")]


def test_more_than_the_buffer_comes_in_pieces():
    owner = Owner("raw", rx_size=20)
    assert owner.feed(b"x" * 50) == [_message(b"x" * n) for n in (20, 20, 10)]


def test_leading_commands_are_read_and_the_rest_follows():
    for segment, events, answer in (
        (b"\x01\x02", [GETINFO], b"infobeat"),
        (b"\x02\x01\x02\x02", [GETINFO], b"beatinfobeatbeat"),
        (b"\x02hello", [_message(b"hello")], b"beat"),
        (b"\x01hello", [GETINFO, _message(b"hello")], b"info"),
        (b"\x01\x02\x00\x01\x02", [GETINFO, _message(b"\x00\x01\x02")], b"infobeat"),
    ):
        owner = Owner("raw")
        assert owner.feed(segment) == events, segment
        assert owner.sent() == answer, segment


def test_commands_cut_and_merged_anywhere():
    commands = b"\x01\x02\x02\x01\x02"
    for joints in range(16):
        segments = [commands[:1]]
        for i in range(1, 5):
            if joints >> (i - 1) & 1:
                segments[-1] += commands[i : i + 1]
            else:
                segments.append(commands[i : i + 1])
        owner = Owner("raw")
        assert owner.feed(*segments) == [GETINFO, GETINFO], segments
        assert owner.sent() == b"infobeatbeatinfobeat", segments


def test_command_glued_behind_text():
    for segment, events, answer in (
        (b"hello\x02", [_message(b"hello")], b"beat"),
        (b"hello\x01", [_message(b"hello"), GETINFO], b"info"),
        ("Grüße\r\n\t\x02".encode(), [_message("Grüße\r\n\t".encode())], b"beat"),
        (b'{"a": 1}\x02', [_message(b'{"a": 1}')], b"beat"),
        (b"x\x02", [_message(b"x")], b"beat"),
    ):
        owner = Owner("raw")
        assert owner.feed(segment) == events, segment
        assert owner.sent() == answer, segment


def test_command_inside_or_behind_binary_data_is_data():
    for segment in (b"a\x02b", b"\x00a\x02", b"\x03\x01", b"a\x1f\x02", b"a\x02\x01", b"\x00\x02"):
        owner = Owner("raw")
        assert owner.feed(segment) == [_message(segment)], segment
        assert owner.sent() == b"", segment


def test_end_cut_anywhere():
    for segments in (
        (b"end\n",),
        (b"e", b"nd\n"),
        (b"en", b"d\n"),
        (b"end", b"\n"),
        (b"e", b"n", b"d", b"\n"),
        (b"\x02e", b"nd\n"),
        (b"\x02\x02end\n",),
    ):
        owner = Owner("raw")
        raises(Ended, owner.feed, *segments)
        assert owner.events == [END], segments


def test_text_with_end_in_it_is_a_message():
    for segment in (b"end\nx", b"end", b"the end\n", b"END\n", b"end\r\n", b"eend\n", b"end\n\n"):
        owner = Owner("raw")
        owner.feed(segment)
        if owner.framing.held:
            owner.framing.release()
        assert owner.events == [_message(segment)], segment


def test_what_may_become_the_end_is_held():
    for beginning in (b"e", b"en", b"end"):
        owner = Owner("raw")
        before = port.ticks_ms()
        assert owner.feed(beginning) == [], beginning
        assert owner.framing.held
        wait = port.ticks_diff(owner.deadline, before)
        assert 200 <= wait < 10000, wait
        owner.framing.release()
        assert owner.events == [_message(beginning)], beginning
        assert not owner.framing.held
        assert len(owner.rx) == 0


def test_hold_ends_when_more_comes():
    for beginning, more, events in (
        (b"e", b"xit", [_message(b"exit")]),
        (b"end", b"ing", [_message(b"ending")]),
        (b"en", b"\x02", [_message(b"en")]),  # and a beat
        (b"end", b"end\n", [_message(b"endend\n")]),
    ):
        owner = Owner("raw")
        assert owner.feed(beginning, more) == events, (beginning, more)
        assert not owner.framing.held
        assert owner.beats == (more == b"\x02")


def test_hold_does_not_move_its_deadline():
    owner = Owner("raw")
    owner.feed(b"e")
    owner.deadline = "set once"
    owner.feed(b"n")
    assert owner.deadline == "set once"


def test_reset_ends_the_hold():
    owner = Owner("raw")
    owner.feed(b"e")
    owner.framing.reset()
    assert not owner.framing.held


def test_hold_and_release_allocate_nothing():
    owner = Counter("raw", b"en")

    def step():
        owner.step()
        assert owner.framing.held
        owner.framing.release()

    no_alloc(step)
    assert owner.messages == 101


def test_glued_command_allocates_nothing():
    owner = Counter("raw", b"hello\x02")
    no_alloc(owner.step)
    assert owner.messages == owner.beats == 101
