"""``models``: look at published versions and verify them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedtune.cli import transfer, upkeep
from embedtune.cli.options import ANY_PATH, FILE, Session, common, example
from embedtune.cli.upkeep import REGISTRY

if TYPE_CHECKING:
    from embedtune.artifacts.differences import VersionDifference
    from embedtune.pipeline.project import Project


@click.group()
def models() -> None:
    """List, compare, verify, promote, prune and move published versions."""


for _command in (*upkeep.COMMANDS, *transfer.COMMANDS):
    models.add_command(_command)


@models.command("list", epilog=example("embedtune models list"))
@REGISTRY
@common
def list_(session: Session, registry: str | None) -> None:
    """List the published versions, with the channels that point to them."""
    from embedtune.artifacts.manifest import manifest_digest
    from embedtune.pipeline.versions import channels_of

    project = _open(session, registry)
    found = project.registry.list(session.console.report)
    channels = channels_of(project)
    rows = [
        [
            item.label,
            ", ".join(channels.get(item.label, ())),
            item.manifest.created,
            item.manifest.lineage.base_model,
            manifest_digest(item.manifest)[:23],
        ]
        for item in found
    ]
    columns = ["version", "channels", "created", "base model", "digest"]
    text = session.console.table("Versions", columns, rows) if rows else "No version."
    listed = [
        {
            "version": item.label,
            "folder": item.place,
            "created": item.manifest.created,
            "digest": manifest_digest(item.manifest),
            "channels": list(channels.get(item.label, ())),
        }
        for item in found
    ]
    session.console.result({"versions": listed}, text)


@models.command(epilog=example("embedtune models show v1.0"))
@click.argument("version")
@REGISTRY
@common
def show(session: Session, version: str, registry: str | None) -> None:
    """Show a version's model card."""
    from embedtune.pipeline.cards import read_card

    found = _open(session, registry).registry.find(version)
    readme = found.files.read("README.md").decode("utf-8", "replace").split("---\n", 2)[-1]
    session.console.result(read_card(found).to_json(), readme)


@models.command(epilog=example("embedtune models diff v1.0 v1.1"))
@click.argument("left")
@click.argument("right")
@REGISTRY
@click.option("--all", "everything", is_flag=True, help="Show what is equal, too.")
@common
def diff(session: Session, left: str, right: str, registry: str | None, *, everything: bool) -> None:
    """Show metrics, settings and data of two versions side by side."""
    from embedtune.pipeline.versions import compare_versions

    found = compare_versions(_open(session, registry), left, right)
    shown = [row for row in found.rows if everything or row.differs]
    document = [{"group": row.group, "name": row.name, "left": row.left, "right": row.right} for row in shown]
    session.console.result(
        {"left": found.left, "right": found.right, "comparable": found.comparable, "rows": document},
        _diff_text(session, found, [[row.group, row.name, row.left, row.right] for row in shown]),
    )


@models.command(epilog=example("embedtune models log"))
@REGISTRY
@common
def log(session: Session, registry: str | None) -> None:
    """Show what was published, promoted, rolled back and pruned, and check that nothing was changed in between."""
    entries = _open(session, registry).registry.history.entries()
    rows = [
        [str(entry.number), entry.deed.date, entry.deed.action.value, entry.deed.version, entry.deed.channel]
        for entry in entries
    ]
    columns = ["number", "date", "action", "version", "channel"]
    text = session.console.table("Log", columns, rows) if rows else "Nothing was done yet."
    session.console.result({"entries": [entry.to_json() for entry in entries]}, text)


@models.command(epilog=example("embedtune models verify v1.0 --public-key release.pub"))
@click.argument("version")
@REGISTRY
@click.option("--public-key", type=FILE, help="The version must be signed with the private half of this key.")
@click.option("--behaviour", is_flag=True, help="Load the model and check how it encodes; a saved model serves too.")
@click.option("--corpus", type=ANY_PATH, help="Documents whose texts --behaviour encodes; built-in sentences without.")
@common
def verify(
    session: Session,
    *,
    version: str,
    registry: str | None,
    public_key: Path | None,
    behaviour: bool,
    corpus: Path | None,
) -> int:
    """Compare every file of a version with its manifest; exit code 1 if one differs or a check fails.

    VERSION@sha256:… checks besides that its manifest is the one you noted.
    """
    if corpus and not behaviour:
        raise click.UsageError("--corpus is for --behaviour.")
    opened = _open(session, registry)
    folder = Path(version)
    saved = behaviour and folder.is_dir() and not (folder / "manifest.json").exists()
    if saved and public_key:
        raise click.UsageError("--public-key is for a published version.")
    document, text, passed = ({"version": version}, "", True) if saved else _files(opened, version, public_key)
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


def _files(project: Project, version: str, public_key: Path | None) -> tuple[dict[str, object], str, bool]:
    """Return what comparing a version's files with its manifest found: as JSON, as text, and whether all are right."""
    from embedtune.artifacts.manifest import manifest_digest
    from embedtune.pipeline.verifying import verify_files

    checked = verify_files(project, version, public_key)
    found, problems = checked.version, checked.problems
    document: dict[str, object] = {
        "version": found.label,
        "ok": not problems,
        "digest": manifest_digest(found.manifest),
        "signed_by": checked.signed_by,
        "problems": [{"path": p.path, "kind": p.kind.value, "detail": p.detail} for p in problems],
    }
    text = "\n".join(f"{problem.kind.value}: {problem.path} ({problem.detail})" for problem in problems)
    signed = f", signed with {checked.signed_by}" if checked.signed_by else ""
    whole = f"{found.label}: all {len(found.manifest.files)} files are as published{signed}."
    return document, text or whole, not problems


def _diff_text(session: Session, found: VersionDifference, rows: list[list[str]]) -> str:
    if not rows:
        return f"{found.left} and {found.right} state the same."
    title = f"{found.left} and {found.right}"
    table = session.console.table(title, ["", "what", found.left, found.right], rows)
    if found.comparable:
        return table
    return f"{table}\nThey were not measured on the same kind and number of questions: evaluate them together."


def _open(session: Session, registry: str | None) -> Project:
    return session.project(("publish", "registry", registry))


COMMANDS = (models,)
