"""A server on this machine that speaks as much of Qdrant's REST protocol as reading a collection takes."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import numpy as np

from quiet_server import QuietServer


@dataclass
class StandInServer:
    """Collections by name: rows of (vector, payload). ``requests`` holds what was asked, method and path."""

    collections: dict = field(default_factory=dict)
    vectors: object = None
    key: str = ""
    status: int = 0
    wait: float = 0.0
    body: bytes | None = None
    requests: list = field(default_factory=list)
    url: str = ""

    def answer(self, method, path, body, key):
        self.requests.append((method, path))
        time.sleep(self.wait)
        if self.status or key != self.key:
            return self.status or 401, {"status": {"error": "no"}}
        parts = path.partition("?")[0].strip("/").split("/")
        rows = self.collections.get(parts[1])
        if rows is None:
            return 404, {"status": {"error": "not found"}}
        return 200, {"result": self._result(parts[2:], rows, body), "status": "ok", "time": 0.0}

    def _result(self, call, rows, body):
        if not call:
            return _description(self.vectors or {"size": len(rows[0][0]), "distance": "Cosine"}, len(rows))
        if call == ["points", "scroll"]:
            return {"points": [{"id": n, "payload": payload} for n, (_, payload) in enumerate(rows[:1])]}
        assert call == ["points", "query", "batch"]
        return [{"points": _nearest(rows, request)} for request in body["searches"]]


def _nearest(rows, request):
    query = request["query"]["nearest"] if isinstance(request["query"], dict) else request["query"]
    scores = np.array([vector for vector, _ in rows]) @ np.array(query)
    best = sorted(range(len(rows)), key=lambda n: -scores[n])[: request["limit"]]
    fields = request["with_payload"]
    return [
        {
            "id": n,
            "version": 0,
            "score": float(scores[n]),
            "payload": {name: value for name, value in rows[n][1].items() if name in fields},
        }
        for n in best
    ]


def _description(vectors, count):
    return {
        "status": "green",
        "optimizer_status": "ok",
        "points_count": count,
        "segments_count": 1,
        "config": {
            "params": {"vectors": vectors},
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
        },
        "payload_schema": {},
    }


def started(server: StandInServer):
    """Start a server on a free port of this machine; returns what stops it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._serve("GET")

        def do_POST(self):
            self._serve("POST")

        def _serve(self, method):
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length)) if length else None
            status, value = server.answer(method, self.path, sent, self.headers.get("api-key", ""))
            written = server.body if server.body is not None else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_):
            pass

    http = QuietServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}"

    def stop():
        http.shutdown()
        http.server_close()
        thread.join()

    return stop
