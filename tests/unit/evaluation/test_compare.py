import pytest

from embedtune.config.settings import EvaluationSettings
from embedtune.errors import InputError
from embedtune.evaluation.compare import COMPARED, evaluate_runs, evaluate_systems
from embedtune.evaluation.outcome import Benchmark
from embedtune.events import Alert, Notice, Progress
from embedtune.vocabulary.evaluation import Qrels, Ranked, Run
from embedtune.vocabulary.pairs import Origin, Query

SETTINGS = EvaluationSettings(depth=5, bootstrap_samples=200, min_slice=4)
IDS = [f"q{i}" for i in range(12)]
PARTS = ("all", "domain=big", "origin=human", "length=short")


def queries(ids=IDS):
    return tuple(Query(q, f"text {q}", Origin.HUMAN, domain="big" if i < 9 else "small") for i, q in enumerate(ids))


def benchmark(**changes):
    fields = {"queries": queries(), "qrels": Qrels({q: {f"s-{q}": 1} for q in IDS}), "corpus_digest": "sha256:c"}
    return Benchmark(**(fields | changes))


class Fixed:
    """Puts the right section at a given rank; ``None`` finds nothing, an absent query is not answered."""

    def __init__(self, system, ranks):
        self.system = system
        self.ranks = ranks
        self.asked = None

    def rank(self, queries, depth):
        self.asked = [query.id for query in queries]
        return {query.id: self._ranking(query.id) for query in queries if query.id in self.ranks}

    def _ranking(self, query):
        rank = self.ranks[query]
        if rank is None:
            return ()
        ids = [f"wrong{i}" for i in range(1, rank)] + [f"s-{query}"]
        return tuple(Ranked(section, -float(i)) for i, section in enumerate(ids))


BASE = Fixed("base", dict.fromkeys(IDS, 2))
GOOD = Fixed("tuned", dict.fromkeys(IDS, 1) | {"q11": 4})


def evaluate(rankers=(BASE, GOOD), pairs=(("base", "tuned"),), bench=None, settings=SETTINGS, **more):
    return evaluate_systems(rankers, bench or benchmark(), pairs, settings, 42, **more)


def test_values_overall_and_per_slice():
    base, tuned = evaluate().systems
    assert (base.system, tuned.system) == ("base", "tuned")
    assert base.values["mrr"] == pytest.approx(0.5)
    assert base.values["recall@1"] == 0.0
    assert base.values["recall@5"] == base.values["recall@10"] == 1.0
    assert tuned.values["mrr"] == pytest.approx((11 + 0.25) / 12)
    assert tuned.values["map"] == tuned.values["mrr"]
    assert tuned.values["accuracy@1"] == tuned.values["recall@1"] == pytest.approx(11 / 12)
    assert tuned.values["precision@5"] == pytest.approx(1 / 5)
    big = next(part for part in base.slices if part.value == "big")
    assert (big.attribute, big.n, big.groups, big.too_few) == ("domain", 9, 9, "")
    assert big.values["mrr"] == pytest.approx(0.5)


def test_a_slice_with_too_few_questions_says_so_instead_of_a_number():
    evaluation = evaluate()
    small = next(part for part in evaluation.system("tuned").slices if part.value == "small")
    assert (small.n, small.groups, small.values) == (3, 3, {})
    assert small.too_few == "3 independent of 3, 4 are needed"
    assert evaluation.comparison("mrr", "base", "tuned", "domain=small") is None


def test_every_pair_is_compared_on_every_slice_that_is_large_enough():
    evaluation = evaluate()
    names = [(c.metric, c.slice) for c in evaluation.comparisons]
    assert names == [(metric, part) for part in PARTS for metric in COMPARED]
    comparison = evaluation.comparison("mrr", "base", "tuned")
    assert comparison.baseline_value == pytest.approx(0.5)
    assert comparison.delta == pytest.approx(11.25 / 12 - 0.5)
    assert 0 < comparison.ci_low < comparison.delta < comparison.ci_high
    assert comparison.n == 12
    assert comparison.p_value < 0.05


def test_only_slices_that_ask_something_else_are_corrected_for_their_number():
    halves = {"half": {q: "ab"[i % 2] for i, q in enumerate(IDS)}}
    found = {c.slice: c for c in evaluate(bench=benchmark(attributes=halves)).comparisons if c.metric == "mrr"}
    tests = sorted(found[name].p_value for name in ("domain=big", "half=a", "half=b"))
    adjusted = sorted(found[name].p_adjusted for name in ("domain=big", "half=a", "half=b"))
    assert adjusted == [3 * tests[0], max(3 * tests[0], 2 * tests[1]), max(3 * tests[0], 2 * tests[1], tests[2])]
    assert [found[name].p_adjusted for name in ("all", "origin=human", "length=short")] == [None] * 3


def test_equal_sections_count_as_one_for_judgements_and_every_system():
    copies = {"s-q0": "copy", "copy": "copy"}
    bench = benchmark(qrels=Qrels({q: {f"s-{q}": 1} for q in IDS}), equal_sections=copies)
    run = Run("twice", "sha256:c", {"q0": (Ranked("copy", 2.0), Ranked("s-q0", 1.0))})
    evaluation = evaluate_runs([run], bench, (), SETTINGS, 1)
    assert evaluation.system("twice").values["recall@1"] == pytest.approx(1 / 12)
    assert evaluation.runs[0].rankings["q0"] == (Ranked("copy", 2.0),)
    assert bench.qrels.relevant("q0") == {"copy"}


