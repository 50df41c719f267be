"""A function of one thing, with what it answered: a dictionary that fills itself.

A lookup of something known never enters Python code, which `map` over the words of a text makes use of;
`functools.lru_cache` is for functions that are called one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

ENOUGH = 1 << 18
"""How many answers are kept unless told otherwise: the different words of a large corpus."""

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Memo(dict[_Key, _Value]):
    """Answers what it is asked for, and asks its function for what it does not know.

    Args:
        function: What gives the answers.
        limit: With so many of them all are forgotten, so that memory stays bounded.
    """

    def __init__(self, function: Callable[[_Key], _Value], limit: int = ENOUGH) -> None:
        super().__init__()
        self._function = function
        self._limit = limit

    def __missing__(self, key: _Key) -> _Value:
        """Ask the function."""
        value = self._function(key)
        if len(self) >= self._limit:
            self.clear()
        self[key] = value
        return value
