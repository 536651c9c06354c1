"""Two functions at a time, and what becomes of their answers and failures."""

from __future__ import annotations

import threading

import pytest

from search import beside
from search.beside import Beside


@pytest.fixture(params=[1, 2], ids=["one processor", "two processors"])
def processors(request, monkeypatch) -> int:
    monkeypatch.setattr(beside, "processors", lambda: request.param)
    return request.param


def fail() -> None:
    raise KeyError("what went wrong")


def test_both_answers_come_back(processors: int) -> None:
    assert Beside().both(lambda: "here", lambda: "beside") == ("here", "beside")


def test_with_two_processors_the_second_runs_while_the_first_does(monkeypatch) -> None:
    monkeypatch.setattr(beside, "processors", lambda: 2)
    has_run = threading.Event()

    assert Beside().both(lambda: has_run.wait(60), has_run.set) == (True, None)


def test_what_is_spare_is_done_where_a_processor_is_free_for_it(processors: int) -> None:
    told: list[str] = []
    # What has not begun when the first is done begins on its thread, without what is spare.
    begun = threading.Event()

    def second() -> str:
        begun.set()
        return "beside"

    assert Beside().both(lambda: processors == 1 or begun.wait(60), second, told.append) == (True, "beside")
    assert told == ["beside"] * (processors - 1)


def test_a_failure_of_either_is_raised(processors: int) -> None:
    with pytest.raises(KeyError, match="what went wrong"):
        Beside().both(fail, lambda: None)
    with pytest.raises(KeyError, match="what went wrong"):
        Beside().both(lambda: None, fail)


def test_with_all_processors_busy_one_follows_the_other(monkeypatch) -> None:
    monkeypatch.setattr(beside, "processors", lambda: 2)
    both, entered, release = Beside(), threading.Event(), threading.Event()

    def stay() -> None:
        entered.set()
        release.wait()

    other = threading.Thread(target=both.both, args=(stay, stay))
    other.start()
    try:
        entered.wait()
        assert both.both(threading.get_ident, threading.get_ident) == (threading.get_ident(),) * 2
    finally:
        release.set()
        other.join()
    assert both.both(lambda: "again", lambda: "free") == ("again", "free")
    assert both._busy == 0
