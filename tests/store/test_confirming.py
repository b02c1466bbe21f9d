from threading import Event

import pytest

from molenspin.errors import MolenspinError
from molenspin.store import confirming


def test_at_the_end_of_the_block_all_batches_count(monkeypatch):
    counted = []
    monkeypatch.setattr(confirming, "confirm", lambda *batches: counted.extend(batches))
    with confirming.confirming(lambda: None) as confirm_soon:
        for batch in range(3 * confirming.MOST_WAITING):
            confirm_soon(batch)
    assert counted == list(range(3 * confirming.MOST_WAITING))


def test_no_more_batches_wait_than_a_kill_may_lose(monkeypatch):
    waiting, most = set(), []

    def confirm(*batches):
        most.append(len(waiting))
        waiting.difference_update(batches)

    monkeypatch.setattr(confirming, "confirm", confirm)
    monkeypatch.setattr(confirming, "PAUSE_SECONDS", 0.01)
    with confirming.confirming(lambda: None) as confirm_soon:
        for batch in range(5 * confirming.MOST_WAITING):
            confirm_soon(batch)
            waiting.add(batch)
    assert max(most) <= confirming.MOST_WAITING + 1


def test_a_lost_claim_stops_the_writer_and_nothing_counts(monkeypatch):
    checked = Event()

    def lost():
        checked.set()
        raise MolenspinError("the claim was lost")

    def write_without_end():
        with confirming.confirming(lost) as confirm_soon:
            confirm_soon("first")
            checked.wait()
            while True:
                confirm_soon("another")

    monkeypatch.setattr(confirming, "confirm", pytest.fail)
    with pytest.raises(MolenspinError, match="lost"):
        write_without_end()
