"""Promote a version to a channel, and set the channel back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedtune.artifacts.channels import CHANNEL
from embedtune.artifacts.history import Action, Deed, LogEntry
from embedtune.artifacts.manifest import manifest_digest
from embedtune.artifacts.problems import refuse
from embedtune.errors import InputError, MissingVersionError

if TYPE_CHECKING:
    from embedtune.artifacts.keys import PrivateKey
    from embedtune.artifacts.store import Registry
    from embedtune.vocabulary.versions import ModelVersion


def promote(
    registry: Registry, reference: str, channel: str, *, config: str = "", key: PrivateKey | None = None
) -> LogEntry:
    """Point a channel to a version, after verifying it; this mends a channel whose pointer was tampered with.

    Args:
        registry: The registry.
        reference: The version; see `Registry.find`.
        channel: The channel, such as ``production``; it is made where it is new.
        config: Digest of the configuration, for the log.
        key: Signs the channel's pointer.

    Raises:
        InputError: The channel's name is none, the version is not in this registry, or nothing can be written.
        VerificationError: The version, the log or the channel was tampered with.
    """
    if not CHANNEL.fullmatch(channel):
        raise InputError(
            f"{channel!r} cannot be a channel's name.",
            "Use small letters, digits, dashes and underscores, not like a version number.",
        )
    registry.policy.check_signer(key)
    version = registry.find(reference)
    if not registry.holds(version):
        raise InputError(f"{version.place} is not in {registry.storage.place}.", "Publish the version there first.")
    refuse(version.label, registry.verify(version))

    def point() -> LogEntry:
        registry.reconcile()
        known = registry.history.entries()
        if version.label not in registry.labels():
            raise MissingVersionError(f"{version.label} was pruned meanwhile.", "Promote another version.")
        return registry.channels.point(_deed(registry, version, Action.PROMOTED, channel, config, known), known, key)

    return registry.storage.write(point)


def roll_back(registry: Registry, channel: str, *, config: str = "", key: PrivateKey | None = None) -> LogEntry:
    """Point a channel to the version that it was promoted to before the present one.

    Args:
        registry: The registry.
        channel: The channel.
        config: Digest of the configuration, for the log.
        key: Signs the channel's pointer.

    Raises:
        MissingVersionError: There is no such channel, or the version is gone.
        InputError: There is nothing to go back to.
        VerificationError: The version, the log or the channel was tampered with.
    """
    registry.policy.check_signer(key)

    def point() -> LogEntry:
        registry.reconcile()
        known = registry.history.entries()
        registry.channels.current(channel)
        before = registry.channels.before(channel, known)
        version = registry.find(f"{before.version}@{before.manifest}")
        refuse(version.label, registry.verify(version))
        return registry.channels.point(_deed(registry, version, Action.ROLLED_BACK, channel, config, known), known, key)

    return registry.storage.write(point)


def _deed(
    registry: Registry, version: ModelVersion, action: Action, channel: str, config: str, known: tuple[LogEntry, ...]
) -> Deed:
    return Deed(
        action=action,
        version=version.label,
        manifest=manifest_digest(version.manifest),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        config=config,
        channel=channel,
        counter=registry.channels.next_counter(channel, known),
    )
