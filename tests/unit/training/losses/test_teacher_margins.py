from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from embedtune.encoders.fake import FakeEncoder
from embedtune.events import Progress, silent
from embedtune.training.losses import teacher as teaching
from embedtune.training.losses.teacher import TeacherMargins
from loss_samples import columns_of, mixed_pairs
from training_samples import sample_pairs


def test_margins_are_differences_of_cosines():
    columns, teacher = columns_of(mixed_pairs()), FakeEncoder()

    margins = TeacherMargins(teacher, silent)(columns)

    assert margins.shape == (36, 2)
    for row, column in ((0, 0), (5, 1), (35, 0)):
        shown = [columns.texts[name][row] for name in ("anchor", "positive", columns.negative_names[column])]
        asked, right, wrong = teacher.encode(shown)
        assert margins[row, column].item() == pytest.approx(np.dot(asked, right) - np.dot(asked, wrong), abs=1e-6)


def test_equal_columns_have_equal_margins_whatever_was_asked_before():
    margins = TeacherMargins(FakeEncoder(), silent)
    first = margins(columns_of(sample_pairs()))
    margins(columns_of([replace(pair, positive=f"other {pair.positive}") for pair in sample_pairs()]))

    assert margins(columns_of(sample_pairs())).equal(first)


def test_each_text_is_encoded_once_and_progress_is_told(monkeypatch):
    monkeypatch.setattr(teaching, "_TEXTS_AT_ONCE", 20)
    columns, events = columns_of(mixed_pairs()), []

    TeacherMargins(FakeEncoder(), events.append)(columns)

    count = len(set(columns.all_texts))
    assert events[-1] == Progress("Teacher", count, count, "texts")
    assert [event.done for event in events[:-1]] == list(range(20, count, 20))
