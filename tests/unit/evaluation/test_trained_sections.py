import pytest

from embedtune.corpus.passages import cut_passages
from embedtune.evaluation import trained_sections
from embedtune.evaluation.trained_sections import questions_on_trained_sections
from embedtune.vocabulary.corpus import Section, SectionKind
from embedtune.vocabulary.evaluation import Qrels
from embedtune.vocabulary.pairs import Origin, Provenance, Query, TrainingPair
from embedtune.vocabulary.retrieval import PassageSettings


def section(name, body):
    return Section(name, "d", "hvac", ("Manual", name), SectionKind.OTHER, body, (1, 2))


def words(prefix, count=60):
    return " ".join(f"{prefix}{number}" for number in range(count))


SECTIONS = [section("alpha", words("a")), section("beta", words("b")), section("gamma", words("g"))]
QRELS = Qrels({"q1": {"alpha": 1, "gamma": 0}, "q2": {"beta": 1}, "q3": {"gamma": 2, "beta": 0}})


def pair(positive, section_id=""):
    return TrainingPair(Query("p", "?", Origin.TEMPLATE), positive, (), Provenance(section_id=section_id))


def trained(*pairs, sections=SECTIONS):
    return questions_on_trained_sections(QRELS, sections, pairs)


def test_a_positive_names_its_section():
    assert trained(pair("whatever", "beta"), pair("else", "not in the corpus")) == ("q2",)


def test_a_positive_without_a_name_is_known_by_its_words():
    window = cut_passages([SECTIONS[0]], PassageSettings(words=20))[1]
    assert trained(pair(window.text), pair(words("x"))) == ("q1",)
    assert trained(pair(window.body.upper())) == ("q1",)


@pytest.mark.parametrize(("kept", "wanted"), [(34, ("q3",)), (33, ())])
def test_four_fifths_of_its_runs_of_words_are_needed(kept, wanted):
    # n words have n - 2 runs: 42 words have 40, of which `kept` words of the section keep `kept` - 2.
    assert trained(pair(f"{words('g', kept)} {words('other', 42 - kept)}")) == wanted


def test_only_answers_of_questions_count():
    assert trained(pair(words("g"))) == ("q3",)
    assert trained() == ()
    assert trained(pair(""), pair("short")) == ()


def test_a_notice_that_many_sections_share_tells_nothing(monkeypatch):
    monkeypatch.setattr(trained_sections, "_OFTEN", 2)
    notice = words("notice", 40)
    sections = [section(one.id, f"{one.text} {notice}") for one in SECTIONS]
    assert trained(pair(notice), sections=sections) == ()
    assert trained(pair(f"{words('a', 20)} {notice}"), sections=sections) == ("q1",)
