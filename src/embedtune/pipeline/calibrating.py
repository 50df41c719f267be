"""What a score is worth, as judged questions tell it."""

from __future__ import annotations

from collections.abc import Sequence

from embedtune.index.held_sections import HeldSection
from embedtune.pipeline.questions import JudgedQueries
from embedtune.pipeline.wiring import section_keywords
from embedtune.retrieval.calibration import FEWEST_QUESTIONS, fit_calibration
from embedtune.retrieval.retriever import HybridRetriever
from embedtune.vocabulary.ports import Encoder, PassageIndex
from embedtune.vocabulary.retrieval import UNCALIBRATED, Calibrations, FusionSettings, Mode

_DEPTH = 10


def calibrated(
    held: Sequence[HeldSection],
    index: PassageIndex,
    encoder: Encoder,
    fusion: FusionSettings,
    dev: JudgedQueries | None,
) -> Calibrations:
    """Return the calibration of each mode on dev questions; none where there are too few.

    Args:
        held: The sections.
        index: The vectors of their passages.
        encoder: The model.
        fusion: How scores are combined.
        dev: Judged questions.
    """
    known = {one.id for one in held}
    asked = [query for query in dev.queries if known.intersection(dev.qrels.relevant(query.id))] if dev else []
    if dev is None or len(asked) < FEWEST_QUESTIONS:
        return UNCALIBRATED
    sections = [one.section for one in held]
    passages = [passage for one in held for passage in one.passages]
    keywords = section_keywords(sections, fusion.keywords)
    retriever = HybridRetriever(sections, passages, index, keywords, encoder, fusion, "calibration")
    found = {mode: fit_calibration(retriever.judged(asked, mode, _DEPTH, dev.qrels), mode, len(asked)) for mode in Mode}
    return Calibrations(found[Mode.HYBRID], found[Mode.DENSE], found[Mode.BM25])
