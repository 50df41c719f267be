"""Whose signatures are believed, and whether anything unsigned is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.artifacts.keys import PublicKey
from embedtune.errors import ConfigError, InputError, SignatureError

if TYPE_CHECKING:
    from embedtune.artifacts.keys import PrivateKey

_SIGN = "Sign with the private half of a key in trust.allowed_keys: --sign KEY, or publish.signing_key."


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """What versions and channels must carry.

    Attributes:
        required: Whether an unsigned one is refused.
        keys: The keys that are believed; without any, signatures are not looked at.
    """

    required: bool = False
    keys: tuple[PublicKey, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a policy that nothing could meet."""
        if self.required and not self.keys:
            raise ConfigError(
                "Signatures are required and no key is allowed to make one.",
                "Name public keys in trust.allowed_keys, or set trust.require_signature to false.",
            )

    @property
    def asks(self) -> bool:
        """Whether signatures matter at all."""
        return bool(self.keys)

    def check_signer(self, key: PrivateKey | None) -> None:
        """Refuse to write what this policy would not believe when it is read.

        Raises:
            InputError: A signature is required and there is no key, or its public half is not an allowed one.
        """
        if self.required and key is None:
            raise InputError("The trust policy requires signatures, and there is no key to sign with.", _SIGN)
        if self.asks and key is not None and key.identity not in {allowed.identity for allowed in self.keys}:
            raise InputError(f"The public half of {key.path} is not among the allowed keys.", _SIGN)

    def key(self, identity: str, where: str) -> PublicKey | None:
        """Return the key that must confirm a signature; ``None`` where there is no signature and none is needed.

        Args:
            identity: The key that the signature says it was made with, empty without a signature.
            where: What was signed, for the message.

        Raises:
            SignatureError: There is no signature where one is required, or its key is not allowed.
        """
        if not self.asks or (not identity and not self.required):
            return None
        if not identity:
            raise wrong_signature(where, "there is none, and the trust policy requires one")
        for key in self.keys:
            if key.identity == identity:
                return key
        raise wrong_signature(where, f"it was made with the key {identity[:16]}…, which is not an allowed one")


def wrong_signature(where: str, reason: str) -> SignatureError:
    """Return the error of a signature that is not believed."""
    return SignatureError(
        f"{where}: wrong signature ({reason}).",
        "Use a version signed with a key you trust; allowed keys are named in trust.allowed_keys.",
    )
