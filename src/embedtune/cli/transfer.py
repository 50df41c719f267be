"""``models export|import|push``: take versions elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from embedtune.cli.options import FILE, Session, common, example
from embedtune.cli.upkeep import REGISTRY


@click.command(epilog=example("embedtune models export v1.0 -o embedtune-v1.0.tar"))
@click.argument("version")
@click.option("-o", "--output", type=FILE, help="The archive (.tar); by default named after the version.")
@REGISTRY
@common
def export(session: Session, *, version: str, output: Path | None, registry: str | None) -> None:
    """Write a version into one archive, the same bytes each time."""
    from embedtune.pipeline.transfer import export_archive

    made = export_archive(session.project(("publish", "registry", registry)), version, output)
    session.console.result(
        {"version": made.version.label, "archive": str(made.archive), "digest": made.digest},
        f"{made.version.label} is in {made.archive}\n{made.digest}",
    )


@click.command("import", epilog=example("embedtune models import embedtune-v1.0.tar --public-key release.pub"))
@click.argument("archive", type=FILE)
@click.option("--public-key", type=FILE, help="The version must be signed with the private half of this key.")
@REGISTRY
@common
def import_(session: Session, *, archive: Path, public_key: Path | None, registry: str | None) -> None:
    """Verify the version in an archive and publish it here as it is."""
    from embedtune.artifacts.manifest import manifest_digest
    from embedtune.pipeline.transfer import import_archive

    made = import_archive(session.project(("publish", "registry", registry)), archive, public_key)
    digest = manifest_digest(made.manifest)
    session.console.result(
        {"version": made.label, "folder": made.place, "digest": digest},
        f"Imported {made.label} into {made.place}\n{digest}",
    )


@click.command(epilog=example("embedtune models push v1.0 hf://organization/manuals-embedder"))
@click.argument("version")
@click.argument("target")
@click.option("--include", multiple=True, help="A further file of the version, such as evaluation.json.")
@click.option("--public", is_flag=True, help="Everybody may read the repository on the hub.")
@REGISTRY
@common
def push(
    session: Session, *, version: str, target: str, include: tuple[str, ...], public: bool, registry: str | None
) -> None:
    """Write a version as a plain Hugging Face model: TARGET is a new folder, or hf://ORGANIZATION/NAME.

    Model and card are pushed; evaluation.json, which can hold test questions, only with --include.
    """
    from embedtune.artifacts.hub_folder import HUB
    from embedtune.pipeline.transfer import push_version

    if public and not target.startswith(HUB):
        raise click.UsageError("--public is for a repository on the hub: hf://ORGANIZATION/NAME.")
    made = push_version(session.project(("publish", "registry", registry)), version, target, include, public=public)
    left = f"\nLeft out: {', '.join(made.left_out)}" if made.left_out else ""
    session.console.result(
        {
            "version": made.version.label,
            "target": made.target,
            "files": list(made.files),
            "left_out": list(made.left_out),
        },
        f"{made.version.label} is in {made.target}: {', '.join(made.files)}{left}",
    )


COMMANDS = (export, import_, push)
