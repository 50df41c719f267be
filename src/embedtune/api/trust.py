"""Whose versions are served, as the faces take it from a caller."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def trust_values(allowed_keys: Sequence[str | Path], *, require_signature: bool) -> dict[str, object]:
    """Return the table ``trust`` of a configuration.

    Args:
        allowed_keys: The public keys whose signatures are believed; relative ones start at the current folder.
        require_signature: Whether unsigned versions and channels are refused.
    """
    keys = tuple(str(Path(key).absolute()) for key in allowed_keys)
    return {"require_signature": require_signature, "allowed_keys": keys}
