"""Answers and their cost on disk, one line each, safe against a kill at any moment."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from embedtune.errors import InputError
from embedtune.locks import sole_holder
from embedtune.pairs.llm.answers import DraftedQuestion
from embedtune.pairs.llm.budget import Usage

if TYPE_CHECKING:
    from types import TracebackType

    from filelock import BaseFileLock

_Tokens = Annotated[int, Field(ge=0)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)

    key: str
    input_tokens: _Tokens
    output_tokens: _Tokens

    @property
    def usage(self) -> Usage:
        """What it cost."""
        return Usage(self.input_tokens, self.output_tokens)


class AnswerRow(_Row):
    """An answer: which request it belongs to, for which section it was first made, and what it says."""

    row: Literal["answer"] = "answer"
    section_id: str
    model: str
    questions: tuple[DraftedQuestion, ...]


class FailureRow(_Row):
    """A failure that had its cost."""

    row: Literal["failure"] = "failure"
    reason: str


_ROWS: TypeAdapter[AnswerRow | FailureRow] = TypeAdapter(Annotated[AnswerRow | FailureRow, Field(discriminator="row")])


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a journal held when it was opened.

    Attributes:
        answers: Request key to the questions of its first answer.
        spent: The cost of all rows.
        unreadable: Whole lines that are no rows.
    """

    answers: dict[str, tuple[DraftedQuestion, ...]]
    spent: Usage
    unreadable: int


class Journal:
    """An append-only file of JSON lines, held by one process at a time.

    A row is on the disk before `append` returns. A process that dies in the middle of one leaves a line
    without an end, which the next one cuts off. Any thread may append.

    Args:
        path: The file; made with its folder where it is missing, readable for its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._append_lock = threading.Lock()
        self._process_lock: BaseFileLock | None = None
        self._descriptor = -1
        self.recorded = Recorded({}, Usage(), 0)

    def __enter__(self) -> Self:
        """Take hold of the file and read it.

        Raises:
            InputError: Another process holds it, or it cannot be written.
        """
        self._process_lock = _locked(self._path)
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self.recorded = self._read()
        except BaseException as error:
            self._release()
            if isinstance(error, OSError):
                raise _unusable(self._path, error) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file."""
        with self._append_lock:
            self._release()

    def append(self, row: AnswerRow | FailureRow) -> None:
        """Write a row and wait until it is on the disk.

        Raises:
            InputError: The disk is full, or the file cannot be written.
            ValueError: The journal is closed.
        """
        line = row.model_dump_json().encode() + b"\n"
        with self._append_lock:
            if self._descriptor < 0:
                raise ValueError("the journal is closed")
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
                os.fsync(self._descriptor)
            except OSError as error:
                raise _unusable(self._path, error) from error

    def _read(self) -> Recorded:
        answers: dict[str, tuple[DraftedQuestion, ...]] = {}
        spent, unreadable, whole = Usage(), 0, 0
        with os.fdopen(os.dup(self._descriptor), "rb") as stream:
            stream.seek(0)
            for line in stream:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                try:
                    row = _ROWS.validate_json(line)
                except ValidationError:
                    unreadable += 1
                    continue
                spent += row.usage
                if isinstance(row, AnswerRow):
                    answers.setdefault(row.key, row.questions)
        os.ftruncate(self._descriptor, whole)
        return Recorded(answers, spent, unreadable)

    def _release(self) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1
        if self._process_lock is not None:
            self._process_lock.release()
            self._process_lock = None


def _locked(path: Path) -> BaseFileLock:
    taken = InputError(
        f"Another process is asking the language model and writes to {path}.",
        "Wait until it is done, or end it; its answers are kept.",
    )
    lock = path.with_name(f".{path.name}.lock")
    return sole_holder(lock, taken, lambda error: _unusable(path, error), any_thread=True)


def _unusable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be used: {error.strerror or error}.",
        "Check its permissions and the free space of the disk; every answer that was written is kept.",
    )
