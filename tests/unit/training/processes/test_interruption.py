from __future__ import annotations

import signal
import threading

import pytest

from embedtune.errors import InterruptedRunError
from embedtune.training.processes.interruption import StopFlag, orderly_stop


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


def test_a_stop_is_an_error_where_it_is_looked_for():
    with pytest.raises(InterruptedRunError, match=r"^Stopped by SIGTERM at step 3\.") as caught:
        StopFlag("SIGTERM").check("at step 3")

    assert "--resume" in caught.value.remedy
    StopFlag().check("at step 3")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_work_that_can_be_done_again_where_it_stands(number):
    done = []

    def work():
        with orderly_stop() as stop, stop.acting_at_once("before the first step"):
            signal.raise_signal(number)
            done.append("more")

    with pytest.raises(InterruptedRunError, match=f"Stopped by {number.name} before the first step"):
        work()

    assert not done


def test_such_work_is_not_begun_after_a_signal():
    done = []

    def work():
        with orderly_stop() as stop:
            signal.raise_signal(signal.SIGTERM)
            with stop.acting_at_once("after the last step"):
                done.append("work")

    with pytest.raises(InterruptedRunError, match="after the last step"):
        work()

    assert not done


def test_after_such_work_a_signal_only_raises_the_flag():
    with orderly_stop() as stop:
        with stop.acting_at_once("before the first step"):
            pass
        signal.raise_signal(signal.SIGTERM)

        assert stop


def test_the_first_signal_here_is_no_second_one_where_another_process_heard_one():
    with orderly_stop() as stop:
        stop.signal_name = "SIGINT"
        signal.raise_signal(signal.SIGTERM)

        assert stop.signal_name == "SIGTERM"


def test_a_keyboard_interrupt_without_a_signal_passes():
    with pytest.raises(KeyboardInterrupt), StopFlag().acting_at_once("before the first step"):
        raise KeyboardInterrupt
