"""Servers on the loopback address that stand in for those of the world."""

from __future__ import annotations

import json
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that hang up."""

    def handle_error(self, request, client_address):
        pass


@dataclass(frozen=True)
class Response:
    """What goes back; ``stall`` keeps the client waiting until the server closes, ``drip`` sends byte by byte."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False
    drip: float = 0.0


def json_response(value, status=200, headers=None):
    return Response(json.dumps(value).encode(), status, {"Content-Type": "application/json", **(headers or {})})


class PostServer:
    """Answers posted JSON until the block ends; a subclass says with what."""

    def __init__(self):
        self._closing = threading.Event()
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answering(self, path, headers, body) -> AbstractContextManager[Response]:
        """The response to a request, for as long as it is being sent."""
        raise NotImplementedError

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with server.answering(self.path, headers, body) as response:
                    self._send(response)

            def _send(self, response):
                if response.stall:
                    server._closing.wait(60)
                    self.close_connection = True
                    return
                self.send_response(response.status)
                for name, value in response.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                if not response.drip:
                    self.wfile.write(response.body)
                    return
                for byte in response.body:
                    self.wfile.write(bytes([byte]))
                    if server._closing.wait(response.drip):
                        return

            def log_message(self, *arguments):
                pass

        return Handler
