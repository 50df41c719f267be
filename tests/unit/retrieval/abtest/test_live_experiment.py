from __future__ import annotations

from itertools import count
from threading import Event

import pytest

from embedtune.errors import InputError, ModelError
from embedtune.events import Alert, Counted, Notice
from embedtune.retrieval.abtest.experiment import Arm, Experiment
from embedtune.retrieval.abtest.live import FAILED, UNLOGGED, LiveExperiment
from embedtune.retrieval.abtest.log import ExperimentLog, read_log
from embedtune.retrieval.fallback import Patience
from embedtune.vocabulary.retrieval import Hit


class Fixed:
    """Finds the same for every question, or fails, and counts how often it was asked."""

    def __init__(self, ids, error=None):
        self.ids, self.error, self.asked = ids, error, 0

    def search(self, query, limit=10):
        self.asked += 1
        if self.error:
            raise self.error
        return [Hit(id_, f"text of {id_}", 1.0, {}) for id_ in self.ids[:limit]]


@pytest.fixture
def events():
    return []


@pytest.fixture
def make(tmp_path, events):
    opened = []

    def made(control, candidate, patience=None, log=tmp_path / "log.jsonl", **changes):
        experiment = Experiment(**{"name": "e", "control": "a", "candidate": "b"} | changes)
        names = count()
        opened.append(
            LiveExperiment(
                lambda: experiment,
                control,
                candidate,
                ExperimentLog(log),
                patience,
                events.append,
                lambda: 7.0,
                lambda: f"i{next(names)}",
            )
        )
        return opened[-1]

    yield made
    for one in opened:
        one.close()


def logged(tmp_path):
    return read_log(tmp_path / "log.jsonl")


def test_each_unit_is_shown_its_search_and_the_log_says_so(make, tmp_path):
    live = make(Fixed(["a"]), Fixed(["b"]), share=1.0)
    shown = live.search("user", "how do I bleed the brakes")
    live.click(shown.impression, "b")

    assert (shown.arm, [hit.section_id for hit in shown.hits]) == (Arm.CANDIDATE, ["b"])
    content = logged(tmp_path)
    (entry,) = content.impressions
    assert (entry.arm, entry.sections, entry.time, entry.share, entry.failed) == (Arm.CANDIDATE, ("b",), 7.0, 1.0, "")
    assert [(click.impression, click.section) for click in content.clicks] == [(shown.impression, "b")]
    text = (tmp_path / "log.jsonl").read_text()
    assert "bleed" not in text
    assert "user" not in text


def test_the_control_answers_where_the_candidate_fails(make, tmp_path):
    live = make(Fixed(["a"]), Fixed([], ModelError("The model is gone.", "")), share=1.0)
    shown = live.search("user", "oil")
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
    live = make(Fixed(["a", "both"]), Fixed(["b", "both"]), share=1.0, interleave=True)
    shown = live.search("user", "oil", limit=3)
    (entry,) = logged(tmp_path).impressions
    assert entry.sections == tuple(hit.section_id for hit in shown.hits)
    assert set(entry.sections) == {"a", "b", "both"}
    teams = dict(zip(entry.sections, entry.teams, strict=True))
    assert (teams["a"], teams["b"]) == (Arm.CONTROL, Arm.CANDIDATE)


