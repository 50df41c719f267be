"""Show the results of two searches as one list, so that clicks tell which is preferred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedtune.retrieval.abtest.experiment import Arm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random


@dataclass(frozen=True, slots=True)
class Pick:
    """A result of an interleaved list.

    Attributes:
        section_id: The section.
        team: The search that put it there, and is credited with its clicks.
    """

    section_id: str
    team: Arm


def team_draft(control: Sequence[str], candidate: Sequence[str], limit: int, generator: Random) -> list[Pick]:
    """Return an interleaved list: in each round both searches, in an order drawn anew, put their best unused result.

    Radlinski, Kurup and Joachims 2008, "How does clickthrough data reflect retrieval quality?" (team-draft
    interleaving): a click on a result without regard to its team credits both searches alike.

    Args:
        control: Results of the search in use, best first, each once.
        candidate: Those of the new one.
        limit: At most so many.
        generator: Draws who begins a round.
    """
    best = {Arm.CONTROL: list(control), Arm.CANDIDATE: list(candidate)}
    picked: list[Pick] = []
    used: set[str] = set()
    while len(picked) < limit:
        order = [Arm.CONTROL, Arm.CANDIDATE]
        generator.shuffle(order)
        before = len(picked)
        for team in order:
            section = next((one for one in best[team] if one not in used), None)
            if section is not None and len(picked) < limit:
                picked.append(Pick(section, team))
                used.add(section)
        if len(picked) == before:
            break
    return picked
