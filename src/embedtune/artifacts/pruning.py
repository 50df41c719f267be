"""Remove old versions, never one that a channel or an index refers to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedtune.artifacts.history import Action, Deed, LogEntry
from embedtune.artifacts.manifest import manifest_digest, served_digest
from embedtune.encoders.onnx_files import Precision, exported_digest
from embedtune.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedtune.artifacts.store import Registry
    from embedtune.vocabulary.versions import ModelVersion

_HELD = 2  # what a channel points to, and what a rollback would set it to


@dataclass(frozen=True, slots=True)
class PrunedVersion:
    """What becomes of one version.

    Attributes:
        version: The version's label.
        kept_for: Why it stays; empty if it goes.
    """

    version: str
    kept_for: str


def plan_pruning(registry: Registry, keep: int, indexed: Mapping[str, str]) -> tuple[PrunedVersion, ...]:
    """Return what pruning would do with each version, by model and number.

    Args:
        registry: The registry.
        keep: How many of each model's newest versions stay.
        indexed: Digest of the model of each index that must go on working, to where the index lies.

    Raises:
        InputError: ``keep`` is negative.
        VerificationError: The log or a channel was tampered with, so that nobody knows what it refers to.
    """
    return _plan(registry, registry.history.entries(), keep, indexed)


def _plan(
    registry: Registry, known: tuple[LogEntry, ...], keep: int, indexed: Mapping[str, str]
) -> tuple[PrunedVersion, ...]:
    if keep < 0:
        raise InputError(f"{keep} versions cannot be kept.", "Give 0 or more.")
    held = _held_by_channels(registry, known)
    by_model: dict[str, list[ModelVersion]] = {}
    for version in registry.list():
        by_model.setdefault(version.manifest.name, []).append(version)
    plan = []
    for versions in by_model.values():
        ordered = sorted(versions, key=_number)
        newest = {version.label for version in ordered[len(ordered) - keep :]}
        for version in ordered:
            reason = held.get(version.label, "")
            digest = served_digest(version.manifest)
            if place := indexed.get(digest) or indexed.get(exported_digest(digest, Precision.INT8)):
                reason = reason or f"the index {place} needs it"
            if not reason and version.label in newest:
                reason = f"it is among the {keep} newest"
            plan.append(PrunedVersion(version.label, reason))
    return tuple(plan)


def prune(registry: Registry, keep: int, indexed: Mapping[str, str], config: str = "") -> tuple[PrunedVersion, ...]:
    """Remove what `plan_pruning` says and write it into the log; returns what was done.

    Args:
        registry: The registry.
        keep: How many of each model's newest versions stay.
        indexed: Digest of the model of each index that must go on working, to where the index lies.
        config: Digest of the configuration, for the log.

    Raises:
        InputError: A version cannot be removed.
        VerificationError: The log or a channel was tampered with.
    """
    gone: list[PrunedVersion] = []

    def remove() -> tuple[PrunedVersion, ...]:
        registry.reconcile()
        known = registry.history.entries()
        plan = _plan(registry, known, keep, indexed)
        for item in plan:
            if not item.kept_for:
                known = (*known, _remove(registry, known, item.version, config))
                gone.append(item)
        return plan

    plan = registry.storage.write(remove)
    return (*(item for item in gone if item not in plan), *plan)


def _remove(registry: Registry, known: tuple[LogEntry, ...], label: str, config: str) -> LogEntry:
    """Write down that a version goes, then let it go: what a dead process left of this is finished by the next."""
    version = registry.find(label)
    deed = Deed(
        action=Action.PRUNED,
        version=label,
        manifest=manifest_digest(version.manifest),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        config=config,
    )
    entry = registry.history.following(known, deed)
    registry.history.append(entry)
    registry.storage.remove(label)
    return entry


def _held_by_channels(registry: Registry, known: tuple[LogEntry, ...]) -> dict[str, str]:
    """Return the versions that channels point to or would go back to, with the reason."""
    held: dict[str, str] = {}
    for channel in registry.channels.known():
        for deed in registry.channels.promoted(channel, known)[-_HELD:]:
            held.setdefault(deed.version, f"the channel {channel} would go back to it")
        held[registry.channels.current(channel).deed.version] = f"the channel {channel} points to it"
    return held


def _number(version: ModelVersion) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version.manifest.version))
