import hashlib

import pytest

from embedtune.pairs.filters.batch import question_batch
from embedtune.pairs.split import CorpusSplit
from embedtune.vocabulary.pairs import GeneratedQuery, Origin, Query, Split
from embedtune.wording.word_sets import Vocabulary


@pytest.fixture(scope="session")
def make_draft():
    """A question of a section; the same text and section give the same id."""

    def make(text, section="s1", part=Split.TRAIN):
        identity = hashlib.sha256(f"{section}:{text}".encode("utf-8", "replace")).hexdigest()[:16]
        return GeneratedQuery(Query(identity, text, Origin.TEMPLATE), section, part)

    return make


@pytest.fixture(scope="session")
def make_batch(make_draft):
    """A batch of (question, cluster); each cluster has one section of its name."""

    def make(*asked):
        drafts = [make_draft(text, cluster) for text, cluster in asked]
        split = CorpusSplit({c: c for _, c in asked}, {c: Split.TRAIN for _, c in asked})
        return question_batch(drafts, split, Vocabulary())

    return make
