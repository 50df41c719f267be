"""A language model on the loopback address: speaks chat completions, answers as a test's script says, keeps a log."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from quiet_server import QuietServer

_SECTION = re.compile(
    r"<<<SECTION (?P<mark>\w+)>>>\n(?P<heading>.*?)\n\n(?P<text>.*)\n<<<END OF SECTION (?P=mark)>>>", re.DOTALL
)


@dataclass(frozen=True)
class Request:
    """A request as it came: the section it is about, and how often that one was asked about before."""

    mark: str
    text: str
    attempt: int
    number: int
    path: str
    headers: dict[str, str]
    body: dict[str, object]


@dataclass(frozen=True)
class Response:
    """What goes back; ``stall`` keeps the client waiting until the server closes, ``drip`` sends byte by byte."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False
    drip: float = 0.0


Script = Callable[[Request], Response]


def questions_about(text, count=3):
    words = text.split()
    return [
        {
            "question": f"What about {words[n]} number {n}?",
            "answer_quote": " ".join(words[n : n + 4]),
            "kind": "natural",
        }
        for n in range(count)
    ]


def completion(content, *, finish="stop", usage=(100, 50), refusal=None):
    """The body of a chat completion; ``usage`` of ``None`` leaves the count of tokens out."""
    value = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "tiny",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, "refusal": refusal},
            }
        ],
    }
    if usage is not None:
        value["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return Response(json.dumps(value).encode(), headers={"Content-Type": "application/json"})


def good(request):
    return completion(json.dumps({"questions": questions_about(request.text)}))


def complaint(status, message="", code=None, headers=None):
    body = json.dumps({"error": {"message": message, "code": code}}).encode()
    return Response(body, status, {"Content-Type": "application/json", **(headers or {})})


FAULTS = {
    "busy": complaint(429, "slow down", headers={"Retry-After": "7"}),
    "broken": complaint(500, "oops"),
    "gateway": Response(b"<html>bad gateway</html>", 502),
    "stall": Response(stall=True),
    "malformed": completion('{"questions": [{"question": "Wh}'),
    "prose": completion("I would rather not say."),
    "wrong schema": completion('{"questions": [{"question": 5, "answer_quote": "x", "kind": "natural"}]}'),
    "no questions": completion('{"questions": []}'),
    "no completion": Response(b'{"choices": []}'),
    "no json": Response(b"<html>welcome</html>"),
    "declined": completion(None, refusal="I cannot help with that."),
    "cut off": completion('{"questions": [', finish="length"),
}


def faulty_once(fault):
    """Every section fails once, then is answered."""
    return lambda request: FAULTS[fault] if request.attempt == 0 else good(request)


class LlmServer:
    """Serves until the block ends.

    Attributes:
        log: The requests, in the order of their coming.
    """

    def __init__(self, script: Script = good):
        self.log: list[Request] = []
        self.peak = 0
        self._at_work = 0
        self._script = script
        self._attempts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = QuietServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def asked(self):
        """How often each section was asked about."""
        return Counter(request.mark for request in self.log)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def received(self, path, headers, body):
        section = _SECTION.search(body["messages"][-1]["content"])
        with self._lock:
            self._at_work += 1
            self.peak = max(self.peak, self._at_work)
            mark = section["mark"]
            request = Request(mark, section["text"], self._attempts[mark], len(self.log), path, headers, body)
            self._attempts[mark] += 1
            self.log.append(request)
        return request

    def left(self):
        with self._lock:
            self._at_work -= 1

    def _handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                request = server.received(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, body
                )
                try:
                    self._answer(server._script(request))
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client has lost patience
                finally:
                    server.left()

            def _answer(self, response):
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
