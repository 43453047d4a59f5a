"""Whatever is sent to the IoTtalk server is answered or ignored, and it stays consistent."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from motelink_tools.hub.csm.wire import HttpError

from .csm_desk import KETTLE, LAMP, SQUARE, Desk, body, digest

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
OPS = ["attach", "detach", "add_funcs", "rm_funcs", "add_link", "rm_link", "set_join"]
OPS += ["set_df_func", "start_monitor", "stop_monitor", "unknown"]
DIGESTS = st.sampled_from([None, digest(SQUARE), "no"])
# Mostly what makes sense, so that requests get far; and anything in each place.
FIELDS = {
    "da_id": st.sampled_from([KETTLE, LAMP]) | ANY,
    "idf": st.sampled_from(["Temperature-I", "Acceleration-I"]) | ANY,
    "odf": st.just("Heater-O") | ANY,
    "func": DIGESTS | ANY,
    "prev": DIGESTS | ANY,
    "new": DIGESTS | ANY,
    "depends": st.dictionaries(st.text(max_size=3), DIGESTS, max_size=2) | ANY,
    "codes": st.just([SQUARE]) | ANY,
    "digests": st.lists(DIGESTS.filter(bool), max_size=2) | ANY,
    "input_type": st.sampled_from(["sample", ["variant"], None]) | ANY,
    "param_no": st.integers(-1, 300) | ANY,
    "tag_param_no": st.integers(-1, 300) | ANY,
}
REQUESTS = st.builds(
    lambda op, fields, extra: {**extra, **fields, "op": op},
    st.sampled_from(OPS) | ANY,
    st.fixed_dictionaries({}, optional=FIELDS),
    st.dictionaries(st.text(max_size=3), SCALARS, max_size=1),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(REQUESTS, max_size=12))
def test_every_request_object_has_one_reply(tmp_path_factory, requests):
    desk = Desk(tmp_path_factory.mktemp("csm") / "csm.db")
    try:
        desk.online()
        desk.graph(SQUARE)
        for request in requests:
            # As clients may write it; NaN makes it no JSON.
            payload = json.dumps(request).encode()
            said = desk.say("iottalk/api/req/gui/graph/7", payload)
            replies = [m for topic, m in said if topic == "iottalk/api/res/gui/graph/7"]
            if b"NaN" in payload or b"Infinity" in payload or b"\\ud" in payload.lower():
                assert len(replies) <= 1
                continue
            assert [reply["state"] in ("ok", "error") for reply in replies] == [True]
            assert "reason" in replies[0] or replies[0]["state"] == "ok"
        # A restart finds what there was.
        told = desk.core.configuration(("gui", "7"))
        desk.restart()
        assert desk.core.configuration(("gui", "7")) == told
    finally:
        desk.close()


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.sampled_from(list(body())), ANY) | ANY, ANY)
def test_any_registration_is_taken_or_refused(tmp_path_factory, changes, rev):
    desk = Desk(tmp_path_factory.mktemp("csm") / "csm.db")
    try:
        whole = {**body(), **changes} if isinstance(changes, dict) else changes
        refused = status(lambda: desk.core.put(KETTLE, whole))
        assert refused in (None, 400, 403)
        if refused is None:
            shown = desk.core.get(KETTLE).public()
            desk.restart()
            assert json.dumps(desk.core.get(KETTLE).public()) == json.dumps(shown)
            desk.say(f"{KETTLE}/ctrl/i", {"state": "online", "rev": rev})
            assert status(lambda: desk.core.delete(KETTLE, {"rev": rev})) == 400
    finally:
        desk.close()


def status(call):
    """None, or with which status it was refused."""
    try:
        call()
    except HttpError as error:
        return error.status
    return None


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=40), st.sampled_from(["ctrl", "graph", "device", "data"]))
def test_any_bytes_on_any_topic(tmp_path_factory, payload, where):
    desk = Desk(tmp_path_factory.getbasetemp() / "shared.db")
    topics = {
        "ctrl": f"{KETTLE}/ctrl/i",
        "graph": "iottalk/api/req/gui/graph/7",
        "device": "iottalk/api/req/gui/device",
    }
    try:
        if where == "data":
            desk.core.data("iottalk/esm/x/y/i", payload)
        else:
            desk.say(topics[where], payload)
    finally:
        desk.close()
