"""A model behind an OpenAI-compatible server (LM Studio, Ollama, vLLM …) as an encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedtune.encoders.remote_client import EmbeddingsClient, RefusedBatchError
from embedtune.encoders.remote_name import RemoteName
from embedtune.endpoints.address import Endpoint, key_from
from embedtune.errors import ModelError
from embedtune.files import digest_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from embedtune.config.settings import RemoteSettings

PROBE = "How do I check the oil level of a cold engine?"
"""What every server is asked first: its vector tells the dimension, and one model from another."""

_PROBE_STEPS = 1000


class RemoteEncoder:
    """Encodes by asking a server; every vector has length 1.

    A server does not show its weights, so its model is known by address, name and the vector of a fixed
    sentence: where the model behind a name was exchanged, the digest is another, and nothing that was kept of
    the old one is taken for the new one's. The vector counts to three decimals. Within these, a server whose
    arithmetic wavers may still get a new digest at times, which costs encoding the corpus once more; and what
    the sentence cannot show, such as a limit on long texts, the digest does not tell.

    Args:
        name: What the user wrote.
        client: Asks the server.
        batch_size: Texts in one request; halved where the server takes no more.

    Raises:
        ModelError: The server is absent, does not have the model, or returns no usable vector.
    """

    def __init__(self, name: RemoteName, client: EmbeddingsClient, batch_size: int) -> None:
        self.name = str(name)
        self._client = client
        self._batch_size = batch_size
        probe = client.embed([PROBE])
        self.dimension = int(probe.shape[1])
        steps = np.rint(probe[0] * _PROBE_STEPS).astype(np.int64)
        self.digest = digest_value(["remote", name.url, name.model, steps.tolist()])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimension), float32; equal texts are sent once.

        Raises:
            ModelError: The server fails, refuses a text, or returns vectors of another length than before.
        """
        row = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        distinct = list(row)
        vectors = np.zeros((len(distinct), self.dimension), dtype=np.float32)
        done = 0
        while done < len(distinct):
            batch = distinct[done : done + self._batch_size]
            try:
                vectors[done : done + len(batch)] = self._embed(batch)
            except RefusedBatchError:
                self._batch_size = len(batch) // 2
            else:
                done += len(batch)
        return vectors[[row[text] for text in texts]]

    def _embed(self, batch: Sequence[str]) -> NDArray[np.float64]:
        found = self._client.embed(batch)
        if found.shape[1] != self.dimension:
            raise ModelError(
                f"{self.name} returned vectors of {found.shape[1]} dimensions after some of {self.dimension}.",
                "Check that one model answers under this name, then run the command again.",
            )
        return found


def load_remote(name: RemoteName, settings: RemoteSettings, environment: Mapping[str, str]) -> RemoteEncoder:
    """Ask a server for a model.

    Nothing but the address of the name is called, and only the key in the variable that the settings name is
    sent there.

    Args:
        name: Address and model.
        settings: How it is asked, and the name of the key's variable.
        environment: The environment's variables.

    Raises:
        UnavailableError: The package ``openai`` is not installed.
        ConfigError: The key, the proxy or the certificates cannot be used.
        ModelError: The server is absent, does not have the model, or returns no usable vector.
    """
    key = key_from(environment, settings.api_key_env, "remote.api_key_env")
    client = EmbeddingsClient(Endpoint.with_key(name.url, name.model, key), settings)
    return RemoteEncoder(name, client, settings.texts_per_request)
