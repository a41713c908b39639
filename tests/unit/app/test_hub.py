"""Live notices: everybody hears them, and nobody slows the rest."""

import threading

import pytest

from headgate.app import errors, hub, interface

SWEEP = interface.Notice(kind="sweep", cluster="shop")


def test_every_reader_hears_every_notice_in_order() -> None:
    made = hub.Hub(beat_s=5)
    notices = [interface.Notice(kind="change", cluster="shop", ref=str(n)) for n in range(5)]
    with made.listen() as one, made.listen() as other:
        for notice in notices:
            made.publish(notice)
        assert [next(one) for _ in notices] == notices
        assert [next(other) for _ in notices] == notices
    assert made.readers == 0


def test_a_silent_stream_still_beats() -> None:
    made = hub.Hub(beat_s=0.01)
    with made.listen() as stream:
        assert next(stream) is None
        assert next(stream) is None


def test_a_reader_that_does_not_read_is_dropped_and_the_others_go_on() -> None:
    made = hub.Hub(beat_s=5)
    with made.listen() as slow, made.listen() as quick:
        for _ in range(hub.WAITING + 1):
            made.publish(SWEEP)
            assert next(quick) == SWEEP
        assert made.readers == 1
        assert len([one for one in slow if one is not None]) == hub.WAITING


def test_closing_ends_every_stream_at_once() -> None:
    made = hub.Hub(beat_s=60)
    ended = threading.Event()
    listening = threading.Event()

    def read() -> None:
        with made.listen() as stream:
            listening.set()
            for _ in stream:
                pass
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    assert listening.wait(5)
    made.close()
    assert ended.wait(5)
    with pytest.raises(errors.Unavailable, match="the server stops"), made.listen():
        pass


def test_too_many_readers_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "READERS", 1)
    made = hub.Hub()
    with made.listen(), pytest.raises(errors.Unavailable, match="readers"), made.listen():
        pass
    with made.listen():
        pass
