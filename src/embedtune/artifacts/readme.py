"""The README of a version, in the layout of a Hugging Face model card.

It is made of the card's facts alone: no text of the corpus, no training sample, no local path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.artifacts.card import ModelCard, QuestionOrigin
from embedtune.artifacts.readme_data import data_section, examples_section
from embedtune.artifacts.readme_tables import table
from embedtune.errors import InputError
from embedtune.vocabulary.retrieval import FusionMethod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from huggingface_hub import EvalResult, ModelCardData

    from embedtune.vocabulary.evaluation import Comparison

_TAGS = ("sentence-transformers", "sentence-similarity", "feature-extraction", "embedtune")
_SMALLEST_P = 0.001


@dataclass(frozen=True, slots=True)
class SystemRow:
    """One system of the results table: its name and the mean of each metric."""

    system: str
    metrics: Mapping[str, float]


def render_readme(card: ModelCard, systems: Sequence[SystemRow] = ()) -> str:
    """Return the README of a version: YAML front matter, results, intended use, limits, how to load.

    Args:
        card: The version's facts; its comparisons are shown with their intervals.
        systems: What each measured system reached on the same questions, the baselines among them.

    Raises:
        InputError: The hub's own parser does not read the front matter back as it was meant.
    """
    front = _front_matter(card).to_yaml()
    parts = (
        f"---\n{front}\n---",
        f"# {card.name} {card.version}",
        _introduction(card),
        _results(card, systems),
        _use(card),
        _limits(card),
        data_section(card.data),
        examples_section(card.examples),
        _loading(card),
        _provenance(card),
        f"## Notes\n\n{card.notes}" if card.notes else "",
    )
    text = "\n\n".join(part for part in parts if part) + "\n"
    _check_parses(text, front)
    return text


def _front_matter(card: ModelCard) -> ModelCardData:
    from huggingface_hub import ModelCardData

    overall = [comparison for comparison in card.comparisons if comparison.slice == "all"]
    # A candidate is compared with several baselines; its own figures stand in the index once.
    once = {(comparison.candidate, comparison.metric): comparison for comparison in overall}
    results = [_result(card, comparison) for comparison in once.values()]
    return ModelCardData(
        library_name="sentence-transformers",
        pipeline_tag="sentence-similarity",
        base_model=card.base_model if _is_hub_name(card.base_model) else None,
        tags=list(_TAGS),
        model_name=f"{card.name}-{card.version}" if results else None,
        eval_results=results or None,
    )


def _result(card: ModelCard, comparison: Comparison) -> EvalResult:
    from huggingface_hub import EvalResult

    return EvalResult(
        task_type="information-retrieval",
        task_name="Information retrieval",
        dataset_type="private",
        dataset_name=f"{card.measured_on}, held out",
        metric_type=comparison.metric.replace("@", "_at_"),
        metric_name=f"{card.label(comparison.metric)}, {comparison.candidate}",
        metric_value=round(comparison.candidate_value, 4),
    )


def _check_parses(text: str, front: str) -> None:
    """Read a README with the hub's own parser, as the hub will."""
    from huggingface_hub import ModelCard as HubCard

    try:
        reason = "" if HubCard(text).data.to_yaml() == front else "its front matter is read as something else"
    except Exception as error:  # noqa: BLE001 - a YAML parser fails in as many ways as a text can be malformed
        reason = str(error)
    if reason:
        raise InputError(f"The hub could not read the model card: {reason}.", "Give name and notes as plain text.")


