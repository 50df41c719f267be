from __future__ import annotations

import os

import pytest

from embedtune.encoders.sentence_transformer import load_model

NAMES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")


@pytest.mark.parametrize(("set_by_user", "found"), [(None, "16"), ("100", "100")])
def test_loading_a_model_bounds_them_unless_the_user_did(tiny_model, monkeypatch, set_by_user, found):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        if set_by_user:
            monkeypatch.setenv(name, set_by_user)
    load_model(tiny_model)
    assert [os.environ[name] for name in NAMES] == [found, found]
