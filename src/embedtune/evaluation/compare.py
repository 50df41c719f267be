"""Put systems beside each other on the same questions, overall and per slice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.evaluation.draws import generator_for
from embedtune.evaluation.equal_sections import collapsed_run
from embedtune.evaluation.mean_intervals import mean_interval
from embedtune.evaluation.metrics import Measure, in_order, score_run
from embedtune.evaluation.multiplicity import corrected_over_slices
from embedtune.evaluation.outcome import Benchmark, Evaluation, SliceResult, SystemResult
from embedtune.evaluation.paired import ScoredPair, paired_comparisons
from embedtune.evaluation.query_groups import query_groups
from embedtune.evaluation.significance import MIN_GROUPS
from embedtune.evaluation.slices import ALL, QuerySlice, slice_queries
from embedtune.events import Alert, Notice, Report, silent, tracked
from embedtune.vocabulary.evaluation import Comparison, Run, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from embedtune.config.settings import EvaluationSettings
    from embedtune.vocabulary.ports import Ranker

MEASURES = tuple(
    map(
        Measure.parse,
        "recall@1 recall@3 recall@5 recall@10 recall@20 recall@50 recall@100 accuracy@1 accuracy@5 precision@5 "
        "mrr ndcg@10 map".split(),
    )
)
COMPARED = ("recall@1", "recall@5", "mrr", "ndcg@10")


def evaluate_systems(
    rankers: Sequence[Ranker],
    benchmark: Benchmark,
    pairs: Sequence[tuple[str, str]],
    settings: EvaluationSettings,
    seed: int,
    report: Report = silent,
    avg_similarity: Mapping[str, float] | None = None,
) -> Evaluation:
    """Ask every system every judged question and compare the answers.

    Args:
        rankers: The systems; each name appears once.
        benchmark: The questions and their judgements.
        pairs: (baseline, candidate) names to compare.
        settings: Depth, number of resamples and least size of a slice.
        seed: Seed of the resampling.
        report: Where progress and remarks go.
        avg_similarity: System name to the mean cosine of a question and its right passage.

    Raises:
        InputError: A name appears twice or a pair names a system that is absent.
    """
    _check_names([ranker.system for ranker in rankers], pairs)
    judged = benchmark.judged
    ignored = len(benchmark.queries) - len(judged)
    if ignored:
        report(Notice(f"{ignored} questions have no relevant section and are not asked."))
    runs: list[Run] = []
    for ranker in tracked(rankers, "Evaluating", "systems", report):
        answers = ranker.rank(judged, settings.depth)
        # A system that returns more than it was asked for must not gain by it.
        rankings = {q.id: in_order(answers[q.id])[: settings.depth] for q in judged if q.id in answers}
        runs.append(Run(ranker.system, benchmark.corpus_digest, rankings))
    return evaluate_runs(runs, benchmark, pairs, settings, seed, report, avg_similarity)


def evaluate_runs(
    runs: Sequence[Run],
    benchmark: Benchmark,
    pairs: Sequence[tuple[str, str]],
    settings: EvaluationSettings,
    seed: int,
    report: Report = silent,
    avg_similarity: Mapping[str, float] | None = None,
) -> Evaluation:
    """Score and compare rankings that exist already, such as those of a TREC run file.

    Every slice draws from a generator of its own, seeded by ``seed`` and its name, so adding a system or a
    slice leaves the other intervals as they were. A slice with fewer than ``settings.min_slice`` independent
    groups of questions says so instead of giving values and comparisons; the whole benchmark with fewer keeps
    its values. The p-values of slices are corrected for the number of slices (`corrected_over_slices`).
    Sections with equal texts count as one, in the runs that come back too.

    Args:
        runs: The rankings of each system; each name appears once.
        benchmark: The questions and their judgements.
        pairs: (baseline, candidate) names to compare.
        settings: Number of resamples and least size of a slice.
        seed: Seed of the resampling.
        report: Where remarks go.
        avg_similarity: System name to the mean cosine of a question and its right passage.

    Raises:
        InputError: A name appears twice, a pair names a system that is absent, or a run searched another
            corpus.
    """
    _check_names([run.system for run in runs], pairs)
    _check_corpus(runs, benchmark.corpus_digest)
    runs = [collapsed_run(run, benchmark.equal_sections) for run in runs]
    parts = _Parts.of(benchmark, max(MIN_GROUPS, settings.min_slice))
    scores = {run.system: score_run(run, benchmark.qrels, MEASURES) for run in runs}
    for run in runs:
        _report_missing(run, benchmark, report)
    if reason := parts.too_few(parts.everything):
        report(Alert(f"Too few independent questions for intervals: {reason}."))
    return Evaluation(
        systems=tuple(
            _system_result(
                run,
                scores[run.system],
                benchmark,
                parts,
                (avg_similarity or {}).get(run.system),
                _mean_intervals(run.system, scores[run.system], parts, settings, seed),
            )
            for run in runs
        ),
        comparisons=_comparisons(scores, pairs, parts, settings, seed),
        n=len(parts.everything),
        groups=parts.group_count(parts.everything),
        corpus_digest=benchmark.corpus_digest,
        qrels_digest=benchmark.qrels.digest,
        seed=seed,
        settings=settings,
        runs=tuple(runs),
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The judged queries, their groups and their slices, and how many groups a comparison needs."""

    everything: tuple[str, ...]
    group_of: Mapping[str, str]
    slices: tuple[QuerySlice, ...]
    needed: int

    @classmethod
    def of(cls, benchmark: Benchmark, needed: int) -> _Parts:
        return cls(
            benchmark.qrels.query_ids,
            query_groups(benchmark.qrels, benchmark.section_groups),
            slice_queries(benchmark.judged, benchmark.attributes),
            needed,
        )

    def group_count(self, query_ids: Sequence[str]) -> int:
        return len({self.group_of[query] for query in query_ids})

    def too_few(self, query_ids: Sequence[str]) -> str:
        """Return why queries are too few for a figure, empty if they are enough."""
        groups = self.group_count(query_ids)
        return "" if groups >= self.needed else f"{groups} independent of {len(query_ids)}, {self.needed} are needed"


