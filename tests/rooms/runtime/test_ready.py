"""Which models stay loaded: the newest few, for a while."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from modelyard import errors
from modelyard.kernel.settings import RuntimeSettings
from modelyard.runtime.ready import ReadyPools


class Opened:
    """Makes stand-ins of pools, and knows which were opened and which are open."""

    def __init__(self):
        self.opened = []
        self.open = set()
        self.gone = threading.Event()

    def __call__(self, key):
        @contextmanager
        def pool():
            self.opened.append(key)
            self.open.add(key)
            yield key
            self.open.discard(key)
            self.gone.set()

        return pool


@pytest.fixture
def opened():
    return Opened()


@pytest.fixture
def make_pools():
    made = []

    def make(**settings):
        made.append(ReadyPools(RuntimeSettings(**settings)))
        return made[-1]

    yield make
    for pools in made:
        pools.close()


def use(pools, opened, *keys):
    for key in keys:
        with pools.use(key, opened(key)) as pool:
            assert pool == key


def test_a_pool_is_opened_once(make_pools, opened):
    use(make_pools(), opened, "a", "a", "b", "a")
    assert opened.opened == ["a", "b"]


def test_the_one_not_used_for_longest_gives_way(make_pools, opened):
    use(make_pools(ready_models=2), opened, "a", "b", "a", "c")
    assert opened.open == {"a", "c"}


def test_one_that_is_used_stays(make_pools, opened):
    pools = make_pools(ready_models=2)
    with pools.use("a", opened("a")):
        use(pools, opened, "b", "c")
        assert opened.open == {"a", "c"}


def test_one_that_nobody_uses_goes(make_pools, opened):
    use(make_pools(ready_seconds=0.01), opened, "a")
    assert opened.gone.wait(60)
    assert opened.open == set()


def test_without_room_one_waits_and_is_told(make_pools, opened):
    pools = make_pools(ready_models=1, answer_timeout=0.01)
    with (
        pools.use("a", opened("a")),
        pytest.raises(errors.Unavailable, match=r"runtime\.ready_models"),
    ):
        use(pools, opened, "b")
    use(pools, opened, "b")


def test_what_cannot_be_opened_is_tried_again(make_pools, opened):
    pools = make_pools()

    @contextmanager
    def broken():
        raise errors.Failed("it does not load")
        yield

    with pytest.raises(errors.Failed), pools.use("a", broken):
        pass
    use(pools, opened, "a")
    assert opened.open == {"a"}


def test_closing_ends_all_and_opens_none(make_pools, opened):
    pools = make_pools()
    use(pools, opened, "a", "b")
    pools.close()
    assert opened.open == set()
    with pytest.raises(errors.Unavailable):
        use(pools, opened, "a")
