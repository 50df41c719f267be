from __future__ import annotations

import numpy as np
import pytest

from embedding_server import EmbeddingServer, by_words, embeddings
from embedtune.config.settings import RemoteSettings
from embedtune.encoders.fake import FakeEncoder
from embedtune.encoders.remote import PROBE, load_remote
from embedtune.encoders.remote_name import RemoteName
from embedtune.errors import ConfigError, ModelError
from llm_server import complaint

TEXTS = [f"step {number} of the Norvex pump" for number in range(10)]


@pytest.fixture
def server():
    with EmbeddingServer() as started:
        yield started


def loaded(server, environment=None, **settings):
    return load_remote(RemoteName.parse(server.name), RemoteSettings(max_retries=0, **settings), environment or {})


def test_encoder_of_a_server(server):
    encoder = loaded(server, texts_per_request=4)
    vectors = encoder.encode(TEXTS)
    assert (encoder.name, encoder.dimension) == (server.name, 32)
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, FakeEncoder(32).encode(TEXTS), atol=1e-6)
    assert [request.texts for request in server.log] == [[PROBE], TEXTS[:4], TEXTS[4:8], TEXTS[8:]]


def test_equal_texts_are_sent_once(server):
    encoder = loaded(server)
    vectors = encoder.encode(["pump", "brake", "pump"])
    assert server.log[-1].texts == ["pump", "brake"]
    assert np.array_equal(vectors[0], vectors[2])
    assert encoder.encode([]).shape == (0, 32)
    assert len(server.log) == 2


def test_server_that_takes_fewer_at_a_time(server):
    good = server.script
    server.script = lambda request: complaint(413) if len(request.texts) > 3 else good(request)
    encoder = loaded(server, texts_per_request=8)
    assert np.allclose(encoder.encode(TEXTS), FakeEncoder(32).encode(TEXTS), atol=1e-6)
    sizes = [len(request.texts) for request in server.log]
    assert sizes == [1, 8, 4, 2, 2, 2, 2, 2]


def test_text_that_is_too_long_alone_ends_it(server):
    good = server.script
    server.script = lambda request: complaint(400, "too long") if TEXTS[5] in request.texts else good(request)
    with pytest.raises(ModelError, match=r"begins 'step 5 of the Norvex pump' \(HTTP 400\): too long"):
        loaded(server, texts_per_request=8).encode(TEXTS)


def test_vectors_of_another_length_end_it(server):
    encoder = loaded(server)
    server.script = by_words(dimension=16)
    with pytest.raises(ModelError, match="vectors of 16 dimensions after some of 32"):
        encoder.encode(TEXTS)


def test_digest_is_the_same_for_the_same_model_only(server):
    first = loaded(server).digest
    assert first.startswith("sha256:")
    assert loaded(server).digest == first
    server.script = by_words(salt="another model")
    assert loaded(server).digest != first


def test_digest_does_not_mind_the_length_of_the_vectors_or_their_last_digits(server):
    first = loaded(server)
    wavering = FakeEncoder(32).encode([PROBE])[0].astype(np.float64) * 7 + 1e-9
    server.script = lambda request: embeddings([wavering.tolist()])
    assert loaded(server).digest == first.digest


def test_digest_differs_between_addresses_and_names(server):
    digests = {loaded(server).digest}
    with EmbeddingServer() as other:
        digests.add(loaded(other).digest)
    digests.add(load_remote(RemoteName(server.url, "other"), RemoteSettings(), {}).digest)
    assert len(digests) == 3


def test_key_comes_from_the_variable_that_the_settings_name(server):
    loaded(server, {"NORVEX_KEY": "sk-1", "OPENAI_API_KEY": "sk-2"}, api_key_env="NORVEX_KEY")
    loaded(server, {"OPENAI_API_KEY": "sk-2"})
    assert [request.headers["authorization"] for request in server.log] == ["Bearer sk-1", "Bearer none"]


def test_key_in_the_place_of_its_variable_is_refused_and_not_repeated(server):
    with pytest.raises(ConfigError, match=r"`remote\.api_key_env` is not the name") as caught:
        loaded(server, api_key_env="sk-norvex-4711")
    assert "4711" not in str(caught.value)
    assert server.log == []
