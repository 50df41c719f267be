"""Keys on an elliptic curve (NIST P-256), as OpenSSF's model-signing uses them: made, read, used.

A private key is a PEM file that its owner alone may read. It is not encrypted: whoever can read the file can
sign, so keep it where builds keep their secrets and never in a registry.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

PRIVATE_SUFFIX = ".key"
PUBLIC_SUFFIX = ".pub"
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_MAKE = "Make a pair with `embedtune models keygen`."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with.

    Attributes:
        path: Its PEM file.
        identity: SHA-256 of the key's PEM form, in hex: what a signature says it was made with.
    """

    path: Path
    identity: str

    @classmethod
    def read(cls, path: Path) -> PublicKey:
        """Read a public key.

        Raises:
            InputError: The file is missing or holds no public key that can be used.
        """
        return cls(path, _identity(_load_public(path)))

    def confirms(self, data: bytes, signature: str) -> bool:
        """Tell whether a signature (base64) of ``data`` was made with the private half of this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        try:
            raw = base64.b64decode(signature, validate=True)
            _load_public(self.path).verify(raw, data, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs; see `PublicKey` for the fields."""

    path: Path
    identity: str

    @classmethod
    def read(cls, path: Path) -> PrivateKey:
        """Read a private key.

        Raises:
            InputError: The file is missing, encrypted, or holds no private key that can be used.
        """
        return cls(path, _identity(_load_private(path).public_key()))

    def sign(self, data: bytes) -> str:
        """Return a signature of ``data`` (ECDSA over SHA-256), as base64."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        return base64.b64encode(_load_private(self.path).sign(data, ec.ECDSA(hashes.SHA256()))).decode()


def generate_keys(path: Path) -> tuple[Path, Path]:
    """Make a pair of keys and write them to ``path.key`` and ``path.pub``.

    Args:
        path: Where to, without an ending.

    Returns:
        The private key's file, which its owner alone may read, and the public key's.

    Raises:
        InputError: One of the files exists, or they cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = path.with_name(path.name + PRIVATE_SUFFIX)
    public = path.with_name(path.name + PUBLIC_SUFFIX)
    form = serialization.PrivateFormat.PKCS8
    hidden = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    unwritable = f"The keys cannot be written to {path.parent}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{unwritable}: {error.strerror or error}.", "Name another folder.") from error
    try:
        for file, content, mode in ((private, hidden, 0o600), (public, _pem(key.public_key()), 0o644)):
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
                stream.write(content)
    except FileExistsError as error:
        raise InputError(f"{error.filename} exists already.", "Give another name; a key is never replaced.") from error
    except OSError as error:
        raise InputError(f"{unwritable}: {error.strerror or error}.", "Check its permissions.") from error
    return private, public


def _load_public(path: Path) -> EllipticCurvePublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path} holds no public key in PEM form.", _MAKE) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        raise InputError(f"{path} holds a key of a kind that signs no version.", _MAKE)
    return key


def _load_private(path: Path) -> EllipticCurvePrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_pem_private_key(_read(path), None)
    except TypeError as error:
        raise InputError(
            f"{path} is encrypted.", "Give a key without a password, from a place that is safe."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"{path} holds no private key in PEM form.", _MAKE) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in _CURVES:
        raise InputError(f"{path} holds a key of a kind that signs no version.", _MAKE)
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"The key {path} cannot be read: {error.strerror or error}.", _MAKE) from error


def _identity(key: EllipticCurvePublicKey) -> str:
    return hashlib.sha256(_pem(key)).hexdigest()


def _pem(key: EllipticCurvePublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
