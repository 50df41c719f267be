"""The schema of an answer, and the strict reading of one."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

QuestionKind = Literal["natural", "telegraphic", "symptom"]

ANSWER_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "questions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "question": {"type": "string"},
                    "answer_quote": {"type": "string"},
                    "kind": {"type": "string", "enum": ["natural", "telegraphic", "symptom"]},
                },
                "required": ["question", "answer_quote", "kind"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["questions"],
    "additionalProperties": False,
}
"""Written by hand in the subset of JSON schema that every strict mode knows: no lengths, no defaults, no references."""

_END_OF_THOUGHT = "</think>"


def _one_line(text: str) -> str:
    spaced = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    return " ".join(spaced.split())


_OneLine = Annotated[str, AfterValidator(_one_line)]


class DraftedQuestion(BaseModel):
    """A question as the model wrote it, on one line.

    Attributes:
        question: What a user would type.
        answer_quote: Words of the section where the answer begins.
        kind: The form of the question.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    question: Annotated[_OneLine, Field(min_length=1, max_length=500, pattern=r"\w")]
    answer_quote: Annotated[_OneLine, Field(max_length=2000)]
    kind: QuestionKind


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    questions: Annotated[tuple[DraftedQuestion, ...], Field(min_length=1, max_length=100)]


class AnswerError(ValueError):
    """An answer that is not what was asked for; the text says why and quotes nothing of it."""


def parse_answer(text: str) -> tuple[DraftedQuestion, ...]:
    """Read an answer.

    Whatever stands around the JSON object is passed over: the thoughts of a reasoning model, a code fence, a
    sentence of courtesy. The object itself must fit the schema; fields beyond it are ignored.

    Args:
        text: What the model wrote.

    Returns:
        At least one question.

    Raises:
        AnswerError: There is no JSON object, it does not fit, or it holds no question.
    """
    answer = text.rpartition(_END_OF_THOUGHT)[2]
    start, end = answer.find("{"), answer.rfind("}")
    if start < 0 or end < start:
        raise AnswerError("no JSON object in the answer")
    try:
        return _Answer.model_validate_json(answer[start : end + 1]).questions
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise AnswerError("malformed JSON in the answer") from None
        place = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
        raise AnswerError(f"wrong schema of the answer (`{place or 'answer'}`)") from None
