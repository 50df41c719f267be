"""Look after published versions: compare, promote, roll back, prune."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embedtune.artifacts.cache_folder import default_cache_folder, prune_cache
from embedtune.artifacts.differences import VersionDifference, difference
from embedtune.artifacts.history import LogEntry
from embedtune.artifacts.keys import PrivateKey
from embedtune.artifacts.pruning import PrunedVersion, plan_pruning, prune
from embedtune.artifacts.setting_channels import promote, roll_back
from embedtune.errors import InputError, VerificationError
from embedtune.events import Alert
from embedtune.index.folder_store import POINTER_FILE, FolderStore
from embedtune.pipeline.cards import read_card
from embedtune.pipeline.project import Project, config_digest
from embedtune.pipeline.stores import default_store


def channels_of(project: Project) -> dict[str, tuple[str, ...]]:
    """Return the channels that point to each version, by label; one that was tampered with is reported.

    Raises:
        VerificationError: The log was tampered with.
    """
    found: dict[str, tuple[str, ...]] = {}
    for channel in project.registry.channels.known():
        try:
            label = project.registry.channels.current(channel).deed.version
        except VerificationError as error:
            project.report(Alert(f"The channel {channel} is left out: {error}"))
            continue
        found[label] = (*found.get(label, ()), channel)
    return found


def compare_versions(project: Project, left: str, right: str) -> VersionDifference:
    """Return metrics, settings and data of two versions side by side.

    Raises:
        InputError: There is no such version.
        VerificationError: A manifest or a card is damaged.
    """
    registry = project.registry
    one, other = registry.find(left), registry.find(right)
    return difference(one.manifest, read_card(one), other.manifest, read_card(other))


def promote_version(project: Project, reference: str, channel: str, key: Path | None = None) -> LogEntry:
    """Point a channel to a version; see `embedtune.artifacts.setting_channels.promote`."""
    config = config_digest(project.config)
    return promote(project.registry, reference, channel, config=config, key=_key(project, key))


def roll_back_channel(project: Project, channel: str, key: Path | None = None) -> LogEntry:
    """Set a channel back; see `embedtune.artifacts.setting_channels.roll_back`."""
    return roll_back(project.registry, channel, config=config_digest(project.config), key=_key(project, key))


def prune_versions(
    project: Project, keep: int, indexes: Sequence[Path] = (), *, dry_run: bool = False
) -> tuple[PrunedVersion, ...]:
    """Remove all but the newest versions, and none that a channel or an index refers to.

    Args:
        project: The project; its own index counts.
        keep: How many of each model's versions stay.
        indexes: Folders of further indexes.
        dry_run: Only tell what would be removed.

    Raises:
        InputError: An index cannot be read, so that nobody knows what it needs.
        VerificationError: The log or a channel was tampered with.
    """
    own = default_store(project)
    places = [*indexes, *([own] if (own / POINTER_FILE).exists() else [])]
    indexed = {digest: str(place) for place in places for digest in _models_of(FolderStore(place))}
    if dry_run:
        return plan_pruning(project.registry, keep, indexed)
    return prune(project.registry, keep, indexed, config_digest(project.config))


def prune_copies(unused_days: float) -> tuple[str, ...]:
    """Remove the private copies of versions that were not used for some days.

    Raises:
        InputError: The number of days is negative.
    """
    if unused_days < 0:
        raise InputError(f"{unused_days:g} days are none.", "Give 0 or more.")
    return prune_cache(default_cache_folder(), unused_days)


def _models_of(store: FolderStore) -> list[str]:
    """Return the digests of the models whose vectors an index holds."""
    pointer = store.pointer()
    if pointer is None:
        raise InputError(f"{store.place} holds no index.", "Name a folder that `embedtune index` wrote.")
    described = [store.records(name).describe() for name in sorted(pointer.names)]
    return [description.model_digest for description in described if description]


def _key(project: Project, path: Path | None) -> PrivateKey | None:
    return PrivateKey.read(path) if path else project.signing_key()
