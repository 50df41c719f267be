"""``publish`` and ``models``: versions that never change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli.options import ANY_PATH, FILE, FOLDER, Session, common, example

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


@models.command(epilog=example("embedtune models verify v1.0 --behaviour"))
@click.argument("version")
@_REGISTRY
@click.option("--behaviour", is_flag=True, help="Load the model and check how it encodes; a saved model serves too.")
@click.option("--corpus", type=ANY_PATH, help="Documents whose texts --behaviour encodes; built-in sentences without.")
@common
def verify(session: Session, version: str, registry: str | None, *, behaviour: bool, corpus: Path | None) -> int:
    """Compare every file of a version with its manifest; exit code 1 if one differs or a check fails."""
    if corpus and not behaviour:
        raise click.UsageError("--corpus is for --behaviour.")
    opened = _open(session, registry)
    folder = Path(version)
    saved = behaviour and folder.is_dir() and not (folder / "manifest.json").exists()
    document, text, passed = ({"version": version}, "", True) if saved else _files(opened, version)
    if behaviour:
        from embedtune.pipeline.behaviour import check_behaviour

        report = check_behaviour(opened, version, corpus)
        checks = [{"check": c.name, "passed": c.passed, "value": c.value} for c in report.checks]
        passed = passed and report.passed
        document |= {"ok": passed, "behaviour": {"texts": report.texts, "checks": checks}}
        lines = [f"{'✓' if check.passed else '✗'} {check.name}: {check.value}" for check in report.checks]
        text = "\n".join(filter(None, (text, *lines)))
    session.console.result(document, text)
    return 0 if passed else 1


def _files(project: Project, version: str) -> tuple[dict[str, object], str, bool]:
    """Return what comparing a version's files with its manifest found: as JSON, as text, and whether all are right."""
    found = project.registry.find(version)
    problems = project.registry.verify(found)
    document: dict[str, object] = {
        "version": found.label,
        "ok": not problems,
        "problems": [{"path": p.path, "kind": p.kind.value, "detail": p.detail} for p in problems],
    }
    text = "\n".join(f"{problem.kind.value}: {problem.path} ({problem.detail})" for problem in problems)
    return document, text or f"{found.label}: all {len(found.manifest.files)} files are as published.", not problems


def _open(session: Session, registry: str | None) -> Project:
    return session.project(("publish", "registry", registry))


def _facts(label: str, folder: Path, created: str) -> dict[str, str]:
    return {"version": label, "folder": str(folder), "created": created}


COMMANDS = (publish, models)
