from __future__ import annotations

import json
import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from embedtune.errors import InterruptedRunError
from embedtune.events import Progress
from embedtune.training.records.plot import draw_run, drawn, smoothed
from embedtune.training.trainer import train_model
from training_samples import sample_job

ROWS = [
    {"epoch": 0, "step": 0, "mrr": 0.4, "recall@5": 0.6},
    {"epoch": 1, "step": 10, "loss": 2.0, "learning_rate": 5e-5, "tokens_per_second": 900.0},
    {"epoch": 1, "step": 10, "mrr": 0.7, "recall@5": 0.8, "hvac_mrr": 0.9},
    {"epoch": 1, "step": 11, "negatives": 5, "negatives_changed": 2},
    {"epoch": 2, "step": 20, "loss": 1.0, "learning_rate": 1e-5, "tokens_per_second": 900.0},
    {"epoch": 2, "step": 20, "mrr": 0.6, "recall@5": 0.8},
    {"epoch": 2, "step": 10, "base_share": 0.25, "mrr": 0.75, "recall@5": 0.9},
]


def written(run, rows):
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def drawing(run):
    text = (run / "training.svg").read_text(encoding="utf-8")
    root = etree.fromstring(text)
    return [element.text for element in root.iter() if element.text and element.text.strip()], root


def test_all_that_was_recorded_is_drawn(tmp_path):
    written(tmp_path, ROWS)

    draw_run(tmp_path)

    words, root = drawing(tmp_path)
    assert {"Training loss", "as logged", "smoothed", "Learning rate", "Dev questions", "steps"} <= set(words)
    assert {"MRR", "recall@5", "best MRR", "averaged with the base"} <= set(words)
    lines = [line.get("points").split() for line in root.iter("{http://www.w3.org/2000/svg}polyline")]
    assert sorted(len(line) // 2 for line in lines) == [
        2,
        2,
        2,
        3,
        3,
    ]  # loss twice, rate; dev twice, without the average


def test_what_was_not_measured_is_not_drawn(tmp_path):
    written(tmp_path, [row for row in ROWS if "loss" in row])

    draw_run(tmp_path)

    words, _ = drawing(tmp_path)
    assert "Training loss" in words
    assert "Dev questions" not in words


def test_before_the_first_training_row_the_base_alone_is_drawn(tmp_path):
    written(tmp_path, ROWS[:1])

    draw_run(tmp_path)

    words, _ = drawing(tmp_path)
    assert "MRR" in words
    assert not {"Training loss", "best MRR"} & set(words)


@pytest.mark.parametrize("rows", [None, []])
def test_nothing_recorded_draws_nothing(tmp_path, rows):
    if rows is not None:
        written(tmp_path, rows)

    draw_run(tmp_path)

    assert not (tmp_path / "training.svg").exists()


def test_a_block_that_fails_is_drawn_too(tmp_path):
    written(tmp_path, ROWS)

    with pytest.raises(ValueError, match="broken"), drawn(tmp_path):
        raise ValueError("broken")

    assert (tmp_path / "training.svg").is_file()


@given(st.lists(st.floats(-100, 100), min_size=1))
def test_smoothed_values_start_at_the_first_and_stay_within(values):
    means = smoothed(values)

    assert len(means) == len(values)
    assert means[0] == pytest.approx(values[0])
    assert all(min(values) - 1e-9 <= mean <= max(values) + 1e-9 for mean in means)


def test_a_constant_stays_one():
    assert smoothed([3.0] * 5) == pytest.approx([3.0] * 5)


def test_a_run_is_drawn_when_it_is_interrupted_and_when_it_ends(tiny_model, tmp_path):
    job = sample_job(tiny_model, tmp_path / "run", epochs=1)
    interrupt = {"at": 3}

    def report(event):
        if isinstance(event, Progress) and event.activity == "Training" and event.done == interrupt["at"]:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(InterruptedRunError):
        train_model(job, report=report)
    assert "Training loss" not in drawing(job.run)[0]  # rows begin at step 5
    assert "MRR" in drawing(job.run)[0]

    train_model(job, resume=True)

    assert {"Training loss", "MRR"} <= set(drawing(job.run)[0])
    train_model(job)  # anew
    first = (job.run / "training.svg").read_bytes()
    train_model(job)
    assert (job.run / "training.svg").read_bytes() == first
