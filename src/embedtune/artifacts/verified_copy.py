"""A private copy of a version, hashed while it is copied: what is loaded is what was verified.

Verifying a folder and then loading from it leaves a moment in which a file can be exchanged. The copy lies in
the user's own cache, under the digest of the version's manifest, and only what was hashed on its way there
is ever loaded. While neither the version nor its copy changes, they are not read again.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from embedtune.artifacts.cache_folder import RECEIPT_SUFFIX, mark_used, private_shelf
from embedtune.artifacts.folder_check import MANIFEST_NAME, SIGNATURE_NAME, compare_folder, compare_version
from embedtune.artifacts.manifest import manifest_digest, manifest_to_json
from embedtune.artifacts.problems import refuse
from embedtune.artifacts.receipts import FileStates, Receipt, file_states, now_ns, read_receipt, write_receipt
from embedtune.artifacts.signing import check_signature
from embedtune.artifacts.trust import TrustPolicy
from embedtune.errors import InputError
from embedtune.files import digest_bytes, staged_folder, write_text

if TYPE_CHECKING:
    from embedtune.vocabulary.versions import ModelVersion

_TRUSTING = TrustPolicy()


def verified_copy(version: ModelVersion, cache_folder: Path, policy: TrustPolicy = _TRUSTING) -> Path:
    """Return a private folder that holds exactly the files the manifest lists, and the manifest.

    The version's own folder is looked at every time, so that a damaged version is noticed even
    where a good copy of it is at hand.

    Args:
        version: The version.
        cache_folder: Where copies are kept, one per manifest.
        policy: Whose signature the version must carry.

    Raises:
        VerificationError: Files of the version are missing, added or altered; the message names them.
        SignatureError: Its signature is missing, wrong or not trusted.
        InputError: The cache cannot be written or is not private.
    """
    try:
        target = private_shelf(cache_folder) / manifest_digest(version.manifest).removeprefix("sha256:")
        return _checked_copy(version, target, policy)
    except OSError as error:
        raise InputError(
            f"{version.label} could not be copied to {cache_folder}: {error.strerror or error}.",
            "Check that the version can be read and that the cache folder is writable and has space.",
        ) from error


def _checked_copy(version: ModelVersion, target: Path, policy: TrustPolicy) -> Path:
    receipt_file = target.with_name(target.name + RECEIPT_SUFFIX)
    before = receipt = read_receipt(receipt_file)
    states = _whole_copy(version, target, receipt)
    if not states:
        receipt = _fresh_copy(version, target)
    elif _source_is_unchanged(version, receipt):
        receipt = replace(receipt, copy_states=states)
    else:
        receipt = _source_checked_again(version, replace(receipt, copy_states=states))
    receipt = _signature_checked(version, target, receipt, policy)
    if receipt != before:
        write_receipt(receipt_file, receipt)
    else:
        mark_used(target)
    return target


def _whole_copy(version: ModelVersion, target: Path, receipt: Receipt) -> FileStates:
    """Return the states of the files of the copy at hand; nothing where there is none, and a damaged one is removed."""
    if not target.is_dir():
        return {}
    states = file_states(target)
    if states != receipt.copy_states and compare_folder(target, version.manifest):
        shutil.rmtree(target, ignore_errors=True)
        return {}
    return states


def _source_is_unchanged(version: ModelVersion, receipt: Receipt) -> bool:
    same_place = receipt.source == _source(version)
    return same_place and bool(receipt.source_states) and version.files.states() == receipt.source_states


def _source_checked_again(version: ModelVersion, receipt: Receipt) -> Receipt:
    began, states = now_ns(), version.files.states()
    refuse(version.label, compare_version(version))
    return replace(receipt, source=_source(version), source_states=version.files.settled(states, began))


def _fresh_copy(version: ModelVersion, target: Path) -> Receipt:
    began, states = now_ns(), version.files.states()
    try:
        with staged_folder(target) as staging:
            refuse(version.label, compare_version(version, staging))
            write_text(staging / MANIFEST_NAME, manifest_to_json(version.manifest))
            copy_states = file_states(staging)
    except FileExistsError:
        # Another process was faster, or the damaged copy could not be removed.
        refuse(f"The copy of {version.label} in {target}", compare_folder(target, version.manifest))
        copy_states = file_states(target)
    return Receipt(_source(version), version.files.settled(states, began), copy_states)


def _signature_checked(version: ModelVersion, target: Path, receipt: Receipt, policy: TrustPolicy) -> Receipt:
    """Check the signature against the private copy, unless the same one was checked by the same keys before."""
    if not policy.asks:
        return receipt
    data = version.files.signature()
    if data is not None and receipt.signature in {_confirmed(data, key.identity) for key in policy.keys}:
        return receipt
    with tempfile.TemporaryDirectory(prefix=".signature.", dir=target.parent) as place:
        signature = Path(place) / SIGNATURE_NAME
        if data is not None:
            signature.write_bytes(data)
        identity = check_signature(target, version.manifest, signature, policy)
    return replace(receipt, signature=_confirmed(data, identity) if data and identity else "")


def _source(version: ModelVersion) -> str:
    """Return where a version lies, written one way however it was named."""
    return str(version.folder.resolve()) if version.folder else version.place


def _confirmed(signature: bytes, identity: str) -> str:
    return f"{digest_bytes(signature)} {identity}"
