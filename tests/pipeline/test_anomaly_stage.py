from embedtune.anomaly.preparation import KnownPassages, NormalQueries
from embedtune.config.anomaly_settings import AnomalySettings
from embedtune.encoders.fake import FakeEncoder
from embedtune.pipeline.anomaly_stage import _choices, _queries, _without_noisy_rules
from embedtune.vocabulary.pairs import Origin, Provenance, Query, Split, TrainingPair

SETTINGS = AnomalySettings(detectors=("topic",))


def pair(text, split, origin=Origin.HUMAN, cluster=""):
    query = Query(text, text, origin, domain="pumps")
    return TrainingPair(query, "a passage", (), Provenance("section", cluster=cluster or text, split=split))


def questions(count, split, origin=Origin.HUMAN, about="pump"):
    return [pair(f"how do I set {about} number {number}", split, origin) for number in range(count)]


def offered(pairs):
    return [(normal.origin, settings.confidence) for normal, settings in _choices(pairs, SETTINGS)]


def test_a_promise_on_peoples_questions_goes_before_a_stronger_one_on_generated_ones():
    people = questions(40, Split.TRAIN) + questions(30, Split.TEST, about="valve")
    made = questions(200, Split.TRAIN, Origin.LLM, "hose") + questions(100, Split.TEST, Origin.LLM, "lid")
    assert offered(people) == [("questions from people", 0.0), ("generated questions", 0.0)]
    assert offered(people + made) == [("questions from people", 0.0), ("generated questions", 0.95)]
    assert offered(made) == [("generated questions", 0.95)]
    assert offered(questions(30, Split.TRAIN)) == []


def test_different_questions_are_counted():
    people = questions(40, Split.TRAIN) + questions(59, Split.TEST, about="valve")
    assert offered(people)[0] == ("questions from people", 0.95)
    twice = [*people[:-1], pair(people[-2].query.text.upper(), Split.TEST)]
    assert offered(twice)[0] == ("questions from people", 0.0)


def test_a_question_that_was_trained_on_anywhere_is_not_held_out():
    people = [*questions(40, Split.TRAIN), pair("How do I  set pump number 7", Split.TEST), pair("new", Split.TEST)]
    normal, fit, calibration = _queries(people, "questions from people")
    assert (fit, calibration) == (40, 1)
    assert [text for text, held in zip(normal.texts, normal.held_out, strict=True) if held] == ["new"]


def test_rules_that_the_projects_own_questions_meet_are_left_out():
    speakers = [f"can pump {number} act as a timer" for number in range(20)]
    texts = [f"how do I set valve {number}" for number in range(60)]
    normal = NormalQueries(texts + speakers, held_out=[number % 2 == 0 for number in range(60)] + [True] * 20)
    settings = SETTINGS.model_copy(update={"confidence": 0.0, "left_out_rules": ("escapes",)})
    made = _without_noisy_rules(FakeEncoder(32), normal, settings, 1, KnownPassages(()))
    assert set(made.card.left_out_rules) == {"escapes", "persona"}
