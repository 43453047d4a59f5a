"""Whatever the platform sends, the session accepts it or raises one of its documented errors."""

import json

from hypothesis import given
from hypothesis import strategies as st

from motelink.errors import AuthError, ProtocolError
from motelink.sepl_device import Device
from motelink.sepl_pool import Pool
from motelink.sepl_session import Session

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
HANDLERS = st.sampled_from(["put", "commit", "command", "response", "event", "clear"]) | JSON
MESSAGES = st.fixed_dictionaries(
    {
        "status": st.just(200) | JSON,
        "handler": HANDLERS,
        "token": st.sampled_from(["credentials", "its own"]) | JSON,
        "payload": st.just({"gid": "g", "hash": "h"}) | JSON,
    },
    optional={"content_type": JSON},
)
FRAMES = (st.text() | st.binary() | JSON.map(json.dumps)) | MESSAGES


class Owner:
    def __init__(self):
        pool = Pool()
        pool.add(Device("a", "b", "c"))
        self.session = Session(self, "u", "p", "", pool, limit=3)
        self.token = ""
        self.asked = self.told = 0

    def send(self, text):
        self.token = json.loads(text)["token"]
        return True

    def become_ready(self):
        self.session.request(0, "event", None)
        self.asked += 1

    def command(self, message):
        return len(str(message.payload)) % 2 == 0

    def answer(self, request):
        assert request.answer is not None
        self.told += 1

    def keep_gid(self, text):
        assert isinstance(text, str)


@given(st.lists(FRAMES, max_size=30))
def test_any_frames(frames):
    owner = Owner()
    session = owner.session
    session.opened(0)
    try:
        for frame in frames:
            if isinstance(frame, dict):
                if frame["token"] == "its own":
                    frame = {**frame, "token": owner.token}
                frame = json.dumps(frame)
            session.received(0, frame)
    except (ProtocolError, AuthError):
        pass
    session.closed()
    assert owner.told == owner.asked  # nobody waits for ever, nobody is told twice