FAILURES = [
    ModelError("The model is gone.", ""),
    ConnectionError("connection refused for the question oil"),
    MemoryError(),
    ValueError("the search is closed"),
    TimeoutError(),
    SystemExit(3),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("interleave", [False, True])
def test_whatever_the_candidate_raises_the_control_is_shown(make, tmp_path, events, error, interleave):
    live = make(Fixed(["a"]), Fixed([], error), share=1.0, interleave=interleave)
    shown = live.search("user", "oil")

    assert [hit.section_id for hit in shown.hits] == ["a"]
    (entry,) = logged(tmp_path).impressions
    assert (entry.sections, entry.teams) == (("a",), ())
    assert entry.failed
    assert "oil" not in (tmp_path / "log.jsonl").read_text()
    assert [type(event) for event in events] == [Counted, Alert]
    assert events[0] == Counted(FAILED)


class Strange:
    """Answers with what are no hits."""

    def search(self, query, limit=10):
        return ["a", "b"]


@pytest.mark.parametrize("interleave", [False, True])
def test_a_candidate_that_answers_with_nonsense_has_failed(make, interleave):
    live = make(Fixed(["a"]), Strange(), share=1.0, interleave=interleave)
    assert [hit.section_id for hit in live.search("user", "oil").hits] == ["a"]


def test_a_candidate_that_answers_with_too_much_is_cut(make):
    class Much(Fixed):
        def search(self, query, limit=10):
            return super().search(query, 99)

    live = make(Fixed(["a"]), Much(["b", "b", "c", "d"]), share=1.0)
    assert [hit.section_id for hit in live.search("user", "oil", limit=2).hits] == ["b", "c"]


def test_a_candidate_that_does_not_answer_is_not_waited_for(make, tmp_path):
    release = Event()

    class Stuck(Fixed):
        def search(self, query, limit=10):
            release.wait(60)
            return super().search(query, limit)

    live = make(Fixed(["a"]), Stuck(["b"]), Patience(seconds=0.01), share=1.0)
    try:
        assert [hit.section_id for hit in live.search("user", "oil").hits] == ["a"]
    finally:
        release.set()
    assert logged(tmp_path).impressions[0].failed == "no answer in time"


def test_a_candidate_that_fails_again_and_again_is_left_alone(make, tmp_path, events):
    control, candidate = Fixed(["a"]), Fixed([], ConnectionError())
    live = make(control, candidate, Patience(failures=2, retry_seconds=1e6), share=1.0)
    for _ in range(5):
        assert [hit.section_id for hit in live.search("user", "oil").hits] == ["a"]

    assert candidate.asked == 2
    failed = [entry.failed for entry in logged(tmp_path).impressions]
    assert failed[1:3] == ["ConnectionError", "left alone after failures: ConnectionError"]
    assert [event for event in events if isinstance(event, Alert)] == events[1:2]
    assert events.count(Counted(FAILED)) == 5


def test_a_question_that_the_control_refuses_too_is_not_the_candidates_failure(make, events):
    refusing = Fixed([], InputError("The question is empty.", ""))
    live = make(
        refusing, candidate := Fixed([], InputError("The question is empty.", "")), Patience(failures=1), share=1.0
    )
    for _ in range(3):
        with pytest.raises(InputError):
            live.search("user", " ")
    assert candidate.asked == 3
    assert events == []


def test_an_answer_after_failures_is_told(make, events):
    candidate = Fixed(["b"], ConnectionError())
    live = make(Fixed(["a"]), candidate, share=1.0)
    live.search("user", "oil")
    candidate.error = None
    assert [hit.section_id for hit in live.search("user", "oil").hits] == ["b"]
    assert isinstance(events[-1], Notice)


def test_what_was_found_is_shown_though_it_cannot_be_noted(make, tmp_path, events):
    log = tmp_path / "gone" / "log.jsonl"
    live = make(Fixed(["a"]), Fixed(["b"]), log=log, share=0.0)

    shown = [live.search("user", "oil") for _ in range(2)]
    live.click(shown[0].impression, "a")
    assert [[hit.section_id for hit in one.hits] for one in shown] == [["a"], ["a"]]
    assert events.count(Counted(UNLOGGED)) == 3
    (alert,) = [event for event in events if isinstance(event, Alert)]
    assert "cannot be written" in alert.message

    log.parent.mkdir()
    live.search("user", "oil")
    assert isinstance(events[-1], Notice)
    assert len(read_log(log).impressions) == 1


def test_any_text_names_a_unit(make, tmp_path):
    live = make(Fixed(["a\ud800"]), Fixed(["b"]), share=0.0)
    live.search("half a character \ud83d", "oil")
    assert logged(tmp_path).impressions[0].sections == ("a\ud800",)
