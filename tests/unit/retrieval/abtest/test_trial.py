from __future__ import annotations

from itertools import count

import pytest

from embedtune.errors import InputError, ModelError
from embedtune.retrieval.abtest.experiment import Arm, Experiment
from embedtune.retrieval.abtest.log import ExperimentLog, read_log
from embedtune.retrieval.abtest.trial import Trial
from embedtune.vocabulary.retrieval import Hit


class Fixed:
    """Finds the same for every question, or fails."""

    def __init__(self, ids, error=None):
        self.ids, self.error = ids, error

    def search(self, query, limit=10):
        if self.error:
            raise self.error
        return [Hit(id_, f"text of {id_}", 1.0, {}) for id_ in self.ids[:limit]]


@pytest.fixture
def make(tmp_path):
    def made(control, candidate, **changes):
        experiment = Experiment(**{"name": "e", "control": "a", "candidate": "b"} | changes)
        names = count()
        log = ExperimentLog(tmp_path / "log.jsonl")
        return Trial(lambda: experiment, control, candidate, log, lambda: 7.0, lambda: f"i{next(names)}")

    return made


def logged(tmp_path):
    return read_log(tmp_path / "log.jsonl")


def test_each_unit_is_shown_its_search_and_the_log_says_so(make, tmp_path):
    trial = make(Fixed(["a"]), Fixed(["b"]), share=1.0)
    shown = trial.search("user", "how do I bleed the brakes")
    trial.click(shown.impression, "b")

    assert (shown.arm, [hit.section_id for hit in shown.hits]) == (Arm.CANDIDATE, ["b"])
    content = logged(tmp_path)
    (entry,) = content.impressions
    assert (entry.arm, entry.sections, entry.time, entry.share, entry.failed) == (Arm.CANDIDATE, ("b",), 7.0, 1.0, "")
    assert [(click.impression, click.section) for click in content.clicks] == [(shown.impression, "b")]
    text = (tmp_path / "log.jsonl").read_text()
    assert "bleed" not in text
    assert "user" not in text


def test_the_control_answers_where_the_candidate_fails(make, tmp_path):
    trial = make(Fixed(["a"]), Fixed([], ModelError("The model is gone.", "")), share=1.0)
    shown = trial.search("user", "oil")
    assert [hit.section_id for hit in shown.hits] == ["a"]
    (entry,) = logged(tmp_path).impressions
    assert (entry.arm, entry.failed) == (Arm.CANDIDATE, "The model is gone.")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_question_that_nobody_can_answer_is_refused_and_not_noted(make, tmp_path, share):
    bad = Fixed([], InputError("The question is empty.", ""))
    with pytest.raises(InputError, match="empty"):
        make(bad, bad, share=share).search("user", " ")
    assert logged(tmp_path).impressions == ()


def test_interleaved_lists_note_whose_each_result_is(make, tmp_path):
    trial = make(Fixed(["a", "both"]), Fixed(["b", "both"]), share=1.0, interleave=True)
    shown = trial.search("user", "oil", limit=3)
    (entry,) = logged(tmp_path).impressions
    assert entry.sections == tuple(hit.section_id for hit in shown.hits)
    assert set(entry.sections) == {"a", "b", "both"}
    teams = dict(zip(entry.sections, entry.teams, strict=True))
    assert (teams["a"], teams["b"]) == (Arm.CONTROL, Arm.CANDIDATE)
