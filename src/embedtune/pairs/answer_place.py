"""Where in a section an answer begins."""

from __future__ import annotations

from collections.abc import Sequence

from embedtune.pairs.formats.section_finder import shingles_of, words_of
from embedtune.vocabulary.corpus import Section

_SHINGLE = 3


def answer_word(section: Section, answers: Sequence[str]) -> int | None:
    """Return the index of the word of a section's body at which an answer begins.

    The answer's words are looked for in heading and body, without case or punctuation; where they do not
    stand there in one run, the stretch of the answer's length that shares most of its three-word runs
    counts.

    Args:
        section: The section that holds an answer.
        answers: Texts; the first that stands in the body decides.

    Returns:
        The index among ``section.text.split()``; ``None`` if no answer stands in the body.
    """
    heading = words_of(" ".join(section.heading_path))
    owners: list[int] = []
    body: list[str] = []
    for number, word in enumerate(section.text.split()):
        parts = words_of(word)
        body += parts
        owners += [number] * len(parts)
    for answer in answers:
        needle = words_of(answer)
        start = _run([*heading, *body], needle)
        if start is None:
            start = _densest(body, needle)
        elif start + len(needle) <= len(heading):
            start = None
        else:
            start = max(0, start - len(heading))
        if start is not None:
            return owners[start]
    return None


def _run(words: Sequence[str], needle: Sequence[str]) -> int | None:
    """Return where one run of words stands in another."""
    text = f" {' '.join(words)} "
    place = text.find(f" {' '.join(needle)} ") if needle else -1
    return None if place < 0 else text.count(" ", 0, place)


def _densest(words: Sequence[str], needle: Sequence[str]) -> int | None:
    """Return the start of the stretch, as long as the needle, with most of its shingles; a shared one starts it."""
    shingles = shingles_of(needle)
    shared = [n for n in range(len(words) - _SHINGLE + 1) if " ".join(words[n : n + _SHINGLE]) in shingles]
    best, most, end = None, 0, 0
    for first, start in enumerate(shared):
        while end < len(shared) and shared[end] < start + len(needle):
            end += 1
        if end - first > most:
            best, most = start, end - first
    return best
