"""``publish`` and ``models``: versions that never change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import FILE, FOLDER, Session, common, example

if TYPE_CHECKING:
    from embedtune.pipeline.project import Project


@click.command(epilog=example("embedtune publish runs/first --version v1.0 --evaluation result.json"))
@click.argument("run", type=FOLDER)
@click.option("--version", required=True, help="The version's number, such as v1.0.")
@click.option("--name", help="The model's name.")
@click.option("--registry", help="Folder of published versions.")
@click.option("--evaluation", type=FILE, help="Result of `embedtune evaluate` on base and this run.")
@click.option("--force-without-gain", "reason", default="", help="Publish without proof of a gain, for this reason.")
@click.option("--notes", default="", help="What you want to say on the model card.")
@common
def publish(
    session: Session,
    *,
    run: Path,
    version: str,
    name: str | None,
    registry: str | None,
    evaluation: Path | None,
    reason: str,
    notes: str,
) -> None:
    """Publish a run as an immutable version with a manifest and a model card.

    Refused (exit code 1) unless the evaluation shows that the run is better than its base.
    """
    from embedtune.pipeline.describing import PublishRequest
    from embedtune.pipeline.publishing import publish_run

    project = session.project(("publish", "registry", registry), ("publish", "name", name))
    request = PublishRequest(
        run=run,
        version=version,
        name=project.config.publish.name,
        evaluation=evaluation,
        reason=reason,
        notes=notes,
    )
    made = publish_run(project, request)
    session.console.result(
        {"version": made.label, "folder": str(made.folder), "files_digest": made.manifest.files_digest},
        f"Published {made.label} in {made.folder}\n{made.manifest.files_digest}",
    )


@click.group()
def models() -> None:
    """List, show and verify published versions."""


_REGISTRY = click.option("--registry", help="Folder of published versions.")


@models.command("list", epilog=example("embedtune models list"))
@_REGISTRY
@common
def list_(session: Session, registry: str | None) -> None:
    """List the published versions."""
    found = _open(session, registry).registry.list(session.console.report)
    rows = [[v.label, v.manifest.created, v.manifest.lineage.base_model, v.manifest.files_digest[:23]] for v in found]
    text = (
        session.console.table("Versions", ["version", "created", "base model", "files"], rows)
        if rows
        else "No version."
    )
    session.console.result({"versions": [_facts(v.label, v.folder, v.manifest.created) for v in found]}, text)


@models.command(epilog=example("embedtune models show v1.0"))
@click.argument("version")
@_REGISTRY
@common
def show(session: Session, version: str, registry: str | None) -> None:
    """Show a version's model card."""
    from embedtune.files import read_json

    found = _open(session, registry).registry.find(version)
    card = read_json(found.folder / "model_card.json")
    readme = (found.folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)[-1]
    session.console.result(card if isinstance(card, dict) else {}, readme)


@models.command(epilog=example("embedtune models verify v1.0"))
@click.argument("version")
@_REGISTRY
@common
def verify(session: Session, version: str, registry: str | None) -> int:
    """Compare every file of a version with its manifest; exit code 1 if one differs."""
    opened = _open(session, registry)
    found = opened.registry.find(version)
    problems = opened.registry.verify(found)
    session.console.result(
        {
            "version": found.label,
            "ok": not problems,
            "problems": [{"path": p.path, "kind": p.kind.value, "detail": p.detail} for p in problems],
        },
        "\n".join(f"{problem.kind.value}: {problem.path} ({problem.detail})" for problem in problems)
        or f"{found.label}: all {len(found.manifest.files)} files are as published.",
    )
    return 1 if problems else 0


def _open(session: Session, registry: str | None) -> Project:
    return session.project(("publish", "registry", registry))


def _facts(label: str, folder: Path, created: str) -> dict[str, str]:
    return {"version": label, "folder": str(folder), "created": created}


COMMANDS = (publish, models)
