import copy
import json

import pytest

from embedtune.config.settings import EvaluationSettings
from embedtune.errors import FormatError, InputError
from embedtune.evaluation.outcome import Evaluation, SliceResult, SystemResult
from embedtune.evaluation.result import (
    EvaluationRecord,
    read_record,
    record_as_json,
    record_from_json,
    write_record,
)
from embedtune.vocabulary.evaluation import Comparison, GateResult, Run

SLICES = (
    SliceResult("domain", "zeta", 9, 8, {"mrr": 0.5, "recall@5": 0.75}),
    SliceResult("difficulty", "easy", 4, 4, {"mrr": 0.25, "recall@5": 1.0}),
    SliceResult("difficulty", "hard", 5, 5, {"mrr": 0.125, "recall@5": 0.5}),
    SliceResult("section_split", "train", 9, 8, {"mrr": 0.5, "recall@5": 0.75}),
    SliceResult("length", "long", 2, 2, {}, "2 independent of 2, 5 are needed"),
)
EVALUATION = Evaluation(
    systems=(
        SystemResult("tuned", {"mrr": 0.5, "recall@5": 0.75}, SLICES, 1, 2, avg_similarity=0.625),
        SystemResult("bm25", {"mrr": 0.0, "recall@5": 0.0}),
    ),
    comparisons=(
        Comparison("mrr", "bm25", "tuned", 0.0, 0.5, 0.25, 0.75, 0.01, 9),
        Comparison("recall@5", "bm25", "tuned", 0.5, 0.75, -0.25, 0.75, 0.5, 9, "domain=zeta", 0.75, 0.125),
    ),
    n=9,
    groups=8,
    corpus_digest="sha256:c",
    qrels_digest="sha256:q",
    seed=42,
    settings=EvaluationSettings(depth=50),
)
RECORD = EvaluationRecord(
    EVALUATION,
    gates=(GateResult("gain", passed=True, reason="Because.", value=0.25, bound=0.0),),
    leakage={"shared_questions": 0},
    date="2024-05-01T00:00:00Z",
    details={"passage size": {"tuned_on": "dev"}},
)


def test_the_layout_is_the_published_one():
    value = record_as_json(RECORD)
    assert set(value) == {"metadata", "systems", "comparisons", "leakage", "gates"}
    tuned = value["systems"]["tuned"]
    assert tuned["metrics"] == {"mrr": 0.5, "recall@5": 0.75, "avg_similarity": 0.625}
    assert tuned["by_domain"] == {"zeta": {"n": 9, "independent_groups": 8, "mrr": 0.5, "recall@5": 0.75}}
    assert list(tuned["by_difficulty"]) == ["easy", "hard"]
    assert tuned["by_section_split"]["train"]["n"] == 9
    assert value["systems"]["bm25"]["by_category"] == {}
    assert "avg_similarity" not in value["systems"]["bm25"]["metrics"]
    assert value["comparisons"][1] == {
        "metric": "recall@5",
        "baseline": "bm25",
        "candidate": "tuned",
        "baseline_value": 0.5,
        "candidate_value": 0.75,
        "delta": 0.25,
        "relative": 0.5,
        "ci_low": -0.25,
        "ci_high": 0.75,
        "p_value": 0.5,
        "n": 9,
        "slice": "domain=zeta",
        "p_adjusted": 0.75,
        "detectable": 0.125,
    }
    assert tuned["by_length"] == {
        "long": {"n": 2, "independent_groups": 2, "too_few": "2 independent of 2, 5 are needed"}
    }
    assert value["comparisons"][0]["relative"] is None
    assert value["gates"] == [{"gate": "gain", "passed": True, "reason": "Because.", "value": 0.25, "bound": 0.0}]
    assert value["metadata"]["queries"] == 9
    assert value["metadata"]["date"] == "2024-05-01T00:00:00Z"


def test_a_record_comes_back_as_it_was(tmp_path):
    write_record(tmp_path / "result.json", RECORD)
    assert read_record(tmp_path / "result.json") == RECORD


def test_a_record_from_before_corrections_is_read():
    value = record_as_json(RECORD)
    for comparison in value["comparisons"]:
        del comparison["p_adjusted"], comparison["detectable"]
    assert {(c.p_adjusted, c.detectable) for c in record_from_json(value, "r").evaluation.comparisons} == {(None, None)}


def test_runs_stay_out_of_the_file_and_so_does_the_time(tmp_path):
    with_runs = Evaluation(*[getattr(EVALUATION, name) for name in EVALUATION.__slots__[:-1]], (Run("tuned", "c", {}),))
    write_record(tmp_path / "a.json", EvaluationRecord(with_runs))
    write_record(tmp_path / "b.json", EvaluationRecord(EVALUATION))
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert "date" not in json.loads((tmp_path / "a.json").read_text())["metadata"]
    assert read_record(tmp_path / "a.json").date == ""


def without(*path):
    value = copy.deepcopy(record_as_json(RECORD))
    target = value
    for key in path[:-1]:
        target = target[key]
    del target[path[-1]]
    return value


def replaced(new, *path):
    value = copy.deepcopy(record_as_json(RECORD))
    target = value
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "r.json: the file is not an object"),
        (without("systems"), "the file has no 'systems'"),
        (without("systems", "bm25"), "systems has no 'bm25'"),
        (without("systems", "bm25", "not_asked"), "systems.bm25 has no 'not_asked'"),
        (replaced("0.5", "systems", "tuned", "metrics", "mrr"), "systems.tuned.metrics.mrr is not a number"),
        (replaced(True, "comparisons", 1, "n"), r"comparisons\[1\].n is not of type int"),
        (replaced(0, "comparisons", 1, "n"), r"comparisons\[1\] is not a comparison"),
        (replaced(0.9, "comparisons", 0, "ci_low"), "the wrong way round"),
        (replaced("1", "comparisons", 0, "p_adjusted"), "p_adjusted is not a number"),
        (replaced(1, "systems", "tuned", "by_length", "long", "too_few"), "too_few is not of type str"),
        (replaced({}, "comparisons"), "comparisons is not a list"),
        (replaced([1], "metadata", "systems"), "metadata.systems holds something other than texts"),
        (replaced(1, "gates", 0, "passed"), r"gates\[0\].passed is not of type bool"),
        (replaced({"depth": -1}, "metadata", "settings"), "metadata.settings is not valid"),
        (replaced(99, "metadata", "schema"), "unknown layout"),
    ],
)
def test_a_file_that_is_no_result_is_refused_with_the_place(value, reason):
    with pytest.raises(FormatError, match=reason):
        record_from_json(value, "r.json")


def test_a_missing_file_is_bad_input(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_record(tmp_path / "none.json")
