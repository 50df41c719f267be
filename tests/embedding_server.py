"""An embeddings server on the loopback address: answers as a test's script says and keeps a log."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from embedtune.encoders.fake import FakeEncoder
from llm_server import Response
from quiet_server import QuietServer

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
    return Response(json.dumps({"object": "list", "data": data}).encode(), headers={"Content-Type": "application/json"})


def by_words(salt="", dimension=32):
    """Answers with vectors of length 2, near for texts that share words."""
    encoder = FakeEncoder(dimension, salt=salt)
    return lambda request: embeddings((2 * encoder.encode(request.texts)).tolist())


class EmbeddingServer:
    """Serves until the block ends; ``script`` may be exchanged while it does.

    Attributes:
        log: The requests, in the order of their coming.
    """

    def __init__(self, script: Script | None = None):
        self.log: list[EmbeddingRequest] = []
        self.script = script or by_words()
        self._closing = threading.Event()
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def name(self):
        return f"remote:{self.url}#{MODEL}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = EmbeddingRequest(len(server.log), self.path, headers, body)
                server.log.append(request)
                response = server.script(request)
                if response.stall:
                    server._closing.wait(60)
                    self.close_connection = True
                    return
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(response.body)

            def log_message(self, *arguments):
                pass

        return Handler
