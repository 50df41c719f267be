from __future__ import annotations

import json
from dataclasses import replace

import pytest

from embedtune.errors import FormatError
from embedtune.index.description import (
    EXACT_BELOW,
    Engine,
    IndexDescription,
    choose_engine,
    collection_name,
    read_description,
    write_description,
)
from embedtune.vocabulary.retrieval import (
    Calibration,
    Calibrations,
    FusionMethod,
    FusionSettings,
    PassageSettings,
)

DESCRIPTION = IndexDescription(
    model_digest="sha256:0123456789abcdef0123",
    dimension=8,
    version="v1.0",
    corpus_digest="sha256:corpus",
    passages=PassageSettings(32, 0.25),
    fusion=FusionSettings(FusionMethod.CONVEX, 0.7),
    engine=Engine.EXACT,
    section_count=2,
    passage_count=3,
    calibration=Calibrations(hybrid=Calibration(-2.0, 3.0, 0.5, 0.0, 40)),
)


@pytest.mark.parametrize("words", [None, 64])
def test_what_was_written_is_read(tmp_path, words):
    written = replace(DESCRIPTION, passages=PassageSettings(words, 0.25))
    write_description(tmp_path / "collection.json", written)
    assert read_description(tmp_path / "collection.json") == written


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 1}, "schema 1, not 2"),
        ({"engine": "faiss"}, "engine"),
        ({"dimension": "eight"}, "dimension"),
        ({"passages": {"words": -1.5, "overlap": 0.5}}, "passages.words"),
        ({"calibration": {"hybrid": {"intercept": 1}}}, "calibration"),
    ],
)
def test_a_description_that_does_not_fit_is_reported(tmp_path, change, reason):
    path = tmp_path / "collection.json"
    path.write_text(json.dumps(json.loads(json.dumps(DESCRIPTION.row())) | change))
    with pytest.raises(FormatError, match=rf"damaged.*{reason}.*Index the corpus again"):
        read_description(path)


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_a_description_of_another_kind_is_reported(tmp_path, text):
    path = tmp_path / "collection.json"
    path.write_text(text)
    with pytest.raises(FormatError, match="Index the corpus again"):
        read_description(path)


def test_a_collection_is_named_by_model_cut_and_engine():
    named = collection_name(DESCRIPTION.model_digest, PassageSettings(64, 0.5), Engine.EXACT)
    assert named == "0123456789abcdef-64w50-exact"
    others = {
        collection_name("sha256:ffff456789abcdef", PassageSettings(64, 0.5), Engine.EXACT),
        collection_name(DESCRIPTION.model_digest, PassageSettings(None), Engine.EXACT),
        collection_name(DESCRIPTION.model_digest, PassageSettings(64, 0.25), Engine.EXACT),
        collection_name(DESCRIPTION.model_digest, PassageSettings(64, 0.5), Engine.QDRANT),
    }
    assert len(others | {named}) == 5


@pytest.mark.parametrize(
    ("count", "engine"),
    [(0, Engine.EXACT), (EXACT_BELOW - 1, Engine.EXACT), (EXACT_BELOW, Engine.QDRANT), (10**6, Engine.QDRANT)],
)
def test_the_engine_goes_by_the_number_of_passages(count, engine):
    assert EXACT_BELOW == 5000
    assert choose_engine(count) is engine
