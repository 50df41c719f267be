"""Choose how BM25 counts words on dev questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.errors import InputError
from embedtune.retrieval.choosing import standard_error
from embedtune.retrieval.tuning import MIN_QUESTIONS, Candidates, Metric, per_question
from embedtune.vocabulary.retrieval import KeywordSettings

if TYPE_CHECKING:
    from embedtune.vocabulary.evaluation import Qrels


@dataclass(frozen=True, slots=True)
class KeywordTuning:
    """How BM25 counts words, and why.

    Attributes:
        keywords: The choice.
        dev_value: Its mean metric on dev; ``None`` if nothing was tuned.
        default_value: That of the settings it had before.
        tried: How many settings were tried.
        n: Number of dev questions.
        reason: Why this choice, in one sentence.
    """

    keywords: KeywordSettings
    dev_value: float | None
    default_value: float | None
    tried: int
    n: int
    reason: str


def tune_keywords(
    qrels: Qrels, bm25: Mapping[KeywordSettings, Candidates], default: KeywordSettings, metric: Metric
) -> KeywordTuning:
    """Choose BM25's settings: the best, if it is better than the default by more than one standard error.

    The default did well on many corpora; a few dozen questions must say clearly that this one differs.

    Args:
        qrels: Judgements of the dev questions.
        bm25: What BM25 found with each of the settings, the default among them.
        default: What stands unless another is clearly better.
        metric: What to maximise.

    Raises:
        InputError: The default was not tried.
    """
    if len(qrels) < MIN_QUESTIONS:
        reason = f"not tuned: {len(qrels)} dev questions are fewer than {MIN_QUESTIONS}"
        return KeywordTuning(default, None, None, 0, len(qrels), reason)
    if default not in bm25:
        raise InputError(f"BM25 was not tried with {default.label}.", "Try the default too.")
    values = {settings: per_question(qrels, found, metric) for settings, found in bm25.items()}
    best = min(values, key=lambda settings: (-float(values[settings].mean()), _distance(settings, default)))
    gain = values[best] - values[default]
    clear = float(gain.mean()) > standard_error(gain)
    choice = best if clear else default
    reason = f"best of {len(values)} settings on {len(qrels)} dev questions"
    if not clear and best != default:
        reason = f"the default: the {reason} ({best.label}) is no more than one standard error better"
    means = (float(values[choice].mean()), float(values[default].mean()))
    return KeywordTuning(choice, *means, len(values), len(qrels), reason)


def _distance(settings: KeywordSettings, default: KeywordSettings) -> tuple[float, ...]:
    return (
        settings.stemming != default.stemming,
        abs(settings.k1 - default.k1) + abs(settings.b - default.b),
        settings.k1,
        settings.b,
    )
