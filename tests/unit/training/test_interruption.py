from __future__ import annotations

import signal
import threading

import pytest

from embedtune.training.interruption import StopFlag, orderly_stop


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_raises_the_flag_and_nothing_else(number):
    with orderly_stop() as stop:
        assert not stop
        signal.raise_signal(number)

        assert stop
        assert stop.signal_name == number.name


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with orderly_stop():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before


def test_handlers_are_put_back_after_an_error():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="inside"), orderly_stop():
        raise ValueError("inside")

    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_signal_acts_at_once():
    def insist():
        with orderly_stop():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        insist()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_handler_that_python_does_not_know_is_replaced_by_the_default(monkeypatch):
    put = []
    monkeypatch.setattr(signal, "getsignal", lambda number: None)  # as for a handler installed from C
    monkeypatch.setattr(signal, "signal", lambda number, handler: put.append(handler))

    with orderly_stop():
        put.clear()

    assert put == [signal.SIG_DFL, signal.SIG_DFL]


def test_outside_the_main_thread_it_runs_without_handlers():
    seen = []

    def work():
        with orderly_stop() as stop:
            seen.append((bool(stop), signal.getsignal(signal.SIGTERM)))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [(False, before)]


def test_a_flag_is_down_until_named():
    assert not StopFlag()
    assert StopFlag("SIGTERM")
