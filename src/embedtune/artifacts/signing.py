"""Sign a version and check its signature, in the format of OpenSSF's model-signing.

The signature covers every file of the folder but itself, the manifest included, so anybody can check it
without embedtune::

    model_signing verify key embedtune-v1.0 --signature embedtune-v1.0/manifest.sig --public_key release.pub \
        --ignore-paths embedtune-v1.0/manifest.sig

Left to its defaults the library does not look at ``.git`` and the like, and lets a signature name further
paths to pass over. Neither holds here: what was signed must be what the manifest lists, file by file.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME
from embedtune.artifacts.manifest import manifest_to_json
from embedtune.artifacts.trust import wrong_signature
from embedtune.errors import InputError
from embedtune.files import digest_bytes

if TYPE_CHECKING:
    from model_signing.hashing import Config as HashingConfig

    from embedtune.artifacts.keys import PrivateKey
    from embedtune.artifacts.trust import TrustPolicy
    from embedtune.vocabulary.versions import Manifest

MOST_SIGNATURE_BYTES = 64 << 20


def sign_folder(folder: Path, key: PrivateKey) -> None:
    """Write the signature of a version's folder into it; the manifest must be there.

    Raises:
        InputError: The library cannot sign.
    """
    from model_signing import signing

    try:
        config = signing.Config().use_elliptic_key_signer(private_key=key.path).set_hashing_config(_hashing())
        config.sign(folder, folder / SIGNATURE_NAME)
    except ValueError as error:
        raise InputError(f"{folder} cannot be signed: {error}.", "Check the key and the files.") from error


def read_signature(path: Path) -> bytes | None:
    """Return the content of a signature's file, ``None`` where there is none.

    Raises:
        SignatureError: It is a link, far too large, or cannot be read.
    """
    if path.is_symlink():
        raise wrong_signature(str(path), "it is a symbolic link")
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_SIGNATURE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise wrong_signature(str(path), f"it cannot be read: {error.strerror or error}") from error
    if len(data) > MOST_SIGNATURE_BYTES:
        raise wrong_signature(str(path), "it is far too large to be one")
    return data


def check_signature(folder: Path, manifest: Manifest, signature: Path, policy: TrustPolicy) -> str:
    """Check the signature of a folder that is known to be as its manifest says.

    Args:
        folder: A version's folder, its manifest included.
        manifest: What it must hold.
        signature: The file with its signature; it may lie elsewhere.
        policy: Whose signatures are believed.

    Returns:
        The identity of the key that confirmed it; empty where none was needed.

    Raises:
        SignatureError: The signature is missing where one is required, damaged, of other content, or by a
            key that is not allowed.
    """
    data = read_signature(signature)
    where = f"{manifest.label}/{SIGNATURE_NAME}"
    key = policy.key(stated_key(data, where) if data is not None else "", where)
    if key is None or data is None:
        return ""
    from model_signing import verifying

    try:
        config = verifying.Config().use_elliptic_key_verifier(public_key=key.path).set_hashing_config(_hashing())
        config.verify(folder, signature)
    except Exception as error:
        # The library fails in as many ways as a bundle can be malformed.
        told = str(error) or "it does not belong to this content"
        raise wrong_signature(where, f"{type(error).__name__}: {told}") from error
    _check_scope(data, manifest, where)
    return key.identity


def _hashing() -> HashingConfig:
    from model_signing import hashing

    config = hashing.Config().use_file_serialization(hashing_algorithm="sha256", allow_symlinks=False)
    return config.set_ignored_paths(paths=[SIGNATURE_NAME], ignore_git_paths=False)


def stated_key(data: bytes, where: str) -> str:
    """Return which key a bundle says it was made with; the library would go on without and print a warning.

    Raises:
        SignatureError: It says nothing of the kind.
    """
    try:
        identity = json.loads(data)["verificationMaterial"]["publicKey"]["hint"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise wrong_signature(where, "it is not a signature bundle of model-signing") from error
    if not isinstance(identity, str) or not identity:
        raise wrong_signature(where, "it does not say which key it was made with")
    return identity


def _check_scope(data: bytes, manifest: Manifest, where: str) -> None:
    """Compare what a confirmed signature covers with what the manifest lists: no file may have escaped."""
    try:
        statement = json.loads(base64.b64decode(json.loads(data)["dsseEnvelope"]["payload"]))
        signed = {item["name"]: f"{item['algorithm']}:{item['digest']}" for item in statement["predicate"]["resources"]}
    except (ValueError, KeyError, TypeError) as error:
        raise wrong_signature(where, "it does not list the files it covers") from error
    expected = {entry.path: entry.sha256 for entry in manifest.files}
    expected[MANIFEST_NAME] = digest_bytes(manifest_to_json(manifest).encode())
    differing = sorted(path for path in signed.keys() | expected.keys() if signed.get(path) != expected.get(path))
    if differing:
        raise wrong_signature(where, f"it does not cover {differing[0]} as the manifest lists it")
