"""What the README shows of the program is what the program shows."""

from __future__ import annotations

import re
from pathlib import Path

from embedtune.cli.main import run

README = Path(__file__).parents[2] / "README.md"


def test_the_help_in_the_readme_is_the_programs(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    assert run(["--help"]) == 0

    shown = re.search(r"```\n\$ embedtune --help\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert shown.group(1).strip() == capsys.readouterr().out.strip()


def test_every_link_of_the_readme_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))

    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