def _system_result(
    run: Run,
    scores: Mapping[str, Scores],
    benchmark: Benchmark,
    parts: _Parts,
    avg_similarity: float | None,
    intervals: Mapping[str, tuple[float, float]],
) -> SystemResult:
    return SystemResult(
        system=run.system,
        values={name: metric.mean for name, metric in scores.items()},
        slices=tuple(_slice_result(part, scores, parts) for part in parts.slices),
        not_asked=len(run.missing(benchmark.qrels)),
        found_nothing=sum(query in run.rankings and not run.rankings[query] for query in parts.everything),
        avg_similarity=avg_similarity,
        intervals=intervals,
    )


def _mean_intervals(
    system: str, scores: Mapping[str, Scores], parts: _Parts, settings: EvaluationSettings, seed: int
) -> dict[str, tuple[float, float]]:
    if parts.too_few(parts.everything):
        return {}
    return {
        metric: mean_interval(system, scores[metric], parts.group_of, settings.bootstrap_samples, seed)
        for metric in COMPARED
    }


def _slice_result(part: QuerySlice, scores: Mapping[str, Scores], parts: _Parts) -> SliceResult:
    too_few = parts.too_few(part.query_ids)
    return SliceResult(
        attribute=part.attribute,
        value=part.value,
        n=len(part.query_ids),
        groups=parts.group_count(part.query_ids),
        values={} if too_few else {name: metric.over(part.query_ids).mean for name, metric in scores.items()},
        too_few=too_few,
    )


def _comparisons(
    scores: Mapping[str, Mapping[str, Scores]],
    pairs: Sequence[tuple[str, str]],
    parts: _Parts,
    settings: EvaluationSettings,
    seed: int,
) -> tuple[Comparison, ...]:
    by_pair: dict[tuple[str, str], list[Comparison]] = {pair: [] for pair in pairs}
    named = [(ALL, parts.everything), *((part.name, part.query_ids) for part in parts.slices)]
    for slice_name, query_ids in named if pairs else ():
        if parts.too_few(query_ids):
            continue
        scored = [
            ScoredPair(pair, *(scores[system][metric].over(query_ids) for system in pair))
            for pair in by_pair
            for metric in COMPARED
        ]
        groups = [parts.group_of[query] for query in query_ids]
        generator = generator_for(seed, slice_name)
        for comparison in paired_comparisons(scored, groups, settings.bootstrap_samples, generator, slice_name):
            by_pair[comparison.baseline, comparison.candidate].append(comparison)
    return tuple(corrected_over_slices(list(chain.from_iterable(by_pair.values())), len(parts.everything)))


def _check_names(systems: Sequence[str], pairs: Sequence[tuple[str, str]]) -> None:
    twice = next((name for name in systems if systems.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"System {twice} is given twice.", "Name every system once.")
    unknown = next((name for pair in pairs for name in pair if name not in systems), None)
    if unknown is not None:
        raise InputError(
            f"System {unknown} is to be compared but is not evaluated.",
            f"Evaluated are: {', '.join(systems) or 'none'}.",
        )


def _check_corpus(runs: Sequence[Run], corpus_digest: str) -> None:
    stray = next((run for run in runs if run.corpus_digest != corpus_digest), None)
    if stray is not None:
        raise InputError(
            f"System {stray.system} searched another corpus than the one judged.",
            "Make the run again over the current corpus.",
        )


def _report_missing(run: Run, benchmark: Benchmark, report: Report) -> None:
    missing = run.missing(benchmark.qrels)
    if missing:
        report(Alert(f"System {run.system} gave no answer to {len(missing)} questions; they count as 0."))
