"""What an evaluation proves of a model: the evidence put together, and the gates that look at it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embedtune.config.settings import GateSettings
from embedtune.evaluation.claim import Claim
from embedtune.evaluation.gates import gates_of
from embedtune.evaluation.leakage import leaked_ids
from embedtune.evaluation.result import EvaluationRecord
from embedtune.pipeline.systems import BASE, HYBRID, SystemSpec
from embedtune.training.ending.merge import kept_change
from embedtune.vocabulary.evaluation import Comparison, GateResult
from embedtune.vocabulary.retrieval import Mode

GATE_METRIC = "ndcg@10"


def check_gates(
    record: EvaluationRecord, candidate: str, general: Comparison | None, settings: GateSettings
) -> tuple[GateResult, ...] | None:
    """Check the claim of one system to be better than the base; ``None`` if the base was not asked.

    Args:
        record: The evaluation; its own gates are not looked at.
        candidate: The system.
        general: Its change in general retrieval; see `embedtune.training.ending.merge`.
        settings: Which gates, and their bounds.
    """
    if record.evaluation.system(BASE) is None:
        return None
    claim = Claim(
        evaluation=record.evaluation,
        baseline=BASE,
        candidate=candidate,
        hybrid_baseline=f"{HYBRID}{BASE}",
        hybrid_candidate=f"{HYBRID}{candidate}",
        leaked=leaked_ids(record.leakage),
        general=general,
        robustness=record.robustness,
    )
    return tuple(gate.check(claim) for gate in gates_of(settings, GATE_METRIC))


def check_candidates(
    record: EvaluationRecord, specs: Sequence[SystemSpec], settings: GateSettings
) -> tuple[GateResult, ...]:
    """Check every model that is not the base by its vectors alone: a hybrid's gain may be BM25's."""
    candidates = [spec for spec in specs if spec.mode is Mode.DENSE and spec.model != BASE]
    return tuple(
        gate
        for spec in candidates
        for gate in check_gates(record, spec.name, kept_change(Path(spec.source)), settings) or ()
    )
