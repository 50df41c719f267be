"""What went wrong with a Qdrant server, in words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from embedtune.errors import InputError

_MISSING, _FORBIDDEN = 404, (401, 403)
_BUSY, _SERVERS_FAULT = 429, 500


def may_pass(error: Exception) -> bool:
    """Tell whether a failed call may go well when it is made again."""
    import httpx
    from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    if isinstance(error, UnexpectedResponse):
        status = error.status_code or _SERVERS_FAULT
        return status == _BUSY or status >= _SERVERS_FAULT
    if isinstance(error, ResponseHandlingException):
        return isinstance(error.source, httpx.TransportError)
    return isinstance(error, ResourceExhaustedResponse | httpx.TransportError)


@contextlib.contextmanager
def explained(url: str, collection: str = "") -> Iterator[None]:
    """Say of a failed call what went wrong, without the key and without the texts of the answer.

    Args:
        url: The server.
        collection: The collection that is asked, if it is one.

    Raises:
        InputError: The call failed.
    """
    import httpx
    from pydantic import ValidationError
    from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    place = f"The Qdrant server at {url}"
    try:
        yield
    except ResourceExhaustedResponse as error:
        raise InputError(f"{place} has too much to do.", "Try again when it is less busy.") from error
    except UnexpectedResponse as error:
        if error.status_code == _MISSING:
            missing = f"has no collection {collection}" if collection else "does not know the request"
            raise InputError(f"{place} {missing}.", "Check the address, and the collection's name.") from error
        if error.status_code in _FORBIDDEN:
            raise InputError(
                f"{place} refuses the request.", "Set QDRANT_API_KEY (index.api_key_env) to a key that may do this."
            ) from error
        raise InputError(
            f"{place} answered with the status {error.status_code}.", "See the server's log, or try again."
        ) from error
    except (ResponseHandlingException, httpx.HTTPError) as error:
        source = error.source if isinstance(error, ResponseHandlingException) else error
        if isinstance(source, httpx.TimeoutException):
            raise InputError(f"{place} does not answer in time.", "Try again when it is less busy.") from error
        if isinstance(source, ValidationError):
            raise InputError(f"{place} answers in a form that is not Qdrant's.", "Check the address.") from error
        raise InputError(f"{place} cannot be reached ({source}).", "Start it, or check the address.") from error
    except ValueError as error:
        raise InputError(f"{url!r} is not the address of a server.", "Give http://HOST:PORT.") from error
