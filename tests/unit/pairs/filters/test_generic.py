import pytest

from embedtune.pairs.filters.generic import too_generic
from embedtune.pairs.split import CorpusSplit
from embedtune.vocabulary.pairs import Split


@pytest.fixture
def corpus(make_section):
    """Forty sections, two a cluster; the pump is in all, the hose in the first half, the clamp in one cluster."""
    sections, names = [], []
    for number in range(40):
        text = "The pump runs." + " Mind the hose." * (number < 20) + " Fit a clamp." * (number in {4, 5})
        sections.append(make_section("Lamp", text, path=f"{number}.md"))
        names.append(f"c{number // 2}")
    split = CorpusSplit(dict(zip([s.id for s in sections], names, strict=True)), {s.id: Split.TRAIN for s in sections})
    return sections, split


QUESTIONS = [
    "What is the pump?",
    "pumps and lamps",
    "Where is the hose of the pump?",
    "Fit the clamp to the pump",
    "unknown pump",
    "What is it?",
]


@pytest.mark.parametrize(
    ("most", "share", "generic"),
    [
        (9, 0.0, [True, True, True, False, False, False]),
        (10, 0.0, [True, True, False, False, False, False]),
        (1, 0.5, [True, True, False, False, False, False]),
        (20, 0.0, [False] * 6),
    ],
)
def test_words_that_stand_together_in_too_many_clusters(make_batch, corpus, most, share, generic):
    batch = make_batch(*((text, "c0") for text in QUESTIONS))
    assert too_generic(batch, *corpus, most, share).tolist() == generic


def test_common_words_that_never_meet_are_specific(make_batch, make_section):
    texts = ["The pump runs."] * 5 + ["The lamp burns."] * 5 + ["The pump feeds the lamp."]
    sections = [make_section("", text, path=f"{n}.md") for n, text in enumerate(texts)]
    split = CorpusSplit({s.id: s.id for s in sections}, {s.id: Split.TRAIN for s in sections})
    batch = make_batch(("pump lamp", "x"), ("lamp", "x"))
    assert too_generic(batch, sections, split, 2, 0.0).tolist() == [False, True]
