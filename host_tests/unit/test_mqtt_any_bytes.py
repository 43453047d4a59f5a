"""One rule: whatever a broker sends, the session accepts it or raises an error of the link, in
bounded memory, and how TCP cuts it makes no difference."""

from hypothesis import given, settings
from hypothesis import strategies as st

from motelink.errors import AuthError, ProtocolError, TooLarge
from motelink.mqtt_inbound import is_topic
from mqtt_owner import CONNACK, PINGRESP, PUBACK, PUBCOMP, PUBREC, PUBREL, Owner, ack, length, pub

pids = st.integers(1, 6)
topics = st.binary(max_size=12) | st.sampled_from([b"a/b", b"t" * 90])
messages = st.builds(
    pub,
    topics,
    st.binary(max_size=20) | st.binary(min_size=80, max_size=200),
    qos=st.integers(0, 3),
    pid=st.integers(0, 6),
    dup=st.integers(0, 1),
    retain=st.integers(0, 1),
)
acks = st.builds(ack, st.sampled_from([PUBACK, PUBREC, PUBREL, PUBCOMP]), pids)
wild = st.builds(
    lambda first, body: bytes([first]) + length(len(body)) + body,
    st.integers(0, 255),
    st.binary(max_size=8),
)
packets = messages | acks | wild | st.sampled_from([PINGRESP, CONNACK])
cuts = st.lists(st.integers(1, 400), max_size=8)


def _run(stream: bytes, where: list[int]) -> tuple[list[object], bytes, str]:
    owner = Owner(rx_size=40).connect()
    owner.session.last_id = 0
    for qos in (1, 2, 0, 2):
        owner.session.publish(b"mine", b"x", qos)
    joints = sorted({at for at in where if 0 < at < len(stream)})
    pieces = [stream[a:b] for a, b in zip([0, *joints], [*joints, len(stream)], strict=True)]
    trouble = ""
    try:
        owner.feed(*filter(None, pieces))
    except (ProtocolError, TooLarge, AuthError) as error:
        trouble = str(error)
    else:
        assert not owner.sock.incoming
        assert len(owner.rx) <= owner.rx.limit
    events: list[object] = []
    for event in owner.events:
        # Where a large message is cut depends on how it came.
        joined = bool(events) and event[0] == "chunk" == events[-1][0] and event[3]
        if joined:
            first = events.pop()
            event = (*first[:2], first[2] + event[2], *first[3:])
        events.append(event)
    if trouble and events and events[-1][0] == "chunk":
        events.pop()
    return events, owner.sock.sent, trouble


@settings(max_examples=400, deadline=None)
@given(stream=st.binary(max_size=300), where=cuts)
def test_any_bytes(stream: bytes, where: list[int]) -> None:
    _run(stream, where)


@settings(max_examples=600, deadline=None)
@given(stream=st.lists(packets, max_size=8).map(b"".join), where=cuts)
def test_any_packets_cut_anywhere(stream: bytes, where: list[int]) -> None:
    whole = _run(stream, [])
    cut = _run(stream, where)
    assert cut[0] == whole[0]
    assert cut[2] == whole[2]
    if not whole[2]:
        assert cut[1].startswith(whole[1]) or whole[1].startswith(cut[1])


@given(data=st.binary(min_size=1, max_size=20) | st.text(min_size=1).map(str.encode))
def test_topics_are_what_python_takes_for_text(data: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        expected = False
    else:
        expected = not set(text) & set("\0+#")
    assert is_topic(data, 0, len(data)) == expected
