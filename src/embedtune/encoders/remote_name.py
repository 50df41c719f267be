"""The name of a model behind a server: ``remote:URL#model``."""

from __future__ import annotations

from dataclasses import dataclass

from embedtune.endpoints.address import address_fault
from embedtune.errors import InputError

PREFIX = "remote:"


@dataclass(frozen=True, slots=True)
class RemoteName:
    """A server and a model of it.

    Attributes:
        url: The server's address, without a slash at its end.
        model: The model's name there; it may hold slashes, colons and ``#``.
    """

    url: str
    model: str

    @classmethod
    def parse(cls, text: str) -> RemoteName:
        """Read ``remote:URL#model``; the first ``#`` divides.

        Raises:
            InputError: The address or the model is missing, or the address cannot be used. The address is
                not repeated where it may hold a password.
        """
        url, _, model = text.removeprefix(PREFIX).partition("#")
        fault = address_fault(url)
        if fault:
            raise InputError(f"The address of a remote system {fault}.", _REMEDY)
        if not model.strip() or not model.isprintable():
            raise InputError(f"{PREFIX}{url} names no model.", _REMEDY)
        return cls(url.rstrip("/"), model.strip())

    def __str__(self) -> str:
        """Return the name as `parse` reads it."""
        return f"{PREFIX}{self.url}#{self.model}"


_REMEDY = "Write it as remote:URL#model, such as remote:http://localhost:1234/v1#nomic-embed-text."
