"""A few requests compute at once; the others wait in their order, and never for one that takes long."""

from __future__ import annotations

import threading
import time

from web.turns import AT_ONCE, EXTENSION, Turns

pytest_plugins = ["tests.fixtures.web"]
PATIENCE = 30


def start(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_no_more_than_a_few_compute_at_once():
    turns, lock = Turns(2, lapse=PATIENCE), threading.Lock()
    now, most = 0, 0

    def request():
        nonlocal now, most
        turn = turns.take()
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1
        turns.give_back(turn)

    threads = [start(request) for _ in range(20)]
    for thread in threads:
        thread.join(PATIENCE)
    assert (most, now) == (2, 0)


def test_first_come_first_served():
    turns, served = Turns(1, lapse=PATIENCE), []
    first = turns.take()

    def request(number):
        turn = turns.take()
        served.append(number)
        turns.give_back(turn)

    threads = []
    for number in range(6):
        threads.append(start(lambda number=number: request(number)))
        until = time.monotonic() + PATIENCE
        while len(turns._waiting) <= number and time.monotonic() < until:
            time.sleep(0.001)
    assert served == []
    turns.give_back(first)
    for thread in threads:
        thread.join(PATIENCE)
    assert served == list(range(6))


def test_who_takes_long_holds_nobody_up():
    turns = Turns(1, lapse=0.05)
    slow = turns.take()
    taken = threading.Event()
    start(lambda: (turns.take(), taken.set()))
    assert taken.wait(PATIENCE)
    turns.give_back(slow)
    turns.give_back(slow)


def test_a_turn_that_lapsed_does_not_end_that_of_another():
    turns = Turns(1, lapse=0.05)
    slow = turns.take()
    time.sleep(0.1)
    turns.take()
    turns._lapse = PATIENCE
    turns.give_back(slow)
    waiting = start(turns.take)
    waiting.join(0.1)
    assert waiting.is_alive()


def test_every_answer_gives_its_turn_back(client):
    """Were one kept, the third request of each kind would wait until it lapses."""
    turns = client.application.extensions[EXTENSION]
    for address in ("/", "/entries/L-0001", "/entries/L-9999", "/no-such-page", "/api/v1/entries?limit=x"):
        for _ in range(AT_ONCE + 1):
            client.get(address)
        assert turns._taken == {}, address
