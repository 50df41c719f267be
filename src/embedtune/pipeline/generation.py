"""Questions for the sections of a corpus, filtered, and joined with the passages that answer them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from embedtune.config.settings import RetrievalSettings
from embedtune.errors import ConfigError, InputError
from embedtune.index.own_ranks import SectionOwnRanks
from embedtune.pairs.filters.cascade import filter_questions
from embedtune.pairs.llm.writer import LlmQuestions, LlmWriter
from embedtune.pairs.positives import join_positives
from embedtune.pairs.questions import WrittenQuestions, question_writers, write_questions
from embedtune.pairs.statistics import PairStatistics, Rejections, pair_statistics
from embedtune.pipeline.corpus import SplitCorpus
from embedtune.pipeline.human_questions import HumanQuestions
from embedtune.pipeline.mining import training_passages
from embedtune.pipeline.project import Project
from embedtune.vocabulary.pairs import Split, TrainingPair
from embedtune.wording.near_equal import near_equal_questions

TRAINED_ON = "held-out question that repeats one of people's training questions"
_EXAMPLES = 5
_LLM = "llm"
_JOURNAL = "llm/answers.jsonl"


@dataclass(frozen=True, slots=True)
class GeneratedPairs:
    """Pairs, people's before generated ones, and what became of the questions that are not among them."""

    pairs: tuple[TrainingPair, ...]
    rejections: Rejections


def generate_pairs(
    project: Project,
    corpus: SplitCorpus,
    test_questions: tuple[str, ...],
    human: HumanQuestions | None = None,
) -> GeneratedPairs:
    """Write questions for all sections, filter them, and join them with the passages that answer.

    Args:
        project: The project.
        corpus: Sections and split.
        test_questions: Questions of the test suites; nothing near-equal to them comes out.
        human: Questions from people on the same corpus; what they hold out does not come out either, and
            no held-out question repeats what they train on.

    Raises:
        ConfigError: The settings ask for a language model and name none.
        InputError: No question could be written.
    """
    held_out = human.held_out if human else ()
    written = _written(project, corpus, (*test_questions, *held_out))
    if human:
        written = _not_trained_on(written, human, project.config.filters.leak_threshold)
    if not written.questions and not (human and human.pairs):
        raise InputError(
            "No question could be written for this corpus.",
            "Its sections are too short, or the filters turned all away: see corpus.min_words and [filters].",
        )
    pairs = join_positives(
        written.questions,
        {section.id: section for section in corpus.sections},
        corpus.split,
        training_passages(project),
        heading_share=project.config.training.heading_share,
        seed=project.seed,
    )
    if human is None:
        return GeneratedPairs(pairs, written.rejections)
    unused = Rejections(
        0,
        {f"from people: {name}": count for name, count in human.rejected.items()},
        {f"from people: {name}": texts for name, texts in human.examples.items()},
    )
    return GeneratedPairs((*human.pairs, *pairs), written.rejections + unused)


def statistics_of(generated: GeneratedPairs, corpus: SplitCorpus, pairs: tuple[TrainingPair, ...]) -> PairStatistics:
    """Return the counts that belong beside a file of pairs."""
    kinds = {section.id: section.kind for section in corpus.sections}
    return pair_statistics(pairs, kinds, generated.rejections, corpus.digest)


def journal_of(project: Project) -> Path:
    """Return where the language model's answers are kept."""
    return project.workspace.root / _JOURNAL


def _own_ranks(corpus: SplitCorpus, settings: RetrievalSettings) -> SectionOwnRanks:
    return SectionOwnRanks(
        [section.id for section in corpus.sections],
        [section.full_text for section in corpus.sections],
        settings.bm25_k1,
        settings.bm25_b,
        [corpus.split.cluster_of[section.id] for section in corpus.sections],
    )


def _written(project: Project, corpus: SplitCorpus, test_questions: tuple[str, ...]) -> WrittenQuestions:
    config = project.config
    llm = _asked_llm(project, corpus)
    by_model = config.filters.round_trip in {"base", "either"}
    keep = partial(
        filter_questions,
        sections=corpus.sections,
        split=corpus.split,
        settings=config.filters,
        test_questions=test_questions,
        ranker=partial(_own_ranks, corpus, config.retrieval),
        encoder=project.models.base() if by_model else None,
        report=project.report,
    )
    written = write_questions(
        corpus.sections,
        corpus.split,
        question_writers(config.questions, corpus.sections, llm),
        keep,
        config.questions,
        config.corpus,
        seed=project.seed,
        report=project.report,
    )
    return replace(written, rejections=written.rejections + _unanswered(llm)) if llm else written


def _not_trained_on(written: WrittenQuestions, human: HumanQuestions, threshold: float) -> WrittenQuestions:
    """Drop held-out questions that people's training questions ask too: they would measure memory."""
    held_out = [question.query for question in written.questions if question.split is not Split.TRAIN]
    trained = [pair.query.text for pair in human.train]
    repeats = [held_out[n] for n in near_equal_questions([query.text for query in held_out], trained, threshold)]
    dropped = {query.id for query in repeats}
    rejected = Rejections(0, {TRAINED_ON: len(repeats)}, {TRAINED_ON: tuple(q.text for q in repeats[:_EXAMPLES])})
    kept = tuple(question for question in written.questions if question.query.id not in dropped)
    return WrittenQuestions(kept, written.rejections + rejected)


def _unanswered(llm: LlmQuestions) -> Rejections:
    """Return what the language model did not write, or wrote in vain."""
    counts = {f"llm: section given up, {reason}": count for reason, count in llm.given_up.items()}
    counts["llm: section not asked about, the budget was used up"] = llm.unasked
    counts["llm: question quotes what its section does not say"] = llm.ungrounded
    return Rejections(0, counts)


def _asked_llm(project: Project, corpus: SplitCorpus) -> LlmQuestions | None:
    """Have the language model write, where the settings name it among the writers."""
    config = project.config
    if _LLM not in config.questions.writers:
        return None
    if not config.llm.model:
        raise ConfigError(
            "questions.writers names llm, and llm.model is empty.",
            "Set llm.model and llm.base_url, or take llm out of questions.writers.",
        )
    long_enough = [s for s in corpus.sections if len(s.text.split()) >= config.corpus.min_words]
    return LlmWriter(config.llm, journal_of(project)).write_all(long_enough, project.report)
