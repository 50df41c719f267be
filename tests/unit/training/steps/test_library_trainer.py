from __future__ import annotations

import pytest
from transformers.utils import logging

from embedtune.training.steps.library_trainer import quiet_library, training_arguments
from training_samples import sample_settings


def test_the_librarys_warnings_come_back_even_after_an_error():
    before = logging.get_verbosity()
    within = []

    def fail():
        within.append(logging.get_verbosity())
        raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"), quiet_library():
        fail()

    assert within == [logging.ERROR]
    assert logging.get_verbosity() == before


def arguments(tmp_path, measured=True, **changes):
    return training_arguments(
        sample_settings(**changes), tmp_path, None, interval=7, measured=measured, seed=11, device="cpu"
    )


def test_settings_reach_the_library(tmp_path):
    made = arguments(tmp_path, weight_decay=0.25, max_grad_norm=0.5, warmup_steps=0.2)

    assert (made.num_train_epochs, made.per_device_train_batch_size, made.learning_rate) == (3, 8, 2e-3)
    assert (made.weight_decay, made.max_grad_norm, made.warmup_steps) == (0.25, 0.5, 0.2)
    assert (made.seed, made.data_seed, made.output_dir, made.use_cpu) == (11, 11, str(tmp_path), True)


@pytest.mark.parametrize(
    ("schedule", "name", "options"),
    [
        ("linear", "linear", {}),
        ("cosine", "cosine", {}),
        ("cosine_restarts", "cosine_with_restarts", {"num_cycles": 3}),
        ("constant", "constant_with_warmup", {}),
    ],
)
def test_the_schedule_reaches_the_library(tmp_path, schedule, name, options):
    made = arguments(tmp_path, schedule=schedule)

    assert (made.lr_scheduler_type.value, made.lr_scheduler_kwargs) == (name, options)
    assert made.optim.value == "adamw_torch_fused"


@pytest.mark.parametrize(("measured", "strategy"), [(True, "steps"), (False, "no")])
def test_it_saves_and_measures_at_the_same_steps_and_reports_to_nobody(tmp_path, measured, strategy):
    made = arguments(tmp_path, measured)

    assert (made.save_steps, made.eval_steps, made.eval_strategy.value) == (7, 7, strategy)
    assert made.save_total_limit == 2
    assert made.report_to == []
    assert made.disable_tqdm
    assert not made.push_to_hub
