"""Training pairs as the columns of a data set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from embedtune.events import Alert, Report
from embedtune.vocabulary.pairs import Negative, TrainingPair
from embedtune.wording.same_words import spoken_text

UNKNOWN = -1
FILLER = -2
_NEGATIVE = "negative_"
_GIVEN = "given"


@dataclass(frozen=True, slots=True)
class PairColumns:
    """The columns that the trainer reads and the clusters that the sampler and the loss need.

    Attributes:
        texts: ``anchor``, ``positive``, ``negative_1`` …, and ``label`` with the row number.
        clusters: Cluster name of each row.
        positive_clusters: Its number.
        answers: Numbers of all clusters known to answer each row's question, its own among them: those of rows with the
            same question, and of rows with the same passage.
        negative_clusters: Cluster numbers of each row's negatives; `UNKNOWN` where unknown, `FILLER`
            where the row has no such negative.
        negative_scores: How like each negative is to the question: the score of a negative that was given with one, 0
            for the others. A ranker's score says how high it ranked a passage, not how like it is.
    """

    texts: Mapping[str, Sequence[str] | Sequence[int]]
    clusters: tuple[str, ...]
    positive_clusters: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]
    negative_clusters: tuple[tuple[int, ...], ...]
    negative_scores: tuple[tuple[float, ...], ...]

    @property
    def positives(self) -> Sequence[str]:
        """The passage that answers each row's question."""
        return [str(text) for text in self.texts["positive"]]

    @property
    def passages(self) -> list[int]:
        """A number for the passage that answers each row's question, the same for equal texts."""
        numbers: dict[str, int] = {}
        return [numbers.setdefault(text, len(numbers)) for text in self.positives]

    @property
    def all_texts(self) -> list[str]:
        """Every text of every row, the fillers of missing negatives left out."""
        columns = [values for name, values in self.texts.items() if name != "label"]
        return [text for column in columns for text in column if isinstance(text, str) and text]

    @property
    def negative_names(self) -> list[str]:
        """The names of the columns of negatives."""
        return [name for name in self.texts if name.startswith(_NEGATIVE)]

    @property
    def width(self) -> int:
        """How many columns of negatives there are."""
        return len(self.negative_names)


def pair_columns(pairs: Sequence[TrainingPair], report: Report, width: int | None = None) -> PairColumns:
    """Turn pairs into columns, all with the same number of hard negatives.

    A trainer needs rows of one shape. A row with fewer gets empty texts that the loss leaves out; a row
    with more loses the last ones, and that is reported.

    Args:
        pairs: The pairs.
        report: Told of lost negatives.
        width: Hard negatives of a row; `column_width` by default.
    """
    width = column_width(pairs) if width is None else width
    longer = sum(len(pair.negatives) > width for pair in pairs)
    if longer:
        report(
            Alert(f"{longer} of {len(pairs)} pairs have more than {width} hard negatives; {width} of each are used.")
        )
    clusters = tuple(_cluster(pair) for pair in pairs)
    names = {name: number for number, name in enumerate(sorted(set(clusters)))}
    numbers = tuple(names[cluster] for cluster in clusters)
    of_section = {
        pair.provenance.section_id: names[cluster]
        for pair, cluster in zip(pairs, clusters, strict=True)
        if pair.provenance.section_id
    }
    texts: dict[str, list[str] | list[int]] = {
        "anchor": [pair.query.text for pair in pairs],
        "positive": [pair.positive for pair in pairs],
    }
    for column in range(width):
        texts[f"{_NEGATIVE}{column + 1}"] = [
            pair.negatives[column].text if column < len(pair.negatives) else "" for pair in pairs
        ]
    texts["label"] = list(range(len(pairs)))
    return PairColumns(
        texts=texts,
        clusters=clusters,
        positive_clusters=numbers,
        answers=_answers(pairs, numbers),
        negative_clusters=tuple(
            tuple(of_section.get(negative.section_id, UNKNOWN) for negative in pair.negatives[:width])
            + (FILLER,) * (width - len(pair.negatives))
            for pair in pairs
        ),
        negative_scores=tuple(
            tuple(_given_score(negative) for negative in pair.negatives[:width])
            + (0.0,) * (width - len(pair.negatives))
            for pair in pairs
        ),
    )


def column_width(pairs: Sequence[TrainingPair]) -> int:
    """Return how many hard negatives half of the pairs have, 1 if that is 0 and any pair has one.

    One pair with fifty negatives must not make every batch fifty columns wide.
    """
    counts = [len(pair.negatives) for pair in pairs]
    if not any(counts):
        return 0
    return max(1, sorted(counts)[len(counts) // 2])


def _cluster(pair: TrainingPair) -> str:
    """Return what pairs must share to answer each other's questions, in the order of what is known."""
    place = pair.provenance
    return place.cluster or place.section_id or pair.positive


def _answers(pairs: Sequence[TrainingPair], numbers: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return the clusters of the rows that ask what each row asks, or show what it shows."""
    of_question: dict[str, set[int]] = defaultdict(set)
    of_passage: dict[str, set[int]] = defaultdict(set)
    for pair, number in zip(pairs, numbers, strict=True):
        of_question[spoken_text(pair.query.text)].add(number)
        of_passage[pair.positive].add(number)
    shared: dict[frozenset[int], tuple[int, ...]] = {}  # a question with a thousand answers holds them once
    found: list[tuple[int, ...]] = []
    for pair in pairs:
        known = frozenset(of_question[spoken_text(pair.query.text)] | of_passage[pair.positive])
        found.append(shared.setdefault(known, tuple(sorted(known))))
    return tuple(found)


def _given_score(negative: Negative) -> float:
    return negative.score if negative.source == _GIVEN and negative.score is not None else 0.0
