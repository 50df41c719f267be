from __future__ import annotations

from types import SimpleNamespace

import pytest
from transformers import TrainerCallback, TrainerControl, TrainerState

from embedtune.training.processes.interruption import StopFlag
from embedtune.training.processes.leading import LeadingCallback

EVENTS = ["on_train_begin", "on_step_end", "on_log", "on_evaluate", "on_save", "on_train_end"]


class Decides(TrainerCallback):
    """Asks for a state and an evaluation, whatever happens."""

    def __init__(self):
        self.heard = []

    def _hear(self, event, control):
        self.heard.append(event)
        control.should_save = control.should_evaluate = True


for _event in EVENTS:

    def _handle(self, args, state, control, _event=_event, **kwargs):
        self._hear(_event, control)

    setattr(Decides, _event, _handle)


class Room:
    """Where processes meet, one after the other: what the first one says is kept for the next."""

    def __init__(self):
        self.said = []

    def process(self, index):
        def meet(stop=None, flags=0):
            if index == 0:
                self.said.append(flags)
                return flags
            return self.said.pop(0) | flags

        return SimpleNamespace(first=index == 0, meet=meet)


@pytest.mark.parametrize("event", EVENTS)
def test_the_first_process_decides_for_all(event):
    room, inner = Room(), [Decides(), Decides()]
    controls = [TrainerControl(), TrainerControl(should_log=True, should_training_stop=True)]
    for index in range(2):
        callback = LeadingCallback(inner[index], room.process(index), StopFlag())
        getattr(callback, event)(None, TrainerState(), controls[index], logs={})

    assert [callback.heard for callback in inner] == [[event], []]
    assert controls[1] == controls[0]
    assert controls[0] == TrainerControl(should_save=True, should_evaluate=True)
    assert room.said == []


@pytest.mark.parametrize(("step", "epoch"), [(0, 0), (4, 0), (5, 1), (14, 2)])
def test_the_batches_are_told_their_epoch(step, epoch):
    told = []
    sampler = SimpleNamespace(set_epoch=told.append)
    loader = SimpleNamespace(batch_sampler=SimpleNamespace(batch_sampler=sampler))
    state = TrainerState(global_step=step, max_steps=15, num_train_epochs=3)

    LeadingCallback(Decides(), Room().process(0), StopFlag()).on_epoch_begin(
        None, state, TrainerControl(), train_dataloader=loader
    )

    assert told == [epoch]
