"""Cut sections into the overlapping windows that a dense index holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.vocabulary.corpus import Passage, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedtune.vocabulary.retrieval import PassageSettings


def cut_passages(sections: Iterable[Section], settings: PassageSettings) -> tuple[Passage, ...]:
    """Return the passages of all sections, in order.

    A section is scored by its best passage (MaxP; Dai and Callan 2019, "Deeper text understanding
    for IR with contextual neural language modeling").

    Args:
        sections: The sections.
        settings: Window length and overlap; ``words=None`` keeps sections whole.
    """
    return tuple(passage for section in sections for passage in _windows(section, settings))


def window_around(section: Section, word: int, settings: PassageSettings) -> str:
    """Return the body of the window of a section that best holds the word at an index.

    Among the windows that contain the word, the one with most room around it.
    """
    words = section.text.split()
    spans = _spans(len(words), settings)
    holding = [span for span in spans if span[0] <= word < span[1]] or spans[:1]
    start, end = max(holding, key=lambda span: min(word - span[0], span[1] - 1 - word))
    return " ".join(words[start:end])


def heading_text(section: Section) -> str:
    """Return the heading path as it stands in front of a passage."""
    return " > ".join(section.heading_path)


def _windows(section: Section, settings: PassageSettings) -> Iterable[Passage]:
    words = section.text.split()
    head = heading_text(section)
    prefix = f"{head}\n" if head else ""
    for number, (start, end) in enumerate(_spans(len(words), settings)):
        yield Passage(f"{section.id}#{number}", section.id, prefix + " ".join(words[start:end]), len(prefix))


def _spans(count: int, settings: PassageSettings) -> Sequence[tuple[int, int]]:
    """Return (start, end) of the windows over ``count`` words; the last one ends with the text."""
    if settings.words is None or count <= settings.words:
        return [(0, count)]
    step = max(1, round(settings.words * (1 - settings.overlap)))
    starts = list(range(0, count - settings.words, step))
    return [*((start, start + settings.words) for start in starts), (count - settings.words, count)]
