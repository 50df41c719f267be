import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from embedtune.wording import near_equal as module
from embedtune.wording.near_equal import near_equal_pairs, near_equal_questions

SAME = [
    ("How do I bleed the brakes?", "how to bleed brakes"),
    ("How do I bleed the brakes?", "The brakes: how do I bleed them?"),
    ("Bleeding the brake", "How can I bleed the brakes"),
    ("How do I bleed the front braeks?", "How do I bleed the front brakes?"),
    ("replace the disiccant cartridge", "How do I replace the desiccant cartridges?"),
    ("What does error E-42 mean?", "what is the meaning of error E42 mean"),
    ("Which oil, SAE 10W-30?", "is SAE 10w30 oil right"),
    ("charge the spare battery overnight", "How do I charge the spare battery?"),
    ("Where's the fuse?", "where is the fuses"),
    ("Why doesn't the pump start?", "The pump does not start, why"),
]
DIFFERENT = [
    ("How do I bleed the brakes?", "How do I adjust the brakes?"),
    ("What does error E-42 mean on the front display panel?", "What does error E-43 mean on the front display panel?"),
    ("How do I replace the fuse?", "How do I replace the left rear wheel bearing seal?"),
    ("What is the pump?", "Where do I buy oil for the pump motor?"),
    ("Step 12", "Step 13"),
    ("", "What is this?"),
    ("braeks", "brakes"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_paraphrases_are_near_equal_both_ways(one, other):
    assert near_equal_questions([one], [other], 0.7) == [0]
    assert near_equal_questions([other], [one], 0.7) == [0]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_questions_are_not(one, other):
    assert near_equal_questions([one], [other], 0.7) == []
    assert near_equal_questions([other], [one], 0.7) == []


def test_positions_are_those_of_the_candidates():
    candidates = ["Where is the fuse box?", "How do I dry the desiccant?", "fuse boxes", ""]
    assert near_equal_questions(candidates, ["the fuse box, where"], 0.7) == [0, 2]
    assert near_equal_questions(candidates, [], 0.7) == []
    assert near_equal_questions([], candidates, 0.7) == []


def test_the_threshold_is_a_share_of_the_words_of_both():
    one, other = ["oil pump filter hose clamp seal"], ["oil pump filter hose clamp ring"]
    assert near_equal_questions(one, other, 5 / 7) == [0]
    assert near_equal_questions(one, other, 5 / 7 + 0.01) == []


WORDS = ["pump", "pumq", "hose", "hoose", "clamp", "seal", "valve", "value", "oil", "7", "8", "filter", "air"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=7).map(" ".join), max_size=12)


def slip(one, other):
    return min(len(one), len(other)) >= 4 and OSA.distance(one, other) == 1


def alike(one, other, threshold):
    """The definition, written down plainly for words that are their own stems."""
    ours, theirs = set(one.split()), set(other.split())
    named, names = ({word for word in words if word.isdecimal()} for words in (ours, theirs))
    if not ours or not theirs or (named and names and named != names):
        return False
    exact = len(ours & theirs)
    shared = sum(any(word == mine or slip(word, mine) for mine in ours) for word in theirs)
    shared = min(shared, len(ours))
    contained = shared >= min(len(ours), len(theirs)) and shared >= 2 and abs(len(ours) - len(theirs)) <= 1
    similar = shared / (len(ours) + len(theirs) - shared) >= threshold - 1e-9
    return shared - exact <= exact and shared > 0 and (contained or similar)


def stemmed(text):
    return text.replace("hose", "hos").replace("hoose", "hoos").replace("valve", "valv").replace("value", "valu")


@settings(max_examples=150, deadline=None)
@given(texts, texts, st.sampled_from([0.05, 0.3, 0.5, 0.6, 0.7, 0.75, 0.9, 1.0]), st.sampled_from([1, 7, 1 << 21]))
def test_it_finds_exactly_what_a_look_at_all_pairs_finds(candidates, references, threshold, batch):
    plain = [[stemmed(text) for text in group] for group in (candidates, references)]
    wanted = [n for n, one in enumerate(plain[0]) if any(alike(one, other, threshold) for other in plain[1])]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PAIRS", batch)
        patch.setattr(module, "_CANDIDATES", batch)
        assert near_equal_questions(candidates, references, threshold) == wanted


@pytest.mark.filterwarnings("error")
def test_many_questions_are_not_compared_with_each_other(monkeypatch):
    letters = "bcdfghjklm"
    names = [a + b + c + d + "o" for a in letters for b in letters for c in letters for d in letters]
    candidates = [f"How do I replace the {name} filter of the pump?" for name in names]
    references = [f"Where is the {name} lamp?" for name in names[::10]]
    looked_at = []
    hits = module._Join._hits
    monkeypatch.setattr(
        module._Join, "_hits", lambda self, one, other: looked_at.append(len(one)) or hits(self, one, other)
    )
    assert near_equal_questions(candidates, references, 0.7) == []
    assert sum(looked_at) <= 50_000


@given(texts, texts)
def test_each_is_named_with_the_first_that_it_equals(candidates, references):
    wanted = [
        (number, equal[0])
        for number, text in enumerate(candidates)
        if (equal := [n for n, other in enumerate(references) if near_equal_questions([text], [other], 0.7)])
    ]
    assert near_equal_pairs(candidates, references, 0.7) == wanted