def _is_hub_name(name: str) -> bool:
    """Tell a name on the hub from a local path, which the README must not show."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, not re-exported

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _base_name(card: ModelCard) -> str:
    return card.base_model if _is_hub_name(card.base_model) else "a local model"


def _introduction(card: ModelCard) -> str:
    kept = f" {card.base_share:.0%} of the weights' average are the base model's." if card.base_share else ""
    return (
        f"A sentence-transformers model that turns texts into vectors of {card.embedding_dimension} numbers, tuned "
        f"from {_base_name(card)} for search in one collection of technical documents. {card.trainable_params:,} of "
        f"its {card.total_params:,} parameters were trained.{kept}"
    )


def _results(card: ModelCard, systems: Sequence[SystemRow]) -> str:
    parts = [f"## Results\n\nMeasured on {card.measured_on}."]
    if systems:
        metrics = list(dict.fromkeys(metric for row in systems for metric in row.metrics))
        rows = [[row.system, *(_figure(row.metrics.get(metric)) for metric in metrics)] for row in systems]
        parts.append(table(["system", *(card.label(metric) for metric in metrics)], rows))
    if card.comparisons:
        header = ["figure", "questions", "n", "baseline", "candidate", "difference", "95 % interval", "p", "verdict"]
        parts.append(table(header, [_comparison_cells(card, comparison) for comparison in _shown(card.comparisons)]))
    if card.adversarial_tests_total:
        base = card.adversarial_tests_passed_baseline
        beside = "" if base is None else f"; the base model passes {base}"
        passed = f"{card.adversarial_tests_passed} of {card.adversarial_tests_total}"
        parts.append(f"Robustness tests passed: {passed}{beside}.")
    if card.general:
        change = card.general
        parts.append(
            f"On a general set ({change.n} questions of other fields) {change.metric} changed by {change.delta:+.3f} "
            f"({change.ci_low:+.3f} to {change.ci_high:+.3f}): {change.verdict}."
        )
    return "\n\n".join(parts)


def _shown(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons over all questions, then those over slices with the first baseline alone."""
    overall = [comparison for comparison in comparisons if comparison.slice == "all"]
    first = comparisons[0].baseline
    return [*overall, *(item for item in comparisons if item.slice != "all" and item.baseline == first)]


def _comparison_cells(card: ModelCard, comparison: Comparison) -> list[str]:
    return [
        card.label(comparison.metric),
        comparison.slice,
        str(comparison.n),
        f"{comparison.baseline} {_figure(comparison.baseline_value)}",
        f"{comparison.candidate} {_figure(comparison.candidate_value)}",
        f"{comparison.delta:+.3f}",
        f"{comparison.ci_low:+.3f} to {comparison.ci_high:+.3f}",
        f"< {_SMALLEST_P}" if comparison.p_value < _SMALLEST_P else f"{comparison.p_value:.3f}",
        comparison.verdict,
    ]


def _use(card: ModelCard) -> str:
    fusion = card.fusion
    if fusion.method is FusionMethod.RRF:
        combined = "reciprocal rank fusion with BM25"
    else:
        combined = f"a weighted sum with BM25, {fusion.dense_weight:g} of the weight on the vectors"
        combined += f" ({fusion.normalisation.value} scores; BM25 with {fusion.keywords.label})"
    return (
        "## Intended use\n\n"
        "Finding the sections of the documents it was tuned for that answer a question. "
        f"Index passages of {card.passages.label} with their heading in front, "
        f"overlapping by {card.passages.overlap:.0%}, and combine by {combined}."
    )


def _limits(card: ModelCard) -> str:
    limits = [
        "The figures hold for the documents and the kind of questions they were measured on, and for no others.",
        "Vectors of this version must not be compared with those of any other version or of the base model.",
        "It was not tested as a classifier, for other languages than its base model's, or against malicious texts.",
    ]
    if card.question_origin in (QuestionOrigin.GENERATED, QuestionOrigin.MIXED):
        limits.insert(0, "Test questions written by a program are easier than people's: expect lower figures in use.")
    if card.question_origin is QuestionOrigin.NONE:
        limits.insert(0, "Its quality was not measured.")
    if card.published_without_gain:
        limits.insert(0, f"Published without proof of a gain: {card.published_without_gain}")
    limits += [f"Condition not met: {gate.gate}: {gate.reason}" for gate in card.gates if not gate.passed]
    return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in limits)


def _loading(card: ModelCard) -> str:
    return (
        "## How to load\n\n```python\n"
        "from sentence_transformers import SentenceTransformer\n\n"
        f'model = SentenceTransformer("{card.name}-{card.version}/model")\n'
        'vectors = model.encode(["how do I bleed the brakes"])\n```\n\n'
        "Or verified against the manifest, with the base model in reserve:\n\n```python\n"
        "from embedtune import VersionedEmbeddings\n\n"
        f'vectors = VersionedEmbeddings("{card.version}").encode(["how do I bleed the brakes"])\n```'
    )


def _provenance(card: ModelCard) -> str:
    rows = [
        ["base model", card.base_model_hash],
        ["documents", card.training_corpus_hash or "unknown: the run does not tell what its pairs were written from"],
        ["training pairs", card.training_pairs_hash],
        ["split", card.training_split_hash],
        ["configuration", card.config_hash],
        ["weights", card.weights_hash],
        ["trained", card.training_date],
        ["commit", card.training_commit],
        ["embedtune", card.code_version],
    ]
    return "## Provenance\n\n" + table(["what", "digest or value"], [row for row in rows if row[1]])


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
