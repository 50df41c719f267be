"""``models keygen|promote|rollback|prune``: keys, channels, and the end of old versions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example

if TYPE_CHECKING:
    from embedtune.artifacts.history import LogEntry

REGISTRY = click.option("--registry", help="Folder or URL of published versions.")
_SIGN = click.option("--sign", "key", type=FILE, help="Private key to sign the channel's pointer with.")
_CHANNEL = click.option("--channel", required=True, help="The channel, such as production.")


@click.command(epilog=example("embedtune models keygen keys/release"))
@click.argument("path", type=ANY_PATH)
@common
def keygen(session: Session, path: Path) -> None:
    """Make a pair of keys: PATH.key, which signs and stays secret, and PATH.pub, which verifies."""
    from embedtune.artifacts.keys import PublicKey, generate_keys

    private, public = generate_keys(path)
    session.console.result(
        {"private_key": str(private), "public_key": str(public), "identity": PublicKey.read(public).identity},
        f"{private} signs: keep it where nobody else can read it.\n{public} verifies: give it to everybody.",
    )


@click.command(epilog=example("embedtune models promote v1.1 --channel production"))
@click.argument("version")
@_CHANNEL
@REGISTRY
@_SIGN
@common
def promote(session: Session, *, version: str, channel: str, registry: str | None, key: Path | None) -> None:
    """Verify a version and point a channel to it."""
    from embedtune.pipeline.versions import promote_version

    project = session.project(("publish", "registry", registry))
    _tell(session, promote_version(project, version, channel, key))


@click.command(epilog=example("embedtune models rollback --channel production"))
@_CHANNEL
@REGISTRY
@_SIGN
@common
def rollback(session: Session, *, channel: str, registry: str | None, key: Path | None) -> None:
    """Point a channel to the version it was promoted to before."""
    from embedtune.pipeline.versions import roll_back_channel

    project = session.project(("publish", "registry", registry))
    _tell(session, roll_back_channel(project, channel, key))


@click.command(epilog=example("embedtune models prune --keep 3 --dry-run"))
@click.option("--keep", type=int, help="Remove all but so many of each model's newest versions.")
@click.option("--index", "indexes", type=FOLDER, multiple=True, help="A further index whose version must stay.")
@click.option("--cache-days", type=float, help="Remove private copies that were not used for so many days.")
@click.option("--dry-run", is_flag=True, help="Tell which versions would go, and remove nothing.")
@REGISTRY
@common
def prune(
    session: Session,
    *,
    keep: int | None,
    indexes: tuple[Path, ...],
    cache_days: float | None,
    dry_run: bool,
    registry: str | None,
) -> None:
    """Remove old versions, never one that a channel or an index needs, or private copies in the cache."""
    from embedtune.pipeline.versions import prune_copies, prune_versions

    if keep is None and cache_days is None:
        raise click.UsageError("Say what may go: --keep N, --cache-days N, or both.")
    if dry_run and cache_days is not None:
        raise click.UsageError("--dry-run is for --keep.")
    project = session.project(("publish", "registry", registry))
    plan = prune_versions(project, keep, indexes, dry_run=dry_run) if keep is not None else ()
    copies = prune_copies(cache_days) if cache_days is not None else ()
    removed = [item.version for item in plan if not item.kept_for]
    kept = {item.version: item.kept_for for item in plan if item.kept_for}
    word = "would be removed" if dry_run else "removed"
    lines = [*(f"{version}: {word}" for version in removed), *(f"{version}: {why}" for version, why in kept.items())]
    if cache_days is not None:
        lines.append(f"{len(copies)} private copies removed")
    session.console.result(
        {"removed": removed, "kept": kept, "copies_removed": list(copies), "dry_run": dry_run},
        "\n".join(lines) or "No version.",
    )


def _tell(session: Session, entry: LogEntry) -> None:
    deed = entry.deed
    session.console.result(
        {
            "channel": deed.channel,
            "version": deed.version,
            "digest": deed.manifest,
            "counter": deed.counter,
            "action": deed.action.value,
        },
        f"{deed.channel} points to {deed.version} (setting {deed.counter})",
    )


COMMANDS = (keygen, promote, rollback, prune)
