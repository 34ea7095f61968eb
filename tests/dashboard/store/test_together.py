"""Work of several threads in one go: everybody gets what is theirs, whatever happens to the others."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.store.together import Together


class Slow:
    """Work whose first call lasts until it is let go; it remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, asked: Sequence[int]) -> list[int | Exception]:
        self.calls.append(list(asked))
        self.begun.set()
        assert self.go.wait(30)
        return [one * 10 if one >= 0 else ValueError(str(one)) for one in asked]


def test_who_comes_meanwhile_is_in_the_next_call_and_gets_its_own_result() -> None:
    work = Slow()
    together = Together[int, int](work)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(together, 1)
        assert work.begun.wait(30)
        others = [pool.submit(together, number) for number in (2, 3, -4, 5)]
        while len(together._waiting) < 4:
            pass
        work.go.set()
        assert first.result(30) == 10
        assert [others[index].result(30) for index in (0, 1, 3)] == [20, 30, 50]
        with pytest.raises(ValueError, match="-4"):
            others[2].result(30)
    assert [sorted(call) for call in work.calls] == [[1], [-4, 2, 3, 5]]
    assert together(7) == 70


def test_what_the_work_raises_reaches_everybody_and_it_goes_on() -> None:
    failing = [True]

    def work(asked: Sequence[int]) -> list[int]:
        if failing[0]:
            raise OSError("full")
        return list(asked)

    together = Together[int, int](work)
    with pytest.raises(OSError, match="full"):
        together(1)
    failing[0] = False
    assert together(2) == 2


def test_nobody_is_forgotten_when_many_come() -> None:
    together = Together[int, int](lambda asked: [one + 1 for one in asked])
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(together, range(2000))) == list(range(1, 2001))
