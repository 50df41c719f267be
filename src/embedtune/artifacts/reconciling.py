"""Finish in the log what a process began that died between a deed and its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedtune.artifacts.history import Action, Deed
from embedtune.artifacts.manifest import manifest_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedtune.artifacts.channels import Channels
    from embedtune.artifacts.history import History
    from embedtune.artifacts.registry_storage import RegistryStorage
    from embedtune.vocabulary.versions import ModelVersion

_OF_VERSIONS = (Action.PUBLISHED, Action.ADOPTED, Action.IMPORTED, Action.PRUNED)


def reconcile(
    storage: RegistryStorage,
    history: History,
    channels: Channels,
    versions: Iterable[ModelVersion],
    unknown: Action = Action.ADOPTED,
) -> None:
    """Bring the log up to what the registry holds; call it within `RegistryStorage.write`.

    A channel that was set is written down, a version that was pruned is removed, and one that the log does
    not know (its publisher died, or somebody put it there) is adopted.

    Args:
        storage: The registry.
        history: Its log.
        channels: Its channels.
        versions: The versions to look at.
        unknown: What the log says was done with a version that it does not know.

    Raises:
        VerificationError: The log or a pointer was tampered with.
    """
    entries = history.entries()
    if pending := channels.unlogged(entries):
        history.append(pending)
        entries = (*entries, pending)
    deeds = [entry.deed for entry in entries if entry.deed.action in _OF_VERSIONS]
    last = {(deed.version, deed.manifest): deed.action for deed in deeds}
    for version in versions:
        digest = manifest_digest(version.manifest)
        action = last.get((version.label, digest))
        if action is Action.PRUNED:
            storage.remove(version.label)
        elif action is None:
            deed = Deed(
                action=unknown,
                version=version.label,
                manifest=digest,
                date=version.manifest.created,
                config=version.manifest.lineage.config,
            )
            entry = history.following(entries, deed)
            history.append(entry)
            entries = (*entries, entry)