def test_a_system_against_its_double_shows_nothing():
    comparison = evaluate((BASE, Fixed("double", BASE.ranks)), [("base", "double")]).comparison("mrr", "base", "double")
    assert (comparison.delta, comparison.ci_low, comparison.ci_high, comparison.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_questions_about_one_section_are_one_piece_of_evidence():
    qrels = Qrels({q: {"shared" if i < 10 else f"s-{q}": 1} for i, q in enumerate(IDS)})
    assert evaluate(bench=benchmark(qrels=qrels)).groups == 12
    evaluation = evaluate(bench=benchmark(qrels=qrels, section_groups={}))
    assert evaluation.groups == 3
    assert evaluation.comparisons == ()
    assert evaluation.system("base").slices[0].n == 9
    assert evaluation.system("base").slices[0].groups == 1
    assert evaluation.system("base").slices[0].too_few == "1 independent of 9, 4 are needed"


def test_too_few_questions_for_any_interval_are_reported():
    events = []
    evaluation = evaluate(settings=EvaluationSettings(min_slice=13, bootstrap_samples=10), report=events.append)
    assert evaluation.comparisons == ()
    assert Alert("Too few independent questions for intervals: 12 independent of 12, 13 are needed.") in events
    assert evaluation.system("base").values["mrr"] == pytest.approx(0.5)


def test_a_single_group_is_never_compared_even_if_the_settings_allow_it():
    bench = benchmark(qrels=Qrels({q: {"shared": 1} for q in IDS}), section_groups={})
    assert evaluate(bench=bench, settings=EvaluationSettings(min_slice=1, bootstrap_samples=10)).comparisons == ()


def test_silence_is_counted_and_reported_and_lowers_the_mean():
    events = []
    ranks = {q: 1 for q in IDS if q not in ("q0", "q1")} | {"q2": None}
    silent_system = evaluate((Fixed("shy", ranks),), (), report=events.append).system("shy")
    assert (silent_system.not_asked, silent_system.found_nothing) == (2, 1)
    assert silent_system.values["recall@1"] == pytest.approx(9 / 12)
    assert [event.message for event in events if isinstance(event, Alert)] == [
        "System shy gave no answer to 2 questions; they count as 0."
    ]


def test_results_beyond_the_depth_do_not_count():
    deep = evaluate((Fixed("deep", dict.fromkeys(IDS, 6)),), ()).system("deep")
    assert deep.values["mrr"] == deep.values["recall@10"] == 0.0


def test_only_judged_questions_are_asked():
    events = []
    evaluation = evaluate(
        bench=benchmark(queries=(*queries(), Query("extra", "?", Origin.HUMAN))), report=events.append
    )
    assert "extra" not in BASE.asked
    assert evaluation.n == 12
    assert [event for event in events if isinstance(event, Notice)] == [
        Notice("1 questions have no relevant section and are not asked.")
    ]
    assert [(event.done, event.total) for event in events if isinstance(event, Progress)] == [(1, 2), (2, 2)]


def test_the_same_seed_gives_the_same_evaluation_and_more_systems_change_no_interval():
    assert evaluate() == evaluate()
    other = Fixed("other", dict.fromkeys(IDS, 3))
    wider = evaluate((other, BASE, GOOD), [("other", "tuned"), ("base", "tuned")])
    alone = evaluate().comparisons
    same = [c for c in wider.comparisons if c.baseline == "base"]
    assert [(c.slice, c.metric, c.p_value) for c in same] == [(c.slice, c.metric, c.p_value) for c in alone]
    assert [c.ci_low for c in same] == pytest.approx([c.ci_low for c in alone], abs=1e-12)
    assert [c.ci_high for c in same] == pytest.approx([c.ci_high for c in alone], abs=1e-12)
    reseeded = evaluate_runs(evaluate().runs, benchmark(), [("base", "tuned")], SETTINGS, 43)
    assert reseeded.comparisons != alone
    assert reseeded.systems == evaluate().systems


def test_runs_and_similarity_are_kept():
    evaluation = evaluate(avg_similarity={"tuned": 0.75})
    assert [run.system for run in evaluation.runs] == ["base", "tuned"]
    assert evaluation.runs[0].corpus_digest == "sha256:c"
    assert [result.avg_similarity for result in evaluation.systems] == [None, 0.75]


def test_a_pair_given_twice_is_compared_once():
    assert evaluate(pairs=[("base", "tuned")] * 2) == evaluate()


@pytest.mark.parametrize(
    ("rankers", "pairs", "reason"),
    [
        ((BASE, BASE), (), "base is given twice"),
        ((BASE,), (("base", "tuned"),), "tuned is to be compared but is not evaluated"),
    ],
)
def test_names_are_checked_before_anything_is_ranked(rankers, pairs, reason):
    BASE.asked = None
    with pytest.raises(InputError, match=reason):
        evaluate(rankers, pairs)
    assert BASE.asked is None


def test_a_run_over_another_corpus_is_refused():
    with pytest.raises(InputError, match="searched another corpus"):
        evaluate_runs([Run("old", "sha256:other", {})], benchmark(), (), SETTINGS, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"queries": (*queries(), *queries(["q0"]))}, "same id"),
        ({"qrels": Qrels({"q0": {"a": 0}})}, "No question has a relevant section"),
        ({"queries": queries(IDS[2:])}, "2 judged questions are missing from the questions, the first is q0"),
    ],
)
def test_a_benchmark_that_would_mislead_is_refused(changes, reason):
    with pytest.raises(InputError, match=reason):
        benchmark(**changes)
