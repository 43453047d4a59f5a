"""motelink.loop: whose turn it is, and one client's trouble is not another's."""

from kit import no_alloc, raises
from motelink import port
from motelink.errors import ConfigError, LinkError
from motelink.loop import Loop
from peer import Session

FAR = 100000  # ms


class Task:
    """A client without a socket. ``script``: what its turns do, in order; then nothing."""

    sock = None

    def __init__(self, order, name="", in_ms=0, *script):
        self.order = order
        self.name = name
        self.script = list(script)
        self.deadline = port.ticks_add(port.ticks_ms(), in_ms)
        self.errors = []

    def turn(self, now):
        self.order.append(self.name)
        self.deadline = port.ticks_add(now, FAR)
        if self.script:
            self.script.pop(0)(self)

    def failed(self, error):
        self.errors.append(error)
        self.deadline = port.ticks_add(port.ticks_ms(), FAR)


def _loop(*tasks):
    loop = Loop()
    for task in tasks:
        loop.add(task)
    return loop


def _fail(_):
    raise ValueError("on purpose")


def test_turns_come_when_deadlines_have_come():
    order = []
    loop = _loop(Task(order, "a"), Task(order, "b", FAR), Task(order, "c", -5))
    loop.step(0)
    assert order == ["a", "c"], order
    loop.step(0)
    assert order == ["a", "c"], order
    loop.clients[1].deadline = port.ticks_ms()
    loop.step(0)
    assert order == ["a", "c", "b"], order


def test_step_waits_until_the_first_deadline():
    order = []
    loop = _loop(Task(order, "late", 200), Task(order, "soon", 30), Task(order, "later", FAR))
    start = port.ticks_ms()
    loop.step()
    assert port.ticks_diff(port.ticks_ms(), start) >= 20, "did not wait"
    while len(order) < 2:
        loop.step()
    assert order == ["soon", "late"], order


def test_step_waits_no_longer_than_it_may():
    loop = _loop(Task([], "far", FAR))
    start = port.ticks_ms()
    loop.step(20)
    assert 10 <= port.ticks_diff(port.ticks_ms(), start) < FAR // 2


def test_deadline_across_the_wrap_of_ticks():
    order = []
    loop = _loop(Task(order, "past", -(1 << 28)), Task(order, "future", 1 << 28))
    loop.step(0)
    assert order == ["past"], order


def test_one_that_raises_in_turn_harms_no_other():
    order = []
    bad = Task(order, "bad", 0, _fail)
    loop = _loop(Task(order, "first"), bad, Task(order, "last"))
    loop.step()
    assert order == ["first", "bad", "last"], order
    assert isinstance(bad.errors[0], ValueError)
    assert len(bad.errors) == 1
    assert loop.clients[1] is bad  # it backs off, and stays


def test_interrupt_from_the_keyboard_goes_through():
    def interrupt(_):
        raise KeyboardInterrupt

    task = Task([], "a", 0, interrupt)
    raises(KeyboardInterrupt, _loop(task).step)
    assert task.errors == []


def test_removal_during_turns():
    order = []
    loop = Loop()

    def leave(task):
        loop.remove(task)

    for name in "abc":
        loop.add(Task(order, name, 0, leave))
    while loop.clients:
        loop.step()  # must not wait for the far deadline of one it passed over
    assert sorted(order) == ["a", "b", "c"], order


def test_removal_of_another():
    order = []
    loop = Loop()
    victim = Task(order, "victim")
    loop.add(Task(order, "a", 0, lambda task: loop.remove(victim)))
    loop.add(victim)
    loop.step(0)
    assert order == ["a"], order
    loop.remove(victim)  # once more is harmless


def test_adding_during_turns():
    order = []
    loop = Loop()
    loop.add(Task(order, "a", 0, lambda task: loop.add(Task(order, "b"))))
    loop.step()
    loop.step(0)
    assert order == ["a", "b"], order


def test_run_ends_without_clients():
    order = []
    loop = Loop()
    loop.run()
    for name in "ab":
        loop.add(Task(order, name, 0, loop.remove))
    loop.run()
    assert sorted(order) == ["a", "b"]


def test_stop():
    order = []
    loop = Loop()
    loop.add(Task(order, "a", 0, lambda task: loop.stop()))
    loop.run()
    assert order == ["a"]
    loop.clients[0].deadline = port.ticks_ms()
    loop.clients[0].script.append(lambda task: loop.stop())
    loop.run()  # again
    assert order == ["a", "a"]


def test_run_for():
    loop = _loop(Task([], "far", FAR))
    start = port.ticks_ms()
    loop.run_for(30)
    assert 30 <= port.ticks_diff(port.ticks_ms(), start) < FAR // 2
    loop.run_for(0)


def test_run_for_ends_early():
    loop = Loop()
    loop.run_for(FAR)
    loop.add(Task([], "a", 0, lambda task: loop.stop()))
    loop.run_for(FAR)
    loop = Loop()
    loop.add(Task([], "a", 0, loop.remove))
    loop.run_for(FAR)


def test_run_raises_the_final_error_when_no_client_is_left():
    order = []
    loop = Loop()
    final = ConfigError("wrong")

    def end(task):
        loop.error = final
        loop.remove(task)

    def end_cleanly(task):
        assert "a" in order
        loop.remove(task)

    loop.add(Task(order, "a", 0, end))
    loop.add(Task(order, "b", 30, end_cleanly))
    assert raises(LinkError, loop.run) is final
    assert order == ["a", "b"], order  # the other ran on


def test_idle_step_allocates_nothing():
    loop = _loop(Task([], "a", FAR), Task([], "b", FAR))
    no_alloc(loop.step, 0)
    with Session("length") as session:
        loop = session.client.loop
        loop.add(Task([], "a", FAR))
        no_alloc(loop.step, 0)


class _Poll:
    """Finds these clients' sockets ready, in this order."""

    def __init__(self, *clients):
        self.clients = clients

    def ipoll(self, _):
        for client in self.clients:
            yield client.sock, 1


class _Reader(Task):
    """A client with a socket. ``script``: what it does when that is ready."""

    def __init__(self, order, name, *script):
        super().__init__(order, name, FAR, *script)
        self.sock = [name]

    def ready(self, events):
        self.order.append(self.name)
        if self.script:
            self.script.pop(0)(self)


def _move(client):
    client.loop.moved = True


def test_all_that_are_ready_in_one_step():
    order = []
    a, b, c = _Reader(order, "a"), _Reader(order, "b", _fail), _Reader(order, "c")
    loop = _loop(a, b, c)
    loop.poll = _Poll(c, a, _Reader(order, "nobody's"), b)
    loop.step(0)
    assert order == ["c", "a", "b"], order
    assert isinstance(b.errors[0], ValueError)
    assert a.errors == c.errors == []


def test_what_was_found_before_the_sockets_changed_is_not_told():
    order = []
    loop = _loop(_Reader(order, "a", _move), _Reader(order, "b"))
    loop.poll = _Poll(*loop.clients)
    loop.step(0)
    assert order == ["a"], order
    loop.step(0)
    assert order == ["a", "a", "b"], order
