"""Losant's limit on rate: 30 messages in 15 seconds, then 30 seconds out, doubling."""

from hypothesis import given
from hypothesis import strategies as st

from motelink_tools.hub.losant.throttle import Throttle


def flood(throttle, now):
    """Returns how many were let through before a ban."""
    count = 0
    while throttle.allows(now):
        count += 1
    return count


def test_two_a_second_are_fine_for_ever():
    throttle = Throttle()
    assert all(throttle.allows(number / 2) for number in range(1000))


def test_the_thirty_first_begins_a_ban():
    throttle = Throttle()
    assert flood(throttle, 100) == 30
    assert throttle.banned_s(100) == 30
    assert not throttle.allows(129.9)
    assert throttle.banned_s(130) == 0
    assert flood(throttle, 130) == 30


def test_a_burst_leaves_the_window_after_fifteen_seconds():
    throttle = Throttle()
    assert all(throttle.allows(0) for _ in range(30))
    assert throttle.allows(15)


def test_bans_double_up_to_an_hour_and_are_forgiven():
    throttle = Throttle()
    now, bans = 0.0, []
    for _ in range(9):
        flood(throttle, now)
        bans.append(throttle.banned_s(now))
        now += bans[-1]
    assert bans == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    flood(throttle, now + 3600)
    assert throttle.banned_s(now + 3600) == 30


@given(st.lists(st.integers(0, 10).map(lambda eighths: eighths / 8), max_size=300))
def test_no_window_ever_lets_more_through(gaps):
    throttle, now, passed = Throttle(), 0.0, []
    for gap in gaps:
        now += gap
        if throttle.allows(now):
            passed.append(now)
    for start in passed:
        assert sum(start <= time < start + 15 for time in passed) <= 30
