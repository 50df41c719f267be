"""From documents to training pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedtune.config.data_settings import NegativeSettings
from embedtune.config.settings import EmbedtuneConfig
from embedtune.corpus.folder import read_folder
from embedtune.corpus.kinds import section_kind
from embedtune.corpus.readers.text import blocks_of
from embedtune.corpus.sections import extract_sections
from embedtune.events import Report, silent
from embedtune.files import digest_value
from embedtune.pairs.templates import heading_questions
from embedtune.pipeline.corpus import split_corpus
from embedtune.pipeline.generation import generate_pairs
from embedtune.pipeline.mining import add_negatives, corpus_pool, pairs_pool
from embedtune.pipeline.project import open_project
from embedtune.vocabulary.corpus import Document, Section, SectionKind
from embedtune.vocabulary.pairs import TrainingPair


@dataclass(frozen=True, slots=True)
class ProcedureExtractor:
    r"""Finds the sections of a text by its headings.

    Example:
        >>> ProcedureExtractor().extract_from_text("BRAKES\n\nBleed them yearly.", "vehicle")[0].heading
        'BRAKES'
    """

    name: str = "text"

    def extract_from_text(self, text: str, domain: str) -> list[Section]:
        """Return the sections of a plain text, in reading order."""
        document = Document(digest_value([domain, self.name]), domain, f"{self.name}.txt", blocks_of(text))
        return list(extract_sections(document))

    def identify_section_type(self, heading: str, content: str) -> SectionKind:
        """Return what a section is for: procedure, diagnostic, parts, reference, safety or other."""
        return section_kind(heading, content)


@dataclass(frozen=True, slots=True)
class QueryGenerator:
    """Writes questions from headings."""

    def generate_from_section(self, heading: str, section_type: SectionKind | str) -> list[str]:
        """Return the questions that the templates know for a heading of a kind."""
        return heading_questions(" ".join(heading.split()).rstrip(".:"), SectionKind(section_type))


@dataclass(frozen=True, slots=True)
class TrainingDataGenerator:
    """Turns a folder of documents into training pairs.

    Attributes:
        config: Settings of questions, split and negatives.
        report: Where progress goes.
    """

    config: EmbedtuneConfig = field(default_factory=EmbedtuneConfig)
    report: Report = silent

    def generate_dataset(
        self, corpus: str | Path, *, include_hard_negatives: bool = False, forbidden_questions: Sequence[str] = ()
    ) -> list[TrainingPair]:
        """Return pairs for all sections; each names its part of the split in ``provenance.split``.

        Args:
            corpus: Folder of documents, one sub-folder per domain, or one document.
            include_hard_negatives: Mine negatives from BM25 and the base model.
            forbidden_questions: Test questions, none of which may come out.

        Raises:
            DocumentError: The corpus is missing or unreadable.
            InputError: No question could be written.
            ModelError: Negatives were asked for and the base model is not on this machine.
        """
        project = open_project(config=self.config, report=self.report)
        divided = split_corpus(project, read_folder(Path(corpus), self.config.corpus, self.report).sections)
        pairs = generate_pairs(project, divided, tuple(forbidden_questions)).pairs
        if include_hard_negatives:
            pairs = add_negatives(project, pairs, corpus_pool(project, divided))
        return list(pairs)


@dataclass(frozen=True, slots=True)
class HardNegativeMiner:
    """Adds hard negatives to pairs, from BM25's and the base model's wrong results.

    Attributes:
        settings: How many and which.
        config: The base model and the seed.
        report: Where progress goes.
    """

    settings: NegativeSettings = field(default_factory=NegativeSettings)
    config: EmbedtuneConfig = field(default_factory=EmbedtuneConfig)
    report: Report = silent

    def mine(self, pairs: Sequence[TrainingPair]) -> list[TrainingPair]:
        """Return the pairs with negatives taken from each other's positives.

        Raises:
            ModelError: The base model is not on this machine.
        """
        config = self.config.model_copy(update={"negatives": self.settings})
        given = tuple(pairs)
        return list(add_negatives(open_project(config=config, report=self.report), given, pairs_pool(given)))
