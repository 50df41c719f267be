"""Which sections of a corpus say nearly the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.config.data_settings import CorpusSettings
from embedtune.corpus.folder import find_files, read_folder
from embedtune.corpus.near_duplicates import clusters, near_duplicate_pairs
from embedtune.events import Report

if TYPE_CHECKING:
    from embedtune.vocabulary.corpus import Section


@dataclass(frozen=True, slots=True)
class DuplicateSections:
    """Clusters of sections that say nearly the same.

    Attributes:
        clusters: The sections of each cluster of two or more in the order of the corpus, the largest
            cluster first.
        section_count: How many sections the corpus has.
        threshold: The Jaccard similarity of word 3-shingles that links two sections.
        paths: Document id to path within the corpus.
    """

    clusters: tuple[tuple[Section, ...], ...]
    section_count: int
    threshold: float
    paths: Mapping[str, str]

    def to_json(self) -> dict[str, object]:
        """Return the clusters as a JSON object: id, document and heading path of each section."""
        return {
            "sections": self.section_count,
            "threshold": self.threshold,
            "clusters": [
                [
                    {
                        "id": section.id,
                        "document": self.paths[section.document_id],
                        "domain": section.domain,
                        "heading_path": list(section.heading_path),
                    }
                    for section in cluster
                ]
                for cluster in self.clusters
            ],
        }


def find_duplicates(corpus: Path, settings: CorpusSettings, report: Report) -> DuplicateSections:
    """Find the near-duplicate sections of a corpus, within and across documents.

    Args:
        corpus: Folder of documents, or one document.
        settings: How documents become sections, and the similarity that counts.
        report: Where progress and alerts go.

    Raises:
        DocumentError: The corpus cannot be read.
    """
    sections = read_folder(corpus, settings, report).sections
    links = near_duplicate_pairs([section.text for section in sections], settings.near_duplicate_threshold)
    members: dict[int, list[Section]] = {}
    for section, label in zip(sections, clusters(len(sections), links), strict=True):
        members.setdefault(label, []).append(section)
    found = sorted((tuple(group) for group in members.values() if len(group) > 1), key=len, reverse=True)
    paths = {file.document_id: file.relative for file in find_files(corpus)}
    return DuplicateSections(tuple(found), len(sections), settings.near_duplicate_threshold, paths)
