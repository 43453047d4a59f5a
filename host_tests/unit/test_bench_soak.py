"""What a soak makes of what its board says."""

from motelink_tools.bench.soak import Console, Health, Outcome


def reports(*pairs: tuple[int, int]) -> list[Health]:
    return [Health(faults, free) for faults, free in pairs]


def test_a_heap_counts_from_when_each_kind_of_fault_has_happened() -> None:
    outcome = Outcome()
    outcome.health[1] = reports(
        (0, 900), (0, 990), (1, 980), (3, 980), (4, 950), (4, 940), (5, 930)
    )
    assert outcome.first_faults == 990 - 950
    assert outcome.drift == 950 - 940  # of three the first, and of the others the best
    assert outcome.drift_of_boots == 0


def test_boots_are_compared_with_each_other() -> None:
    outcome = Outcome()
    outcome.health[1] = reports((0, 1000), (4, 900), (5, 900))
    outcome.health[2] = reports((6, 1000), (10, 860), (11, 800), (12, 840), (13, 850))
    assert outcome.drift_of_boots == 900 - 860
    assert outcome.drift == 860 - 850


def test_short_boots_say_nothing() -> None:
    outcome = Outcome()
    outcome.health[1] = reports((0, 900), (1, 990), (3, 980))
    assert (outcome.drift, outcome.drift_of_boots, outcome.first_faults) == (None, None, None)


def test_a_line_may_come_in_pieces_and_lie_among_others() -> None:
    outcome = Outcome()
    console = Console(outcome, None)
    outcome.faults = 2
    said = b"12.0 W cut off\nkept 100001;\nfree 5000; waiting 3; corrupt 0; dropped 1; errors 0;\n"
    for at in range(len(said)):
        console(said[at : at + 1])
    assert outcome.kept == {100001}
    assert outcome.health == {1: [Health(2, 5000)]}
    assert (outcome.waiting, outcome.dropped, outcome.corrupt, outcome.errors) == (3, 1, 0, 0)


def test_what_has_not_arrived_is_lost_and_what_came_twice_is_doubled() -> None:
    outcome = Outcome(kept={1, 2, 3}, arrived=[1, 1, 3, 4])
    assert (outcome.lost, outcome.doubled) == (1, 1)
