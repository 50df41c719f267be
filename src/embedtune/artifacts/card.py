"""The model card: what a version is, what it was made from, and what was measured, as JSON.

A figure measured on questions that a program wrote is not one measured on questions of people;
`ModelCard.label` puts the difference into the figure's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.artifacts.training_data import DataSummary, PairExample
from embedtune.errors import VerificationError
from embedtune.vocabulary.evaluation import Comparison, GateResult
from embedtune.vocabulary.pairs import Origin
from embedtune.vocabulary.retrieval import FusionSettings, PassageSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedtune.files import JsonValue

CARD_NAME = "model_card.json"

_DIGEST = re.compile(r"(sha256:[0-9a-f]{64})?")
_DIGESTS = (
    "base_model_hash",
    "training_corpus_hash",
    "training_pairs_hash",
    "training_split_hash",
    "weights_hash",
    "config_hash",
)


class QuestionOrigin(StrEnum):
    """Who wrote the questions that the figures were measured on."""

    HUMAN = "human"
    GENERATED = "generated"
    MIXED = "human and generated"
    NONE = "none"

    @classmethod
    def of(cls, origins: Iterable[Origin]) -> QuestionOrigin:
        """Return the origin of a set of questions from the origin of each."""
        human = {origin is Origin.HUMAN for origin in origins}
        if len(human) > 1:
            return cls.MIXED
        if not human:
            return cls.NONE
        return cls.HUMAN if human.pop() else cls.GENERATED


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The facts of a version; it holds no text of the corpus unless its maker asked for examples.

    Attributes:
        name: The model's name.
        version: Its version, such as ``v1.0``.
        base_model: Name of the model it was tuned from.
        base_model_hash: Digest of that model's files. This and the other digests are ``sha256:…``,
            empty if unknown.
        training_corpus_hash: Digest of the corpus's sections.
        training_pairs_hash: Digest of the training pairs.
        training_split_hash: Digest of which section is on which side of the split.
        config_hash: Digest of the configuration.
        weights_hash: Digest of the tuned weights.
        training_date: ISO 8601, UTC.
        training_commit: Commit of the code or of the project, empty if unknown.
        code_version: Release of embedtune.
        embedding_dimension: Length of a vector.
        total_params: Parameters of the model.
        trainable_params: How many of them learned.
        question_origin: Who wrote the test questions.
        questions: How many test questions there were.
        recall_at_5_baseline: Mean recall@5 of the base model, 0 to 1; ``None`` if not measured.
        recall_at_5_finetuned: The same of the tuned model.
        mean_reciprocal_rank: MRR of the tuned model.
        comparisons: Differences with their intervals, over all questions and over slices.
        gates: The conditions for publishing.
        published_without_gain: The reason given for publishing without proof of a gain.
        passages: How sections are cut for the index.
        fusion: How vectors and BM25 are combined.
        base_share: How much of the base model's weights the published ones keep, 0 to 1; ``None`` if unknown.
        general: How retrieval on a general set changed by the training; ``None`` if not measured.
        data: What was trained on, in numbers; ``None`` if unknown.
        examples: Training pairs, where the maker asked to show some.
        adversarial_tests_passed: Of the robustness tests.
        adversarial_tests_total: How many there were.
        adversarial_tests_passed_baseline: How many of them the base model passed; ``None`` if it was not asked.
        notes: What its maker wants to say.
    """

    name: str
    version: str
    base_model: str
    base_model_hash: str
    training_corpus_hash: str
    training_date: str
    weights_hash: str
    config_hash: str
    embedding_dimension: int
    total_params: int
    trainable_params: int
    training_pairs_hash: str = ""
    training_split_hash: str = ""
    training_commit: str = ""
    code_version: str = ""
    question_origin: QuestionOrigin = QuestionOrigin.NONE
    questions: int = 0
    recall_at_5_baseline: float | None = None
    recall_at_5_finetuned: float | None = None
    mean_reciprocal_rank: float | None = None
    comparisons: tuple[Comparison, ...] = ()
    gates: tuple[GateResult, ...] = ()
    published_without_gain: str = ""
    passages: PassageSettings = field(default_factory=PassageSettings)
    fusion: FusionSettings = field(default_factory=FusionSettings)
    base_share: float | None = None
    general: Comparison | None = None
    data: DataSummary | None = None
    examples: tuple[PairExample, ...] = ()
    adversarial_tests_passed: int = 0
    adversarial_tests_total: int = 0
    adversarial_tests_passed_baseline: int | None = None
    notes: str = ""

    def __post_init__(self) -> None:
        """Refuse digests that are none and figures that cannot be."""
        for name in _DIGESTS:
            if not _DIGEST.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} must be empty or sha256: and 64 hex digits")
        for name in ("recall_at_5_baseline", "recall_at_5_finetuned", "mean_reciprocal_rank", "base_share"):
            value: float | None = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must lie between 0 and 1")
        if not 0 <= self.adversarial_tests_passed <= self.adversarial_tests_total:
            raise ValueError("adversarial_tests_passed must lie between 0 and adversarial_tests_total")
        if not 0 <= (self.adversarial_tests_passed_baseline or 0) <= self.adversarial_tests_total:
            raise ValueError("adversarial_tests_passed_baseline must lie between 0 and adversarial_tests_total")
        if not 0 <= self.trainable_params <= self.total_params or self.embedding_dimension < 1:
            raise ValueError("the model's parameter counts or its dimension cannot be right")
        if (self.question_origin is QuestionOrigin.NONE) != (self.questions == 0):
            raise ValueError("questions without an origin, or an origin without questions")

    @property
    def measured_on(self) -> str:
        """What the figures were measured on: ``266 human questions``, or ``no questions``."""
        return f"{self.questions} {self.question_origin} questions" if self.questions else "no questions"

    def label(self, metric: str) -> str:
        """Return the name under which a figure is shown, with the origin of its questions in it."""
        return f"{metric} ({self.question_origin} questions)"

    def to_json(self) -> dict[str, JsonValue]:
        """Return the card as the content of ``model_card.json``; derived values stand beside their sources."""
        document: dict[str, JsonValue] = _ADAPTER.dump_python(self, mode="json")
        document["measured_on"] = self.measured_on
        document["general"] = self._comparison_json(self.general) if self.general else None
        document["comparisons"] = [self._comparison_json(comparison) for comparison in self.comparisons]
        return document

    @staticmethod
    def from_json(text: str | bytes, where: str) -> ModelCard:
        """Read the text of a ``model_card.json``; keys it does not know are passed over.

        Args:
            text: The JSON text.
            where: Its path, for the message.

        Raises:
            VerificationError: It is no model card.
        """
        try:
            return _ADAPTER.validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise VerificationError(
                f"{where} is not a model card: {f'{place}: ' if place else ''}{first['msg']}.",
                "Restore the file from a copy of the version.",
            ) from error

    def _comparison_json(self, comparison: Comparison) -> dict[str, JsonValue]:
        document: dict[str, JsonValue] = _COMPARISON.dump_python(comparison, mode="json")
        derived: dict[str, JsonValue] = {
            "label": self.label(comparison.metric),
            "delta": comparison.delta,
            "relative": comparison.relative,
            "verdict": comparison.verdict,
        }
        return document | derived


_ADAPTER = TypeAdapter(ModelCard)
_COMPARISON = TypeAdapter(Comparison)
