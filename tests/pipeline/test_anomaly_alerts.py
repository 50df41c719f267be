from types import SimpleNamespace

import pytest

from embedtune.anomaly.calibration.guarantee import promise
from embedtune.config.anomaly_settings import AnomalySettings
from embedtune.pipeline.anomaly import report_weaker


@pytest.mark.parametrize(
    ("guarantee", "left_out", "said"),
    [
        (promise(181, 0.05, 0.95), ("escapes",), []),
        (promise(181, 0.05, 0, worth=40), ("escapes",), ["on average only"]),
        (promise(181, 0.05, 0, worth=8), ("escapes",), ["without a promise: no rate is promised"]),
        (promise(181, 0.05, 0.95), ("escapes", "persona"), ["which are not asked: persona."]),
    ],
)
@pytest.mark.parametrize("met", [0, 3])
def test_what_is_weaker_than_was_asked_for_is_reported(guarantee, left_out, said, met):
    alerts = []
    project = SimpleNamespace(
        config=SimpleNamespace(anomaly=AnomalySettings(left_out_rules=("escapes",))), report=alerts.append
    )
    detector = SimpleNamespace(
        card=SimpleNamespace(confidence=guarantee.confidence, left_out_rules=left_out),
        thresholds=SimpleNamespace(guarantee=guarantee, met_rules=met),
    )
    report_weaker(project, detector, 0.95)
    if met:
        said = [*said, f"3 of the 181 queries that calibrate meet a written rule, and {guarantee.beyond} may"]
    assert len(alerts) == len(said)
    assert all(words in str(alert) for words, alert in zip(said, alerts, strict=True))
