"""What came out of the robustness cases, per system and family, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from embedtune.errors import FormatError
from embedtune.evaluation.robustness.cases import Expectation, RobustnessCase
from embedtune.files import digest_value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedtune.files import JsonValue


@dataclass(frozen=True, slots=True)
class FailedCase:
    """A case that did not hold.

    Attributes:
        name: The case, such as ``typos-07``.
        family: What was changed.
        query_id: The question it was made from.
        reference: What the variant was compared with.
        text: The variant, cut after 300 characters.
        expectation: What should have held.
        happened: What happened instead.
    """

    name: str
    family: str
    query_id: str
    reference: str
    text: str
    expectation: Expectation
    happened: str


@dataclass(frozen=True, slots=True)
class FamilyOutcome:
    """How many cases of one family held.

    Attributes:
        family: What was changed.
        expectation: What should hold.
        passed: Cases that held.
        total: Cases put.
    """

    family: str
    expectation: Expectation
    passed: int
    total: int


@dataclass(frozen=True, slots=True)
class SystemRobustness:
    """How one system did on all cases.

    Attributes:
        system: Its name.
        families: Passed and total of each family, in order of the cases.
        failed: The cases that did not hold.
    """

    system: str
    families: tuple[FamilyOutcome, ...]
    failed: tuple[FailedCase, ...]

    @property
    def passed(self) -> int:
        """Cases that held."""
        return sum(family.passed for family in self.families)

    @property
    def total(self) -> int:
        """Cases put."""
        return sum(family.total for family in self.families)


@dataclass(frozen=True, slots=True)
class Robustness:
    """Systems beside each other on the same cases.

    Attributes:
        seed: Seed of the cases.
        cases_digest: Digest of names, texts and expectations; figures of two digests are not comparable.
        systems: One result a system.
    """

    seed: int
    cases_digest: str
    systems: tuple[SystemRobustness, ...]

    def system(self, name: str) -> SystemRobustness | None:
        """Return how a system did; ``None`` if it was not tested."""
        return next((result for result in self.systems if result.system == name), None)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the JSON form; the sums stand beside the families they come from."""
        document: dict[str, JsonValue] = _ADAPTER.dump_python(self, mode="json")
        rows: list[JsonValue] = [
            {**_SYSTEM.dump_python(result, mode="json"), "passed": result.passed, "total": result.total}
            for result in self.systems
        ]
        return document | {"systems": rows}

    @staticmethod
    def from_json(value: JsonValue, where: str) -> Robustness:
        """Read the JSON form.

        Args:
            value: What `to_json` returned.
            where: The file, for the message.

        Raises:
            FormatError: It is not the result of robustness cases.
        """
        try:
            return _ADAPTER.validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in ("robustness", *first["loc"]))
            raise FormatError(
                f"{where}: {place}: {first['msg']}.",
                "This is not an evaluation result of embedtune; evaluate again.",
            ) from error


@dataclass(frozen=True, slots=True)
class RobustnessChange:
    """Which cases two systems decide differently.

    Attributes:
        lost: Cases that held for the baseline and not for the candidate.
        gained: Cases that held for the candidate alone.
    """

    lost: tuple[str, ...]
    gained: tuple[str, ...]


def robustness_change(baseline: SystemRobustness, candidate: SystemRobustness) -> RobustnessChange:
    """Return the cases that a candidate lost and gained against a baseline on the same cases."""
    before = {case.name for case in baseline.failed}
    after = {case.name for case in candidate.failed}
    return RobustnessChange(tuple(sorted(after - before)), tuple(sorted(before - after)))


def cases_digest(cases: Sequence[RobustnessCase]) -> str:
    """Return the digest of cases."""
    return digest_value([[case.name, case.reference, case.text, case.expectation.value] for case in cases])


_ADAPTER = TypeAdapter(Robustness)
_SYSTEM = TypeAdapter(SystemRobustness)
