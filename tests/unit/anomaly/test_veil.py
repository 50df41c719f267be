import dataclasses

import numpy as np
import pytest
from anomaly_samples import QUESTIONS, TokenEncoder

from embedtune.anomaly.drift.embedding_shift import embedding_shift
from embedtune.anomaly.log_reading import read_log
from embedtune.anomaly.query_log import QueryLog, log_entries
from embedtune.anomaly.veil import DIRECTIONS, Veil, compared
from embedtune.config.anomaly_settings import QueryLogSettings
from embedtune.errors import InputError


@pytest.fixture(scope="module")
def judged(detector):
    encoder = TokenEncoder()

    def entries(texts):
        vectors = encoder.encode(texts)
        return log_entries(detector, texts, vectors, detector.score(texts, vectors), None, str)

    return entries


@pytest.fixture(scope="module")
def veil(detector, judged):
    def entries(texts, seed=0):
        return [Veil.of(detector.reference).entry(entry, seed + row) for row, entry in enumerate(judged(texts))]

    return entries


def test_who_has_log_and_detector_cannot_tell_the_query(veil, judged, detector):
    # The likeliest guess among all the questions, by everything that an entry says.
    guesses, entries = judged(QUESTIONS), veil(QUESTIONS)
    spread = detector.reference.sketches[:, :DIRECTIONS].std(axis=0)
    sketches = np.array([guess.sketch[:DIRECTIONS] for guess in guesses]) / spread
    away = ((np.array([entry.sketch for entry in entries])[:, None] - sketches) ** 2).sum(axis=2)
    for name, most in (("p_value", 0.21), ("new_words", 0.126)):
        told, guessed = (np.array([getattr(entry, name) for entry in side]) for side in (entries, guesses))
        away += 1000.0 * (np.abs(told[:, None] - guessed) > most)
    away += 1000.0 * np.array([[entry.verdict != guess.verdict for guess in guesses] for entry in entries])
    assert away.min(axis=1).max() < 1000
    assert np.mean(away.argmin(axis=1) == np.arange(len(QUESTIONS))) < 0.25


def test_the_log_itself_is_veiled_and_asking_again_tells_nothing_more(detector, tmp_path):
    encoder = TokenEncoder()
    texts = [QUESTIONS[0], QUESTIONS[1], QUESTIONS[0]]
    vectors = encoder.encode(texts)
    for name in ("one.log", "two.log"):
        log = QueryLog(tmp_path / name, QueryLogSettings())
        log.append(detector, texts, vectors, detector.score(texts, vectors))
    first, other, again = read_log(tmp_path / "one.log")
    assert dataclasses.replace(again, time=first.time) == first
    assert first.sketch != other.sketch
    assert (first.text, first.rarities, len(first.sketch)) == (None, {}, DIRECTIONS)
    assert all(number == int(number) and abs(number) <= 4 for number in first.sketch)
    assert next(read_log(tmp_path / "two.log")).sketch != first.sketch


def test_the_noise_of_two_detectors_does_not_cancel(detector, tmp_path):
    other = dataclasses.replace(
        detector, card=type(detector.card).model_validate({**detector.card.model_dump(), "origin": "another fit"})
    )
    vectors = TokenEncoder().encode(QUESTIONS)
    advisories = detector.score(QUESTIONS, vectors)
    log = QueryLog(tmp_path / "queries.log", QueryLogSettings())
    for one in (detector, other):
        log.append(one, QUESTIONS, vectors, advisories)
    entries = list(read_log(tmp_path / "queries.log"))
    under = entries[: len(QUESTIONS)], entries[len(QUESTIONS) :]
    assert [entry.query for entry in under[0]] == [entry.query for entry in under[1]]
    exact = detector.reference.sketch(vectors)[:, :DIRECTIONS] / Veil.of(detector.reference).spread
    noises = [np.array([entry.sketch for entry in side]) - exact for side in under]
    for direction in range(DIRECTIONS):
        assert abs(np.corrcoef(noises[0][:, direction], noises[1][:, direction])[0, 1]) < 0.35
    moves = [np.array([e.p_value - a.p_value for e, a in zip(side, advisories, strict=True)]) for side in under]
    assert abs(np.corrcoef(*moves)[0, 1]) < 0.5


def test_veiled_on_both_sides_the_same_is_no_drift_and_the_foreign_is(veil, judged, detector):
    reference = detector.reference
    alone = np.arange(len(reference.sketches))

    def p_value(entries):
        seen = compared(reference, entries, 3)
        return embedding_shift(seen.normal_sketches, alone, seen.sketches, 3).p_value

    strange = [f"when does the {what} play on {day}" for what in ("choir", "band") for day in map(str, range(30))]
    assert p_value(veil(QUESTIONS)) > 0.05
    assert p_value([*veil(QUESTIONS[::2]), *judged(QUESTIONS[1::2])]) > 0.05
    assert p_value(veil(strange)) <= 0.001
    assert p_value([*veil(QUESTIONS[:60]), *judged(strange)]) <= 0.05


@pytest.mark.parametrize("text", [None, "how do I oil the pump"])
def test_an_entry_of_another_length_is_refused(judged, detector, text):
    (entry,) = judged(QUESTIONS[:1])
    damaged = dataclasses.replace(entry, text=text, sketch=(0.5,) * 3)
    with pytest.raises(InputError, match=r"has a sketch of 3 numbers, not of (8|16)\."):
        compared(detector.reference, [entry, damaged], 1)
