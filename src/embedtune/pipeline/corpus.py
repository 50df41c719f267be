"""Sections of a corpus, and their division before any question is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import CorpusRead, digest_corpus_files, find_files, read_folder
from embedtune.corpus.storage import read_sections, write_sections
from embedtune.events import Report
from embedtune.files import digest_file, read_json, write_json
from embedtune.pairs.formats.beir import read_beir_corpus
from embedtune.pairs.split import CorpusSplit, split_sections
from embedtune.pipeline.project import Project
from embedtune.pipeline.workspace import Plan
from embedtune.vocabulary.corpus import Section, corpus_digest
from embedtune.vocabulary.pairs import Split

SECTIONS = "sections.jsonl"
SPLIT = "split.json"


@dataclass(frozen=True, slots=True)
class SplitCorpus:
    """Sections and their division."""

    sections: tuple[Section, ...]
    split: CorpusSplit

    @property
    def digest(self) -> str:
        """The digest of the sections."""
        return corpus_digest(self.sections)


def extract_to_file(corpus: Path, output: Path, settings: CorpusSettings, report: Report) -> CorpusRead:
    """Read a corpus and write its sections as JSON lines."""
    read = read_folder(corpus, settings, report)
    write_sections(output, read.sections)
    return read


def read_documents(project: Project, corpus: Path | None, beir: Path | None) -> tuple[Section, ...]:
    """Return the sections of the documents that a command was given.

    Args:
        project: The project; its settings say how documents become sections.
        corpus: Folder of documents, or one document.
        beir: A BEIR folder, whose documents are the sections; it goes before ``corpus``.

    Raises:
        DocumentError: The documents are missing or hold no text, or one of them cannot be read.
        FormatError: The BEIR folder has no documents, or a line of them is malformed.
    """
    if beir is not None:
        return read_beir_corpus(beir)
    return read_folder(corpus or Path(), project.config.corpus, project.report).sections


def split_corpus(project: Project, sections: tuple[Section, ...]) -> SplitCorpus:
    """Divide sections by the project's settings."""
    config = project.config
    split = split_sections(sections, config.split, config.corpus.near_duplicate_threshold, project.seed)
    return SplitCorpus(sections, split)


def sections_stage(project: Project) -> SplitCorpus:
    """Read the project's corpus and divide it, or take what an earlier run left."""
    settings = project.config.corpus
    corpus = project.workspace.resolve(project.config.project.corpus)
    files = find_files(corpus)
    plan = Plan(
        "sections",
        f"reading {len(files)} documents of {corpus}",
        {"documents": digest_corpus_files(files)},
        (settings,),
        (SECTIONS,),
    )

    def read(folder: Path) -> str:
        found = extract_to_file(corpus, folder / SECTIONS, settings, project.report)
        domains = {section.domain for section in found.sections}
        return f"{len(found.sections)} sections of {len(domains)} domain(s) in {found.document_count} documents"

    sections = read_sections(project.workspace.run_stage(plan, read, project.report) / SECTIONS)
    return SplitCorpus(sections, _split_stage(project, sections))


def _split_stage(project: Project, sections: tuple[Section, ...]) -> CorpusSplit:
    source = project.workspace.folder("sections") / SECTIONS
    plan = Plan(
        "split",
        "dividing section clusters into train, dev and test",
        {"sections": digest_file(source)},
        (project.config.split, str(project.config.corpus.near_duplicate_threshold), project.seed),
        (SPLIT,),
    )

    def divide(folder: Path) -> str:
        split = split_corpus(project, sections).split
        write_json(
            folder / SPLIT,
            {
                "cluster_of": dict(split.cluster_of),
                "split_of": {key: part.value for key, part in split.split_of.items()},
            },
        )
        counts = {part: sum(value is part for value in split.split_of.values()) for part in Split}
        clusters = len(set(split.cluster_of.values()))
        return f"{clusters} clusters; " + ", ".join(f"{count} {part.value}" for part, count in counts.items())

    folder = project.workspace.run_stage(plan, divide, project.report)
    value = cast("dict[str, dict[str, str]]", read_json(folder / SPLIT))
    return CorpusSplit(
        cluster_of=value["cluster_of"],
        split_of={key: Split(part) for key, part in value["split_of"].items()},
    )
