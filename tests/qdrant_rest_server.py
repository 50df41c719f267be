"""A server on this machine that speaks Qdrant's REST protocol over the client library's own engine in memory.

It can be told to be slow, to fail, or to be gone, as real servers are.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from qdrant_client import QdrantClient, models

from quiet_server import QuietServer


@dataclass
class RestServer:
    """Holds collections; ``fail`` counts down requests to answer with ``status``, ``wait`` delays each."""

    client: QdrantClient = field(default_factory=lambda: QdrantClient(":memory:", force_disable_check_same_thread=True))
    key: str = ""
    status: int = 500
    fail: int = 0
    wait: float = 0.0
    requests: list = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self):
        self._closing = threading.Event()

    def __enter__(self):
        self._http = QuietServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        return self

    def __exit__(self, *error):
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        self.client.close()

    def answer(self, method, path, body, key):
        self.requests.append((method, path))
        if self.wait:
            self._closing.wait(self.wait)
        if key != self.key:
            return 401, {"status": {"error": "no"}}
        if self.fail:
            self.fail -= 1
            return self.status, {"status": {"error": "told to fail"}}
        with self.lock:
            try:
                return 200, {"result": _plain(self._result(method, path, body)), "status": "ok", "time": 0.0}
            except ValueError as error:
                return 404, {"status": {"error": str(error)}}

    def _result(self, method, path, body):  # noqa: PLR0911 - one for each route
        client = self.client
        match (method, *path.strip("/").split("/")):
            case ("GET", "collections"):
                return client.get_collections()
            case ("GET", "aliases"):
                return client.get_aliases()
            case ("POST", "collections", "aliases"):
                actions = models.ChangeAliasesOperation.model_validate(body).actions
                return client.update_collection_aliases(actions)
            case ("GET", "collections", name, "exists"):
                return {"exists": client.collection_exists(name)}
            case ("GET", "collections", name):
                return client.get_collection(name)
            case ("DELETE", "collections", name):
                return client.delete_collection(name)
            case ("PUT", "collections", name):
                wanted = models.CreateCollection.model_validate(body)
                return client.create_collection(
                    name, vectors_config=wanted.vectors, sparse_vectors_config=wanted.sparse_vectors
                )
            case ("PUT", "collections", name, "index"):
                return {"operation_id": 0, "status": "completed"}
            case (_, "collections", name, "points", *call):
                return self._points(method, name, call, body)
        raise AssertionError(f"{method} {path} is not spoken here")

    def _points(self, method, name, call, body):
        client = self.client
        if (method, call) == ("PUT", []):
            points = models.PointsList.model_validate(body).points
            return client.upsert(name, points)
        if (method, call) == ("POST", []):
            asked = models.PointRequest.model_validate(body)
            return client.retrieve(name, asked.ids, with_payload=asked.with_payload, with_vectors=asked.with_vector)
        if call == ["delete"]:
            return client.delete(name, models.PointIdsList.model_validate(body))
        if call == ["count"]:
            return client.count(name, count_filter=models.CountRequest.model_validate(body).filter)
        if call == ["scroll"]:
            asked = models.ScrollRequest.model_validate(body)
            points, offset = client.scroll(
                name, asked.filter, asked.limit, offset=asked.offset, with_payload=asked.with_payload
            )
            return {"points": [_plain(point) for point in points], "next_page_offset": offset}
        assert call == ["query"]
        asked = models.QueryRequest.model_validate(body)
        return client.query_points(
            name,
            query=asked.query.nearest if isinstance(asked.query, models.NearestQuery) else asked.query,
            using=asked.using,
            query_filter=asked.filter,
            limit=asked.limit,
            with_payload=asked.with_payload,
        )

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def serve(self):
                length = int(self.headers.get("Content-Length") or 0)
                sent = json.loads(self.rfile.read(length)) if length else None
                path = urlsplit(self.path).path
                status, value = server.answer(self.command, path, sent, self.headers.get("api-key", ""))
                written = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(written)))
                self.end_headers()
                self.wfile.write(written)

            def __getattr__(self, name):
                if not name.startswith("do_"):
                    raise AttributeError(name)
                return self.serve

            def log_message(self, *_):
                pass

        return Handler


def _plain(value):
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
