from __future__ import annotations

import numpy as np
import pytest

from embedtune.encoders.cross_encoder import load_cross_encoder
from embedtune.errors import ModelError
from tiny_models import write_tiny_cross_encoder

PASSAGES = ["bleed the brakes", "oil", "check the level " * 60, ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_tiny_cross_encoder(tmp_path_factory.mktemp("cross") / "ranker")


def test_a_score_depends_on_question_and_passage_and_lies_between_0_and_1(folder):
    scorer = load_cross_encoder(folder)
    scores = scorer.score("how do I bleed the brakes", PASSAGES)

    assert (scores.dtype, scores.shape) == (np.float32, (4,))
    assert ((scores > 0) & (scores < 1)).all()
    assert len(set(scores.tolist())) == 4
    assert not np.allclose(scores, scorer.score("oil", PASSAGES))
    assert scorer.score("oil", []).shape == (0,)
    assert scorer.name == "ranker"


def test_what_is_no_ranker_is_refused(folder, tmp_path):
    with pytest.raises(ModelError, match="holds no cross-encoder"):
        load_cross_encoder(tmp_path)
    with pytest.raises(ModelError, match="gives 3 numbers"):
        load_cross_encoder(write_tiny_cross_encoder(tmp_path / "three", outputs=3))
    broken = write_tiny_cross_encoder(tmp_path / "broken")
    (broken / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_cross_encoder(broken)
