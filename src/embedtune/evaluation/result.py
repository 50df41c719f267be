"""An evaluation as JSON: what reports, model cards and scripts read.

The same evaluation gives the same bytes: the only date is the one passed in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from embedtune.config.settings import EvaluationSettings
from embedtune.errors import FormatError
from embedtune.evaluation.outcome import Evaluation, SliceResult, SystemResult
from embedtune.evaluation.robustness.outcome import Robustness
from embedtune.evaluation.slices import slice_order
from embedtune.files import JsonValue, read_json, write_json
from embedtune.vocabulary.evaluation import Comparison, GateResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1
_ALWAYS = ("domain", "difficulty", "category")
_PREFIX = "by_"
_SIMILARITY = "avg_similarity"
_INTERVALS = "intervals"
_ROBUSTNESS = "robustness"
_TOO_FEW = "too_few"
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class EvaluationRecord:
    """An evaluation with what was concluded from it.

    Attributes:
        evaluation: The figures.
        gates: The conditions checked.
        leakage: What a check for leaks between training and test found, written as given.
        date: When it was made, ISO 8601; empty leaves it out.
        details: More about the making, such as what was tuned on which questions; written as given.
        robustness: How the systems did on variants of the questions; ``None`` if they were not asked.
    """

    evaluation: Evaluation
    gates: tuple[GateResult, ...] = ()
    leakage: Mapping[str, JsonValue] = field(default_factory=dict)
    date: str = ""
    details: Mapping[str, JsonValue] = field(default_factory=dict)
    robustness: Robustness | None = None


def write_record(path: Path, record: EvaluationRecord) -> None:
    """Write a record as JSON; the runs are left out (`trec.write_run` keeps them).

    Raises:
        InputError: The file cannot be written.
    """
    write_json(path, record_as_json(record))


def read_record(path: Path) -> EvaluationRecord:
    """Read a record; its evaluation has no runs.

    Raises:
        InputError: The file is missing or not JSON.
        FormatError: It is not an evaluation result; the message names file and key.
    """
    return record_from_json(read_json(path), str(path))


def record_as_json(record: EvaluationRecord) -> dict[str, JsonValue]:
    """Return the JSON form of a record."""
    evaluation = record.evaluation
    metadata: dict[str, JsonValue] = {
        "schema": SCHEMA,
        "systems": [result.system for result in evaluation.systems],
        "queries": evaluation.n,
        "independent_groups": evaluation.groups,
        "corpus_digest": evaluation.corpus_digest,
        "qrels_digest": evaluation.qrels_digest,
        "seed": evaluation.seed,
        "settings": evaluation.settings.model_dump(mode="json"),
        "details": dict(record.details),
    }
    if record.date:
        metadata["date"] = record.date
    robustness: dict[str, JsonValue] = {_ROBUSTNESS: record.robustness.to_json()} if record.robustness else {}
    return {
        "metadata": metadata,
        "systems": {result.system: _system_as_json(result) for result in evaluation.systems},
        "comparisons": [_comparison_as_json(comparison) for comparison in evaluation.comparisons],
        "leakage": dict(record.leakage),
        "gates": [asdict(gate) for gate in record.gates],
        **robustness,
    }


def record_from_json(value: JsonValue, where: str) -> EvaluationRecord:
    """Read the JSON form of a record.

    Args:
        value: What `record_as_json` returned.
        where: The file, for messages.

    Raises:
        FormatError: It is not an evaluation result.
    """
    top = _Node(value, where)
    metadata, systems = top.node("metadata"), top.node("systems")
    if metadata.get("schema", int) != SCHEMA:
        raise FormatError(f"{where} has an unknown layout.", f"Only layout {SCHEMA} is known; evaluate again.")
    try:
        evaluation = Evaluation(
            systems=tuple(_system(name, systems.node(name)) for name in metadata.strings("systems")),
            comparisons=tuple(_comparison(item) for item in top.nodes("comparisons")),
            n=metadata.get("queries", int),
            groups=metadata.get("independent_groups", int),
            corpus_digest=metadata.get("corpus_digest", str),
            qrels_digest=metadata.get("qrels_digest", str),
            seed=metadata.get("seed", int),
            settings=EvaluationSettings.model_validate(metadata.node("settings").mapping()),
        )
    except ValidationError as error:
        raise FormatError(f"{where}: metadata.settings is not valid: {error}.", "Evaluate again.") from error
    return EvaluationRecord(
        evaluation=evaluation,
        gates=tuple(
            GateResult(
                gate.get("gate", str),
                gate.get("passed", bool),
                gate.get("reason", str),
                gate.optional_number("value"),
                gate.optional_number("bound"),
            )
            for gate in top.nodes("gates")
        ),
        leakage=top.node("leakage").mapping(),
        date=metadata.get("date", str) if "date" in metadata.mapping() else "",
        details=metadata.node("details").mapping(),
        robustness=Robustness.from_json(top.node(_ROBUSTNESS).value, where) if _ROBUSTNESS in top.mapping() else None,
    )


def _system_as_json(result: SystemResult) -> JsonValue:
    metrics: dict[str, JsonValue] = dict(result.values)
    if result.avg_similarity is not None:
        metrics[_SIMILARITY] = result.avg_similarity
    intervals: dict[str, JsonValue] = {metric: list(ends) for metric, ends in result.intervals.items()}
    groups: dict[str, dict[str, JsonValue]] = {_PREFIX + attribute: {} for attribute in _ALWAYS}
    for part in result.slices:
        row: dict[str, JsonValue] = {"n": part.n, "independent_groups": part.groups, **part.values}
        if part.too_few:
            row[_TOO_FEW] = part.too_few
        groups.setdefault(_PREFIX + part.attribute, {})[part.value] = row
    return {
        "metrics": metrics,
        _INTERVALS: intervals,
        "not_asked": result.not_asked,
        "found_nothing": result.found_nothing,
        **groups,
    }


def _system(name: str, node: _Node) -> SystemResult:
    values = node.node("metrics").numbers()
    similarity = values.pop(_SIMILARITY, None)
    slices = [
        _slice(key.removeprefix(_PREFIX), label, rows.node(label))
        for key in node.mapping()
        if key.startswith(_PREFIX)
        for rows in [node.node(key)]
        for label in rows.mapping()
    ]
    return SystemResult(
        system=name,
        values=values,
        slices=tuple(sorted(slices, key=lambda part: slice_order(part.attribute, part.value))),
        not_asked=node.get("not_asked", int),
        found_nothing=node.get("found_nothing", int),
        avg_similarity=similarity,
        intervals=_intervals(node.node(_INTERVALS)) if _INTERVALS in node.mapping() else {},
    )


def _intervals(node: _Node) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = {}
    for metric in node.mapping():
        match node.node(metric).value:
            case [int() | float() as low, int() | float() as high] if low <= high:
                found[metric] = (float(low), float(high))
            case _:
                raise node.node(metric).fault("is not an interval")
    return found


def _slice(attribute: str, label: str, node: _Node) -> SliceResult:
    n, groups = node.get("n", int), node.get("independent_groups", int)
    too_few = node.get(_TOO_FEW, str) if _TOO_FEW in node.mapping() else ""
    metrics = {key: node.number(key) for key in node.mapping() if key not in {"n", "independent_groups", _TOO_FEW}}
    return SliceResult(attribute, label, n, groups, metrics, too_few)


def _comparison_as_json(comparison: Comparison) -> JsonValue:
    row: dict[str, JsonValue] = {item.name: getattr(comparison, item.name) for item in fields(comparison)}
    return {**row, "delta": comparison.delta, "relative": comparison.relative}


def _comparison(node: _Node) -> Comparison:
    try:
        return Comparison(
            metric=node.get("metric", str),
            baseline=node.get("baseline", str),
            candidate=node.get("candidate", str),
            baseline_value=node.number("baseline_value"),
            candidate_value=node.number("candidate_value"),
            ci_low=node.number("ci_low"),
            ci_high=node.number("ci_high"),
            p_value=node.number("p_value"),
            n=node.get("n", int),
            slice=node.get("slice", str),
            p_adjusted=node.optional_number("p_adjusted"),
            detectable=node.optional_number("detectable"),
        )
    except ValueError as error:
        raise node.fault(f"is not a comparison ({error})") from error


@dataclass(frozen=True, slots=True)
class _Node:
    """A JSON value with its place, so that a fault can be named."""

    value: JsonValue
    file: str
    place: str = ""

    def mapping(self) -> dict[str, JsonValue]:
        if not isinstance(self.value, dict):
            raise self.fault("is not an object")
        return self.value

    def node(self, key: str) -> _Node:
        mapping = self.mapping()
        if key not in mapping:
            raise self.fault(f"has no {key!r}")
        return _Node(mapping[key], self.file, f"{self.place}.{key}" if self.place else key)

    def nodes(self, key: str) -> list[_Node]:
        found = self.node(key)
        if not isinstance(found.value, list):
            raise found.fault("is not a list")
        return [_Node(item, self.file, f"{found.place}[{position}]") for position, item in enumerate(found.value)]

    def get(self, key: str, kind: type[_Value]) -> _Value:
        found = self.node(key)
        # In Python a bool is an int; in this file it is not.
        if not isinstance(found.value, kind) or (isinstance(found.value, bool) and kind is not bool):
            raise found.fault(f"is not of type {kind.__name__}")
        return found.value

    def number(self, key: str) -> float:
        found = self.node(key)
        if isinstance(found.value, bool) or not isinstance(found.value, int | float):
            raise found.fault("is not a number")
        return float(found.value)

    def optional_number(self, key: str) -> float | None:
        return None if self.mapping().get(key) is None else self.number(key)

    def numbers(self) -> dict[str, float]:
        return {key: self.number(key) for key in self.mapping()}

    def strings(self, key: str) -> list[str]:
        values = [node.value for node in self.nodes(key)]
        texts = [text for text in values if isinstance(text, str)]
        if len(texts) < len(values):
            raise self.node(key).fault("holds something other than texts")
        return texts

    def fault(self, what: str) -> FormatError:
        return FormatError(
            f"{self.file}: {self.place or 'the file'} {what}.",
            "This is not an evaluation result of embedtune; evaluate again.",
        )
