"""A language model on the loopback address: speaks chat completions, answers as a test's script says, keeps a log."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

from quiet_server import PostServer, Response, json_response

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
    return json_response(value)


def good(request):
    return completion(json.dumps({"questions": questions_about(request.text)}))


def complaint(status, message="", code=None, headers=None):
    return json_response({"error": {"message": message, "code": code}}, status, headers)


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


class LlmServer(PostServer):
    """Serves until the block ends.

    Attributes:
        log: The requests, in the order of their coming.
        peak: The most of them that were answered at one time.
    """

    def __init__(self, script: Script = good):
        self.log: list[Request] = []
        self.peak = 0
        self._at_work = 0
        self._script = script
        self._attempts: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__()

    @property
    def asked(self):
        """How often each section was asked about."""
        return Counter(request.mark for request in self.log)

    @contextmanager
    def answering(self, path, headers, body):
        request = self._received(path, headers, body)
        try:
            yield self._script(request)
        finally:
            with self._lock:
                self._at_work -= 1

    def _received(self, path, headers, body):
        section = _SECTION.search(body["messages"][-1]["content"])
        with self._lock:
            self._at_work += 1
            self.peak = max(self.peak, self._at_work)
            mark = section["mark"]
            request = Request(mark, section["text"], self._attempts[mark], len(self.log), path, headers, body)
            self._attempts[mark] += 1
            self.log.append(request)
        return request
