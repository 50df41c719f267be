"""An embeddings server on the loopback address: answers as a test's script says and keeps a log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

from embedtune.encoders.fake import FakeEncoder
from quiet_server import PostServer, Response, json_response

MODEL = "org/tiny-embed:latest"


@dataclass(frozen=True)
class EmbeddingRequest:
    """A request as it came, and how many came before it."""

    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, object]

    @property
    def texts(self):
        return self.body["input"]


Script = Callable[[EmbeddingRequest], Response]


def embeddings(vectors, *, indexes=None):
    """The body of a good answer; entries may be numbered in any order, or not at all (``[]``)."""
    numbers = range(len(vectors)) if indexes is None else indexes
    data = [{"object": "embedding", "embedding": vector} for vector in vectors]
    for entry, number in zip(data, numbers, strict=False):
        entry["index"] = number
    return json_response({"object": "list", "data": data})


def by_words(salt="", dimension=32):
    """Answers with vectors of length 2, near for texts that share words."""
    encoder = FakeEncoder(dimension, salt=salt)
    return lambda request: embeddings((2 * encoder.encode(request.texts)).tolist())


class EmbeddingServer(PostServer):
    """Serves until the block ends; ``script`` may be exchanged while it does.

    Attributes:
        log: The requests, in the order of their coming.
    """

    def __init__(self, script: Script | None = None):
        self.log: list[EmbeddingRequest] = []
        self.script = script or by_words()
        super().__init__()

    @property
    def name(self):
        return f"remote:{self.url}#{MODEL}"

    @contextmanager
    def answering(self, path, headers, body):
        request = EmbeddingRequest(len(self.log), path, headers, body)
        self.log.append(request)
        yield self.script(request)
