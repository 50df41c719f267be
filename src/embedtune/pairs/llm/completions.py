"""The body of an answer: the parts of ``/v1/chat/completions`` that are needed, read with suspicion."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from embedtune.pairs.llm.budget import Usage

_Count = Annotated[int, Field(ge=0, le=10**9)]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote.

    Attributes:
        text: Its words; empty where there are none.
        usage: The tokens the server counted; ``None`` if it did not say.
        fault: Why the text cannot be an answer; empty if it may be one.
    """

    text: str
    usage: Usage | None
    fault: str = ""


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]


class _Counted(BaseModel):
    model_config = ConfigDict(strict=True)

    prompt_tokens: _Count
    completion_tokens: _Count


class _Bill(BaseModel):
    usage: _Counted


def reply_of(body: str) -> Reply:
    """Read the body of a successful answer.

    The bill is read even where the rest is of no use: it is due all the same.
    """
    usage = None
    with contextlib.suppress(ValidationError):
        counted = _Bill.model_validate_json(body).usage
        usage = Usage(counted.prompt_tokens, counted.completion_tokens)
    try:
        choice = _Completion.model_validate_json(body).choices[0]
    except ValidationError:
        return Reply("", usage, "no completion in the answer")
    text = choice.message.content or ""
    if choice.message.refusal or choice.finish_reason == "content_filter":
        return Reply(text, usage, "the model declined")
    if choice.finish_reason == "length":
        return Reply(text, usage, "the answer was cut off at llm.max_answer_tokens")
    return Reply(text, usage, "" if text.strip() else "an empty answer")
